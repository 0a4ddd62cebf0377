"""Bookstore: a small shop that signs people in through the provider."""

import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.demo.attestations import claim_facts, token_facts
from authserver.demo.books import NEW_BOOKS, SHELF
from authserver.demo.browser_requests import own_form, query_of
from authserver.demo.failures import (
    BookstoreError,
    NoSuchPageError,
    OwnFaultError,
    ProviderDownError,
    SignInEndedError,
    SignInError,
)
from authserver.demo.oidc_client import ClientRegistration, OidcClient, SignedIn
from authserver.demo.pages import COOKIE, FILES, Pages, origin_of
from authserver.demo.provider_calls import ProviderCaller
from authserver.demo.sessions import Session, Sessions

STATE_BYTES = 32
RETRY_SECONDS = 5
LOGGER = logging.getLogger("bookstore")


def create_bookstore(
    *,
    provider: str,
    client_id: str,
    client_secret: str,
    base_url: str,
    templates: Path,
    inbox_url: str | None = None,
) -> Starlette:
    """Build the shop; `templates` is the folder that holds `demo/`.

    The client must be registered with the redirect URI `{base_url}/callback` and the
    post-logout redirect URI `{base_url}`. The provider is first called when somebody signs in.
    """
    base_url = base_url.rstrip("/")
    registration = ClientRegistration(
        client_id=client_id,
        client_secret=client_secret,
        redirect_uri=f"{base_url}/callback",
        post_logout_redirect_uri=base_url,
    )
    caller = ProviderCaller()
    client = OidcClient(caller, registration, provider=provider)
    pages = Pages(templates, provider=provider, base_url=base_url, inbox_url=inbox_url)
    shop = Bookstore(client, pages, origin=origin_of(base_url))

    @asynccontextmanager
    async def lifespan(_application: Starlette) -> AsyncIterator[None]:
        async with caller:
            yield

    application = Starlette(
        routes=shop.routes(),
        lifespan=lifespan,
        exception_handlers={
            BookstoreError: shop.explain,
            HTTPException: shop.explain_http,
            Exception: shop.apologise,
        },
    )
    application.router.redirect_slashes = False
    return application


class Bookstore:
    """The handlers of the shop."""

    def __init__(self, client: OidcClient, pages: Pages, *, origin: str) -> None:
        self._client = client
        self._pages = pages
        self._origin = origin
        self._sessions = Sessions()

    def routes(self) -> list[Route]:
        """Return every address of the shop."""
        return [
            Route("/", self.home),
            Route("/sign-in", self.sign_in),
            Route("/callback", self.callback),
            Route("/refresh", self.refresh, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            *(Route(f"/{name}", self.file) for name in FILES),
        ]

    async def home(self, request: Request) -> Response:
        """Show the shop, or to somebody signed in their shelf and what the provider told."""
        session = self._session(request)
        if session is not None and session.ends_sign_out(query_of(request).get("state")):
            session.sign_out_state = None
            session.notice = "You have signed out. See you soon!"
            return self._pages.redirect("/")
        context: dict[str, object] = {
            "books": NEW_BOOKS,
            "notice": session.take_notice() if session else None,
        }
        if session is None or session.signed_in is None:
            return self._pages.page("shop.html", context)
        return self._pages.page("home.html", context | _personal(session, session.signed_in))

    async def sign_in(self, request: Request) -> Response:
        """Send the browser to the provider, to sign in or to create an account."""
        prompt = "create" if query_of(request).get("prompt") == "create" else None
        pending, url = await self._client.begin(prompt=prompt)
        session = self._session(request) or self._sessions.start()
        session.remember(pending)
        return self._pages.redirect(url, session)

    async def callback(self, request: Request) -> Response:
        """Take the provider's answer and start a session under a new id."""
        answer = query_of(request)
        session = self._session(request)
        pending = session.take_pending(answer.get("state")) if session else None
        if session is not None and session.signed_in is not None and pending is None:
            # The back button brings an old answer again: whoever is signed in stays so.
            return self._pages.redirect("/")
        if session is None or pending is None:
            raise SignInError(
                "This sign-in did not begin in this browser, or it is already over. "
                "Please start again.",
                detail="callback: state",
            )
        signed_in = await self._client.finish(pending, answer)
        # A new id: whoever may have planted the old one knows nothing of the new.
        self._sessions.end(session)
        session = self._sessions.start(signed_in)
        session.notice = "You are signed in. Welcome!"
        return self._pages.redirect("/", session)

    async def refresh(self, request: Request) -> Response:
        """Exchange the refresh token for new tokens."""
        session = self._session(request)
        await own_form(request, session, origin=self._origin)
        if session is None or session.signed_in is None:
            raise SignInEndedError("Please sign in again.")
        async with session.refreshing:
            try:
                tokens = await self._client.refresh(session.signed_in)
                # Kept before anything else can fail: the token used is worth nothing now.
                kept = replace(session.signed_in.tokens, refresh_token=tokens.refresh_token)
                session.signed_in = replace(session.signed_in, tokens=kept)
                session.signed_in = await self._client.renewed(session.signed_in, tokens)
            except (SignInError, SignInEndedError):
                self._sessions.end(session)
                raise
        session.notice = "The tokens are new."
        return self._pages.redirect("/")

    async def sign_out(self, request: Request) -> Response:
        """End the session here, then at the provider."""
        session = self._session(request)
        await own_form(request, session, origin=self._origin)
        if session is None or session.signed_in is None:
            return self._pages.redirect("/")
        self._sessions.end(session)
        visitor = self._sessions.start()
        state = secrets.token_urlsafe(STATE_BYTES)
        try:
            url = await self._client.sign_out_url(session.signed_in.id_token, state)
        except ProviderDownError:
            url = None
        if url is None:
            visitor.notice = "You have signed out here; the sign-in service may still know you."
            return self._pages.redirect("/", visitor)
        visitor.sign_out_state = state
        return self._pages.redirect(url, visitor)

    async def file(self, request: Request) -> Response:
        """Return the style sheet or the icon."""
        return self._pages.file(request.url.path.removeprefix("/"))

    async def explain(self, request: Request, error: Exception) -> Response:
        """Show why a request ended early."""
        if not isinstance(error, BookstoreError):
            raise error
        LOGGER.warning("request refused: %s %r", type(error).__name__, error.detail)
        retry = RETRY_SECONDS if isinstance(error, ProviderDownError) else 0
        return self._problem(error, error.status, retry=retry)

    async def explain_http(self, request: Request, error: Exception) -> Response:
        """Show that there is no such page, or not in this way."""
        page = NoSuchPageError("There is no such page in our shop.")
        status = error.status_code if isinstance(error, HTTPException) else page.status
        return self._problem(page, status)

    async def apologise(self, request: Request, error: Exception) -> Response:
        """Show that the fault is ours."""
        fault = OwnFaultError("The fault is ours, not yours.")
        return self._problem(fault, fault.status)

    def _problem(self, error: BookstoreError, status: int, *, retry: int = 0) -> Response:
        context: dict[str, object] = {
            "heading": error.heading,
            "explanation": error.explanation,
            "offers_sign_in": error.offers_sign_in,
            "status": f"{status:d} {HTTPStatus(status).phrase}",
        }
        return self._pages.page("problem.html", context, status=status, retry=retry)

    def _session(self, request: Request) -> Session | None:
        return self._sessions.find(request.cookies.get(COOKIE))


def _personal(session: Session, signed_in: SignedIn) -> dict[str, object]:
    return {
        "greeting": signed_in.email or str(signed_in.claims["sub"]),
        "form_token": session.form_token,
        "shelf": SHELF,
        "can_refresh": signed_in.tokens.refresh_token is not None,
        "id_token_claims": claim_facts(signed_in.claims),
        "userinfo": claim_facts(signed_in.userinfo),
        "tokens": token_facts(signed_in, time.time()),
    }
