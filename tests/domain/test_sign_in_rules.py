"""The sign-in experience as a document, and whom its lists leave in."""

import pytest

from authserver.domain.email_address import parse_email_address
from authserver.domain.sign_in_experience import AS_IT_COMES, SignInExperience, SignInMethod
from authserver.domain.sign_in_rules import ExperienceInvalid, parse_experience


def admits(experience: SignInExperience, text: str) -> bool:
    address = parse_email_address(text)
    assert address is not None
    return experience.admits(address)


def faults(document: dict[str, object]) -> list[str]:
    with pytest.raises(ExperienceInvalid) as refused:
        parse_experience(document)
    return refused.value.faults


def with_methods(**members: object) -> dict[str, object]:
    return {"signIn": {"methods": [{"identifier": "email", **members}]}}


def test_a_document_is_read_as_it_is_written() -> None:
    chosen = parse_experience(
        {
            "signInMode": "SignIn",
            "signUp": {"password": True},
            **with_methods(password=True, verificationCode=True, isPasswordPrimary=True),
            "agreeToTermsPolicy": "ManualRegistrationOnly",
            "emailBlocklistPolicy": {
                "customAllowlist": ["Example.COM", "*.example.org", "Me@Example.net"],
                "customBlocklist": ["@bücher.example"],
            },
        }
    )

    assert parse_experience(chosen.document()) == chosen
    assert chosen.methods == (SignInMethod.PASSWORD, SignInMethod.CODE)
    assert chosen.allowed == ("example.com", "*.example.org", "me@example.net")
    assert chosen.blocked == ("xn--bcher-kva.example",)
    assert not chosen.is_registration_open
    assert chosen.creates_password
    assert chosen.terms_are_ticked


def test_an_empty_document_is_as_it_comes() -> None:
    assert parse_experience({}) == AS_IT_COMES
    assert AS_IT_COMES.methods == (SignInMethod.CODE,)
    assert AS_IT_COMES.is_registration_open


def test_all_faults_are_told_together() -> None:
    found = faults(
        {
            "signinMode": "SignIn",
            "signInMode": "Register",
            "signUp": {"verify": False, "identifiers": ["username"], "password": "yes"},
            **with_methods(password=1, isPasswordPrimary=True, verificationcode=True),
            "agreeToTermsPolicy": "Always",
            "emailBlocklistPolicy": {"customBlocklist": ["not a domain", "a@b@c", "*.x@y.example"]},
        }
    )

    assert len(found) == 12
    assert found[0] == "There is no signinMode: did you mean signInMode?"
    assert "signUp.verify must be true: an address is always verified." in found


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (with_methods(password=False, verificationCode=False), "Nobody could sign in"),
        ({"signUp": {"password": True}}, "a password that nobody could sign in with"),
        (with_methods(password=True, verificationCode=False), "Who registers could not sign in"),
    ],
)
def test_choices_that_deny_one_another_are_refused(
    document: dict[str, object], sentence: str
) -> None:
    assert any(sentence in fault for fault in faults(document))


@pytest.mark.parametrize("document", [{"signIn": []}, {"signIn": {"methods": []}}, {"signUp": 1}])
def test_a_table_of_another_shape_is_refused(document: dict[str, object]) -> None:
    assert faults(document)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a@example.com", True),
        ("A@EXAMPLE.com", True),
        ("a@sub.example.com", False),
        ("a@sub.example.org", True),
        ("a@example.org", False),
        ("a@evilexample.org", False),
        ("me@example.net", True),
        ("you@example.net", False),
        ("spam@example.com", False),
        ("a@blocked.example.org", False),
    ],
)
def test_lists_name_domains_what_is_below_them_and_addresses(
    address: str, *, expected: bool
) -> None:
    experience = SignInExperience(
        allowed=("example.com", "*.example.org", "me@example.net"),
        blocked=("spam@example.com", "blocked.example.org"),
    )

    assert admits(experience, address) is expected


def test_without_a_list_everybody_is_left_in_and_a_closed_registration_admits_nobody() -> None:
    assert admits(AS_IT_COMES, "a@example.com")
    assert not admits(parse_experience({"signInMode": "SignIn"}), "a@example.com")
