"""What the authorization endpoint comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from authserver.domain.interactions import InteractionId
from authserver.domain.secret import Secret
from authserver.oidc.authorization.request import RedirectTarget


class FirstPage(StrEnum):
    """The page to which a paused request leads."""

    SIGN_IN = "sign-in"
    REGISTER = "register"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Parameters for the client's redirect URI, errors included."""

    target: RedirectTarget
    parameters: Mapping[str, str]
    session_secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A person has to act; the cookie binds the interaction to this browser.

    `page` is where to begin.
    """

    interaction_id: InteractionId
    cookie: Secret | None = None
    page: FirstPage = FirstPage.SIGN_IN
    session_secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToAccount:
    """The sign-in was for this server's own account page, or for one section of it."""

    session_secret: Secret | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The interaction cannot go on in this browser: `reason` is a word for the page."""

    reason: str
    client_id: str | None = None
