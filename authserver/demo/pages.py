"""Renders the pages of the shop and sets the headers and the cookie of every answer."""

from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from authserver.demo.sessions import Session

COOKIE = "bookstore_session"
FOLDER = "demo"
SEE_OTHER = 303
FILES = {"bookstore.css": "text/css", "bookstore.svg": "image/svg+xml"}


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, as browsers write an origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


class Pages:
    """Turns what the shop has to say into responses."""

    def __init__(self, templates: Path, *, provider: str, base_url: str, inbox_url: str | None):
        self._folder = templates / FOLDER
        self._environment = Environment(
            loader=FileSystemLoader(self._folder), autoescape=True, undefined=StrictUndefined
        )
        self._environment.globals["inbox_url"] = inbox_url
        self._environment.globals["forgot_password_url"] = f"{provider}/forgot-password"
        self._environment.globals["provider_name"] = urlsplit(provider).netloc
        self._is_secure = base_url.startswith("https://")
        self._headers = {
            "Cache-Control": "no-store",
            # Signing out posts a form that the provider answers in the end: browsers apply
            # form-action to that redirect as well.
            "Content-Security-Policy": (
                "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
                f"frame-ancestors 'none'; form-action 'self' {origin_of(provider)}"
            ),
            "Cross-Origin-Opener-Policy": "same-origin",
            # Under no-referrer, Chromium sends "Origin: null" with the shop's own forms.
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }

    def page(
        self, template: str, context: dict[str, object], *, status: int = 200, retry: int = 0
    ) -> Response:
        """Return a rendered page; `retry` seconds, if any, tell when trying again makes sense."""
        content = self._environment.get_template(template).render(context)
        response = HTMLResponse(content, status_code=status, headers=self._headers)
        if retry:
            response.headers["Retry-After"] = str(retry)
        return response

    def redirect(self, url: str, session: Session | None = None) -> Response:
        """Send the browser on by GET; a session given is the one it holds from now on."""
        response = RedirectResponse(url, status_code=SEE_OTHER, headers=self._headers)
        if session is not None:
            response.set_cookie(
                COOKIE, session.id, httponly=True, samesite="lax", secure=self._is_secure
            )
        return response

    def file(self, name: str) -> Response:
        """Return one of the few static files."""
        headers = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}
        content = (self._folder / name).read_bytes()
        return Response(content, media_type=FILES[name], headers=headers)
