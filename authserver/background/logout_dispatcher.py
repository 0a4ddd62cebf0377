"""The dispatcher of logout notices: posts logout tokens to clients."""

import logging
from collections.abc import Callable

from authserver.background.dispatcher import Bell, Dispatcher
from authserver.delivery.logout_notices import LogoutDelivery, NoticeToSend
from authserver.domain.logout_notices import NoticeAnswer
from authserver.lane import Lane
from authserver.outbound.address_guard import TargetForbidden
from authserver.outbound.guarded_caller import GuardedCaller
from authserver.outbound.http_caller import NoAnswer, NotReached

logger = logging.getLogger(__name__)

FORM_TYPE = "application/x-www-form-urlencoded"


class LogoutDispatcher(Dispatcher[NoticeToSend, NoticeAnswer]):
    """Tells clients of ended sessions (OIDC Back-Channel Logout §2.5).

    The caller is opened with the first notice: most servers owe none.
    """

    def __init__(
        self,
        delivery: LogoutDelivery,
        lane: Lane,
        open_caller: Callable[[], GuardedCaller],
        bell: Bell,
    ) -> None:
        super().__init__("logout", delivery, lane, self.post, bell)
        self._open_caller = open_caller
        self._caller: GuardedCaller | None = None

    async def post(self, owed: NoticeToSend) -> NoticeAnswer:
        """Post one token; what goes wrong is an answer, too."""
        if self._caller is None:
            self._caller = self._open_caller()
        try:
            answer = await self._caller.post(owed.url, content_type=FORM_TYPE, body=owed.body)
        except TargetForbidden as fault:
            logger.warning("logout.forbidden", extra={**owed.log_fields, "detail": str(fault)})
            return NoticeAnswer(fault="forbidden")
        except NotReached:
            return NoticeAnswer(fault="not_reached")
        except NoAnswer:
            return NoticeAnswer(fault="no_answer")
        return NoticeAnswer(status=answer.status)

    async def close(self) -> None:
        """Close the caller."""
        if self._caller is not None:
            await self._caller.close()
