"""How an instance, or one client of it, wants to be seen."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Final

from authserver.domain.clients import Client

DEFAULT_NAME: Final = "authserver"
DEFAULT_COLOUR: Final = "#2f5bd7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """What was chosen; what is None stays as it comes, or as the instance has it.

    Images are file names, colours `#rrggbb`, the radius of corners is in CSS pixels. With
    `auto_submit_code` a code is sent by itself once it is complete, where scripts run.
    """

    name: str | None = None
    logo: str | None = None
    logo_dark: str | None = None
    favicon: str | None = None
    color: str | None = None
    color_dark: str | None = None
    support_url: str | None = None
    terms_url: str | None = None
    privacy_url: str | None = None
    radius: int | None = None
    custom_css: str | None = None
    auto_submit_code: bool | None = None

    def document(self) -> dict[str, object]:
        """Return what was chosen, by its names."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was chosen."""
        return self == NOTHING_CHOSEN


NOTHING_CHOSEN: Final = Brand()
MEMBERS: Final = tuple(member.name for member in fields(Brand))
IMAGES: Final = ("logo", "logo_dark", "favicon")
COLOURS: Final = ("color", "color_dark")
LINKS: Final = ("support_url", "terms_url", "privacy_url")
KINDS: Final[Mapping[str, tuple[type, str]]] = {
    "radius": (int, "a whole number"),
    "auto_submit_code": (bool, "true or false"),
}
A_TEXT: Final = (str, "a text")
MEMBERS_OF_CLIENTS: Final = ("name", "logo", "logo_dark", "color", "color_dark")


def read_brand(document: Mapping[str, object]) -> Brand:
    """Return the brand of a stored document; members of a later version are passed over."""
    known = {name: value for name, value in document.items() if name in MEMBERS}
    # Only `Brand.document` writes these, so their types are known.
    return Brand(**known)  # type: ignore[arg-type]  # names of fields


def brand_for(instance: Brand, own: Brand | None, client: Client | None) -> Brand:
    """Return what people see on their way to `client`.

    Name and logo go together: beside the name of a client no other logo is shown.
    """
    if own is None or own.is_empty:
        return instance
    changes: dict[str, object] = {}
    if own.name or own.logo:
        name = own.name or (instance.name if client is None else client.name)
        changes |= {"name": name, "logo": own.logo, "logo_dark": own.logo_dark}
    if own.color or own.color_dark:
        changes |= {"color": own.color or instance.color, "color_dark": own.color_dark}
    return replace(instance, **changes)  # type: ignore[arg-type]  # names of fields


def shown_name(brand: Brand) -> str:
    """Return the name to show."""
    return brand.name or DEFAULT_NAME


def accent_of(brand: Brand) -> str:
    """Return the main colour for mails, whose ground is light unless the reader's is not."""
    return brand.color or DEFAULT_COLOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Brands:
    """The brand of the instance, and what clients have of their own, by their ids."""

    instance: Brand = NOTHING_CHOSEN
    of_clients: Mapping[str, Brand] = field(default_factory=dict)

    def towards(self, client: Client | None) -> Brand:
        """Return what people see on their way to `client`."""
        own = None if client is None else self.of_clients.get(client.id)
        return brand_for(self.instance, own, client)

    def of_id(self, client_id: str) -> Brand:
        """Return what people see on their way to a client, in what a style sheet tells of it."""
        return brand_for(self.instance, self.of_clients.get(client_id), None)

    def name_of(self, client: Client) -> str:
        """Return what to call `client`."""
        if client.is_built_in:
            return shown_name(self.instance)
        own = self.of_clients.get(client.id)
        return client.name if own is None or own.name is None else own.name
