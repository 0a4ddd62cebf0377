"""Watches units of work: a thread that holds one must not open another."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import event

from authserver.storage.unit_of_work import Storage


@contextmanager
def depth_of_units(storage: Storage) -> Iterator[list[int]]:
    """Collect how many connections a thread held each time it took one."""
    held: Counter[int] = Counter()
    depths: list[int] = []

    def taken(*_: object) -> None:
        held[threading.get_ident()] += 1
        depths.append(held[threading.get_ident()])

    def given_back(*_: object) -> None:
        held[threading.get_ident()] -= 1

    database = storage.database
    # On PostgreSQL the reading engine is a view of the writing one, and shares its pool.
    engines = [database.writer, database.reader] if database.is_sqlite else [database.writer]
    with ExitStack() as undone:
        for engine in engines:
            for name, listener in (("checkout", taken), ("checkin", given_back)):
                event.listen(engine, name, listener)
                undone.callback(event.remove, engine, name, listener)
        yield depths
