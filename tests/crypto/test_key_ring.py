import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.crypto.key_ring import CannotOpen, KeyPurpose, KeyRing
from authserver.domain.secret import Secret
from tests.support.known_randomness import KnownRandomness

OLD = Secret("old-secret-key-of-thirty-two-characters")
NEW = Secret("new-secret-key-of-thirty-two-characters")


def ring(*secrets: Secret) -> KeyRing:
    return KeyRing(secrets, KnownRandomness())


def test_the_keys_of_all_purposes_differ() -> None:
    keys = ring(OLD)

    assert len({keys.newest(purpose) for purpose in KeyPurpose}) == len(KeyPurpose)


def test_derived_keys_never_change() -> None:
    keys = ring(OLD)

    assert keys.newest_id == "GMwcJHnx"
    assert keys.newest(KeyPurpose.VERIFICATION_CODE).hex() == (
        "7cc14011d70290cd774fc4e6d1d6ff6320839108defc9df16cbf93dd95680974"
    )


def test_the_newest_key_seals_and_derives() -> None:
    keys = ring(NEW, OLD)

    assert keys.newest_id == ring(NEW).newest_id
    assert keys.key(KeyPurpose.FORM_TOKEN) == ring(NEW).newest(KeyPurpose.FORM_TOKEN)


def test_an_older_key_is_found_by_its_id() -> None:
    keys = ring(NEW, OLD)

    old_id = ring(OLD).newest_id

    expected = ring(OLD).newest(KeyPurpose.VERIFICATION_CODE)
    assert keys.key(KeyPurpose.VERIFICATION_CODE, old_id) == expected


@pytest.mark.parametrize("unknown", ["", "gone", "AAAAAAAA"])
def test_a_key_that_is_gone_is_none(unknown: str) -> None:
    assert ring(NEW).key(KeyPurpose.VERIFICATION_CODE, unknown) is None


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_was_sealed_opens_with_the_same_label(plain: bytes, label: str) -> None:
    keys = ring(NEW)

    assert keys.open(keys.seal(plain, label), label) == plain


def test_what_an_older_key_sealed_opens_after_a_rotation() -> None:
    sealed = ring(OLD).seal(b"plain", "label")

    assert ring(NEW, OLD).open(sealed, "label") == b"plain"


def test_what_a_key_sealed_that_is_gone_does_not_open() -> None:
    sealed = ring(OLD).seal(b"plain", "label")

    with pytest.raises(CannotOpen, match="not configured"):
        ring(NEW).open(sealed, "label")


def test_a_sealed_value_does_not_open_under_another_label() -> None:
    keys = ring(NEW)

    with pytest.raises(CannotOpen):
        keys.open(keys.seal(b"plain", "signing-key/a"), "signing-key/b")


@given(position=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=5))
def test_an_altered_value_does_not_open(position: int, bit: int) -> None:
    keys = ring(NEW)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    key_id, _, body = keys.seal(b"thirty octets, no padding left", "label").partition(".")
    # Only whole groups of four symbols: the last symbols of others have bits without meaning.
    place = position % (len(body) - len(body) % 4)
    changed = alphabet[alphabet.index(body[place]) ^ (1 << bit)]

    with pytest.raises(CannotOpen):
        keys.open(f"{key_id}.{body[:place]}{changed}{body[place + 1 :]}", "label")


@pytest.mark.parametrize("broken", ["", ".", "{}.", "{}.A", "{}.AAAA", "{}.é", "{}"])
def test_a_value_that_is_no_sealed_one_does_not_open(broken: str) -> None:
    keys = ring(NEW)

    with pytest.raises(CannotOpen):
        keys.open(broken.format(keys.newest_id), "label")


def test_the_same_value_is_never_sealed_alike() -> None:
    keys = ring(NEW)

    assert keys.seal(b"plain", "label") != keys.seal(b"plain", "label")


def test_a_sealed_value_names_its_key_and_shows_nothing() -> None:
    keys = ring(NEW)

    sealed = keys.seal(b"plain", "label")

    assert sealed.startswith(f"{keys.newest_id}.")
    assert NEW.reveal() not in sealed


@pytest.mark.parametrize("secrets", [[], [Secret("short")], [NEW, Secret("x" * 31)]])
def test_missing_and_short_secrets_are_refused(secrets: list[Secret]) -> None:
    with pytest.raises(ValueError, match="secret key") as caught:
        ring(*secrets)

    assert "xxx" not in str(caught.value)
