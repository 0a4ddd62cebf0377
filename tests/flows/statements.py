"""Which statements the requests of a block run; those of loops beside them do not count."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import event

from authserver.domain.request_context import current_request_id
from tests.support.provider import Provider

OUTSIDE_OF_REQUESTS = "-"
FRAMES = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")


@contextmanager
def statements_of(provider: Provider) -> Iterator[list[str]]:
    """Collect the statements that requests run, without those that frame transactions."""
    database = provider.server.storage.database
    collected: list[str] = []

    def collect(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        if current_request_id() != OUTSIDE_OF_REQUESTS and not statement.startswith(FRAMES):
            collected.append(statement)

    # On PostgreSQL the reading engine is a view of the writing one, and shares its events.
    engines = [database.writer, database.reader] if database.is_sqlite else [database.writer]
    with ExitStack() as undone:
        for engine in engines:
            event.listen(engine, "before_cursor_execute", collect)
            undone.callback(event.remove, engine, "before_cursor_execute", collect)
        yield collected
