"""Signing keys: public halves in the clear, private halves sealed."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Connection,
    Executable,
    Index,
    String,
    Text,
    bindparam,
    false,
    insert,
    select,
    text,
)
from sqlalchemy import update as update_rows
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.signing_keys import SigningAlgorithm, SigningKey, SigningKeyState
from authserver.storage.database import Record, Row, UtcDateTime


class SigningKeyRow(Row):
    """One key pair; of each algorithm at most one is current, and one the next.

    The next one is a `previous` one with a mark, so that a server of the version before, which
    knows no such state, publishes it, too, and never signs with it.
    """

    __tablename__ = "signing_keys"
    __table_args__ = (
        Index(
            "uq_signing_keys_current",
            "algorithm",
            unique=True,
            sqlite_where=text("state = 'current'"),
            postgresql_where=text("state = 'current'"),
        ),
        Index(
            "uq_signing_keys_next",
            "algorithm",
            unique=True,
            sqlite_where=text("is_next"),
            postgresql_where=text("is_next"),
        ),
    )

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    algorithm: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20))
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSON)
    sealed_private_key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_next: Mapped[bool] = mapped_column(server_default=false())


class CurrentKeyExists(Exception):
    """Another process has made the algorithm's current key, or its next one."""


ADD: Final = insert(SigningKeyRow)
LIST: Final = select(SigningKeyRow).order_by(SigningKeyRow.created_at.desc(), SigningKeyRow.kid)
SET_STATE: Final = (
    update_rows(SigningKeyRow)
    .where(SigningKeyRow.kid == bindparam("wanted_kid"))
    .values(state=bindparam("new_state"), changed_at=bindparam("now"))
)
SUPERSEDE: Final = (
    update_rows(SigningKeyRow)
    .where(
        SigningKeyRow.algorithm == bindparam("wanted_algorithm"),
        SigningKeyRow.state == SigningKeyState.CURRENT.value,
    )
    .values(state=SigningKeyState.PREVIOUS.value, changed_at=bindparam("now"))
)
PROMOTE: Final = (
    update_rows(SigningKeyRow)
    .where(SigningKeyRow.kid == bindparam("wanted_kid"), SigningKeyRow.is_next)
    .values(
        state=SigningKeyState.CURRENT.value,
        is_next=False,
        sealed_private_key=bindparam("newly_sealed"),
        changed_at=bindparam("now"),
    )
)


class SigningKeys:
    """The signing keys of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, key: SigningKey) -> None:
        """Insert a key; raises CurrentKeyExists where its algorithm has one of that state."""
        is_next = key.state is SigningKeyState.NEXT
        self._change(
            ADD,
            {
                "kid": key.kid,
                "algorithm": key.algorithm,
                "state": SigningKeyState.PREVIOUS if is_next else key.state,
                "public_jwk": dict(key.public_jwk),
                "sealed_private_key": key.sealed_private_key,
                "created_at": key.created_at,
                "changed_at": key.changed_at,
                "is_next": is_next,
            },
        )

    def list(self) -> list[SigningKey]:
        """Return every key, the newest first."""
        return [signing_key_of(row) for row in self.connection.execute(LIST)]

    def supersede(self, algorithm: SigningAlgorithm, now: datetime) -> None:
        """Turn the algorithm's current key into a previous one, still published."""
        self.connection.execute(SUPERSEDE, {"wanted_algorithm": algorithm, "now": now})

    def promote(self, key: SigningKey) -> bool:
        """Let a next key sign, sealed as it is now; False where it is none (any more).

        Raises CurrentKeyExists where another one signs.
        """
        parameters = {
            "wanted_kid": key.kid,
            "newly_sealed": key.sealed_private_key,
            "now": key.changed_at,
        }
        return self._change(PROMOTE, parameters) == 1

    def set_state(self, kid: str, state: SigningKeyState, now: datetime) -> bool:
        """Change the state of one key; False where it does not exist."""
        parameters = {"wanted_kid": kid, "new_state": state, "now": now}
        return self.connection.execute(SET_STATE, parameters).rowcount == 1

    def _change(self, statement: Executable, parameters: dict[str, Any]) -> int:
        try:
            return self.connection.execute(statement, parameters).rowcount
        except IntegrityError as fault:
            raise CurrentKeyExists from fault


def signing_key_of(row: Record) -> SigningKey:
    """Return the signing key that `row` describes."""
    return SigningKey(
        kid=row.kid,
        algorithm=SigningAlgorithm(row.algorithm),
        state=SigningKeyState.NEXT if row.is_next else SigningKeyState(row.state),
        public_jwk=row.public_jwk,
        sealed_private_key=row.sealed_private_key,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
