"""The bundled list of passwords that are often used or were breached."""

import gzip
from functools import cached_property
from pathlib import Path
from typing import Final

LIST: Final = Path(__file__).with_name("common_passwords.txt.gz")


class CommonPasswords:
    """The list, read at the first question: a server without passwords never reads it.

    Its source and licence stand in the file beside it.
    """

    def __contains__(self, folded: object) -> bool:
        return folded in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    @cached_property
    def _entries(self) -> frozenset[str]:
        with gzip.open(LIST, "rt", encoding="utf-8") as lines:
            return frozenset(line.rstrip("\n").casefold() for line in lines)
