"""Settings of lifetimes: `AUTHSERVER_LIFETIMES__*`."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from authserver.domain.lifetimes import Lifetimes
from authserver.settings.codes import Group
from authserver.settings.fields import Duration, between

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


class LifetimeGroup(Group):
    """Lifetimes of what the provider hands out."""

    id_token: Annotated[Duration, between(60 * SECOND, DAY)] = Field(
        default=HOUR, description="ID token"
    )
    access_token: Annotated[Duration, between(60 * SECOND, DAY)] = Field(
        default=HOUR, description="access token"
    )
    authorization_code: Annotated[Duration, between(SECOND, 600 * SECOND)] = Field(
        default=60 * SECOND, description="authorization code"
    )
    refresh_idle: Annotated[Duration, between(60 * SECOND, 365 * DAY)] = Field(
        default=14 * DAY, description="refresh token, unused"
    )
    refresh_max: Annotated[Duration, between(60 * SECOND, 3650 * DAY)] = Field(
        default=365 * DAY, description="all refresh tokens of one authorization together"
    )
    refresh_grace: Annotated[Duration, between(timedelta(0), 300 * SECOND)] = Field(
        default=30 * SECOND,
        description="how long a refresh token that was used gives the same successor",
    )
    session_idle: Annotated[Duration, between(60 * SECOND, 365 * DAY)] = Field(
        default=14 * DAY, description="session, unused"
    )
    session_max: Annotated[Duration, between(60 * SECOND, 365 * DAY)] = Field(
        default=90 * DAY, description="session in all"
    )
    interaction: Annotated[Duration, between(60 * SECOND, DAY)] = Field(
        default=HOUR, description="time to finish one sign-in"
    )

    def lifetimes(self) -> Lifetimes:
        """Return the lifetimes as the provider takes them."""
        return Lifetimes(**{name: getattr(self, name) for name in type(self).model_fields})
