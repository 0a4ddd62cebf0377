"""What a browser carries: cookies, and how they are set."""

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

from authserver.domain.interactions import InteractionId
from authserver.domain.secret import Secret
from authserver.flows.account_entry import Actor
from authserver.flows.visitor import Visitor
from authserver.web.client_address import ClientAddresses
from authserver.web.user_agent import name_browser

LONGEST_COOKIE: Final = 200
MOST_INTERACTIONS: Final = 10
LONGEST_MESSAGE: Final = 3000
MESSAGE_LIFE_SECONDS: Final = 60
LANGUAGE_LIFE_SECONDS: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Browsers:
    """Reads and sets cookies.

    Over TLS they are `__Host-` cookies: nobody beside this host can plant them. On loopback
    without TLS they have plain names, told apart from those of other local servers.
    """

    is_secure: bool
    addresses: ClientAddresses
    session_life_seconds: int
    device_life_seconds: int
    interaction_life_seconds: int

    @property
    def prefix(self) -> str:
        """Return what the names of all our cookies begin with."""
        return "__Host-" if self.is_secure else "authserver-"

    @property
    def session_cookie(self) -> str:
        """Return the name of the session's cookie."""
        return f"{self.prefix}session"

    def interaction_cookie(self, interaction_id: str) -> str:
        """Return the name of the cookie that binds one interaction to its browser."""
        return f"{self.prefix}interaction-{interaction_id}"

    def session_secret(self, request: HTTPConnection) -> str | None:
        """Return the content of the session cookie."""
        return self._cookie(request, self.session_cookie)

    def interaction_secret(self, request: HTTPConnection, interaction_id: str) -> str | None:
        """Return the content of the interaction's cookie."""
        return self._cookie(request, self.interaction_cookie(interaction_id))

    def language(self, request: HTTPConnection) -> str | None:
        """Return the language that was chosen on a page."""
        return self._cookie(request, f"{self.prefix}language")

    def source(self, request: HTTPConnection) -> str:
        """Return what limits count by."""
        return self.addresses.source_of(request)

    def actor(self, request: HTTPConnection, chosen_locale: str | None, locale: str) -> Actor:
        """Return who acts on the account page."""
        return Actor(
            session_secret=self.session_secret(request),
            device_secret=self.device_secret(request),
            interaction_cookies=self.interaction_secrets(request),
            source=self.source(request),
            browser=name_browser(request.headers.get("user-agent", "")),
            chosen_locale=chosen_locale,
            locale=locale,
        )

    def interaction_secrets(self, request: HTTPConnection) -> dict[str, str]:
        """Return the contents of all interaction cookies by the id of their interaction."""
        prefix = self.interaction_cookie("")
        names = [name for name in request.cookies if name.startswith(prefix)]
        found = {name.removeprefix(prefix): self._cookie(request, name) for name in names}
        return {each: secret for each, secret in found.items() if secret is not None}

    def message(self, request: HTTPConnection) -> str | None:
        """Return the message that waits for the next account page."""
        value = request.cookies.get(f"{self.prefix}message", "")
        return value if value and len(value) <= LONGEST_MESSAGE and value.isascii() else None

    def set_message(self, response: Response, message: str) -> None:
        """Leave a message for the next account page; it is shown once."""
        self._set(response, f"{self.prefix}message", message, MESSAGE_LIFE_SECONDS)

    def forget_message(self, response: Response) -> None:
        """Take the message away once it is shown."""
        self._set(response, f"{self.prefix}message", "", 0)

    def visitor(self, request: HTTPConnection, chosen_locale: str | None) -> Visitor:
        """Return who acts on the interaction that the path names."""
        interaction_id = str(request.path_params["interaction"])
        return Visitor(
            interaction_id=InteractionId(interaction_id),
            interaction_cookie=self.interaction_secret(request, interaction_id),
            session_secret=self.session_secret(request),
            device_secret=self.device_secret(request),
            source=self.source(request),
            browser=name_browser(request.headers.get("user-agent", "")),
            chosen_locale=chosen_locale,
        )

    def set_session(self, response: Response, secret: Secret) -> None:
        """Give the browser its session."""
        self._set(response, self.session_cookie, secret.reveal(), self.session_life_seconds)

    def device_secret(self, request: HTTPConnection) -> str | None:
        """Return what the device cookie holds."""
        return self._cookie(request, f"{self.prefix}device")

    def set_device(self, response: Response, secret: Secret) -> None:
        """Let the browser be recognised."""
        name = f"{self.prefix}device"
        self._set(response, name, secret.reveal(), self.device_life_seconds)

    def forget_device(self, response: Response) -> None:
        """Take the device cookie away."""
        self._set(response, f"{self.prefix}device", "", 0)

    def forget_session(self, response: Response) -> None:
        """Take the session cookie away."""
        self._set(response, self.session_cookie, "", 0)

    def set_interaction(
        self, request: HTTPConnection, response: Response, interaction_id: str, secret: Secret
    ) -> None:
        """Bind an interaction to the browser; of more than ten the oldest go."""
        name = self.interaction_cookie(interaction_id)
        self._set(response, name, secret.reveal(), self.interaction_life_seconds)
        ours = re.compile(re.escape(self.interaction_cookie("")) + "[a-z0-9]{25}")
        known = [each for each in request.cookies if ours.fullmatch(each)]
        # Browsers send cookies of one path in the order in which they were set (RFC 6265 §5.4).
        for surplus in known[: max(0, len(known) + 1 - MOST_INTERACTIONS)]:
            self._set(response, surplus, "", 0)

    def set_language(self, response: Response, language: str) -> None:
        """Remember the language that was chosen."""
        self._set(response, f"{self.prefix}language", language, LANGUAGE_LIFE_SECONDS)

    def _cookie(self, request: HTTPConnection, name: str) -> str | None:
        value = request.cookies.get(name)
        return value if value and len(value) <= LONGEST_COOKIE and value.isascii() else None

    def _set(self, response: Response, name: str, value: str, max_age: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=max_age,
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="lax",
        )
