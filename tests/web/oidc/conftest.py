"""The fixtures of the protocol's tests."""

from tests.oidc.conftest import (
    client,
    either_client,
    shared_client,
    shared_postgres_provider,
    shared_provider,
)

__all__ = [
    "client",
    "either_client",
    "shared_client",
    "shared_postgres_provider",
    "shared_provider",
]
