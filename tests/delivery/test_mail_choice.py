"""Which mail answers a request for a code, by account, registration and domain."""

from typing import Any

import pytest

from authserver.administration.sign_in_experience import SignInExperienceAdministration
from authserver.domain.accounts import AccountStatus
from authserver.domain.emails import UsageType
from authserver.domain.verifications import Purpose
from tests.delivery.office import Office
from tests.storage.samples import an_account

CLOSED = {"signInMode": "SignIn"}
NOT_HERE = {"emailBlocklistPolicy": {"customBlocklist": ["example.com"]}}
ELSEWHERE = {"emailBlocklistPolicy": {"customAllowlist": ["*.example.com", "example.org"]}}


def choose(office: Office, document: dict[str, Any]) -> None:
    administration = SignInExperienceAdministration(storage=office.base.storage, clock=office.clock)
    administration.put(document)


def claimed(office: Office, purpose: Purpose) -> tuple[UsageType, bool]:
    """Return the type of the mail that leaves, and whether it carries a code."""
    office.owe(purpose=purpose)
    (owed,) = office.delivery.claim(10)
    assert office.is_code_mailed() is (owed.email.code is not None)
    return owed.email.usage_type, owed.email.code is not None


@pytest.mark.parametrize("document", [CLOSED, NOT_HERE, ELSEWHERE])
@pytest.mark.parametrize("purpose", [Purpose.SIGN_IN, Purpose.REGISTER, Purpose.FORGOT_PASSWORD])
def test_an_address_that_cannot_register_learns_that_it_has_no_account(
    office: Office, document: dict[str, Any], purpose: Purpose
) -> None:
    choose(office, document)

    assert claimed(office, purpose) == (UsageType.NO_ACCOUNT, False)


@pytest.mark.parametrize("document", [CLOSED, NOT_HERE, ELSEWHERE])
def test_an_account_gets_its_code_whatever_the_rules_of_registration(
    office: Office, document: dict[str, Any]
) -> None:
    choose(office, document)
    with office.base.storage.writing() as work:
        work.accounts.add(an_account())
        work.commit()

    assert claimed(office, Purpose.SIGN_IN)[1]


def test_a_reset_without_an_account_carries_no_code(office: Office) -> None:
    assert claimed(office, Purpose.FORGOT_PASSWORD) == (UsageType.NO_ACCOUNT, False)


def test_a_new_address_of_an_account_gets_its_code_though_registration_is_closed(
    office: Office,
) -> None:
    choose(office, CLOSED)

    assert claimed(office, Purpose.BIND_NEW_IDENTIFIER)[1]


@pytest.mark.parametrize("purpose", [Purpose.SIGN_IN, Purpose.REGISTER, Purpose.FORGOT_PASSWORD])
def test_a_suspended_account_learns_that_it_is(office: Office, purpose: Purpose) -> None:
    choose(office, CLOSED)
    with office.base.storage.writing() as work:
        work.accounts.add(an_account(status=AccountStatus.SUSPENDED))
        work.commit()

    assert claimed(office, purpose) == (UsageType.SUSPENDED, False)
