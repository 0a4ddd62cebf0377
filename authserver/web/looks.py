"""How pages look at the moment: brands of instance and clients, and how mail fares.

Pages are rendered without waiting, so what they need is fetched before a request is passed on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from authserver.domain.branding import Brand, Brands, shown_name
from authserver.domain.clients import Client
from authserver.domain.clock import Clock
from authserver.domain.mail_configuration import MailConfiguration
from authserver.domain.unavailable import ServiceUnavailable
from authserver.lane import Lane
from authserver.web.brand_sheet import Sheet, sheet_of

STATIC: Final = "/static"
STATIC_FILES: Final = Path(__file__).parent / "static"
BRAND: Final = "/brand"
CLIENT_LOGOS: Final = "/client-logos"
# Stands in the path of a style sheet where it is not the one of a client.
OF_INSTANCE: Final = "instance"
SECONDS_BETWEEN_LOOKS_AT_MAIL: Final = 5.0
MOST_SHEETS: Final = 200


class BrandSource(Protocol):
    """Where brands are stored."""

    def at_hand(self) -> Brands | None:
        """Return the brands where that needs no look at the database, else None."""

    def all(self) -> Brands:
        """Return the brands in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the layout of a page is told of a brand."""

    name: str
    brand: Brand
    stylesheet: str

    def context(self) -> dict[str, object]:
        """Return the members of the context."""
        brand = self.brand
        return {
            "brand": self.name,
            "stylesheet": self.stylesheet,
            "logo": path_of_image(brand.logo),
            "logo_dark": path_of_image(brand.logo_dark),
            "favicon": path_of_image(brand.favicon),
            "support_url": brand.support_url,
            "terms_url": brand.terms_url,
            "privacy_url": brand.privacy_url,
            "auto_submit_code": bool(brand.auto_submit_code),
        }


class Looks:
    """What this process knows; at most a second old whenever a page is asked for."""

    def __init__(
        self,
        *,
        brands: BrandSource,
        lane: Lane,
        clock: Clock,
        pace: Callable[[], bool],
        registrations: Callable[[], timedelta],
        mail: Callable[[], MailConfiguration],
    ) -> None:
        self.mail_is_slow = False
        self.mail = MailConfiguration(senders=())
        self.registrations_wait = timedelta(0)
        self._source = brands
        self._lane = lane
        self._clock = clock
        self._pace = pace
        self._registrations = registrations
        self._mail = mail
        self._brands = Brands()
        self._common = (STATIC_FILES / "app.css").read_text("utf-8")
        self._sheets: dict[Brand, Sheet] = {}
        self._looked_at_mail: float | None = None

    async def renew(self) -> None:
        """Fetch what may have changed; while the database is away, what is known stays."""
        try:
            found = self._source.at_hand()
            if found is None:
                found = await self._lane.run(self._source.all)
            self._brands = found
            now = self._clock.monotonic()
            looked_at = self._looked_at_mail
            if looked_at is None or now - looked_at >= SECONDS_BETWEEN_LOOKS_AT_MAIL:
                self._looked_at_mail = now
                self.mail = await self._lane.run(self._mail)
                self.mail_is_slow = await self._lane.run(self._pace)
                self.registrations_wait = await self._lane.run(self._registrations)
        except ServiceUnavailable:
            return

    @property
    def instance(self) -> Look:
        """Return the look of the instance."""
        return self.towards(None)

    def towards(self, client: Client | None) -> Look:
        """Return the look of pages on the way to `client`."""
        brand = self._brands.towards(client)
        own = client is not None and client.id in self._brands.of_clients
        scope = client.id if client is not None and own else OF_INSTANCE
        stylesheet = f"{BRAND}/{scope}/{self._sheet(brand).hash}.css"
        return Look(name=shown_name(brand), brand=brand, stylesheet=stylesheet)

    def sheet(self, scope: str) -> Sheet:
        """Return the style sheet in force for a client's id, or for the instance."""
        return self._sheet(self._brands.of_id(scope))

    def name_of(self, client: Client | None) -> str | None:
        """Return what to call the client in a sentence; the account page is not called anything."""
        if client is None or client.is_built_in:
            return None
        return self._brands.name_of(client)

    def words_of(self, client: Client | None) -> dict[str, object]:
        """Return what pages show of what a client says of itself.

        Its own logo gives way to one that the operator chose for it.
        """
        if client is None or client.is_built_in:
            return {}
        own = self._brands.of_clients.get(client.id)
        has_other = own is not None and own.logo is not None
        is_shown = client.logo is not None and not has_other
        return {
            "client_logo": f"{CLIENT_LOGOS}/{client.logo}" if is_shown else None,
            "client_policy_url": web_address(client.metadata.policy_uri),
            "client_tos_url": web_address(client.metadata.tos_uri),
        }

    def _sheet(self, brand: Brand) -> Sheet:
        if brand not in self._sheets:
            if len(self._sheets) >= MOST_SHEETS:
                self._sheets.clear()
            self._sheets[brand] = sheet_of(brand, self._common)
        return self._sheets[brand]


def path_of_image(name: str | None) -> str | None:
    """Return where an image is served."""
    return None if name is None else f"{BRAND}/{name}"


def web_address(uri: str | None) -> str | None:
    """Return an address that a link may have; what is no address of the web gets none."""
    return uri if uri is not None and urlsplit(uri).scheme in {"http", "https"} else None
