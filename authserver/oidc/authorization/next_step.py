"""The dispatcher's decision: what an authorization request needs next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from authserver.domain.grants import Grant
from authserver.domain.interactions import Interaction
from authserver.domain.scopes import ScopeSet
from authserver.domain.sessions import AuthenticationContext, Session
from authserver.oidc.authorization.request import AuthorizationRequest, Prompt
from authserver.oidc.errors import (
    ConsentRequired,
    LoginRequired,
    OAuthError,
    UnmetAuthenticationRequirements,
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody has to sign in; `register` tells with which page to begin."""

    register: bool


@dataclass(frozen=True, slots=True)
class Consent:
    """The person has to allow the client what it asks for."""

    session: Session


@dataclass(frozen=True, slots=True)
class Issue:
    """The code can be issued for this session."""

    session: Session


@dataclass(frozen=True, slots=True)
class Refuse:
    """The client is told why it gets none."""

    error: OAuthError


NextStep = SignIn | Consent | Issue | Refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a request asks of a person: scopes of their claims, and those of each API."""

    scopes: ScopeSet
    resources: Mapping[str, tuple[str, ...]]

    def is_within(self, grant: Grant | None) -> bool:
        """Tell whether the person has allowed all of it."""
        return grant is not None and grant.covers(self.scopes, self.resources)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentStanding:
    """What is asked of the person, and what they allowed this client before."""

    access: Access
    grant: Grant | None

    def is_given(self, request: AuthorizationRequest, interaction: Interaction | None) -> bool:
        """Tell whether nothing is left to allow.

        OIDC Core §3.1.2.1: prompt=consent asks anew; what has been allowed since this
        interaction began is the answer.
        """
        if self.grant is None or not self.access.is_within(self.grant):
            return False
        if Prompt.CONSENT not in request.prompts:
            return True
        return interaction is not None and self.grant.updated_at >= interaction.created_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known beside request and session.

    `hinted_subjects` are the people one of whom the request is about, None for anybody.
    `has_second_factor` says whether the session's account could show one; `consent` is None
    for clients that nobody is asked about.
    """

    hinted_subjects: frozenset[str] | None
    has_second_factor: bool
    consent: ConsentStanding | None


def decide(
    request: AuthorizationRequest,
    session: Session | None,
    interaction: Interaction | None,
    known: Circumstances,
    now: datetime,
) -> NextStep:
    """Return the next step; `session` is the browser's live one, if it has one.

    A sign-in made in this very interaction answers every wish for a fresh one.
    """
    hinted = known.hinted_subjects
    if session is not None:
        chosen = interaction is not None and interaction.session_id == session.id
        fresh = (
            chosen
            and interaction is not None
            and session.authenticated_at >= interaction.created_at
        )
        if fresh and hinted and session.subject not in hinted:
            # OIDC Core §3.1.2.2: never an answer for another person than those hinted at.
            return Refuse(LoginRequired("somebody else has signed in"))
        if fresh or serves(request, session, chosen=chosen, hinted_subjects=hinted, now=now):
            has_other = known.has_second_factor
            step = answer(request, session, is_fresh=fresh, has_second_factor=has_other)
            return with_consent(step, request, interaction, known.consent)
    if Prompt.NONE in request.prompts:
        # OIDC Core §3.1.2.1: prompt=none never shows a page.
        return Refuse(LoginRequired("the person has to sign in"))
    return SignIn(register=request.wants_registration)


def with_consent(
    step: NextStep,
    request: AuthorizationRequest,
    interaction: Interaction | None,
    consent: ConsentStanding | None,
) -> NextStep:
    """Return the step that comes before a code where the person has to allow it first."""
    if not isinstance(step, Issue) or consent is None or consent.is_given(request, interaction):
        return step
    if Prompt.NONE in request.prompts:
        return Refuse(ConsentRequired("the person has to allow the access"))
    return Consent(step.session)


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
    hinted_subjects: frozenset[str] | None,
    now: datetime,
) -> bool:
    """Tell whether an earlier sign-in is good for this request (OIDC Core §3.1.2.1).

    `chosen` says that the person pressed "Continue as" for it.
    """
    if request.prompts & {Prompt.LOGIN, Prompt.CREATE}:
        return False
    if Prompt.SELECT_ACCOUNT in request.prompts and not chosen:
        return False
    if request.max_age is not None and not is_young(session, request.max_age, now):
        return False
    return hinted_subjects is None or session.subject in hinted_subjects


def is_young(session: Session, max_age: int, now: datetime) -> bool:
    """Tell whether the sign-in is no older than so many seconds.

    OIDC Core §3.1.2.1: none at all means prompt=login, however close two clocks may be.
    """
    return max_age > 0 and now - session.authenticated_at <= timedelta(seconds=max_age)
