"""From an e-mail, a typed value, to the attempts that hand it over with the senders in force."""

from collections.abc import Callable, Collection, Sequence

import anyio

from authserver.domain.emails import Email
from authserver.domain.mail_configuration import MailConfiguration, SenderSettings
from authserver.domain.mail_templates import OperatorTemplate
from authserver.domain.outgoing_mail import Attempt, ComposedMail
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
        self._senders: Sequence[SenderSettings] = ()
        self._chain: SenderChain | None = None

    async def send(
        self,
        email: Email,
        message_key: str | None = None,
        suppressed_at: Collection[str] = frozenset(),
        unsaved: Sequence[OperatorTemplate] = (),
    ) -> list[Attempt]:
        """Return the attempts in order; none where nobody could be tried.

        The same `message_key` gives the same `Message-ID`, also after a restart. The senders
        `suppressed_at` are not asked.
        """
        configuration = await self._lane.run(self._look_up)
        templates = (*unsaved, *configuration.templates)
        mail = self._composer.compose(email, templates, message_key=message_key)
        chain = await self._chain_for(configuration)
        attempts = await chain.send(mail, suppressed_at)
        self._count(attempts)
        return attempts

    async def send_once(
        self, email: Email, unsaved: Sequence[OperatorTemplate] = ()
    ) -> list[Attempt]:
        """Send one mail and close every connection: for commands.

        Templates that are not stored come before those that are.
        """
        try:
            return await self.send(email, unsaved=unsaved)
        finally:
            await self.close()

    async def compose(self, email: Email, unsaved: Sequence[OperatorTemplate] = ()) -> ComposedMail:
        """Return a mail as it would leave, and send nothing."""
        configuration = await self._lane.run(self._look_up)
        return self._composer.compose(email, (*unsaved, *configuration.templates))

    async def close(self) -> None:
        """Close the connections of the present chain."""
        if self._chain is not None:
            await self._chain.close()
            self._chain = None

    async def _chain_for(self, configuration: MailConfiguration) -> SenderChain:
        """Return the chain; breakers are kept as long as the senders stay the same."""
        async with self._lock:
            if self._chain is None or configuration.senders != self._senders:
                await self.close()
                self._chain = self._build(configuration)
                self._senders = configuration.senders
            return self._chain
