"""Second factors of accounts, and their recovery codes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import (
    Connection,
    ForeignKey,
    String,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import Subject
from authserver.domain.second_factors import RecoveryCode, SecondFactor, SecondFactorKind
from authserver.domain.secret import Secret
from authserver.storage.database import Row, UtcDateTime


class SecondFactorRow(Row):
    """A second factor that is switched on."""

    __tablename__ = "second_factors"

    subject: Mapped[str] = mapped_column(
        ForeignKey("accounts.subject", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecoveryCodeRow(Row):
    """A recovery code: what finds it, and the hash of the rest."""

    __tablename__ = "recovery_codes"

    subject: Mapped[str] = mapped_column(
        ForeignKey("accounts.subject", ondelete="CASCADE"), primary_key=True
    )
    selector: Mapped[str] = mapped_column(String(10), primary_key=True)
    hash: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


ADD: Final = insert(SecondFactorRow)
LIST: Final = (
    select(SecondFactorRow)
    .where(SecondFactorRow.subject == bindparam("wanted_subject"))
    .order_by(SecondFactorRow.created_at, SecondFactorRow.kind)
)
REMOVE: Final = delete(SecondFactorRow).where(
    SecondFactorRow.subject == bindparam("wanted_subject"),
    SecondFactorRow.kind == bindparam("wanted_kind"),
)
REMOVE_ALL: Final = delete(SecondFactorRow).where(
    SecondFactorRow.subject == bindparam("wanted_subject")
)
ADD_CODE: Final = insert(RecoveryCodeRow)
FIND_CODE: Final = select(RecoveryCodeRow).where(
    RecoveryCodeRow.subject == bindparam("wanted_subject"),
    RecoveryCodeRow.selector == bindparam("wanted_selector"),
    RecoveryCodeRow.used_at.is_(None),
)
COUNT_CODES: Final = select(func.count()).where(
    RecoveryCodeRow.subject == bindparam("wanted_subject"), RecoveryCodeRow.used_at.is_(None)
)
USE_CODE: Final = (
    update(RecoveryCodeRow)
    .where(
        RecoveryCodeRow.subject == bindparam("wanted_subject"),
        RecoveryCodeRow.selector == bindparam("wanted_selector"),
        RecoveryCodeRow.hash == bindparam("judged_hash"),
        RecoveryCodeRow.used_at.is_(None),
    )
    .values(used_at=bindparam("now"))
)
REMOVE_CODES: Final = delete(RecoveryCodeRow).where(
    RecoveryCodeRow.subject == bindparam("wanted_subject")
)


class SecondFactors:
    """The second factors and recovery codes of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, factor: SecondFactor) -> None:
        """Switch a second factor on."""
        self.connection.execute(
            ADD,
            {"subject": factor.subject, "kind": factor.kind, "created_at": factor.created_at},
        )

    def list(self, subject: Subject) -> list[SecondFactor]:
        """Return what the account asks for beside the first factor, oldest first."""
        rows = self.connection.execute(LIST, {"wanted_subject": subject})
        return [
            SecondFactor(
                subject=Subject(row.subject),
                kind=SecondFactorKind(row.kind),
                created_at=row.created_at,
            )
            for row in rows
        ]

    def remove(self, subject: Subject, kind: SecondFactorKind) -> bool:
        """Switch one second factor off; False where it was not on."""
        parameters = {"wanted_subject": subject, "wanted_kind": kind}
        return self.connection.execute(REMOVE, parameters).rowcount == 1

    def remove_all(self, subject: Subject) -> None:
        """Switch every second factor off and forget the recovery codes."""
        self.connection.execute(REMOVE_ALL, {"wanted_subject": subject})
        self.connection.execute(REMOVE_CODES, {"wanted_subject": subject})

    def replace_codes(self, subject: Subject, codes: Sequence[RecoveryCode]) -> None:
        """Hand out new recovery codes; all earlier ones are dead."""
        self.connection.execute(REMOVE_CODES, {"wanted_subject": subject})
        for code in codes:
            self.connection.execute(
                ADD_CODE,
                {
                    "subject": code.subject,
                    "selector": code.selector,
                    "hash": code.hash.reveal(),
                    "created_at": code.created_at,
                    "used_at": code.used_at,
                },
            )

    def find_code(self, subject: Subject, selector: str) -> RecoveryCode | None:
        """Return the unused recovery code with this selector."""
        parameters = {"wanted_subject": subject, "wanted_selector": selector}
        row = self.connection.execute(FIND_CODE, parameters).one_or_none()
        if row is None:
            return None
        return RecoveryCode(
            subject=Subject(row.subject),
            selector=row.selector,
            hash=Secret(row.hash),
            created_at=row.created_at,
        )

    def count_codes(self, subject: Subject) -> int:
        """Return how many recovery codes are left."""
        return self.connection.execute(COUNT_CODES, {"wanted_subject": subject}).scalar_one()

    def use_code(self, judged: RecoveryCode, now: datetime) -> bool:
        """Use a recovery code up; only one caller is told True."""
        parameters = {
            "wanted_subject": judged.subject,
            "wanted_selector": judged.selector,
            "judged_hash": judged.hash.reveal(),
            "now": now,
        }
        return self.connection.execute(USE_CODE, parameters).rowcount == 1
