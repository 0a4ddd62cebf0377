"""`/api/v1/verifications`: services have a mailbox proven, and are told yes or no."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from authserver.domain.api_resources import OWN_API, VERIFICATIONS
from authserver.domain.clients import ClientId
from authserver.domain.email_address import parse_email_address
from authserver.domain.verifications import CodeOutcome
from authserver.flows.client_verifications import (
    AlreadyProven,
    ClientVerifications,
    Progress,
    VerificationUnknown,
    Wish,
)
from authserver.flows.mail_permits import MailRefused
from authserver.lane import Lane
from authserver.oidc.api_access import ApiAccess
from authserver.oidc.errors import TokenRequired
from authserver.web.bearer import bearer
from authserver.web.client_address import ClientAddresses, parse_address
from authserver.web.problems import problem
from authserver.web.request_form import BadRequest, FormReader

PATH: Final = f"{OWN_API}/verifications"
ONE: Final = PATH + "/{verification}"
NO_STORE: Final = {"Cache-Control": "no-store"}
CREATED: Final = 201


class AddressInvalid(BadRequest):
    """What stands as `email` names no mailbox, or several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRoutes:
    """The purpose `Generic`; no answer ever holds the code."""

    access: ApiAccess
    verifications: ClientVerifications
    language_for: Callable[[str], str]
    addresses: ClientAddresses
    lane: Lane
    forms: FormReader

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(PATH, self.start, methods=["POST"]),
            Route(ONE, self.show, methods=["GET"]),
            Route(ONE + "/resend", self.resend, methods=["POST"]),
            Route(ONE + "/code", self.submit_code, methods=["POST"]),
        ]

    async def start(self, request: Request) -> Response:
        """Begin a verification of an address and owe its first mail."""
        client_id = await self.caller(request)
        try:
            wish = self.wish(
                client_id, await self.texts(request, "email", "locale", "source"), request
            )
        except AddressInvalid as fault:
            return problem(fault.status, CodeOutcome.ADDRESS_INVALID, str(fault))
        started = await self.lane.run(self.verifications.start, wish)
        if isinstance(started, MailRefused):
            return limited(started)
        headers = {"Location": f"{PATH}/{started.interaction_id}", **NO_STORE}
        return JSONResponse(document(started), status_code=CREATED, headers=headers)

    async def show(self, request: Request) -> Response:
        """Tell how a verification stands."""
        client_id = await self.caller(request)
        match await self.lane.run(self.verifications.look, client_id, named(request)):
            case VerificationUnknown():
                return unknown()
            case Progress() as found:
                return JSONResponse(document(found), headers=NO_STORE)

    async def resend(self, request: Request) -> Response:
        """Send the code again, or a new one where the old one is dead."""
        client_id = await self.caller(request)
        match await self.lane.run(self.verifications.resend, client_id, named(request)):
            case VerificationUnknown():
                return unknown()
            case AlreadyProven():
                return problem(409, CodeOutcome.ALREADY_USED, "the right code was entered already")
            case MailRefused() as refused:
                return limited(refused)
            case Progress() as sent:
                return JSONResponse(document(sent), headers=NO_STORE)

    async def submit_code(self, request: Request) -> Response:
        """Say whether a code is the right one: yes at most once."""
        client_id = await self.caller(request)
        entered = (await self.texts(request, "code")).get("code")
        if entered is None:
            raise BadRequest("code is missing")
        judged = await self.lane.run(
            self.verifications.submit_code, client_id, named(request), entered
        )
        if isinstance(judged, VerificationUnknown):
            return unknown()
        answer = {
            "verified": judged.outcome is CodeOutcome.VERIFIED,
            "outcome": judged.outcome,
            "email": judged.verification.address.typed,
            "tries_left": judged.verification.tries_left,
        }
        return JSONResponse(answer, headers=NO_STORE)

    async def caller(self, request: Request) -> ClientId:
        """Return the service that calls; raises an OAuthError."""
        token = bearer(request)
        if token is None:
            raise TokenRequired("an access token is required")
        return await self.lane.run(self.access.admit, token, VERIFICATIONS)

    async def texts(self, request: Request, *names: str) -> dict[str, str]:
        """Return the members of the body, all of them texts; raises BadRequest."""
        members = await self.forms.members(request)
        for name, value in members.items():
            if name not in names:
                raise BadRequest(f"only {', '.join(names)} can be named here")
            if not isinstance(value, str):
                raise BadRequest(f"{name} must be a text")
        return {name: str(value) for name, value in members.items()}

    def wish(self, client_id: ClientId, texts: dict[str, str], request: Request) -> Wish:
        """Return what is asked for; raises BadRequest."""
        address = parse_email_address(texts.get("email", ""))
        if address is None:
            raise AddressInvalid("email must name one mailbox")
        source = self.addresses.source_of(request)
        if "source" in texts:
            named_source = parse_address(texts["source"])
            if named_source is None:
                raise BadRequest("source must be an IPv4 or IPv6 address")
            source = self.addresses.source_at(named_source)
        return Wish(
            client_id=client_id,
            address=address,
            source=source,
            locale=self.language_for(texts.get("locale", "")),
        )


def named(request: Request) -> str:
    """Return the verification that the address names."""
    return str(request.path_params["verification"])


def document(progress: Progress) -> dict[str, object]:
    """Return a verification as its client sees it."""
    verification = progress.verification
    return {
        "id": progress.interaction_id,
        "email": verification.address.typed,
        "state": progress.state,
        "code_class": verification.code_class,
        "tries_left": verification.tries_left,
        "mails_left": verification.mails_left,
        "next_mail_at": instant(verification.next_mail_at),
        "expires_at": instant(verification.expires_at),
    }


def instant(moment: datetime) -> str:
    """Return an instant as RFC 3339 has it, in UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def unknown() -> Response:
    """Return the answer for what does not exist, is another client's, or is long over."""
    return problem(404, "verification_unknown", "there is no such verification of this client")


def limited(refused: MailRefused) -> Response:
    """Return how long to wait for a mail."""
    seconds = max(1, math.ceil(refused.wait.total_seconds()))
    return problem(
        429,
        refused.outcome,
        f"no mail now; ask again in {seconds} seconds",
        headers={"Retry-After": str(seconds)},
    )
