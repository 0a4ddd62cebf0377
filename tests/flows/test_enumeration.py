import re
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest

from authserver.crypto.deriver import Deriver
from authserver.crypto.key_ring import KeyRing
from authserver.domain.interactions import InteractionId
from tests.flows.browsing import Visit, path_of
from tests.flows.statements import statements_of
from tests.flows.with_passwords import choose, experience, give_password
from tests.support.known_randomness import KnownRandomness
from tests.support.provider import Provider

# All of one length, so that what they are told can be compared octet by octet.
KINDS = {
    "with account": "known_one@example.com",
    "not yet proven": "made_once@example.com",
    "without account": "strangers@example.com",
    "suspended": "suspended@example.com",
}
RANDOM = re.compile(r"[A-Za-z0-9_\-]{20,}|(?<=<bdi>)[0-9A-Z]{3}(?=</bdi>)")


@dataclass(frozen=True)
class Seen:
    """All that somebody outside can tell of an answer; random values are masked."""

    status: int
    headers: list[tuple[str, str]]
    body: str
    length: int
    statements: int


@pytest.fixture
def peopled(either_provider: Provider) -> Provider:
    for kind, email in KINDS.items():
        if kind != "without account":
            either_provider.server.accounts.create(email)
    either_provider.server.accounts.suspend(KINDS["suspended"])
    visit = Visit.begin(either_provider)
    visit.enter(visit.code_for(KINDS["with account"]))
    return either_provider


def seen(provider: Provider, email: str, ask: Callable[[], httpx.Response]) -> Seen:
    """Return what an answer shows, with the address masked."""
    with statements_of(provider) as statements:
        answer = ask()

    def masked(text: str) -> str:
        return RANDOM.sub("*", text.replace(email, "ADDRESS"))

    headers = [(name, masked(text)) for name, text in answer.headers.multi_items()]
    return Seen(
        answer.status_code, headers, masked(answer.text), len(answer.content), len(statements)
    )


def everything_seen(provider: Provider, email: str, path: str) -> dict[str, Seen]:
    """Walk the path with an address and without its code; return each answer."""
    visit = Visit.begin(provider, path)
    visit.hidden()
    steps: dict[str, Callable[[], httpx.Response]] = {
        "address": lambda: visit.ask(email),
        "code page": visit.page,
        "too early": lambda: visit.send("/resend"),
        "malformed": lambda: visit.enter("12"),
        "malformed page": visit.page,
    }
    return {step: seen(provider, email, ask) for step, ask in steps.items()}


def code_of(provider: Provider, visit: Visit) -> str:
    """Return the code of a visit, also where it was never mailed."""
    with provider.server.storage.reading() as work:
        interaction = work.interactions.find(InteractionId(visit.interaction))
        assert interaction is not None
        assert interaction.verification_id is not None
        verification = work.verifications.find(interaction.verification_id)
    assert verification is not None
    keys = KeyRing(provider.server.loaded.settings.secret_keys, KnownRandomness())
    code = Deriver(keys).code(verification)
    assert code is not None
    return code.reveal()


@pytest.mark.parametrize("path", ["/sign-in", "/register"])
def test_nobody_can_tell_by_the_answers_whether_an_address_has_an_account(
    peopled: Provider, path: str
) -> None:
    known, *others = [everything_seen(peopled, email, path) for email in KINDS.values()]

    for other in others:
        assert other == known


def seen_at_the_password_page(provider: Provider, email: str) -> dict[str, Seen]:
    """Walk to the password page with an address and enter a password that is none's."""
    visit = Visit.begin(provider)
    visit.hidden()
    steps: dict[str, Callable[[], httpx.Response]] = {
        "address": lambda: visit.ask(email),
        "password page": lambda: visit.page("/password"),
        "wrong": lambda: visit.send("/password", password="none of anybody's"),
        "wrong page": lambda: visit.page("/password"),
        "code instead": lambda: visit.send("", method="code"),
        "code page": visit.page,
    }
    return {step: seen(provider, email, ask) for step, ask in steps.items()}


def test_nobody_can_tell_by_a_wrong_password_whether_an_address_has_an_account(
    peopled: Provider,
) -> None:
    choose(peopled, experience())
    for kind, email in KINDS.items():
        if kind != "without account":
            give_password(peopled, email)
    seen_at_the_password_page(peopled, "somebodyelse1@example.com")  # reads the configuration

    known, *others = [seen_at_the_password_page(peopled, email) for email in KINDS.values()]

    for other in others:
        assert other == known


@pytest.mark.parametrize("path", ["/sign-in", "/register"])
@pytest.mark.parametrize("kind", ["mode", "lists"])
def test_nobody_can_tell_an_account_while_registration_is_restricted(
    peopled: Provider, path: str, kind: str
) -> None:
    lists = {"emailBlocklistPolicy": {"customBlocklist": ["example.com"]}}
    choose(peopled, {"signInMode": "SignIn"} if kind == "mode" else lists)
    everything_seen(peopled, "somebodyelse1@example.com", "/sign-in")

    known, *others = [everything_seen(peopled, email, path) for email in KINDS.values()]

    for other in others:
        assert other == known


def test_a_suspended_account_gets_a_mail_without_code_and_no_code_works(
    either_provider: Provider,
) -> None:
    email = KINDS["suspended"]
    either_provider.server.accounts.create(email)
    either_provider.server.accounts.suspend(email)
    visit = Visit.begin(either_provider)

    assert path_of(visit.ask(email)) == visit.base + "/code"
    mail = either_provider.next_mail(email)

    assert mail["usage_type"] == "Suspended"
    assert mail["code"] is None
    assert not re.search(r"\b\d{6}\b", mail["text"] + mail["subject"])
    assert visit.outcome_of(code_of(either_provider, visit)) == ("wrong", 4)


def test_suspending_an_account_voids_its_code_and_its_session(either_provider: Provider) -> None:
    email = KINDS["suspended"]
    either_provider.server.accounts.create(email)
    visit = Visit.begin(either_provider)
    code = visit.code_for(email)

    either_provider.server.accounts.suspend(email)

    assert visit.outcome_of(code)[0] == "replaced"
    assert visit.session() is None


def test_mails_without_a_code_can_be_switched_off(provider_with: Callable[..., Provider]) -> None:
    provider = provider_with(MAILS__TO_UNKNOWN="false")
    provider.server.accounts.create(KINDS["suspended"])
    provider.server.accounts.suspend(KINDS["suspended"])
    visits = {kind: Visit.begin(provider) for kind in ("suspended", "without account")}
    for kind, visit in visits.items():
        visit.ask(KINDS[kind])

    assert provider.next_mail(KINDS["without account"])["code"]

    assert provider.mails(KINDS["suspended"]) == []
    for visit in visits.values():
        assert "If this address can be used here" in visit.page().text
