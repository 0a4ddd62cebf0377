"""From an e-mail, a typed value, to the attempts that hand it over with the senders in force."""

from collections.abc import Awaitable, Callable

import anyio

from authserver.domain.emails import Email
from authserver.domain.mail_configuration import MailConfiguration
from authserver.domain.outgoing_mail import Attempt
from authserver.mail.composer import Composer
from authserver.mail.sender_chain import SenderChain


class HandOver:
    """Composes and sends; the chain lives as long as the configuration that it was built from."""

    def __init__(
        self,
        composer: Composer,
        build: Callable[[MailConfiguration], SenderChain],
        close_connections: Callable[[], Awaitable[None]],
    ) -> None:
        self._composer = composer
        self._build = build
        self._close_connections = close_connections
        self._lock = anyio.Lock()
        self._configuration: MailConfiguration | None = None
        self._chain: SenderChain | None = None

    async def send(
        self, email: Email, configuration: MailConfiguration, *, message_key: str | None = None
    ) -> list[Attempt]:
        """Return the attempts in order; none where nobody could be tried."""
        mail = self._composer.compose(email, configuration.templates, message_key=message_key)
        chain = await self._chain_for(configuration)
        return await chain.send(mail)

    async def close(self) -> None:
        """Close every connection to a provider."""
        await self._close_chain()
        await self._close_connections()

    async def _close_chain(self) -> None:
        if self._chain is not None:
            await self._chain.close()
            self._chain = None

    async def _chain_for(self, configuration: MailConfiguration) -> SenderChain:
        """Return the chain; breakers are kept as long as nothing was changed."""
        async with self._lock:
            if self._chain is None or configuration != self._configuration:
                await self._close_chain()
                self._chain = self._build(configuration)
                self._configuration = configuration
            return self._chain
