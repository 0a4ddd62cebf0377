"""The one way in which a signed token may be written."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.(?P<signature>[A-Za-z0-9_-]+)")
# No number of octets has base64 of such a length.
IMPOSSIBLE_REST: Final = 1


def is_compact(token: str) -> bool:
    """Tell whether a token is written as RFC 7515 §7.1 has it: unpadded, and with nothing between.

    The library passes over padding and foreign symbols in a signature, so that one token could
    be written in many ways.
    """
    found = COMPACT.fullmatch(token)
    if found is None or len(found["signature"]) % 4 == IMPOSSIBLE_REST:
        return False
    signature = found["signature"].encode("ascii")
    octets = urlsafe_b64decode(signature + b"=" * (-len(signature) % 4))
    return urlsafe_b64encode(octets).rstrip(b"=") == signature
