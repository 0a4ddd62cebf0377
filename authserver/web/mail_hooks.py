"""What providers of mail call: delivery events of Direct Mail."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from authserver.domain.delivery_reports import DeliveryReport
from authserver.domain.secret import Secret
from authserver.lane import Lane
from authserver.mail.direct_mail_reports import EventMalformed, read_events
from authserver.web.request_form import BadRequest, read_body

logger = logging.getLogger(__name__)

MOST_OCTETS: Final = 256 * 1024
EVENT_HEADER: Final = "x-event-secret"
BEARER: Final = "bearer "
UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryHook:
    """`/hooks/mail/aliyun`: who does not know the secret of the connector is told nothing."""

    secret: Callable[[], Secret | None]
    note: Callable[[Sequence[DeliveryReport]], int]
    lane: Lane

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/hooks/mail/aliyun", self.aliyun, methods=["POST"])]

    async def aliyun(self, request: Request) -> Response:
        """Keep the events of one call; events about mails of others count as done, too."""
        secret = await self.lane.run(self.secret)
        if secret is None:
            return refusal(404, "no delivery events are awaited")
        if not brings(request, secret):
            return refusal(UNAUTHORIZED, "the secret is missing or wrong")
        try:
            reports = read_events(await read_body(request, MOST_OCTETS))
        except EventMalformed as fault:
            return refusal(400, str(fault))
        except BadRequest as fault:
            return refusal(fault.status, str(fault))
        new = await self.lane.run(self.note, reports)
        logger.info("mail.delivery_events", extra={"reports": len(reports), "new": new})
        return Response(status_code=204)


def brings(request: Request, secret: Secret) -> bool:
    """Tell whether a request brings the secret, as a bearer token or in a header of its own.

    Never in the URL: those stand in logs.
    """
    wanted = secret.reveal().encode()
    authorization = request.headers.get("authorization", "")
    presented = request.headers.get(EVENT_HEADER, "")
    if not presented and authorization.lower().startswith(BEARER):
        presented = authorization[len(BEARER) :].strip()
    return compare_digest(presented.encode("utf-8", "surrogatepass"), wanted)


def refusal(status: int, reason: str) -> Response:
    """Return an answer for whoever set the call up."""
    logger.info("mail.delivery_events_refused", extra={"status": status, "detail": reason})
    headers = {"WWW-Authenticate": "Bearer"} if status == UNAUTHORIZED else None
    return JSONResponse({"error": reason}, status_code=status, headers=headers)
