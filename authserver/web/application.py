"""The one ASGI application: routes of all owners, what every request passes, error answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from authserver.domain.unavailable import ServiceUnavailable
from authserver.oidc.errors import InvalidRequest, OAuthError, TemporarilyUnavailable
from authserver.web.error_responses import ErrorPages, client_error, is_called_by_client
from authserver.web.looks import STATIC, STATIC_FILES
from authserver.web.request_form import BadRequest, ForeignForm

Application = ASGIApp
Routes = list[Route]

NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class ErrorHandlers:
    """Turns what handlers raise into answers: JSON for clients, pages for people."""

    errors: ErrorPages

    async def bad_request(self, request: Request, fault: Exception) -> Response:
        """Answer a request that cannot be read."""
        status = fault.status if isinstance(fault, BadRequest) else 400
        if is_called_by_client(request.url.path):
            return client_error(request.url.path, InvalidRequest(str(fault)), status)
        return self.errors.page(request, status, detail=str(fault))

    async def foreign_form(self, request: Request, fault: Exception) -> Response:
        """Answer a form that is not ours."""
        return self.errors.page(request, 403)

    async def oauth_fault(self, request: Request, fault: Exception) -> Response:
        """Answer a protocol fault that no handler has turned into a response."""
        if isinstance(fault, OAuthError) and is_called_by_client(request.url.path):
            return client_error(request.url.path, fault)
        description = fault.description if isinstance(fault, OAuthError) else None
        return self.errors.page(request, 400, kind="client_fault", detail=description)

    async def http_fault(self, request: Request, fault: Exception) -> Response:
        """Answer what no route matches."""
        status = fault.status_code if isinstance(fault, HTTPException) else NOT_FOUND
        headers = dict(getattr(fault, "headers", None) or {})
        if "Allow" in headers:
            headers["Allow"] = methods_of(request)
        if is_called_by_client(request.url.path):
            told = InvalidRequest("there is no such endpoint or method")
            response = client_error(request.url.path, told, status)
        else:
            response = self.errors.page(request, status)
        response.headers.update(headers)
        return response

    async def unavailable(self, request: Request, fault: Exception) -> Response:
        """Ask to come back."""
        wait = fault if isinstance(fault, ServiceUnavailable) else ServiceUnavailable(str(fault))
        if is_called_by_client(request.url.path):
            told = TemporarilyUnavailable("the server is busy; try again")
            response = client_error(request.url.path, told)
            response.headers["Retry-After"] = str(int(wait.retry_after.total_seconds()) or 1)
            return response
        return self.errors.unavailable(request, wait)

    async def own_fault(self, request: Request, fault: Exception) -> Response:
        """Answer our own fault; the log has it under the reference number."""
        if is_called_by_client(request.url.path):
            told = OAuthError("an unexpected fault; the server has noted it")
            return client_error(request.url.path, told)
        return self.errors.page(request, 500)


def create_application(routes: Sequence[BaseRoute], errors: ErrorPages) -> Starlette:
    """Return the application for these routes."""
    handlers = ErrorHandlers(errors)
    application = Starlette(
        routes=[
            *routes,
            Route("/robots.txt", robots, methods=["GET"]),
            Mount(STATIC, StaticFiles(directory=STATIC_FILES), name="static"),
        ],
        exception_handlers={
            BadRequest: handlers.bad_request,
            ForeignForm: handlers.foreign_form,
            OAuthError: handlers.oauth_fault,
            HTTPException: handlers.http_fault,
            ServiceUnavailable: handlers.unavailable,
            Exception: handlers.own_fault,
        },
    )
    # A redirect to add or drop a slash would take the host from the request.
    application.router.redirect_slashes = False
    return application


def create_management_application(routes: Sequence[BaseRoute]) -> Router:
    """Return the application of the second listener: health and metrics alone."""
    return Router(routes=list(routes), redirect_slashes=False)


def methods_of(request: Request) -> str:
    """Return what all routes of this path take together; one alone would name only its own."""
    routes = (each for each in request.app.routes if isinstance(each, Route))
    methods = (each.methods for each in routes if each.matches(request.scope)[0] is not Match.NONE)
    return ", ".join(sorted(frozenset().union(*(each or () for each in methods))))


async def robots(_: Request) -> Response:
    """Keep search engines out."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n")
