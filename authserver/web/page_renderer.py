"""Pages as responses: template, language, form token and the policies of the browser."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response

from authserver.domain.clients import Client, ClientKind, is_loopback_http
from authserver.domain.emails import Email, UsageType
from authserver.domain.endpoint import Endpoint
from authserver.domain.front_channel_logout import frame_origin
from authserver.domain.secret import Secret
from authserver.domain.verifications import Verification
from authserver.mail.composer import Composer
from authserver.rendering import FORM_POST_SCRIPT, Renderer, name_of_language
from authserver.web.browser import Browsers
from authserver.web.looks import STATIC, Looks

HIDDEN_CODE: Final = "······"
FORM_POST_HASH: Final = b64encode(sha256(FORM_POST_SCRIPT.encode()).digest()).decode()
BASE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src {script}; "
    "form-action {form}; frame-ancestors 'none'; base-uri 'none'"
)
NEWS_POLICY: Final = "; connect-src 'self'"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRenderer:
    """Makes responses of templates; every link comes from the endpoint, never from `Host`."""

    renderer: Renderer
    browsers: Browsers
    endpoint: Endpoint
    looks: Looks
    form_token: Callable[..., str]
    composer: Composer

    @property
    def brand(self) -> str:
        """Return the name of the instance, as mails have it."""
        return self.looks.instance.name

    def locale_of(self, request: HTTPConnection, wished: str | None = None) -> str:
        """Return the language: the one chosen on a page, else `wished`, else the browser's."""
        return self.renderer.negotiate(
            cookie=self.chosen_locale(request) or wished,
            accept_language=request.headers.get("accept-language"),
        )

    def chosen_locale(self, request: HTTPConnection) -> str | None:
        """Return the language that was chosen on a page, where there still is such a one."""
        language = self.browsers.language(request)
        return language if language in self.renderer.languages else None

    def page(
        self,
        request: HTTPConnection,
        template: str,
        context: Mapping[str, object],
        *,
        status: int = 200,
        client: Client | None = None,
        asks_for_news: bool = False,
    ) -> Response:
        """Return the page; forms on it may also lead to where `client` is redirected.

        A context may bring its own `form_token`, `wished_locale` for a first visit, and URLs to
        be `told` in frames. The script of a page that `asks_for_news` may call this server.
        """
        html = self._render(request, template, context, client)
        policy = BASE_POLICY.format(
            script="'self'", form=" ".join(["'self'", *form_targets(client)])
        )
        also = (NEWS_POLICY if asks_for_news else "") + frame_policy(context.get("told"))
        headers = {"Content-Security-Policy": policy + also}
        return HTMLResponse(html, status_code=status, headers=headers)

    def mail_to_look_for(
        self, verification: Verification, locale: str, client: Client | None
    ) -> dict[str, object]:
        """Return sender and subject to look for in the mailbox, with dots for the code."""
        # Mails have the name of the instance, whatever a client is called on pages.
        brand = self.brand
        email = Email(
            usage_type=UsageType[verification.purpose.name],
            to="",
            locale=locale,
            brand=brand,
            host=self.endpoint.host,
            endpoint=self.endpoint.url,
            application_id=verification.client_id or "",
            application_name=self.looks.name_of(client) or brand,
            request_label=verification.label,
            requested_at=verification.created_at,
            browser="",
            code=Secret(HIDDEN_CODE),
        )
        mail = self.looks.mail
        return {
            "sender_name": mail.sender_name or brand,
            "mail_subject": self.composer.subject_to_look_for(email, mail.templates),
        }

    def form_post(
        self, request: HTTPConnection, target: str, fields: Mapping[str, str], client: Client
    ) -> Response:
        """Return the page that posts an authorization response (OAuth Form Post §2)."""
        context = {"action": target, "fields": fields, "form_post_script": FORM_POST_SCRIPT}
        html = self._render(request, "pages/form_post.html", context, client)
        policy = BASE_POLICY.format(
            script=f"'self' 'sha256-{FORM_POST_HASH}'", form=source_expression(target)
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    def _render(
        self,
        request: HTTPConnection,
        template: str,
        context: Mapping[str, object],
        client: Client | None,
    ) -> str:
        wished = context.get("wished_locale")
        locale = self.locale_of(request, wished if isinstance(wished, str) else None)
        common = {
            **self.looks.towards(client).context(),
            "mail_is_slow": self.looks.mail_is_slow,
            "registrations_wait": self.looks.registrations_wait,
            "host": self.endpoint.host,
            "client_name": self.looks.name_of(client),
            **self.looks.words_of(client),
            "languages": [
                {"tag": tag, "name": name_of_language(tag)} for tag in self.renderer.languages
            ],
            "language_action": "/language",
            "return_to": request.url.path
            if request.scope["method"] == "GET"
            else context.get("back_url") or "/account",
            "form_token": "",
            "static": STATIC,
            "notice": None,
        }
        return self.renderer.render(template, locale, {**common, **context})

    def to(self, path: str) -> Response:
        """Return the answer to a post: go to one of our own pages and get it (RFC 9700 §4.12)."""
        return RedirectResponse(self.endpoint.at(path), status_code=303)


def frame_policy(told: object) -> str:
    """Return what lets a page load these URLs in frames, and nothing of another origin."""
    urls = told if isinstance(told, tuple) else ()
    origins = {origin for url in urls if (origin := frame_origin(url)) is not None}
    return f"; frame-src {' '.join(sorted(origins))}" if origins else ""


def form_targets(client: Client | None) -> list[str]:
    """Return where a form may lead besides this server: the addresses of the client.

    Chromium applies `form-action` to every hop after a post, the client's included: a callback
    may lead on to the client's home page at another origin.
    """
    if client is None:
        return []
    metadata = client.metadata
    onward = filter(None, (metadata.client_uri, metadata.initiate_login_uri))
    uris = (*client.redirect_uris, *client.post_logout_redirect_uris, *onward)
    found = {source_expression(uri) for uri in uris}
    if client.kind is ClientKind.NATIVE:
        # RFC 8252 §7.3: the port of a loopback address is chosen when the client asks.
        found |= {
            f"http://{parts.hostname}:*" for parts in map(urlsplit, uris) if is_loopback_http(parts)
        }
    return sorted(found)


def source_expression(uri: str) -> str:
    """Return the origin of `uri`, or the scheme alone where it is a native client's own."""
    parts = urlsplit(uri)
    if parts.scheme in {"http", "https"}:
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:"
