# ruff: noqa: RUF001 - look-alikes are what is tested here

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.domain.code_entry import MalformedCode, read_code
from authserver.domain.verifications import CROCKFORD_ALPHABET, CodeClass

CODE = "123456"
BASE32 = "0123456789ABC"
SEPARATORS = (
    " \t\n\r\u00a0\u2009\u3000\u200b\u200e\u202e\ufeff\u2060\u00ad-‐‑–—−.,·•'\"‘’“”«»「」()[]<>#*"
)


@pytest.mark.parametrize(
    "entry",
    [
        "123456",
        " 123456 ",
        "123 456",
        "123-456",
        "12-34-56",
        "1 2 3 4 5 6",
        "123\u00a0456",
        "123\u2009456",
        "123\u3000456",
        "123\u200b456",
        "\u202d123456\u202c",
        "\u200e123456",
        "\ufeff123456",
        "123456\r\n",
        "123‐456",
        "123–456",
        "123—456",
        "123−456",
        "123.456",
        "123·456",
        "123,456",
        "“123456”",
        "'123456'",
        "«123456»",
        "「123456」",
        "(123456)",
        "[123456]",
        "<123456>",
        "#123456",
        "*123456*",
        "`123456`",
        "123456.",
        "123456。",
    ],
)
def test_separators_are_forgiven(entry: str) -> None:
    assert read_code(entry, CodeClass.DIGITS6) == CODE


@pytest.mark.parametrize(
    "entry",
    [
        "１２３４５６",
        "١٢٣٤٥٦",
        "۱۲۳۴۵۶",
        "१२३४५६",
        "১২৩৪৫৬",
        "𝟏𝟐𝟑𝟒𝟓𝟔",
        "①②③④⑤⑥",
        "١٢٣ ٤٥٦",
        "１２３－４５６",
    ],
)
def test_digits_of_any_script_are_read(entry: str) -> None:
    assert read_code(entry, CodeClass.DIGITS6) == CODE


@pytest.mark.parametrize(
    "entry",
    [
        "123456 is your code",
        "Your code: 123456",
        "Shop: 123 456 is your sign-in code",
        "Your code is 123-456.",
        "123456 is your Shop code (request 4F7)",
        "Ihr Code lautet 123456, er gilt 10 Minuten",
        "您的验证码是123456",
        "كودك هو ١٢٣٤٥٦",
        "Code\u00a0123\u00a0456",
        "code=123456",
    ],
)
def test_a_pasted_line_with_one_code_in_it_works(entry: str) -> None:
    assert read_code(entry, CodeClass.DIGITS6) == CODE


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("", 0),
        ("12345", 5),
        ("1234567", 7),
        ("123456 123456", 12),
        ("123456 or 654321", 12),
        ("code 12345", 5),
        ("code 1234567", 7),
        ("12345a", 5),
        ("123  456 is your code", 6),
    ],
)
def test_another_number_of_digits_is_malformed(entry: str, found: int) -> None:
    outcome = read_code(entry, CodeClass.DIGITS6)

    assert isinstance(outcome, MalformedCode)
    assert (outcome.needed, outcome.found) == (6, found)


@pytest.mark.parametrize(
    ("entry", "has_other_symbols"),
    [("", False), ("   ", False), ("12345", False), ("12345a", True), ("hello", True)],
)
def test_a_malformed_entry_tells_whether_it_held_more_than_digits(
    entry: str,
    has_other_symbols: bool,  # noqa: FBT001 - a row of the table
) -> None:
    outcome = read_code(entry, CodeClass.DIGITS6)

    assert isinstance(outcome, MalformedCode)
    assert outcome.has_other_symbols is has_other_symbols


def test_an_entry_of_over_two_hundred_characters_is_malformed() -> None:
    assert read_code(CODE + " " * 194, CodeClass.DIGITS6) == CODE
    assert isinstance(read_code(CODE + " " * 195, CodeClass.DIGITS6), MalformedCode)


def test_eight_digits_are_read_where_eight_are_needed() -> None:
    assert read_code("1234 5678", CodeClass.DIGITS8) == "12345678"
    assert isinstance(read_code(CODE, CodeClass.DIGITS8), MalformedCode)


@pytest.mark.parametrize(
    "entry",
    [
        "0123-4567-89ABC",
        "0123456789ABC",
        "0123 4567 89abc",
        "o1234567-89abc",
        "OI23-4567-89ABC",
        "ol23-4567-89abc",
        "０１２３-４５６７-８９ＡＢＣ",
        "“0123-4567-89ABC”",
    ],
)
def test_a_long_code_is_read_in_either_case_and_with_lookalikes(entry: str) -> None:
    assert read_code(entry, CodeClass.BASE32) == BASE32


@pytest.mark.parametrize(
    ("entry", "found", "has_other_symbols"),
    [
        ("0123456789AB", 12, False),
        ("0123456789ABCD", 14, False),
        ("0123456789ABU", 13, True),
        ("0123456789AB!", 13, True),
        ("", 0, False),
    ],
)
def test_a_malformed_long_code_tells_what_is_wrong(
    entry: str,
    found: int,
    has_other_symbols: bool,  # noqa: FBT001 - a row of the table
) -> None:
    assert read_code(entry, CodeClass.BASE32) == MalformedCode(13, found, has_other_symbols)


@given(
    code=st.text("0123456789", min_size=6, max_size=6),
    gaps=st.lists(st.text(SEPARATORS, max_size=5), min_size=7, max_size=7),
)
def test_any_separators_anywhere_do_not_change_a_code(code: str, gaps: list[str]) -> None:
    entry = gaps[0] + "".join(digit + gap for digit, gap in zip(code, gaps[1:], strict=True))

    assert read_code(entry, CodeClass.DIGITS6) == code


@given(st.text(CROCKFORD_ALPHABET, min_size=13, max_size=13))
def test_a_long_code_is_read_as_it_is_shown(code: str) -> None:
    assert read_code(CodeClass.BASE32.show(code), CodeClass.BASE32) == code


@given(st.text(max_size=220), st.sampled_from(CodeClass))
def test_whatever_is_read_has_the_shape_of_its_class(entry: str, code_class: CodeClass) -> None:
    outcome = read_code(entry, code_class)

    if isinstance(outcome, str):
        alphabet = CROCKFORD_ALPHABET if code_class is CodeClass.BASE32 else "0123456789"
        assert len(outcome) == code_class.symbols
        assert set(outcome) <= set(alphabet)
