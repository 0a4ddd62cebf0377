"""Style sheets, logos and icons of brands, under paths that name what they hold."""

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
from authserver.web.looks import BRAND, Looks

FOR_EVER: Final = "public, max-age=31536000, immutable"
NOT_KEPT: Final = "no-store"
IMAGE_NAME: Final = re.compile(r"[0-9a-f]{40}\.(?:png|webp)")


@dataclass(frozen=True, slots=True)
class BrandRoutes:
    """What pages load of a brand."""

    looks: Looks
    image_of: Callable[[str], BrandImage | None]
    lane: Lane

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(f"{BRAND}/{{name}}", self.image, methods=["GET"]),
            Route(f"{BRAND}/{{scope}}/{{hash}}.css", self.sheet, methods=["GET"]),
        ]

    async def image(self, request: Request) -> Response:
        """Return a logo or an icon."""
        name = str(request.path_params["name"])
        found = await self.lane.run(self.image_of, name) if IMAGE_NAME.fullmatch(name) else None
        if found is None:
            raise HTTPException(404)
        headers = {"Cache-Control": FOR_EVER}
        return Response(found.content, media_type=MEDIA_TYPES[found.kind], headers=headers)

    async def sheet(self, request: Request) -> Response:
        """Return a style sheet; under another hash, the one in force, and not to be kept.

        So a page that another process rendered a moment ago has its style.
        """
        found = self.looks.sheet(str(request.path_params["scope"]))
        is_asked_for = request.path_params["hash"] == found.hash
        headers = {"Cache-Control": FOR_EVER if is_asked_for else NOT_KEPT}
        return Response(found.content, media_type="text/css", headers=headers)
