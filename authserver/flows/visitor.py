"""Who acts on an interaction: one browser, by its cookies."""

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from authserver.domain.interactions import Interaction, InteractionId, InteractionState
from authserver.domain.secret import fingerprint
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A browser on a page of one interaction; its cookies are secrets, so repr hides them."""

    interaction_id: InteractionId
    interaction_cookie: str | None
    session_secret: str | None
    device_secret: str | None
    source: str
    browser: str
    chosen_locale: str | None

    def locale_in(self, interaction: Interaction) -> str:
        """Return the language of pages and mails: the one chosen by hand, else the first one."""
        return self.chosen_locale or interaction.locale

    def __repr__(self) -> str:
        return f"Visitor({self.interaction_id!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionGone:
    """The page belongs to another browser or has ended; `reason` is a word for the page."""

    reason: str
    client_id: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoOn:
    """Nothing is left to do here: the authorization endpoint decides what follows."""

    interaction_id: InteractionId


def find_interaction(
    work: UnitOfWork, visitor: Visitor, now: datetime
) -> Interaction | InteractionGone | GoOn:
    """Return the open interaction of this browser, or what to show instead."""
    interaction = work.interactions.find(visitor.interaction_id)
    if interaction is None or not interaction.has_flow:
        return InteractionGone(reason="unknown")
    if visitor.interaction_cookie is None or not compare_digest(
        interaction.cookie_digest, fingerprint(visitor.interaction_cookie)
    ):
        return gone(interaction, "other_browser")
    if interaction.state is not InteractionState.PAUSED or interaction.signed_in_at is not None:
        return GoOn(interaction_id=interaction.id)
    if not interaction.is_open(now):
        return gone(interaction, "expired")
    return interaction


def gone(interaction: Interaction, reason: str) -> InteractionGone:
    """Return what to show of an interaction that cannot go on here: its client, its language."""
    return InteractionGone(
        reason=reason, client_id=interaction.client_id, locale=interaction.locale
    )
