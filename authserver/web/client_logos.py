"""Logos of clients, from our own origin: no browser calls a client's host for one."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.domain.brand_images import MEDIA_TYPES, BrandImage
from authserver.lane import Lane
from authserver.web.brand import FOR_EVER
from authserver.web.looks import CLIENT_LOGOS

LOGO_NAME: Final = re.compile(r"[0-9a-f]{40}\.(?:png|webp|jpeg|gif)")
# Should a browser ever open a stranger's file as a document, it can do nothing.
HARMLESS: Final = "default-src 'none'; sandbox"


@dataclass(frozen=True, slots=True)
class ClientLogoRoutes:
    """What pages load of clients, under names made of what it holds."""

    find: Callable[[str], BrandImage | None]
    lane: Lane

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route(f"{CLIENT_LOGOS}/{{name}}", self.logo, methods=["GET"])]

    async def logo(self, request: Request) -> Response:
        """Return a logo."""
        name = str(request.path_params["name"])
        found = await self.lane.run(self.find, name) if LOGO_NAME.fullmatch(name) else None
        if found is None:
            raise HTTPException(404)
        headers = {"Cache-Control": FOR_EVER, "Content-Security-Policy": HARMLESS}
        return Response(found.content, media_type=MEDIA_TYPES[found.kind], headers=headers)
