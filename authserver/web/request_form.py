"""Reading what browsers and clients post: strict parsing, and who may post."""

import json
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from authserver.domain.form_tokens import FormToken

FORM_TYPE: Final = "application/x-www-form-urlencoded"
JSON_TYPE: Final = "application/json"
MOST_FIELDS: Final = 100
TOO_LARGE: Final = 413
REFUSED_SYMBOLS: Final = frozenset({"\x00", "\ufffe", "\uffff"})


class BadRequest(Exception):
    """The request cannot be read; `status` says in which way."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class ForeignForm(Exception):
    """The form was not one of ours, or not made for this browser."""


@dataclass(frozen=True, slots=True)
class FormReader:
    """Reads urlencoded bodies up to a size; `origin` is that of this server."""

    most_octets: int
    origin: str

    async def pairs(self, request: Request) -> list[tuple[str, str]]:
        """Return the fields of the body in order; raises BadRequest."""
        if media_type_of(request) != FORM_TYPE:
            raise BadRequest(f"the body must be {FORM_TYPE}", 415)
        return decode_pairs(await self.body(request))

    async def body(self, request: Request) -> bytes:
        """Return the body; raises BadRequest as soon as it is too large."""
        return await read_body(request, self.most_octets)

    async def members(self, request: Request) -> dict[str, object]:
        """Return the members of the JSON object in the body; raises BadRequest."""
        if media_type_of(request) != JSON_TYPE:
            raise BadRequest(f"the body must be {JSON_TYPE}", 415)
        try:
            document = json.loads(await self.body(request), object_pairs_hook=without_repeats)
        # Deeply nested JSON exhausts the stack.
        except (ValueError, RecursionError) as fault:
            raise BadRequest("the body is not JSON") from fault
        if not isinstance(document, dict):
            raise BadRequest("the body must be one JSON object")
        return document

    async def page_form(self, request: Request) -> dict[str, str]:
        """Return the fields of a form of our own pages, which must come from them.

        Raises BadRequest, and ForeignForm for a form that another site made the browser send.
        """
        self.refuse_foreign(request)
        fields: dict[str, str] = {}
        for name, value in await self.pairs(request):
            if name in fields:
                raise BadRequest("a field was sent more than once")
            fields[name] = value
        return fields

    def refuse_foreign(self, request: Request) -> None:
        """Raise ForeignForm where the browser says that another origin sends the request.

        Scripts that send neither header are held by the form token alone.
        """
        fetch_site = request.headers.get("sec-fetch-site")
        if fetch_site is not None:
            if fetch_site not in {"same-origin", "none"}:
                raise ForeignForm(f"Sec-Fetch-Site is {fetch_site[:20]!r}")
            return
        origin = request.headers.get("origin")
        if origin is not None and origin != self.origin:
            raise ForeignForm("Origin is not that of this server")


def media_type_of(request: Request) -> str:
    """Return the media type of the body without its parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def without_repeats(members: list[tuple[str, object]]) -> dict[str, object]:
    """Return the members of a JSON object; raises BadRequest where one is named twice."""
    document = dict(members)
    if len(document) < len(members):
        raise BadRequest("a member of the JSON object is named twice")
    return document


async def read_body(request: Request, most_octets: int) -> bytes:
    """Return the body of a request; raises BadRequest as soon as it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_octets:
            raise BadRequest("the body is too large", TOO_LARGE)
    return bytes(body)


def check_form_token(fields: dict[str, str], expected: str) -> None:
    """Raise ForeignForm unless the form carries the token made for this browser and page."""
    if not carries_form_token(fields, expected):
        raise ForeignForm("the form token is missing or belongs elsewhere")


def carries_form_token(fields: dict[str, str], expected: str) -> bool:
    """Tell, in constant time, whether the form carries the token, or one of an older key."""
    sent = fields.get("form_token", "").encode("utf-8", "surrogatepass")
    earlier = expected.earlier if isinstance(expected, FormToken) else ()
    return any(compare_digest(sent, each.encode()) for each in (expected, *earlier))


def decode_pairs(content: bytes) -> list[tuple[str, str]]:
    """Return the names and values of urlencoded content; raises BadRequest.

    What no column or header could hold is refused here, once for all.
    """
    if not content:
        return []
    parts = content.split(b"&")
    if len(parts) > MOST_FIELDS:
        raise BadRequest("there are too many fields")
    pairs = []
    for part in parts:
        name, _, value = part.partition(b"=")
        pairs.append((decode_component(name), decode_component(value)))
    return pairs


def decode_component(component: bytes) -> str:
    """Return one percent-decoded name or value; raises BadRequest."""
    try:
        text = unquote_to_bytes(component.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as fault:
        raise BadRequest("the request is not UTF-8") from fault
    if REFUSED_SYMBOLS.intersection(text):
        raise BadRequest("the request holds characters that are no text")
    return text
