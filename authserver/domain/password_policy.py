"""The rules for choosing a password: NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 5.0 V6.2."""

import unicodedata
from collections.abc import Container, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from authserver.domain.email_address import EmailAddress

# Beside a second factor, and nowhere less.
LEAST_BESIDE_A_FACTOR: Final = 8
# More is allowed than anybody types; the bound keeps the work of judging one small.
MOST: Final = 256
# Letters of one's own that a password must have beside brand and address.
LEAST_OF_ONES_OWN: Final = 4
SHORTEST_WORD: Final = 3
DIGITS: Final = 10
ROWS: Final = "qwertyuiopasdfghjklzxcvbnmqwertzuiopasdfghjklyxcvbnm"
LOOKALIKES: Final = str.maketrans("013457@$!|€", "oleastasile")


class PasswordFault(StrEnum):
    """Why a password is refused."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    COMMON = "common"
    GUESSABLE = "guessable"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """Asks for length and refuses what guessers try first; there are no rules of composition.

    `least_length` holds where a password alone signs in. `common` are folded passwords that are
    often used or were breached.
    """

    least_length: int
    common: Container[str]

    def least(self, *, has_second_factor: bool) -> int:
        """Return how many code points a password needs."""
        return (
            min(self.least_length, LEAST_BESIDE_A_FACTOR)
            if has_second_factor
            else (self.least_length)
        )

    def fault(
        self,
        password: str,
        *,
        account_address: EmailAddress,
        brand: str,
        has_second_factor: bool,
    ) -> PasswordFault | None:
        """Return what is wrong with the password, or None."""
        length = len(prepared(password))
        if length > MOST:
            return PasswordFault.TOO_LONG
        if length < self.least(has_second_factor=has_second_factor):
            return PasswordFault.TOO_SHORT
        if self._is_common(password.casefold()):
            return PasswordFault.COMMON
        if is_made_of(password, [*words_of_address(account_address), *words_in(brand)]):
            return PasswordFault.GUESSABLE
        return None

    def _is_common(self, folded: str) -> bool:
        """Tell whether the list holds it, bare or with digits and signs around it, or doubled."""
        unit = repeated_unit(folded)
        bare = unit.strip("".join(symbol for symbol in unit if not symbol.isalpha()))
        candidates = {folded, folded.strip(), unit, bare}
        return any(each in self.common for each in candidates) or is_row(unit)


def prepared(password: str) -> str:
    """Return the password as it is hashed: in Unicode's form NFC, and else just as typed.

    One keyboard writes `é` as one code point, another as two; that is the only difference that
    is evened out (RFC 8265 §4.2.2). NFKC would take different characters for the same, and
    nothing is cut, trimmed or lower-cased. Length is counted in this form.
    """
    return unicodedata.normalize("NFC", password)


def repeated_unit(folded: str) -> str:
    """Return what the text repeats from beginning to end, or the text itself."""
    period = (folded + folded).find(folded, 1)
    return folded[:period] if period > 0 else folded


def is_row(folded: str) -> bool:
    """Tell whether the text is one symbol, counts up or down, or runs along the keyboard."""
    steps = {step(first, second) for first, second in pairwise(folded)}
    if len(steps) < 2 and steps <= {0, 1, -1}:  # noqa: PLR2004 - fewer than two is all the same
        return True
    return folded in ROWS or folded[::-1] in ROWS


def step(first: str, second: str) -> int:
    """Return how far two symbols lie apart; after 9 comes 0."""
    distance = ord(second) - ord(first)
    if abs(distance) == DIGITS - 1 and first.isdecimal() and second.isdecimal():
        return 1 if distance < 0 else -1
    return distance


def is_made_of(password: str, words: list[str]) -> bool:
    """Tell whether hardly any letter is left of the password without `words`."""
    folded = password.casefold()
    return any(
        leaves_little(folded, read_as, words) for read_as in (folded, folded.translate(LOOKALIKES))
    )


def leaves_little(folded: str, read_as: str, words: list[str]) -> bool:
    """Tell whether words are found in a reading of the text, and too few letters beside them."""
    kept = [index for index, symbol in enumerate(read_as) if symbol.isalnum()]
    rest = plain = "".join(read_as[index] for index in kept)
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, " " * len(word))
    left = sum(
        folded[index].isalpha() for index, symbol in zip(kept, rest, strict=True) if symbol != " "
    )
    return rest != plain and left < LEAST_OF_ONES_OWN


def words_of_address(address: EmailAddress) -> Iterator[str]:
    """Yield the parts of an address that somebody might make a password of."""
    for spelling in (address.typed, address.canonical):
        yield from words_in(spelling)
        for part in spelling.rpartition("@"):
            yield from words_in(part)


def words_in(text: str) -> Iterator[str]:
    """Yield the text without its signs, and each of its words that is long enough."""
    folded = text.casefold()
    parts = "".join(symbol if symbol.isalnum() else " " for symbol in folded).split()
    for word in (symbols(folded), *parts):
        if len(word) >= SHORTEST_WORD:
            yield word


def symbols(text: str) -> str:
    """Return the letters and digits of the text alone."""
    return "".join(filter(str.isalnum, text))
