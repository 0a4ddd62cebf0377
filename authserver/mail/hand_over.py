"""From an e-mail, a typed value, to the attempts that hand it over with the senders in force."""

from collections.abc import Callable, Collection, Sequence

import anyio

from authserver.domain.emails import Email
from authserver.domain.mail_configuration import MailConfiguration
from authserver.domain.outgoing_mail import Attempt
from authserver.lane import Lane
from authserver.mail.composer import Composer
from authserver.mail.sender_chain import SenderChain


class HandOver:
    """Composes and sends; the chain lives as long as the configuration that it was built from."""

    def __init__(
        self,
        composer: Composer,
        lane: Lane,
        *,
        configuration: Callable[[], MailConfiguration],
        build: Callable[[MailConfiguration], SenderChain],
        count: Callable[[Sequence[Attempt]], None],
    ) -> None:
        self._composer = composer
        self._lane = lane
        self._look_up = configuration
        self._build = build
        self._count = count
        self._lock = anyio.Lock()
        self._configuration: MailConfiguration | None = None
        self._chain: SenderChain | None = None

    async def send(
        self,
        email: Email,
        message_key: str | None = None,
        suppressed_at: Collection[str] = frozenset(),
    ) -> list[Attempt]:
        """Return the attempts in order; none where nobody could be tried.

        The same `message_key` gives the same `Message-ID`, also after a restart. The senders
        `suppressed_at` are not asked.
        """
        configuration = await self._lane.run(self._look_up)
        mail = self._composer.compose(email, configuration.templates, message_key=message_key)
        chain = await self._chain_for(configuration)
        attempts = await chain.send(mail, suppressed_at)
        self._count(attempts)
        return attempts

    async def send_once(self, email: Email) -> list[Attempt]:
        """Send one mail and close every connection: for commands."""
        try:
            return await self.send(email)
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connections of the present chain."""
        if self._chain is not None:
            await self._chain.close()
            self._chain = None

    async def _chain_for(self, configuration: MailConfiguration) -> SenderChain:
        """Return the chain; breakers are kept as long as nothing was changed."""
        async with self._lock:
            if self._chain is None or configuration != self._configuration:
                await self.close()
                self._chain = self._build(configuration)
                self._configuration = configuration
            return self._chain
