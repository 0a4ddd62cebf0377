"""The authorization endpoint: answer a request at once, or pause it for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from authserver.domain.clients import ACCOUNT_CLIENT
from authserver.domain.interactions import RETURN_TO, Interaction, InteractionId
from authserver.domain.randomness import new_identifier, new_token
from authserver.domain.secret import Secret, fingerprint
from authserver.oidc.authorization.code_issuer import CodeIssuer
from authserver.oidc.authorization.next_step import Consent, Issue, Refuse, SignIn, decide
from authserver.oidc.authorization.outcomes import Answer, FirstPage, Paused
from authserver.oidc.authorization.request import (
    LONGEST_HINT,
    AuthorizationRequest,
    Prompt,
    find_redirect_target,
    read_login_hint,
    read_request,
)
from authserver.oidc.authorization.rules import check_request
from authserver.oidc.errors import OAuthError
from authserver.oidc.parameters import Parameters
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.unit_of_work import Storage, UnitOfWork

KEPT_PARAMETERS: Final = frozenset(
    {
        "client_id",
        "redirect_uri",
        "response_mode",
        "state",
        "response_type",
        "scope",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "acr_values",
        "login_hint",
        "id_token_hint",
        "first_screen",
        "interaction_mode",
        "claims",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationEndpoint:
    """The use cases of `/oidc/auth`."""

    storage: Storage
    clients: RegisteredClients
    codes: CodeIssuer

    def begin(
        self, parameters: Parameters, session_secret: str | None, locale: str
    ) -> Answer | Paused:
        """Answer the request at once or pause it for a person.

        Raises OAuthError where the fault must be shown, because no redirect URI is trusted.
        """
        target = find_redirect_target(parameters, self.clients)
        try:
            request = read_request(parameters, target, self.codes.apis)
            check_request(request)
        except OAuthError as error:
            return self.codes.error(target, error)
        now = self.codes.clock.now()
        hinted = self.codes.hinted_subjects(request)
        with self.storage.writing() as work:
            session = work.sessions.find_live(session_secret, now, self.codes.lifetimes)
            known = self.codes.circumstances(work, request, session, hinted)
            page = FirstPage.CONSENT
            match decide(request, session, None, known, now):
                case Refuse(error=refusal):
                    return self.codes.error(target, refusal)
                case SignIn(register=register):
                    page = FirstPage.REGISTER if register else FirstPage.SIGN_IN
                case Consent():
                    pass
                case Issue(session=session):
                    ended = self.codes.ended(work, request, session, now)
                    answer = ended or self.codes.issue(work, request, session, now)
                    if answer is not None:
                        return answer
            paused = self._pause(
                work, target.client.id, kept_parameters(parameters, request), locale, now
            )
            work.commit()
        return Paused(interaction_id=paused[0], cookie=Secret(paused[1]), page=page)

    def begin_for_account(
        self, locale: str, *, register: bool = False, section: str | None = None
    ) -> Paused:
        """Start an interaction of this server's own account page.

        One that is to lead to a section asks for a sign-in also in a browser that has a session.
        """
        kept = {} if section is None else {"prompt": "login", RETURN_TO: section}
        with self.storage.writing() as work:
            paused = self._pause(work, ACCOUNT_CLIENT, kept, locale, self.codes.clock.now())
            work.commit()
        page = FirstPage.REGISTER if register else FirstPage.SIGN_IN
        return Paused(interaction_id=paused[0], cookie=Secret(paused[1]), page=page)

    def begin_anew(self, interaction: Interaction) -> Paused:
        """Ask the same once more, of somebody who is to sign in for it."""
        words = set(interaction.parameters.get("prompt", "").split())
        asked = words - {Prompt.NONE, Prompt.SELECT_ACCOUNT, Prompt.CREATE} | {Prompt.LOGIN}
        kept = {**interaction.parameters, "prompt": " ".join(sorted(asked))}
        with self.storage.writing() as work:
            now = self.codes.clock.now()
            paused = self._pause(work, interaction.client_id, kept, interaction.locale, now)
            work.commit()
        return Paused(interaction_id=paused[0], cookie=Secret(paused[1]))

    def _pause(
        self,
        work: UnitOfWork,
        client_id: str,
        parameters: Mapping[str, str],
        locale: str,
        now: datetime,
    ) -> tuple[InteractionId, str]:
        cookie = new_token(self.codes.randomness)
        interaction = Interaction(
            id=InteractionId(new_identifier(self.codes.randomness)),
            cookie_digest=fingerprint(cookie),
            client_id=client_id,
            parameters=parameters,
            locale=locale,
            created_at=now,
            expires_at=now + self.codes.lifetimes.interaction,
        )
        work.interactions.add(interaction)
        return interaction.id, cookie


def kept_parameters(parameters: Parameters, request: AuthorizationRequest) -> dict[str, str]:
    """Return what a paused request needs again, as it was sent or as its client registered it."""
    kept = {name: value for name, value in parameters.values.items() if name in KEPT_PARAMETERS}
    if parameters.resources:
        # Reading it again splits at commas.
        kept["resource"] = ",".join(parameters.resources)
    if request.max_age is not None:
        kept["max_age"] = str(request.max_age)
    if request.acr_values:
        kept["acr_values"] = " ".join(request.acr_values)
    if read_login_hint(kept.get("login_hint")) is None:
        kept.pop("login_hint", None)
    if "id_token_hint" in kept:
        # No token of ours is as long; cut off it still names nobody.
        kept["id_token_hint"] = kept["id_token_hint"][:LONGEST_HINT]
    return kept
