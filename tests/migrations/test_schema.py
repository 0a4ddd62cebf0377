"""The migrated schema is the one that the code describes, and every revision can be undone."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, select, text

from authserver.storage.database import Row
from authserver.storage.maintenance import SchemaInfoRow
from tests.migrations.conftest import MIGRATIONS, Alembic
from tests.support.databases import PostgresServer, sqlite_url

SCRIPTS = ScriptDirectory(str(MIGRATIONS))
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()][::-1]

# What a comparison of models does not see: conditions of indexes, collations, exact types.
INDEXES_OF_SQLITE = """
    SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
"""
COLUMNS = """
    SELECT table_name, column_name, ordinal_position, column_default, is_nullable, data_type,
        character_maximum_length, is_identity
    FROM information_schema.columns WHERE table_schema = 'public'
"""
CATALOGS = {"sqlite": [INDEXES_OF_SQLITE], "postgresql": [INDEXES, CONSTRAINTS, COLUMNS]}


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def described(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[Engine]:
    """Return a database made from the models, of the same kind as `url`."""
    if url.startswith("sqlite"):
        other = sqlite_url(tmp_path / "described.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        other = server.create_database()
    engine = create_engine(other)
    Row.metadata.create_all(engine)
    yield engine
    engine.dispose()


def catalog(connection: Connection) -> set[tuple[Any, ...]]:
    statements = CATALOGS[connection.dialect.name]
    rows = {tuple(row) for statement in statements for row in connection.execute(text(statement))}
    return {row for row in rows if row[0] != "alembic_version"}


def columns(connection: Connection) -> dict[str, list[tuple[str, str, bool]]]:
    inspector = inspect(connection)
    return {
        table: [
            (column["name"], str(column["type"]), column["nullable"])
            for column in inspector.get_columns(table)
        ]
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def oldest_compatible(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [*connection.execute(select(SchemaInfoRow.oldest_compatible_revision)).scalars()]


def test_models_and_migrated_schema_are_equal(alembic: Alembic, engine: Engine) -> None:
    alembic.upgrade("head")

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        differences = compare_metadata(context, Row.metadata)

    assert differences == []


def test_the_database_says_the_same_of_both(
    alembic: Alembic, engine: Engine, described: Engine
) -> None:
    alembic.upgrade("head")

    with engine.connect() as migrated, described.connect() as made:
        assert catalog(migrated) == catalog(made)
        assert columns(migrated) == columns(made)


def test_every_revision_goes_up_down_and_up_again(alembic: Alembic, engine: Engine) -> None:
    shapes = []
    for revision in REVISIONS:
        alembic.upgrade(revision)
        with engine.connect() as connection:
            shapes.append((columns(connection), catalog(connection)))

    for revision, shape in zip(REVISIONS[-2::-1], shapes[-2::-1], strict=True):
        alembic.downgrade(revision)
        with engine.connect() as connection:
            assert (columns(connection), catalog(connection)) == shape

    alembic.downgrade("base")
    with engine.connect() as connection:
        assert columns(connection) == {}
    alembic.upgrade("head")
    with engine.connect() as connection:
        assert (columns(connection), catalog(connection)) == shapes[-1]


def test_the_database_knows_the_oldest_server_that_may_use_it(
    alembic: Alembic, engine: Engine
) -> None:
    alembic.upgrade("head")
    after_upgrade = oldest_compatible(engine)
    alembic.downgrade("0001")

    assert after_upgrade == ["0001"]
    assert oldest_compatible(engine) == ["0001"]


def test_revisions_are_one_numbered_line() -> None:
    assert [int(revision) for revision in REVISIONS] == [*range(1, len(REVISIONS) + 1)]
    assert SCRIPTS.get_heads() == [REVISIONS[-1]]


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_revision_says_whether_it_only_expands(revision: str) -> None:
    script = SCRIPTS.get_revision(revision)

    assert script is not None
    assert isinstance(script.module.expands_only, bool)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_revision_imports_nothing_of_the_server(revision: str) -> None:
    script = SCRIPTS.get_revision(revision)
    assert script is not None

    tree = ast.parse(Path(script.path).read_text("utf-8"))

    modules = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert modules <= {"typing", "collections.abc", "datetime", "sqlalchemy", "alembic"}
