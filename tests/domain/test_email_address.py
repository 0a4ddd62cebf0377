# ruff: noqa: RUF001 - look-alikes are what is tested here

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.domain.email_address import (
    MAX_ADDRESS_OCTETS,
    EmailAddress,
    mask,
    parse_email_address,
)
from authserver.domain.outgoing_mail import SINGLE_RECIPIENT

A_LABEL = "d" * 63


@pytest.mark.parametrize(
    ("text", "typed", "canonical"),
    [
        ("name@example.com", "name@example.com", "name@example.com"),
        ("  name@example.com\t", "name@example.com", "name@example.com"),
        ("Name.Last@Example.COM", "Name.Last@example.com", "name.last@example.com"),
        ("name+tag@example.com", "name+tag@example.com", "name+tag@example.com"),
        ("n.a.m.e@example.com", "n.a.m.e@example.com", "n.a.m.e@example.com"),
        ("name@sub.example.co.uk", "name@sub.example.co.uk", "name@sub.example.co.uk"),
        ("name@bücher.example", "name@bücher.example", "name@xn--bcher-kva.example"),
        ("name@BÜCHER.example", "name@bücher.example", "name@xn--bcher-kva.example"),
        ("name@xn--bcher-kva.example", "name@bücher.example", "name@xn--bcher-kva.example"),
        ("name@faß.example", "name@faß.example", "name@xn--fa-hia.example"),
        ("Ünal@example.com", "Ünal@example.com", "Ünal@example.com"),
        ("用户@例え.example", "用户@例え.example", "用户@xn--r8jz45g.example"),
        ("o'neil@example.com", "o'neil@example.com", "o'neil@example.com"),
        ("mi\u212ae@example.com", "miKe@example.com", "mike@example.com"),
        ("name@example。com", "name@example.com", "name@example.com"),
        ("name@shop.test", "name@shop.test", "name@shop.test"),
    ],
)
def test_an_address_has_a_typed_and_a_canonical_form(text: str, typed: str, canonical: str) -> None:
    assert parse_email_address(text) == EmailAddress(typed=typed, canonical=canonical)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "name",
        "@example.com",
        "name@",
        "name@localhost",
        "name@example.com.",
        "name@example..com",
        "name@-example.com",
        "name@exa_mple.com",
        ".name@example.com",
        "name.@example.com",
        "na..me@example.com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert parse_email_address(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "a@example.com@evil.example",
        "a@evil.example,b@example.com",
        "a@evil.example;b@example.com",
        "a@evil.example, b@example.com",
        "a@evil.example b@example.com",
        "a@evil.example\nb@example.com",
        "a@example.com\r\nBcc: b@evil.example",
        "a\x00@example.com",
        "a@example.com\x00",
        '"a b"@example.com',
        '"a"@example.com',
        '"a@evil.example"@example.com',
        "a(comment)@example.com",
        "a@example.com (comment)",
        "a@(comment)example.com",
        "Ada <a@example.com>",
        "<a@example.com>",
        "a@[192.0.2.1]",
        "a@[IPv6:2001:db8::1]",
        "a\\@example.com",
        "mailto:a@example.com@evil.example",
    ],
)
def test_a_list_comment_quote_or_literal_is_refused(text: str) -> None:
    assert parse_email_address(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "a＠evil.example@example.com",
        "a＠example.com",
        "a﹫example.com",
        "a@example．com",
        "a․b@example.com",
        "a…b@example.com",
        "a\u200b@example.com",
        "a@exam\u00adple.com",
        "a\u202e@example.com",
        "\ufeffa@example.com",
        "a\u00a0b@example.com",
        "a\u3000@example.com",
        "a\u2028@example.com",
        "a\ud800@example.com",
        "a\ue000@example.com",
        "a@example.com\u200b",
    ],
)
def test_a_text_whose_shape_changes_under_normalisation_is_refused(text: str) -> None:
    assert parse_email_address(text) is None


def test_composed_and_decomposed_spellings_are_one_mailbox() -> None:
    composed = parse_email_address("josé@example.com")
    decomposed = parse_email_address("jose\u0301@example.com")

    assert composed == decomposed
    assert composed is not None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ada@example.com", "a.da@example.com"),
        ("ada@example.com", "ada+x@example.com"),
        ("ünal@example.com", "Ünal@example.com"),
        ("straße@example.com", "strasse@example.com"),
        ("name@faß.example", "name@fass.example"),
        ("admin@example.com", "ªdmin@example.com"),
        ("mike@example.com", "mıke@example.com"),
        ("file@example.com", "ﬁle@example.com"),
    ],
)
def test_similar_mailboxes_stay_apart(first: str, second: str) -> None:
    addresses = [parse_email_address(text) for text in (first, second)]

    assert addresses[0] is not None
    assert addresses[1] is None or addresses[0].canonical != addresses[1].canonical


@pytest.mark.parametrize(
    ("text", "is_accepted"),
    [
        (f"{'l' * 64}@example.com", True),
        (f"{'l' * 65}@example.com", False),
        (f"{'ü' * 32}@example.com", True),
        (f"{'ü' * 33}@example.com", False),
        (f"{'l' * 62}@{A_LABEL}.{A_LABEL}.{'d' * 60}.de", True),
        (f"{'l' * 63}@{A_LABEL}.{A_LABEL}.{'d' * 60}.de", False),
        (f"name@{'d' * 64}.example", False),
    ],
)
def test_lengths_are_counted_in_octets(text: str, is_accepted: bool) -> None:  # noqa: FBT001 - a row of the table
    assert (parse_email_address(text) is not None) is is_accepted


def test_the_canonical_form_is_no_longer_than_an_address_may_be() -> None:
    text = f"{'ü' * 32}@{'.'.join(['äöü' * 8] * 3)}.{'a' * 20}.example"

    assert len(text.encode()) <= MAX_ADDRESS_OCTETS
    address = parse_email_address(text)
    assert address is None or len(address.canonical.encode()) <= MAX_ADDRESS_OCTETS


# Near misses are what matters, so they are drawn more often than the rest of Unicode.
NEAR_MISSES = st.text(
    st.one_of(
        st.sampled_from('aZ0.@-_+"<>,;()[]\\ \t\n＠．。․\u200b\u00adüßİı\u0301:%'), st.characters()
    ),
    max_size=40,
)


@given(NEAR_MISSES, st.sampled_from(["", "@example.com", "@bücher.example"]))
def test_whatever_is_accepted_is_one_plain_recipient(text: str, ending: str) -> None:
    address = parse_email_address(text + ending)

    if address is not None:
        assert SINGLE_RECIPIENT.fullmatch(address.typed)
        assert SINGLE_RECIPIENT.fullmatch(address.canonical)
        domain = address.canonical.rpartition("@")[2]
        assert domain.isascii()
        assert domain == domain.lower()
        assert unicodedata.normalize("NFKC", address.typed).count("@") == 1


@given(NEAR_MISSES, st.sampled_from(["", "@example.com", "@bücher.example"]))
def test_what_was_accepted_is_accepted_again_unchanged(text: str, ending: str) -> None:
    address = parse_email_address(text + ending)

    if address is not None:
        assert parse_email_address(address.typed) == address


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("ada@example.com", "a•••@example.com"),
        ("a@example.com", "a•••@example.com"),
        ("", "•••@"),
    ],
)
def test_a_masked_address_shows_one_letter_and_the_domain(address: str, masked: str) -> None:
    assert mask(address) == masked
