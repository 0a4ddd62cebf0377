"""Signed calls of Aliyun Direct Mail (V3), and what can be read of its answers."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Final
from urllib.parse import urlencode, urlsplit

from authserver.domain.clock import Clock
from authserver.domain.mail_senders import AliyunSettings
from authserver.domain.randomness import Randomness
from authserver.mail.acs3_signature import authorization, canonical_request
from authserver.outbound.http_caller import Answer, HttpCaller

VERSION: Final = "2015-11-23"
CONTENT_TYPE: Final = "application/x-www-form-urlencoded"
NONCE_OCTETS: Final = 16

# What the service names itself with; anything else may be an echo of the request.
SAFE_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")


class DirectMailApi:
    """Calls actions of one region with one access key."""

    def __init__(
        self, settings: AliyunSettings, http: HttpCaller, clock: Clock, randomness: Randomness
    ) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._randomness = randomness

    async def call(self, action: str, parameters: Mapping[str, str]) -> Answer:
        """Make one call, with a nonce and a stamp of its own; raises what `HttpCaller` does."""
        body = urlencode(parameters).encode()
        return await self._http.to_operator(
            self._settings.url, headers=self._signed_headers(action, body), body=body
        )

    async def close(self) -> None:
        """Close the connections to the service."""
        await self._http.close()

    def _signed_headers(self, action: str, body: bytes) -> dict[str, str]:
        # Proxies alter `accept` and `user-agent`, so these two stay outside the signature.
        body_hash = hashlib.sha256(body).hexdigest()
        signed = {
            "content-type": CONTENT_TYPE,
            "host": urlsplit(self._settings.url).netloc,
            "x-acs-action": action,
            "x-acs-content-sha256": body_hash,
            "x-acs-date": self._clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": self._randomness.draw(NONCE_OCTETS).hex(),
            "x-acs-version": VERSION,
        }
        if self._settings.security_token is not None:
            signed["x-acs-security-token"] = self._settings.security_token.reveal()
        return signed | {
            "accept": "application/json",
            "authorization": authorization(
                self._settings.access_key_id,
                self._settings.access_key_secret,
                signed,
                canonical_request("POST", {}, signed, body_hash),
            ),
        }


def json_members(body: bytes) -> Mapping[str, object]:
    """Return the members of a JSON object, none where the body is something else."""
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def safe_member(members: Mapping[str, object], name: str) -> str | None:
    """Return a member that looks like a name or number, else None."""
    value = members.get(name)
    return value if isinstance(value, str) and SAFE_NAME.fullmatch(value) else None
