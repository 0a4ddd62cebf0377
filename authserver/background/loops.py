"""The loops of one process: started together, drained together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import anyio

from authserver.background.dispatcher import Bell
from authserver.background.housekeeping import Housekeeping
from authserver.background.logout_dispatcher import LogoutDispatcher
from authserver.background.mail_dispatcher import MailDispatcher
from authserver.mail.hand_over import HandOver

DRAINS_FOR: Final = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loops:
    """What runs beside the requests."""

    bells: Sequence[Bell]
    mails: MailDispatcher
    logouts: LogoutDispatcher
    housekeeping: Housekeeping
    hand_over: HandOver

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the loops while inside; on leaving, finish what is in hand, for a while."""
        for bell in self.bells:
            bell.hang()
        async with anyio.create_task_group() as housekeeping:
            housekeeping.start_soon(self.housekeeping.run)
            async with anyio.create_task_group() as sending:
                sending.start_soon(self.mails.run)
                sending.start_soon(self.logouts.run)
                try:
                    yield
                finally:
                    self.mails.drain()
                    self.logouts.drain()
                    sending.cancel_scope.deadline = (
                        anyio.current_time() + DRAINS_FOR.total_seconds()
                    )
            housekeeping.cancel_scope.cancel()
        await self.hand_over.close()
        await self.logouts.close()
