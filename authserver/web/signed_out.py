"""The page at the end of a session: it lets the browser tell clients, and then goes on."""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from authserver.domain.clients import Client
from authserver.web.page_renderer import PageRenderer

# Without a script nothing tells when the clients have been told.
ONWARD_AFTER_SECONDS: Final = 3


def signed_out_page(
    pages: PageRenderer,
    request: Request,
    told: Sequence[str],
    *,
    onward: str | None = None,
    client: Client | None = None,
) -> Response:
    """Return the page that loads the URLs `told`, each in a frame, and leads to `onward`."""
    context = {"told": tuple(told), "back_url": onward, "onward_seconds": ONWARD_AFTER_SECONDS}
    return pages.page(request, "pages/sign_out/done.html", context, client=client)
