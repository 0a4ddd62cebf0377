"""The dispatcher's decision: what an authorization request needs next."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from authserver.domain.interactions import Interaction
from authserver.domain.sessions import AuthenticationContext, Session
from authserver.oidc.authorization.request import AuthorizationRequest, Prompt
from authserver.oidc.errors import LoginRequired, OAuthError, UnmetAuthenticationRequirements


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody has to sign in; `register` tells with which page to begin."""

    register: bool


@dataclass(frozen=True, slots=True)
class Issue:
    """The code can be issued for this session."""

    session: Session


@dataclass(frozen=True, slots=True)
class Refuse:
    """The client is told why it gets none."""

    error: OAuthError


NextStep = SignIn | Issue | Refuse


def decide(
    request: AuthorizationRequest,
    session: Session | None,
    interaction: Interaction | None,
    *,
    hinted_subject: str | None,
    has_second_factor: bool,
    now: datetime,
) -> NextStep:
    """Return the next step; `session` is the browser's live one, if it has one.

    A sign-in made in this very interaction answers every wish for a fresh one.
    `has_second_factor` says whether the session's account could show one.
    """
    if session is not None:
        chosen = interaction is not None and interaction.session_id == session.id
        fresh = (
            chosen
            and interaction is not None
            and session.authenticated_at >= interaction.created_at
        )
        if fresh and hinted_subject and hinted_subject != session.subject:
            # OIDC Core §3.1.2.2: never an answer for another person than the one hinted at.
            return Refuse(LoginRequired("somebody else has signed in"))
        if fresh or serves(request, session, chosen=chosen, hinted_subject=hinted_subject, now=now):
            return answer(request, session, is_fresh=fresh, has_second_factor=has_second_factor)
    if Prompt.NONE in request.prompts:
        # OIDC Core §3.1.2.1: prompt=none never shows a page.
        return Refuse(LoginRequired("the person has to sign in"))
    return SignIn(register=request.wants_registration)


def answer(
    request: AuthorizationRequest, session: Session, *, is_fresh: bool, has_second_factor: bool
) -> NextStep:
    """Return what a sign-in that is good in all other ways comes to by its factors.

    A step-up is a sign-in anew, so that `auth_time` and `acr` tell of one event (RFC 9470 §4). A
    wish is never refused, and an essential context that cannot be reached always is.
    """
    falls_short = request.wants_two_factors and session.acr is not AuthenticationContext.TWO_FACTORS
    if not falls_short:
        return Issue(session)
    can_step_up = has_second_factor and not is_fresh
    if can_step_up and Prompt.NONE not in request.prompts:
        return SignIn(register=False)
    if not request.needs_two_factors:
        return Issue(session)
    if can_step_up:
        return Refuse(LoginRequired("a second factor has to be shown"))
    return Refuse(
        UnmetAuthenticationRequirements("the account cannot show the factors that are essential")
    )


def serves(
    request: AuthorizationRequest,
    session: Session,
    *,
    chosen: bool,
    hinted_subject: str | None,
    now: datetime,
) -> bool:
    """Tell whether an earlier sign-in is good for this request (OIDC Core §3.1.2.1).

    `chosen` says that the person pressed "Continue as" for it.
    """
    if request.prompts & {Prompt.LOGIN, Prompt.CREATE}:
        return False
    if Prompt.SELECT_ACCOUNT in request.prompts and not chosen:
        return False
    if request.max_age is not None and now - session.authenticated_at > timedelta(
        seconds=request.max_age
    ):
        return False
    return hinted_subject is None or hinted_subject == session.subject
