"""Forgiving reading of a code as people type and paste it."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from authserver.domain.second_factors import RECOVERY_CODE_LENGTH
from authserver.domain.verifications import CROCKFORD_ALPHABET, CodeClass

LONGEST_ENTRY: Final = 200
# Besides ASCII: middle and ideographic dots, the minus sign, the hyphen bullet, prime marks.
DROPPED_SYMBOLS: Final = frozenset("#*.'\"`<>,:;·•・‧∙。、\u2212\u2043\u2032\u2033")
DROPPED_CATEGORIES: Final = frozenset({"Zs", "Zl", "Zp", "Cf", "Cc", "Pd", "Pi", "Pf", "Ps", "Pe"})
MINUS_SIGN: Final = "\u2212"
DIGIT_RUN: Final = re.compile(r"[0-9](?:[ \-]?[0-9])*")
LOOKALIKES: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


@dataclass(frozen=True, slots=True)
class MalformedCode:
    """The entry has not the shape of a code; `found` symbols where `needed` were expected."""

    needed: int
    found: int
    has_other_symbols: bool = False


def read_code(entry: str, code_class: CodeClass) -> str | MalformedCode:
    """Return the code in `entry`, whatever separators, digit scripts or text surround it."""
    needed = code_class.symbols
    if len(entry) > LONGEST_ENTRY:
        return MalformedCode(needed, 0, has_other_symbols=True)
    text = with_ascii_digits(unicodedata.normalize("NFKC", entry))
    if code_class is CodeClass.BASE32:
        return read_base32(text, needed)
    bare = without_separators(text)
    if bare.isascii() and bare.isdigit():
        return bare if len(bare) == needed else MalformedCode(needed, len(bare))
    runs = [re.sub(r"[ \-]", "", run) for run in DIGIT_RUN.findall(with_plain_spaces(text))]
    fitting = [run for run in runs if len(run) == needed]
    if len(fitting) == 1:
        return fitting[0]
    return MalformedCode(needed, sum(map(len, runs)), has_other_symbols=bool(bare))


def read_recovery_code(entry: str) -> str | MalformedCode:
    """Return the recovery code in `entry`; it is read as forgivingly as a mailed one."""
    if len(entry) > LONGEST_ENTRY:
        return MalformedCode(RECOVERY_CODE_LENGTH, 0, has_other_symbols=True)
    text = with_ascii_digits(unicodedata.normalize("NFKC", entry))
    return read_base32(text, RECOVERY_CODE_LENGTH)


def read_base32(text: str, needed: int) -> str | MalformedCode:
    """Return the `needed` symbols of a base32 code, with look-alike letters put right."""
    bare = without_separators(text).upper().translate(LOOKALIKES)
    foreign = any(symbol not in CROCKFORD_ALPHABET for symbol in bare)
    if len(bare) == needed and not foreign:
        return bare
    return MalformedCode(needed, len(bare), has_other_symbols=foreign)


def with_ascii_digits(text: str) -> str:
    """Return `text` with every Unicode decimal digit written in ASCII."""
    return "".join(
        str(unicodedata.decimal(symbol)) if unicodedata.category(symbol) == "Nd" else symbol
        for symbol in text
    )


def with_plain_spaces(text: str) -> str:
    """Return `text` with every space and dash in its ASCII form and invisible marks removed."""
    plain = []
    for symbol in text:
        category = unicodedata.category(symbol)
        if category == "Cf":
            continue
        is_dash = category == "Pd" or symbol == MINUS_SIGN
        plain.append("-" if is_dash else " " if category.startswith("Z") else symbol)
    return "".join(plain)


def without_separators(text: str) -> str:
    """Return `text` without white space, invisible marks, dashes, dots, quotes and brackets."""
    return "".join(
        symbol
        for symbol in text
        if symbol not in DROPPED_SYMBOLS and unicodedata.category(symbol) not in DROPPED_CATEGORIES
    )
