"""The APIs that tokens can be asked for, as the endpoints look them up."""

from collections.abc import Iterable
from dataclasses import dataclass

from authserver.domain.api_resources import ApiResource
from authserver.domain.configuration import ConfigurationKind
from authserver.storage.configuration_cache import ConfigurationCache
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class RegisteredApis:
    """Finds APIs, from memory where they have not changed; `own` is that of this server."""

    cache: ConfigurationCache
    own: ApiResource

    def find(self, indicator: str) -> ApiResource | None:
        """Return the API that clients name so."""
        if indicator == self.own.indicator:
            return self.own

        def load(work: UnitOfWork) -> ApiResource | None:
            return work.api_resources.find(indicator)

        return self.cache.get(ConfigurationKind.API_RESOURCES, indicator, load)

    def find_each(
        self, indicators: Iterable[str]
    ) -> tuple[tuple[ApiResource, ...], tuple[str, ...]]:
        """Return the APIs that are known of `indicators`, and the names that are not."""
        known: list[ApiResource] = []
        unknown: list[str] = []
        for indicator in dict.fromkeys(indicators):
            found = self.find(indicator)
            if found is None:
                unknown.append(indicator)
            else:
                known.append(found)
        return tuple(known), tuple(unknown)
