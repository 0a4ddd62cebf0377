"""How a revision runs: alone, in a transaction of its own, with its traces checked."""

import logging.config
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.util import CommandError

from authserver.domain.clock import SystemClock
from authserver.domain.email_address import parse_email_address
from authserver.domain.randomness import SystemRandomness
from authserver.storage.database import Row
from authserver.storage.maintenance import SchemaInfoRow, new_admin_seed
from authserver.storage.migration_connection import migrating


def run() -> None:
    """Migrate over the connection that is given, else the database of the settings."""
    if context.is_offline_mode():
        raise CommandError("revisions look at the database: there is no offline mode")
    given = context.config.attributes.get("connection")
    if given is None:
        run_from_settings()
    else:
        migrate(given)


def run_from_settings() -> None:
    """Do for a bare `alembic` in a checkout what `authserver migrate` does."""
    # A server that migrates has read its settings already.
    from authserver.settings.sources import SettingsInvalid, load

    try:
        settings = load().settings
    except SettingsInvalid as fault:
        raise CommandError(str(fault)) from fault
    if context.config.config_file_name is not None:
        logging.config.fileConfig(context.config.config_file_name, disable_existing_loggers=False)
    address = parse_email_address(settings.admin_email or "")
    if address is not None:
        seed = new_admin_seed(address, SystemRandomness(), SystemClock())
        context.config.attributes["admin"] = seed.attributes()
    with migrating(settings.database_url) as connection:
        migrate(connection)


def migrate(connection: sa.Connection) -> None:
    """Run the revisions that the command asks for, each in a transaction."""
    with foreign_keys_off(connection):
        context.configure(
            connection=connection,
            target_metadata=Row.metadata,
            render_as_batch=True,
            compare_type=True,
            # SQLite can, although Alembic supposes that it cannot.
            transactional_ddl=True,
            transaction_per_migration=True,
            on_version_apply=after_each,
        )
        with context.begin_transaction():
            context.run_migrations()


@contextmanager
def foreign_keys_off(connection: sa.Connection) -> Iterator[None]:
    """Keep SQLite from deleting children while a batch rebuilds their parents.

    The pragma does nothing inside a transaction, so it goes past SQLAlchemy, which begins one.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.execute("PRAGMA foreign_keys")
    if cursor.fetchone() != (0,):
        raise CommandError("the connection is inside a transaction")
    try:
        yield
    finally:
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()


def after_each(
    ctx: MigrationContext,
    step: MigrationInfo,
    heads: Collection[str],
    run_args: Mapping[str, Any],  # noqa: ARG001 - Alembic passes it by name
) -> None:
    """Check what a revision left, and note which servers may use it, in its own transaction."""
    connection = ctx.connection
    if connection is None:
        raise CommandError("there is no connection to migrate")
    if connection.dialect.name == "sqlite":
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if orphans:
            tables = sorted({orphan[0] for orphan in orphans})
            raise CommandError(f"rows without parents after {step.up_revision_id}: {tables}")
    if sa.inspect(connection).has_table(SchemaInfoRow.__tablename__):
        connection.execute(sa.delete(SchemaInfoRow))
        for head in heads:
            note = {"oldest_compatible_revision": oldest_compatible(head)}
            connection.execute(sa.insert(SchemaInfoRow), note)


def oldest_compatible(head: str) -> str:
    """Return the last revision down from `head` that did more than expand the schema."""
    for script in context.script.iterate_revisions(head, "base"):
        if not script.module.expands_only:
            return script.revision
    raise CommandError("the first revision does not expand anything")


run()
