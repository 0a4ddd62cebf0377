"""Redirect URIs that a sector vouches for (OIDC Registration §5)."""

import json
from dataclasses import dataclass

from authserver.domain.clients import Client
from authserver.oidc.errors import InvalidClientMetadata


class SectorUnread(InvalidClientMetadata):
    """The document at `sector_identifier_uri` has to be fetched before anything is registered.

    Whoever may call other servers fetches it and asks again; asked in vain it is what it says.
    """

    def __init__(self, uri: str) -> None:
        super().__init__("sector_identifier_uri could not be read")
        self.uri = uri


@dataclass(frozen=True, slots=True)
class SectorDocument:
    """What was found at a `sector_identifier_uri`."""

    uri: str
    body: bytes

    def redirect_uris(self) -> frozenset[str]:
        """Return the addresses it lists; raises InvalidClientMetadata where it is no such list."""
        try:
            listed = json.loads(self.body)
        # Deeply nested JSON exhausts the stack.
        except (ValueError, RecursionError):
            listed = None
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise InvalidClientMetadata("sector_identifier_uri must lead to a JSON list of texts")
        return frozenset(listed)


def check_sector(client: Client, sector: SectorDocument | None) -> None:
    """Raise InvalidClientMetadata unless the sector, where there is one, lists every redirect URI.

    Subjects are public, so that nothing else comes of a sector.
    """
    uri = client.metadata.sector_identifier_uri
    if uri is None:
        return
    if sector is None or sector.uri != uri:
        raise SectorUnread(uri)
    if not sector.redirect_uris().issuperset(client.redirect_uris):
        raise InvalidClientMetadata("sector_identifier_uri does not list every redirect URI")
