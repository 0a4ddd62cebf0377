"""Brands and their images, as pages and mails look them up."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from authserver.domain.brand_images import BrandImage
from authserver.domain.branding import Brand, Brands, read_brand
from authserver.domain.configuration import ConfigurationKind
from authserver.storage.configuration_cache import ConfigurationCache
from authserver.storage.unit_of_work import UnitOfWork

INSTANCE: Final = "instance"
CLIENT_PREFIX: Final = "client "
ALL_BRANDS: Final = "all brands"


@dataclass(frozen=True, slots=True)
class StoredBrands:
    """Finds brands, from memory where they have not changed."""

    cache: ConfigurationCache

    def at_hand(self) -> Brands | None:
        """Return the brands where that needs no look at the database, else None."""
        known: Brands | None = self.cache.at_hand(ConfigurationKind.BRANDING, ALL_BRANDS)
        return known

    def all(self) -> Brands:
        """Return the brands in force."""
        return self.cache.get(ConfigurationKind.BRANDING, ALL_BRANDS, read_brands)

    def image(self, name: str) -> BrandImage | None:
        """Return the stored image of that name."""
        return self.cache.get(
            ConfigurationKind.BRAND_FILES, name, lambda work: find_image(work, name)
        )


def read_brands(work: UnitOfWork) -> Brands:
    """Return the brands as they are stored."""
    found = {
        document.name: read_brand(document.body)
        for document in work.configuration.newest(ConfigurationKind.BRANDING)
    }
    return Brands(
        instance=found.pop(INSTANCE, Brand()),
        of_clients={
            name.removeprefix(CLIENT_PREFIX): brand
            for name, brand in found.items()
            if not brand.is_empty
        },
    )


def find_image(work: UnitOfWork, name: str) -> BrandImage | None:
    """Return the image, or None where there is none of that name."""
    document = work.configuration.find(ConfigurationKind.BRAND_FILES, name)
    if document is None:
        return None
    return BrandImage(
        kind=str(document.body["kind"]), content=b64decode(str(document.body["content"]))
    )


def keep_image(work: UnitOfWork, image: BrandImage, *, changed_by: str, now: datetime) -> None:
    """Store an image unless it is stored already."""
    if find_image(work, image.name) is None:
        body = {"kind": image.kind, "content": b64encode(image.content).decode()}
        work.configuration.put(
            ConfigurationKind.BRAND_FILES, image.name, body, changed_by=changed_by, now=now
        )
