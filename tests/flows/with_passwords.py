"""People with passwords, and instances that take them."""

from collections.abc import Mapping
from typing import Any

from authserver.crypto.argon2_hasher import Argon2Hasher
from authserver.domain.email_address import parse_email_address
from authserver.domain.failure_budgets import BudgetKind, FailureBudget
from authserver.domain.passwords import StoredPassword
from tests.flows.browsing import Visit, path_of
from tests.support.provider import Provider

GOOD = "violet tractors hum at dusk"
OTHER = "seven quiet rivers run north"
# The cheapest that the settings allow: tests hash often.
CHEAP = {"AUTHSERVER_PASSWORDS__MEMORY_KIB": "7168", "AUTHSERVER_PASSWORDS__ITERATIONS": "1"}


def experience(
    *, code: bool = True, password: bool = True, first: bool = True, **members: object
) -> dict[str, Any]:
    """Return a document of the sign-in experience; passwords come first where they are taken."""
    method = {
        "identifier": "email",
        "verificationCode": code,
        "password": password,
        "isPasswordPrimary": first and password,
    }
    return {"signIn": {"methods": [method]}, **members}


def choose(provider: Provider, document: Mapping[str, object]) -> None:
    """Make a document the sign-in experience."""
    provider.server.experience.put(document)


def hasher_of(provider: Provider) -> Argon2Hasher:
    settings = provider.server.loaded.settings.passwords
    return Argon2Hasher(settings.memory_kib, settings.iterations, settings.parallelism)


def give_password(
    provider: Provider, email: str, password: str = GOOD, *, hasher: Argon2Hasher | None = None
) -> None:
    """Set the password of an account, as a flow of its owner would."""
    hashed = (hasher or hasher_of(provider)).hash(password)
    with provider.server.storage.writing() as work:
        account = work.accounts.find_by_address(canonical(email))
        assert account is not None
        stored = StoredPassword(
            subject=account.subject,
            hash=hashed,
            rests_on_mail=True,
            changed_at=provider.clock.now(),
        )
        work.passwords.put(stored)
        work.commit()


def stored_password(provider: Provider, email: str) -> StoredPassword | None:
    with provider.server.storage.reading() as work:
        account = work.accounts.find_by_address(canonical(email))
        return None if account is None else work.passwords.find(account.subject)


def with_password(provider: Provider, email: str, password: str = GOOD) -> None:
    """Make a proven account with a password."""
    account = provider.server.accounts.create(email)
    with provider.server.storage.writing() as work:
        work.accounts.mark_proven(account.subject, provider.clock.now())
        work.commit()
    give_password(provider, email, password)


def failures(
    provider: Provider, email: str, kind: BudgetKind = BudgetKind.PASSWORD_OF_ADDRESS
) -> int:
    """Return how many wrong passwords of strangers count against an address."""
    since = provider.clock.now() - provider.server.loaded.settings.codes.budget.window
    with provider.server.storage.reading() as work:
        return work.failure_budgets.count(FailureBudget(kind, canonical(email)), since)


def canonical(email: str) -> str:
    address = parse_email_address(email)
    assert address is not None
    return address.canonical


def at_password_page(
    provider: Provider, email: str, path: str = "/sign-in", *, source: str = "127.0.0.1"
) -> Visit:
    """Return a browser that is asked for the password of an address."""
    visit = Visit.begin(provider, path, source=source)
    assert path_of(visit.send("", email=email, method="password")) == visit.base + "/password"
    return visit


def guess(visit: Visit, password: str) -> bool:
    """Enter a password; tell whether it signed in."""
    answer = visit.send("/password", password=password)
    if path_of(answer) == f"/oidc/auth/{visit.interaction}":
        return True
    assert path_of(answer) == visit.base + "/password"
    return False
