"""The interactions that hold verifications of the account page: one section, one session."""

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from authserver.domain.account_sections import Section
from authserver.domain.clients import ACCOUNT_CLIENT
from authserver.domain.interactions import OLD_ADDRESS, SECTION, Interaction, InteractionId
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.randomness import Randomness, new_identifier, new_token
from authserver.domain.secret import Secret, fingerprint
from authserver.flows.account_entry import Actor, Refused, SignedInAccount
from authserver.flows.visitor import Visitor
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInteraction:
    """An open interaction of a section; a new one has a cookie for the browser."""

    interaction: Interaction
    visitor: Visitor
    new_cookie: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionInteractions:
    """Finds and opens them."""

    randomness: Randomness
    lifetimes: Lifetimes

    def find(
        self,
        work: UnitOfWork,
        actor: Actor,
        entered: SignedInAccount,
        section: Section,
        now: datetime,
    ) -> OpenInteraction | None:
        """Return the open interaction of this browser, unless the address is another by now."""
        interaction = work.interactions.find_of_section(entered.session.id, section, now)
        if interaction is None:
            return None
        visitor = actor.visitor(interaction.id)
        concerns = interaction.parameters.get(OLD_ADDRESS) == entered.account.address.canonical
        if not concerns or not is_bound_to(interaction, visitor):
            return None
        return OpenInteraction(interaction=interaction, visitor=visitor)

    def open(
        self,
        work: UnitOfWork,
        actor: Actor,
        entered: SignedInAccount,
        section: Section,
        now: datetime,
    ) -> OpenInteraction:
        """Return the open interaction of this browser, or a new one."""
        found = self.find(work, actor, entered, section, now)
        if found is not None:
            return found
        cookie = Secret(new_token(self.randomness))
        interaction = Interaction(
            id=InteractionId(new_identifier(self.randomness)),
            cookie_digest=fingerprint(cookie.reveal()),
            client_id=ACCOUNT_CLIENT,
            parameters={SECTION: section, OLD_ADDRESS: entered.account.address.canonical},
            locale=actor.locale_for(entered.account),
            session_id=entered.session.id,
            created_at=now,
            expires_at=now + self.lifetimes.interaction,
        )
        work.interactions.add(interaction)
        visitor = actor.visitor(interaction.id, cookie.reveal())
        return OpenInteraction(interaction=interaction, visitor=visitor, new_cookie=cookie)

    def find_posted(
        self, work: UnitOfWork, visitor: Visitor, section: Section, now: datetime
    ) -> Interaction | Refused:
        """Return the interaction that a form of the code page names, if it is this browser's."""
        interaction = work.interactions.find(visitor.interaction_id)
        if interaction is None or interaction.section != section:
            return Refused.NOTHING_DUE
        if not is_bound_to(interaction, visitor):
            return Refused.NOTHING_DUE
        session = work.sessions.find_live(visitor.session_secret, now, self.lifetimes)
        if session is None or session.id != interaction.session_id:
            return Refused.SIGNED_OUT
        return interaction if interaction.is_open(now) else Refused.NOTHING_DUE


def is_bound_to(interaction: Interaction, visitor: Visitor) -> bool:
    """Tell whether the browser holds the cookie of the interaction."""
    cookie = visitor.interaction_cookie
    return cookie is not None and compare_digest(interaction.cookie_digest, fingerprint(cookie))
