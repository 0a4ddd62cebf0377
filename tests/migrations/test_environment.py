"""How revisions run: foreign keys off but checked, a transaction each, alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, func, select, table, text
from sqlalchemy.exc import DBAPIError

from authserver.storage.database import open_database
from authserver.storage.maintenance import SchemaInfoRow
from authserver.storage.unit_of_work import Storage
from tests.migrations.conftest import MIGRATIONS, Alembic
from tests.storage.samples import LATER, a_session, an_account

REVISION = '''"""A revision of the test."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "{number}"
down_revision: Final = "{before}"
branch_labels: Final = None
depends_on: Final = None

expands_only: bool = {expands_only}


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''
ADD_COLUMN = 'op.add_column("accounts", sa.Column("more", sa.String(10)))'
DROP_COLUMN = 'op.drop_column("accounts", "more")'
REBUILD = """with op.batch_alter_table("accounts") as batch:
        batch.alter_column("address", type_=sa.String(300))"""

# The newest revision there is, and the one that a test adds.
HEAD = max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
NEXT = f"{int(HEAD) + 1:04}"
AFTER_NEXT = f"{int(HEAD) + 2:04}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def extended(alembic: Alembic, tmp_path: Path) -> Alembic:
    """Return Alembic over a copy of the revisions, to which a test can add."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    alembic.migrations = folder
    return alembic


def add_revision(
    alembic: Alembic,
    number: str,
    upgrade: str,
    *,
    downgrade: str = "pass",
    expands_only: bool = False,
) -> None:
    content = REVISION.format(
        number=number,
        before=f"{int(number) - 1:04}",
        upgrade=upgrade,
        downgrade=downgrade,
        expands_only=expands_only,
    )
    (alembic.migrations / "versions" / f"{number}_of_the_test.py").write_text(content, "utf-8")


def insert_family(engine: Engine) -> None:
    """Insert an account and its session."""
    database = open_database(engine.url.render_as_string(hide_password=False))
    with Storage(database).writing() as work:
        work.accounts.add(an_account())
        work.sessions.add(a_session(), b"session", LATER)
        work.commit()
    database.close()


def count(engine: Engine, name: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table(name))).scalar_one())


def noted(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [*connection.execute(select(SchemaInfoRow.oldest_compatible_revision)).scalars()]


def test_a_rebuilt_table_keeps_its_children(extended: Alembic, engine: Engine) -> None:
    extended.upgrade("head")
    insert_family(engine)
    add_revision(extended, NEXT, REBUILD)

    extended.upgrade(NEXT)

    assert (count(engine, "accounts"), count(engine, "sessions")) == (1, 1)


def test_a_revision_that_orphans_rows_is_undone(extended: Alembic, engine: Engine) -> None:
    extended.upgrade("head")
    insert_family(engine)
    if engine.dialect.name == "sqlite":
        add_revision(extended, NEXT, 'op.execute("DELETE FROM accounts")')
        with pytest.raises(Exception, match="without parents"):
            extended.upgrade(NEXT)
    else:
        orphan = "op.execute(\"UPDATE sessions SET subject = 'nobody'\")"
        add_revision(extended, NEXT, orphan)
        with pytest.raises(DBAPIError):
            extended.upgrade(NEXT)

    assert (count(engine, "accounts"), count(engine, "sessions")) == (1, 1)


def test_a_revision_that_fails_leaves_nothing_and_those_before_it_stay(
    extended: Alembic, engine: Engine
) -> None:
    add_revision(extended, NEXT, ADD_COLUMN)
    add_revision(extended, AFTER_NEXT, 'op.drop_table("audit_events")\n    raise ZeroDivisionError')

    with pytest.raises(ZeroDivisionError):
        extended.upgrade(AFTER_NEXT)

    with engine.connect() as connection:
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    assert revision == NEXT
    assert count(engine, "audit_events") == 0


def test_the_last_revision_that_does_more_than_expand_is_noted(
    extended: Alembic, engine: Engine
) -> None:
    add_revision(extended, NEXT, ADD_COLUMN, downgrade=DROP_COLUMN, expands_only=False)
    add_revision(extended, AFTER_NEXT, "pass", expands_only=True)
    notes = []

    for run, revision in [
        (extended.upgrade, HEAD),
        (extended.upgrade, NEXT),
        (extended.upgrade, AFTER_NEXT),
        (extended.downgrade, NEXT),
        (extended.downgrade, HEAD),
    ]:
        run(revision)
        notes.append(noted(engine))

    assert notes == [["0001"], [NEXT], [NEXT], [NEXT], ["0001"]]
