"""Every sample page in a real browser, without a server: what it loads is handed to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route

from authserver.domain.branding import Brand
from authserver.rendering import Renderer
from authserver.web.brand_sheet import sheet_of
from tests.rendering.sample_pages import COMMON, Sample, sample_pages
from tests.support.images import png

PROJECT = Path(__file__).resolve().parents[2]
STATIC = PROJECT / "authserver" / "web" / "static"
ORIGIN = "https://id.example.com"
IMAGES = {
    "logo.png": png(1200, 200, (17, 94, 64)),
    "logo_dark.png": png(1200, 200, (140, 230, 180)),
    "client-logo.png": png(64, 64, (122, 31, 92)),
}
SAMPLES: Mapping[str, Sample] = {sample.name: sample for sample in sample_pages()}
# One state of each page, the last of its line: mostly one that tells of something gone wrong.
ONE_OF_EACH = list({sample.template: name for name, sample in SAMPLES.items()}.values())
# These lead on by themselves, so that there is nothing to look at.
LEADING_ON = frozenset({"form-post", "signed-out-telling"})


@dataclass(frozen=True, kw_only=True)
class Style:
    """A brand as pages are rendered with it."""

    brand: Brand = field(default_factory=Brand)

    def context(self) -> dict[str, object]:
        brand = self.brand
        return {
            "brand": brand.name or COMMON["brand"],
            "stylesheet": "/brand/style.css",
            "logo": None if brand.logo is None else f"/brand/{brand.logo}",
            "logo_dark": None if brand.logo_dark is None else f"/brand/{brand.logo_dark}",
            "support_url": brand.support_url,
            "terms_url": brand.terms_url,
            "privacy_url": brand.privacy_url,
        }


STYLES: Mapping[str, Style] = {
    "as it comes": Style(),
    "a light brand": Style(
        brand=Brand(
            name="Fern & Company of the Old Town Ltd",
            logo="logo.png",
            color="#856f00",
            support_url="mailto:help@example.com",
            terms_url="https://example.com/terms",
            privacy_url="https://example.com/privacy",
            radius=0,
        )
    ),
    "a dark brand": Style(
        brand=Brand(
            name="Nachtschwärmerinnen-Vermittlungsanstalt",
            logo="logo.png",
            logo_dark="logo_dark.png",
            color="#000000",
            color_dark="#ffd400",
            radius=24,
        )
    ),
    # What a client has of its own: name and colour, without the logo of the instance.
    "a client": Style(brand=Brand(name="Bookstore", color="#7a1f5c")),
}


class Gallery:
    """Shows samples in one page of a browser."""

    def __init__(self, page: Page, style: Style, language: str) -> None:
        self.page = page
        self._context = style.context()
        self._language = language
        self._renderer = Renderer(PROJECT / "templates")
        self._sheet = sheet_of(style.brand, (STATIC / "app.css").read_text("utf-8")).content
        page.route("**/*", self._answer)

    def show(self, sample: Sample) -> None:
        self.page.goto(f"{ORIGIN}/samples/{sample.name}")

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        name = path.rpartition("/")[2]
        if path.startswith("/samples/"):
            sample = SAMPLES[name]
            context = {**COMMON, **self._context, **sample.context}
            html = self._renderer.render(sample.template, self._language, context)
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif name == "style.css":
            route.fulfill(body=self._sheet, content_type="text/css")
        elif name in IMAGES:
            route.fulfill(body=IMAGES[name], content_type="image/png")
        elif path.startswith("/static/"):
            route.fulfill(path=STATIC / name)
        else:
            route.fulfill(status=404)
