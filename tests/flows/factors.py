"""Accounts with passwords and second factors, and browsers that use them."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from authserver.crypto.argon2_hasher import Argon2Hasher
from authserver.domain.accounts import Account
from authserver.domain.passwords import StoredPassword
from authserver.domain.second_factors import SecondFactor, SecondFactorKind
from authserver.domain.sessions import Session
from authserver.flows.recovery_codes import RecoveryCodes
from tests.flows.browsing import Visit, path_of
from tests.support.known_randomness import KnownRandomness
from tests.support.provider import Provider

PASSWORD = "seven quiet harbours"
NEW_PASSWORD = "eleven loud mountains"
HASHER = Argon2Hasher(memory_kib=7168, iterations=1, parallelism=1)


def allow_passwords(provider: Provider) -> None:
    """Let people sign in by password, too."""
    methods = [{"identifier": "email", "password": True, "verificationCode": True}]
    provider.server.experience.set({"signIn": {"methods": methods}})


def account_of(provider: Provider, email: str) -> Account:
    """Return an account whose mailbox was proven before."""
    known = [each for each in provider.server.accounts.list() if each.address.typed == email]
    account = known[0] if known else provider.server.accounts.create(email)
    with provider.server.storage.writing() as work:
        work.accounts.mark_proven(account.subject, provider.clock.now())
        work.commit()
    return account


def give_password(
    provider: Provider, email: str, password: str = PASSWORD, *, rests_on_mail: bool = False
) -> None:
    """Set the password of an account."""
    stored = StoredPassword(
        subject=account_of(provider, email).subject,
        hash=HASHER.hash(password),
        rests_on_mail=rests_on_mail,
        changed_at=provider.clock.now(),
    )
    with provider.server.storage.writing() as work:
        work.passwords.put(stored)
        work.commit()


def give_second_factor(provider: Provider, email: str) -> Sequence[str]:
    """Switch mail on as the second factor; return the recovery codes that came with it."""
    account = account_of(provider, email)
    made = RecoveryCodes(hasher=HASHER, randomness=KnownRandomness(7)).make(
        account.subject, provider.clock.now()
    )
    with provider.server.storage.writing() as work:
        work.second_factors.add(
            SecondFactor(
                subject=account.subject,
                kind=SecondFactorKind.MAIL,
                created_at=provider.clock.now(),
            )
        )
        work.second_factors.replace_codes(account.subject, made.kept)
        work.commit()
    return [code.reveal() for code in made.shown]


def stored_password(provider: Provider, email: str) -> StoredPassword | None:
    """Return the password of an account as it is kept."""
    with provider.server.storage.reading() as work:
        return work.passwords.find(account_of(provider, email).subject)


def opens(provider: Provider, email: str, password: str) -> bool:
    """Tell whether the password is that of the account."""
    stored = stored_password(provider, email)
    return stored is not None and HASHER.matches(stored.hash, password)


def session_of(visit: Visit) -> Session:
    """Return the live session of a browser."""
    with visit.provider.server.storage.reading() as work:
        session = work.sessions.find_live(
            visit.session(),
            visit.provider.clock.now(),
            visit.provider.server.loaded.settings.lifetimes.lifetimes(),
        )
    assert session is not None
    return session


def proven_for_reset(provider: Provider, email: str, path: str = "/forgot-password") -> Visit:
    """Return a browser that has proven the mailbox for a new password."""
    visit = Visit.begin(provider, path)
    led_to = path_of(visit.enter(visit.code_for(email)))
    assert led_to == visit.base + "/new-password", led_to
    return visit


def by_code(
    provider: Provider, email: str, path: str = "/sign-in", *, source: str = "127.0.0.1"
) -> Visit:
    """Return a browser in which only the mailed code was shown."""
    visit = Visit.begin(provider, path, source=source)
    led_to = path_of(visit.enter(visit.code_for(email)))
    assert led_to == f"/sign-in/{visit.interaction}/second-step", led_to
    return visit


def where(response: httpx.Response) -> str:
    """Return the path of a page that was reached."""
    return urlsplit(str(response.url)).path
