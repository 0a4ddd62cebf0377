"""What a database holds after a race, read past the server."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, bindparam, create_engine, select, text, update

from authserver.domain.clock import SystemClock
from authserver.storage.verifications import VerificationRow

EVALUATIONS = """
    SELECT count(*) FROM audit_events
    WHERE source = :source AND kind IN ('code.refused', 'code.exhausted')
"""
VERIFICATIONS = """
    SELECT state, attempts FROM verifications
    WHERE canonical_address = :address ORDER BY created_at
"""
SESSIONS = """
    SELECT count(*) FROM sessions JOIN accounts USING (subject)
    WHERE canonical_address = :address AND ended_at IS NULL
"""
SIGN_INS = """
    SELECT count(*) FROM audit_events JOIN accounts USING (subject)
    WHERE canonical_address = :address AND kind = 'session.started'
"""
STORY = """
    SELECT kind FROM audit_events JOIN accounts USING (subject)
    WHERE canonical_address = :address ORDER BY audit_events.id
"""
OF_ADDRESS = VerificationRow.canonical_address == bindparam("wanted_address")
END_LIFE = update(VerificationRow).where(OF_ADDRESS).values(expires_at=bindparam("then"))
VERIFIED_AT = select(VerificationRow.verified_at).where(OF_ADDRESS)
MAIL_GAPS = """
    SELECT created_at FROM outgoing_mails WHERE address = :address ORDER BY created_at
"""
MAIL_STATES = "SELECT state FROM outgoing_mails WHERE address = :address ORDER BY created_at"
END_LEASES = "UPDATE outgoing_mails SET due_at = created_at WHERE state = 'sending'"
REFRESH_TOKENS = """
    SELECT count(*), count(*) FILTER (WHERE spent_at IS NULL) FROM refresh_tokens
    WHERE authorization_id = (SELECT authorization_id FROM refresh_tokens WHERE digest = :digest)
"""
CLIENTS = "SELECT count(*) FROM clients WHERE name = :name"
FAILURES = "SELECT count(*) FROM failures WHERE kind = 'address' AND key = :address"
ADD_FAILURE = """
    INSERT INTO failures (verification_id, attempt, kind, key, failed_at)
    VALUES (:earlier, :attempt, 'address', :address, CURRENT_TIMESTAMP)
"""
FORGET_MAILS = "DELETE FROM limit_counters WHERE kind = 'mails_to_address' AND key = :address"
FORGET_MAILS_OF_INSTANCE = """
    DELETE FROM limit_counters WHERE kind IN ('mails_of_instance', 'mails_without_account')
"""


@dataclass(frozen=True, slots=True)
class VerificationSeen:
    """One verification as its row has it."""

    state: str
    attempts: int


class Ledger:
    """Counts rows; the server goes on meanwhile."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url)

    def verifications(self, address: str) -> list[VerificationSeen]:
        """Return what was begun for the address, oldest first."""
        rows = self._rows(VERIFICATIONS, address=address)
        return [VerificationSeen(row.state, row.attempts) for row in rows]

    def end_life(self, address: str, *, after: timedelta) -> datetime:
        """Let the only code of the address expire so soon; return the instant."""
        then = SystemClock().now() + after
        with self._engine.begin() as connection:
            connection.execute(END_LIFE, {"wanted_address": address, "then": then})
        return then

    def verified_at(self, address: str) -> datetime | None:
        """Return when the only code of the address was found right, if it was."""
        with self._engine.connect() as connection:
            instant: datetime | None = connection.execute(
                VERIFIED_AT, {"wanted_address": address}
            ).scalar_one()
        return instant

    def story(self, address: str) -> list[str]:
        """Return what the log says of the account, oldest first."""
        return [str(row.kind) for row in self._rows(STORY, address=address)]

    def evaluated_as_wrong(self, source: str) -> int:
        """Return how many codes from this source were compared and found wrong."""
        return self._count(EVALUATIONS, source=source)

    def sessions(self, address: str) -> int:
        """Return how many live sessions the account has."""
        return self._count(SESSIONS, address=address)

    def sign_ins(self, address: str) -> int:
        """Return how often the log says that the account signed in."""
        return self._count(SIGN_INS, address=address)

    def mails(self, address: str) -> list[str]:
        """Return when mails to the address became owed, oldest first."""
        return [str(row.created_at) for row in self._rows(MAIL_GAPS, address=address)]

    def mail_states(self, address: str) -> list[str]:
        """Return the states of the mails to the address, oldest first."""
        return [str(row.state) for row in self._rows(MAIL_STATES, address=address)]

    def all_mail_states(self) -> list[str]:
        """Return the state of every mail."""
        return [str(row.state) for row in self._rows("SELECT state FROM outgoing_mails")]

    def end_leases(self) -> None:
        """Let time pass for the mails that a process has claimed and not settled."""
        with self._engine.begin() as connection:
            connection.execute(text(END_LEASES))

    def failures(self, address: str) -> int:
        """Return how many failures of strangers the address has."""
        return self._count(FAILURES, address=address)

    def add_failures(self, address: str, number: int) -> None:
        """Let strangers have failed so often for the address."""
        with self._engine.begin() as connection:
            for attempt in range(number):
                row = {"earlier": f"before {address}", "attempt": attempt, "address": address}
                connection.execute(text(ADD_FAILURE), row)

    def forget_mails(self, address: str) -> None:
        """Let the day pass for the limit of mails to the address."""
        with self._engine.begin() as connection:
            connection.execute(text(FORGET_MAILS), {"address": address})

    def forget_mails_of_instance(self) -> None:
        """Let the day pass for the limit of mails of the whole instance."""
        with self._engine.begin() as connection:
            connection.execute(text(FORGET_MAILS_OF_INSTANCE))

    def refresh_tokens(self, digest: bytes) -> tuple[int, int]:
        """Return how many there are beside this one, itself included, and how many can be used."""
        row: Any = self._rows(REFRESH_TOKENS, digest=digest)[0]
        return int(row[0]), int(row[1])

    def clients(self, name: str) -> int:
        """Return how many clients have the name."""
        return self._count(CLIENTS, name=name)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _count(self, statement: str, **parameters: object) -> int:
        return int(self._rows(statement, **parameters)[0][0])

    # A row of a textual statement has no types.
    def _rows(self, statement: str, **parameters: object) -> list[Row[Any]]:
        with self._engine.connect() as connection:
            return list(connection.execute(text(statement), parameters))
