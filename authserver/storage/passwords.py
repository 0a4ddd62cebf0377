"""Password hashes, one for an account at most."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import (
    Connection,
    Executable,
    ForeignKey,
    String,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import Subject
from authserver.domain.passwords import StoredPassword
from authserver.domain.secret import Secret
from authserver.storage.database import Row, UtcDateTime


class PasswordRow(Row):
    """The hash of an account's password."""

    __tablename__ = "passwords"

    subject: Mapped[str] = mapped_column(
        ForeignKey("accounts.subject", ondelete="CASCADE"), primary_key=True
    )
    hash: Mapped[str] = mapped_column(String(300))
    rests_on_mail: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


ON_SQLITE: Final = sqlite.insert(PasswordRow)
ON_POSTGRESQL: Final = postgresql.insert(PasswordRow)
PUT: Final[Mapping[str, Executable]] = {
    "sqlite": ON_SQLITE.on_conflict_do_update(
        index_elements=["subject"],
        set_={
            "hash": ON_SQLITE.excluded.hash,
            "rests_on_mail": ON_SQLITE.excluded.rests_on_mail,
            "changed_at": ON_SQLITE.excluded.changed_at,
        },
    ),
    "postgresql": ON_POSTGRESQL.on_conflict_do_update(
        index_elements=["subject"],
        set_={
            "hash": ON_POSTGRESQL.excluded.hash,
            "rests_on_mail": ON_POSTGRESQL.excluded.rests_on_mail,
            "changed_at": ON_POSTGRESQL.excluded.changed_at,
        },
    ),
}
FIND: Final = select(PasswordRow).where(PasswordRow.subject == bindparam("wanted_subject"))
# Only while the hash is still the one that was judged: a change meanwhile is not undone.
REHASH: Final = (
    update(PasswordRow)
    .where(
        PasswordRow.subject == bindparam("wanted_subject"),
        PasswordRow.hash == bindparam("judged_hash"),
    )
    .values(hash=bindparam("new_hash"))
)
CONFIRM: Final = (
    update(PasswordRow)
    .where(
        PasswordRow.subject == bindparam("wanted_subject"),
        PasswordRow.hash == bindparam("judged_hash"),
    )
    .values(rests_on_mail=False)
)
REMOVE: Final = delete(PasswordRow).where(PasswordRow.subject == bindparam("wanted_subject"))


class Passwords:
    """The password hashes of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def put(self, password: StoredPassword) -> None:
        """Set or replace the account's password."""
        self.connection.execute(
            PUT[self.connection.dialect.name],
            {
                "subject": password.subject,
                "hash": password.hash.reveal(),
                "rests_on_mail": password.rests_on_mail,
                "changed_at": password.changed_at,
            },
        )

    def find(self, subject: Subject) -> StoredPassword | None:
        """Return the account's password."""
        row = self.connection.execute(FIND, {"wanted_subject": subject}).one_or_none()
        if row is None:
            return None
        return StoredPassword(
            subject=Subject(row.subject),
            hash=Secret(row.hash),
            rests_on_mail=row.rests_on_mail,
            changed_at=row.changed_at,
        )

    def rehash(self, judged: StoredPassword, fresh: Secret) -> bool:
        """Keep the same password under newer parameters; False where it was changed meanwhile."""
        parameters = {
            "wanted_subject": judged.subject,
            "judged_hash": judged.hash.reveal(),
            "new_hash": fresh.reveal(),
        }
        return self.connection.execute(REHASH, parameters).rowcount == 1

    def confirm(self, judged: StoredPassword) -> bool:
        """Note that a factor other than mail has stood beside the password."""
        parameters = {
            "wanted_subject": judged.subject,
            "judged_hash": judged.hash.reveal(),
        }
        return self.connection.execute(CONFIRM, parameters).rowcount == 1

    def remove(self, subject: Subject) -> bool:
        """Forget the account's password; False where it has none."""
        return self.connection.execute(REMOVE, {"wanted_subject": subject}).rowcount == 1
