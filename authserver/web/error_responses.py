"""Faults as answers: JSON for clients, pages with a reference number for people."""

import logging
import math
import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from authserver.domain.clients import Client
from authserver.domain.request_context import current_request_id
from authserver.domain.unavailable import ServiceUnavailable
from authserver.flows.mail_permits import MailRefused
from authserver.flows.visitor import InteractionGone
from authserver.oidc.errors import (
    InsufficientScope,
    InvalidClient,
    InvalidToken,
    OAuthError,
    TokenRequired,
)
from authserver.web.page_renderer import PageRenderer
from authserver.web.problems import problem

logger = logging.getLogger(__name__)

KIND_OF_STATUS: Final = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "bad_request",
    503: "unavailable",
}
API_PATHS: Final = "/api/"
CALLED_BY_CLIENTS: Final = (
    "/oidc/token",
    "/oidc/me",
    "/oidc/jwks",
    "/oidc/reg",
    "/hooks/",
    API_PATHS,
)
REALM: Final = 'realm="authserver"'
FLOOD: Final = "flood"
FLOOD_SECONDS: Final = 60
# What an action of a person began with: its page leads on from wherever the person stands.
BEGINNING: Final = re.compile(r"/(?:sign-in|register|forgot-password|consent)/[^/]+|/account\b")


def way_back(request: HTTPConnection) -> str | None:
    """Return the page of ours to which a person may go back from a fault, if there is one."""
    match = BEGINNING.match(request.url.path)
    return None if match is None else match[0]


def is_called_by_client(path: str) -> bool:
    """Tell whether a program, not a person, reads the answer."""
    return path.startswith(CALLED_BY_CLIENTS) or "/.well-known/" in path


def client_error(path: str, error: OAuthError, status: int | None = None) -> Response:
    """Return an error as callers of `path` read it: at the API a problem document (RFC 9457)."""
    if path.startswith(API_PATHS):
        code = status or error.status
        return problem(code, error.code, error.description, headers=challenge(error))
    response = oauth_error(error)
    response.status_code = status or response.status_code
    return response


def oauth_error(error: OAuthError) -> Response:
    """Return an error in JSON (RFC 6749 §5.2, RFC 6750 §3)."""
    body = {
        "error": error.code,
        "error_description": error.description,
        # Logto's SDKs build their errors of these two.
        "code": f"oidc.{error.code}",
        "message": error.description,
    }
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache", **challenge(error)}
    named = {} if error.client_id is None else {"client": error.client_id}
    logger.info("oauth.refused", extra={"error": error.code, "detail": error.description, **named})
    return JSONResponse(body, status_code=error.status, headers=headers)


def challenge(error: OAuthError) -> dict[str, str]:
    """Return the header that says how to prove oneself, where that was missing (RFC 6750 §3)."""
    if isinstance(error, InvalidClient):
        return {"WWW-Authenticate": f"Basic {REALM}"}
    if isinstance(error, TokenRequired):
        return {"WWW-Authenticate": f"Bearer {REALM}"}
    if isinstance(error, InvalidToken | InsufficientScope):
        told = f'error="{error.code}", error_description="{error.description}"'
        return {"WWW-Authenticate": f"Bearer {REALM}, {told}"}
    return {}


@dataclass(frozen=True, slots=True)
class ErrorPages:
    """Pages for what went wrong; each has a reference number that the log knows."""

    pages: PageRenderer

    def page(
        self, request: HTTPConnection, status: int, *, kind: str = "", detail: str | None = None
    ) -> Response:
        """Return the page for `status`; `detail` is for developers and shown escaped."""
        context = {
            "status": status,
            "kind": kind or KIND_OF_STATUS.get(status, "internal"),
            "detail": detail,
            "back_url": way_back(request),
            "reference": current_request_id(),
        }
        return self.pages.page(request, "error.html", context, status=status)

    def flooded(self, request: HTTPConnection) -> Response:
        """Return the page for a source that has had its share of this minute."""
        context = {"outcome": FLOOD, "wait_seconds": FLOOD_SECONDS, "back_url": way_back(request)}
        response = self.pages.page(request, "pages/limited.html", context, status=429)
        response.headers["Retry-After"] = str(FLOOD_SECONDS)
        return response

    def client_fault(self, request: Request, error: OAuthError) -> Response:
        """Return the page for a fault that must not be redirected to anybody."""
        logger.info("oauth.shown", extra={"error": error.code, "detail": error.description})
        return self.page(request, 400, kind="client_fault", detail=error.description)

    def ended(self, request: Request, gone: InteractionGone, client: Client | None) -> Response:
        """Return the page of an interaction that is over, with the way back to its client."""
        context = {
            "reason": gone.reason,
            "client_url": None if client is None else client.way_back(self.pages.endpoint.issuer),
            "start_again_url": "/sign-in",
            "wished_locale": gone.locale,
        }
        return self.pages.page(request, "pages/ended.html", context, status=410, client=client)

    def mail_refused(
        self, request: Request, refused: MailRefused, back_url: str, client: Client | None = None
    ) -> Response:
        """Return the page that says how long to wait for a mail."""
        seconds = max(1, math.ceil(refused.wait.total_seconds()))
        logger.info("request.limited", extra={"outcome": refused.outcome, "wait_seconds": seconds})
        context = {
            "outcome": refused.outcome,
            "wait_seconds": seconds,
            "back_url": back_url,
            "wished_locale": refused.locale,
        }
        response = self.pages.page(
            request, "pages/limited.html", context, status=429, client=client
        )
        response.headers["Retry-After"] = str(seconds)
        return response

    def unavailable(self, request: HTTPConnection, fault: ServiceUnavailable) -> Response:
        """Return the page that asks to come back."""
        response = self.page(request, 503)
        response.headers["Retry-After"] = str(math.ceil(fault.retry_after.total_seconds()))
        return response
