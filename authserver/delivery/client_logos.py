"""Logos of clients, looked at once a day: claim one, judge what came, keep the picture."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from authserver.domain.brand_images import BrandImage, ImageUnfit
from authserver.domain.client_logos import LOOKED_AT_EVERY, LogoToFetch, read_logo
from authserver.domain.clients import ClientId
from authserver.domain.clock import Clock
from authserver.domain.configuration import ConfigurationKind
from authserver.storage.unit_of_work import Storage

LEASE: Final = timedelta(minutes=1)
AT_MOST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLogoDelivery:
    """The use cases around the logos that clients name; one process fetches for all."""

    storage: Storage
    clock: Clock

    def due(self) -> list[ClientId]:
        """Return some whose logo is to be looked at."""
        with self.storage.reading() as work:
            return work.client_logos.due(self.clock.now(), AT_MOST)

    def claim(self, client_id: ClientId) -> LogoToFetch | None:
        """Take the logo of a client where it is due."""
        now = self.clock.now()
        with self.storage.writing() as work:
            owed = work.client_logos.claim(client_id, now, now + LEASE)
            work.commit()
        return owed

    def keep(self, owed: LogoToFetch, body: bytes) -> str:
        """Keep what came if it can be shown, else forget what came before; say which."""
        try:
            image = read_logo(body)
        except ImageUnfit as fault:
            self._settle(owed, None)
            return f"refused: {fault}"
        self._settle(owed, image)
        return "kept"

    def miss(self, owed: LogoToFetch) -> None:
        """Keep that there is no such picture any more."""
        self._settle(owed, None)

    def wait(self, owed: LogoToFetch) -> None:
        """Keep what there is, because nothing is known of the present: the site is away."""
        with self.storage.writing() as work:
            work.client_logos.settle(owed, self.clock.now() + LOOKED_AT_EVERY)
            work.commit()

    def find(self, name: str) -> BrandImage | None:
        """Return a picture to show."""
        with self.storage.reading() as work:
            return work.client_logos.find(name)

    def _settle(self, owed: LogoToFetch, image: BrandImage | None) -> None:
        with self.storage.writing() as work:
            work.client_logos.settle(owed, self.clock.now() + LOOKED_AT_EVERY)
            if work.client_logos.replace(owed, image):
                work.configuration_changed(ConfigurationKind.CLIENTS)
            work.commit()
