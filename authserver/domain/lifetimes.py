"""How long each thing lives that the provider hands out."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """Lifetimes in force; the names are those of the settings `AUTHSERVER_LIFETIMES__*`."""

    id_token: timedelta = timedelta(hours=1)
    access_token: timedelta = timedelta(hours=1)
    authorization_code: timedelta = timedelta(seconds=60)
    refresh_idle: timedelta = timedelta(days=14)
    refresh_max: timedelta = timedelta(days=365)
    refresh_grace: timedelta = timedelta(seconds=30)
    session_idle: timedelta = timedelta(days=14)
    session_max: timedelta = timedelta(days=90)
    interaction: timedelta = timedelta(minutes=60)

    @property
    def authorization(self) -> timedelta:
        """Return how long tokens of one authorization can live."""
        return self.authorization_code + max(self.refresh_max, self.access_token)
