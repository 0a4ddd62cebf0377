"""Paused authorization requests."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, Connection, Index, LargeBinary, String, bindparam, insert, select
from sqlalchemy import update as update_rows
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import Subject
from authserver.domain.clients import ACCOUNT_CLIENT
from authserver.domain.email_address import EmailAddress
from authserver.domain.interactions import (
    FirstFactor,
    Interaction,
    InteractionId,
    InteractionState,
)
from authserver.domain.sessions import AuthenticationMethod, SessionId
from authserver.storage.database import Record, Row, UtcDateTime
from authserver.storage.sessions import SessionRow


class InteractionRow(Row):
    """One authorization request in one browser tab; the cookie that binds it, as a digest."""

    __tablename__ = "interactions"
    __table_args__ = (
        Index("ix_interactions_expires_at", "expires_at"),
        Index("ix_interactions_session_id", "session_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    cookie_digest: Mapped[bytes] = mapped_column(LargeBinary)
    client_id: Mapped[str] = mapped_column(String(40))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    locale: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    address: Mapped[str | None] = mapped_column(String(254))
    canonical_address: Mapped[str | None] = mapped_column(String(254))
    verification_id: Mapped[str | None] = mapped_column(String(40))
    notice: Mapped[dict[str, Any]] = mapped_column(JSON)
    subject: Mapped[str | None] = mapped_column(String(40))
    session_id: Mapped[str | None] = mapped_column(String(40))
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_factor: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


ADD: Final = insert(InteractionRow)
FIND: Final = select(InteractionRow).where(InteractionRow.id == bindparam("wanted_id"))
CHANGE: Final = update_rows(InteractionRow).where(InteractionRow.id == bindparam("wanted_id"))
NOTE_VERIFICATION: Final = CHANGE.values(
    address=bindparam("new_address"),
    canonical_address=bindparam("new_canonical"),
    verification_id=bindparam("new_verification"),
    notice=bindparam("new_notice", type_=JSON),
)
NOTE_ADDRESS: Final = CHANGE.values(
    address=bindparam("new_address"),
    canonical_address=bindparam("new_canonical"),
    verification_id=None,
    notice=bindparam("new_notice", type_=JSON),
)
NOTE: Final = CHANGE.values(notice=bindparam("new_notice", type_=JSON))
FORGET_ADDRESS: Final = CHANGE.values(
    address=None,
    canonical_address=None,
    verification_id=None,
    first_factor=None,
    notice=bindparam("new_notice", type_=JSON),
)
NOTE_FIRST_FACTOR: Final = CHANGE.where(InteractionRow.state == InteractionState.PAUSED).values(
    first_factor=bindparam("new_first_factor", type_=JSON(none_as_null=True)),
    notice=bindparam("new_notice", type_=JSON),
)
FORGET_FIRST_FACTOR: Final = CHANGE.values(first_factor=None)
NOTE_SIGN_IN: Final = CHANGE.where(InteractionRow.state == InteractionState.PAUSED).values(
    subject=bindparam("new_subject"),
    session_id=bindparam("new_session"),
    signed_in_at=bindparam("now"),
    first_factor=None,
    notice=bindparam("new_notice", type_=JSON),
)
NOTE_CHOICE: Final = CHANGE.where(InteractionRow.state == InteractionState.PAUSED).values(
    session_id=bindparam("new_session")
)
OF_SESSION: Final = (
    select(InteractionRow)
    .where(
        InteractionRow.session_id == bindparam("wanted_session"),
        InteractionRow.client_id == ACCOUNT_CLIENT,
        InteractionRow.state == InteractionState.PAUSED,
        InteractionRow.expires_at > bindparam("now"),
    )
    .order_by(InteractionRow.created_at.desc(), InteractionRow.id)
)
END_OF_SUBJECT: Final = (
    update_rows(InteractionRow)
    .where(
        InteractionRow.session_id.in_(
            select(SessionRow.id).where(SessionRow.subject == bindparam("wanted_subject"))
        ),
        InteractionRow.client_id == ACCOUNT_CLIENT,
        InteractionRow.state == InteractionState.PAUSED,
    )
    .values(state=InteractionState.COMPLETED.value, completed_at=bindparam("now"))
)
SETTLE: Final = CHANGE.where(InteractionRow.state == InteractionState.PAUSED).values(
    state=bindparam("new_state"), completed_at=bindparam("now")
)


class Interactions:
    """The interactions of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, interaction: Interaction) -> None:
        """Insert a request that has just been paused."""
        self.connection.execute(
            ADD,
            {
                "id": interaction.id,
                "cookie_digest": interaction.cookie_digest,
                "client_id": interaction.client_id,
                "parameters": dict(interaction.parameters),
                "locale": interaction.locale,
                "state": interaction.state,
                "notice": dict(interaction.notice),
                "subject": interaction.subject,
                "session_id": interaction.session_id,
                "signed_in_at": interaction.signed_in_at,
                "created_at": interaction.created_at,
                "expires_at": interaction.expires_at,
                "completed_at": interaction.completed_at,
            },
        )

    def find(self, interaction_id: InteractionId) -> Interaction | None:
        """Return the interaction, whatever its state."""
        row = self.connection.execute(FIND, {"wanted_id": interaction_id}).one_or_none()
        return None if row is None else interaction_of(row)

    def find_of_section(
        self, session_id: SessionId, section: str, now: datetime
    ) -> Interaction | None:
        """Return the newest open interaction of one section of the session's account page."""
        parameters = {"wanted_session": session_id, "now": now}
        found = map(interaction_of, self.connection.execute(OF_SESSION, parameters))
        return next((each for each in found if each.section == section), None)

    def end_of_subject(self, subject: Subject, now: datetime) -> None:
        """End what is under way on the account's own pages, in every browser of theirs."""
        parameters = {"wanted_subject": subject, "now": now}
        self.connection.execute(END_OF_SUBJECT, parameters)

    def note_verification(
        self, interaction_id: InteractionId, address: EmailAddress, verification_id: str
    ) -> None:
        """Bind the address and its new verification; an earlier message is over."""
        self.connection.execute(
            NOTE_VERIFICATION,
            {
                "wanted_id": interaction_id,
                "new_address": address.typed,
                "new_canonical": address.canonical,
                "new_verification": verification_id,
                "new_notice": {},
            },
        )

    def note_address(self, interaction_id: InteractionId, address: EmailAddress) -> None:
        """Keep the address without a verification; an earlier message is over."""
        self.connection.execute(
            NOTE_ADDRESS,
            {
                "wanted_id": interaction_id,
                "new_address": address.typed,
                "new_canonical": address.canonical,
                "new_notice": {},
            },
        )

    def note(self, interaction_id: InteractionId, notice: Mapping[str, object]) -> None:
        """Leave a message for the next page."""
        self.connection.execute(NOTE, {"wanted_id": interaction_id, "new_notice": dict(notice)})

    def forget_address(self, interaction_id: InteractionId) -> None:
        """Lead the person back to the first step."""
        self.connection.execute(FORGET_ADDRESS, {"wanted_id": interaction_id, "new_notice": {}})

    def note_first_factor(self, interaction_id: InteractionId, first: FirstFactor) -> bool:
        """Note who has proven one of two factors; False where the request was settled before."""
        parameters = {
            "wanted_id": interaction_id,
            "new_first_factor": {
                "subject": first.subject,
                "method": first.method,
                "rests_on_mail": first.rests_on_mail,
                "proven_at": first.proven_at.isoformat(),
                "is_for_reset": first.is_for_reset,
            },
            "new_notice": {},
        }
        return self.connection.execute(NOTE_FIRST_FACTOR, parameters).rowcount == 1

    def forget_first_factor(self, interaction: Interaction) -> None:
        """Ask for the first factor again, where one was noted."""
        if interaction.first_factor is not None:
            self.connection.execute(FORGET_FIRST_FACTOR, {"wanted_id": interaction.id})

    def note_sign_in(
        self,
        interaction_id: InteractionId,
        subject: Subject,
        session_id: SessionId,
        now: datetime,
    ) -> bool:
        """Note who signed in by which session; False where the request was settled before."""
        parameters = {
            "wanted_id": interaction_id,
            "new_subject": subject,
            "new_session": session_id,
            "now": now,
            "new_notice": {},
        }
        return self.connection.execute(NOTE_SIGN_IN, parameters).rowcount == 1

    def note_choice(self, interaction_id: InteractionId, session_id: SessionId) -> None:
        """Note that the person goes on with a session that existed before."""
        self.connection.execute(
            NOTE_CHOICE, {"wanted_id": interaction_id, "new_session": session_id}
        )

    def settle(self, interaction_id: InteractionId, state: InteractionState, now: datetime) -> bool:
        """Mark a paused request completed or refused; False where it was settled before."""
        parameters = {"wanted_id": interaction_id, "new_state": state, "now": now}
        return self.connection.execute(SETTLE, parameters).rowcount == 1


def interaction_of(row: Record) -> Interaction:
    """Return the interaction that `row` describes."""
    address = None
    if row.address is not None:
        address = EmailAddress(typed=row.address, canonical=row.canonical_address)
    return Interaction(
        id=InteractionId(row.id),
        cookie_digest=row.cookie_digest,
        client_id=row.client_id,
        parameters=row.parameters,
        locale=row.locale,
        state=InteractionState(row.state),
        address=address,
        verification_id=row.verification_id,
        notice=row.notice,
        subject=None if row.subject is None else Subject(row.subject),
        session_id=None if row.session_id is None else SessionId(row.session_id),
        signed_in_at=row.signed_in_at,
        created_at=row.created_at,
        expires_at=row.expires_at,
        completed_at=row.completed_at,
        first_factor=None if row.first_factor is None else first_factor_of(row.first_factor),
    )


def first_factor_of(document: Mapping[str, Any]) -> FirstFactor:
    """Return the first factor that an interaction keeps."""
    return FirstFactor(
        subject=Subject(document["subject"]),
        method=AuthenticationMethod(document["method"]),
        rests_on_mail=bool(document["rests_on_mail"]),
        proven_at=datetime.fromisoformat(document["proven_at"]),
        is_for_reset=bool(document.get("is_for_reset")),
    )
