"""What makes a password fit, and what refuses it."""

import pytest

from authserver.crypto.common_passwords import CommonPasswords
from authserver.domain.email_address import EmailAddress, parse_email_address
from authserver.domain.password_policy import MOST, PasswordFault, PasswordPolicy, prepared

POLICY = PasswordPolicy(least_length=15, common=CommonPasswords())


def address(text: str = "alice.moore@wonderland.example") -> EmailAddress:
    parsed = parse_email_address(text)
    assert parsed is not None
    return parsed


def fault(
    password: str, *, of: str = "alice.moore@wonderland.example", beside_a_factor: bool = False
) -> PasswordFault | None:
    return POLICY.fault(
        password,
        account_address=address(of),
        brand="Bookstore ID",
        has_second_factor=beside_a_factor,
    )


@pytest.mark.parametrize(
    "password",
    [
        "violet tractors hum at dusk",
        "Tr0ub4dor&3 and more",
        "837291048264517",
        "фиолетовый трактор",
        "紫色拖拉机在黄昏时分嗡嗡作响地走来走去",
        "🐢🐇🦊🐝🐳🦉🐸🐧🦆🐌🦔🐿🦭🐙🦎",
        "wonderland is where my rabbits live",
        "x" * 7 + " y" * 100,
        "   leading and trailing   ",
    ],
)
def test_length_is_all_that_a_password_needs(password: str) -> None:
    assert fault(password) is None


def test_length_is_counted_in_code_points_of_the_composed_form() -> None:
    composed, decomposed = "é" * 15, "e\N{COMBINING ACUTE ACCENT}" * 15

    assert prepared(decomposed) == composed
    assert fault("e\N{COMBINING ACUTE ACCENT}" * 14) is PasswordFault.TOO_SHORT
    assert fault("🐢🐇🦊🐝🐳🦉🐸🐧🦆🐌🦔🐿🦭🐙") is PasswordFault.TOO_SHORT


def test_compatible_characters_stay_different() -> None:
    assert prepared("ﬁne") != prepared("fine")
    assert prepared(" Pass\u00a0word ") == " Pass\u00a0word "


@pytest.mark.parametrize(("length", "expected"), [(14, PasswordFault.TOO_SHORT), (15, None)])
def test_a_password_alone_needs_fifteen_symbols(
    length: int, expected: PasswordFault | None
) -> None:
    assert fault("violet tractors hum at dusk"[:length]) is expected


@pytest.mark.parametrize(("length", "expected"), [(7, PasswordFault.TOO_SHORT), (8, None)])
def test_beside_a_second_factor_eight_are_enough(
    length: int, expected: PasswordFault | None
) -> None:
    assert fault("violet tractors"[:length], beside_a_factor=True) is expected


def test_two_hundred_and_fifty_six_symbols_are_allowed_and_no_more() -> None:
    long = "violet tractors hum at dusk, " * 20

    assert fault(long[:MOST]) is None
    assert fault(long[: MOST + 1]) is PasswordFault.TOO_LONG


@pytest.mark.parametrize(
    "password",
    [
        "1q2w3e4r5t6y7u8i",
        "1Q2W3E4R5T6Y7U8I",
        "friend of emily",
        "passwordpassword",
        "Password1234567!",
        "123456789012345",
        "9876543210987654",
        "aaaaaaaaaaaaaaaa",
        "abcdefghijklmnop",
        "qwertyuiopasdfgh",
        "hgfdsapoiuytrewq",
        "iloveyouiloveyou",
        "qwertyuiop!!!!!!!!",
    ],
)
def test_what_guessers_try_first_is_refused(password: str) -> None:
    assert fault(password) is PasswordFault.COMMON


def test_breached_passwords_are_refused_beside_a_second_factor_too() -> None:
    assert fault("sunshine", beside_a_factor=True) is PasswordFault.COMMON


@pytest.mark.parametrize(
    "password",
    [
        "alice.moore@wonderland.example",
        "Alice.Moore2024!!",
        "wonderland.example",
        "W0nderland-2024-!!",
        "bookstore id 2024",
        "B00kst0re!B00kst0re!",
        "alice moore alice moore",
        "bookstore-alice-x1",
    ],
)
def test_brand_and_address_are_no_password(password: str) -> None:
    assert fault(password) is PasswordFault.GUESSABLE


def test_an_address_of_figures_is_no_password() -> None:
    assert fault("283746551-283746551", of="283746551@qq.com") is PasswordFault.GUESSABLE


def test_the_list_holds_more_than_ten_thousand() -> None:
    assert len(CommonPasswords()) > 10_000
    assert all(each in CommonPasswords() for each in ("123456", "password", "qwertyuiop"))
