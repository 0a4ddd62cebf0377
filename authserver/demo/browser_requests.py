"""Reads what browsers send: queries, small forms, and whether a form is the shop's own."""

import hmac
from urllib.parse import parse_qsl

from starlette.requests import Request

from authserver.demo.failures import BrowserRequestError, ForeignRequestError
from authserver.demo.sessions import Session

FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FORM_BYTES = 4096
MAX_QUERY_BYTES = 16 * 1024
MAX_FIELDS = 20
FORM_TOKEN = "form_token"  # noqa: S105 - the name of a field


def query_of(request: Request) -> dict[str, str]:
    """Return the query parameters; refuse a query that is too long or repeats a name."""
    query: bytes = request.scope["query_string"]
    if len(query) > MAX_QUERY_BYTES:
        raise BrowserRequestError("The address is too long.")
    return _fields(query)


async def own_form(request: Request, session: Session | None, *, origin: str) -> dict[str, str]:
    """Return the fields of a form of the shop's own pages; refuse all other posts."""
    _check_sender(request, origin)
    form = await _form(request)
    if session is None:
        raise ForeignRequestError("Your visit has ended meanwhile. Please open the shop again.")
    if not hmac.compare_digest(form.get(FORM_TOKEN, "").encode(), session.form_token.encode()):
        raise ForeignRequestError("The page was out of date. Please open the shop again.")
    return form


def _check_sender(request: Request, origin: str) -> None:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        is_own = site == "same-origin"
    else:
        # A browser without fetch metadata sends an origin; a script may send neither, and then
        # the form token alone decides.
        is_own = request.headers.get("origin", origin) == origin
    if not is_own:
        raise ForeignRequestError("It was sent from another site, so we did nothing.")


async def _form(request: Request) -> dict[str, str]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != FORM_TYPE:
        raise BrowserRequestError("That is not a form.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise BrowserRequestError("The form is too long.")
    return _fields(bytes(body))


def _fields(encoded: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise BrowserRequestError("Its parameters are not readable.") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BrowserRequestError("One of its parameters comes twice.")
    return fields
