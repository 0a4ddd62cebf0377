"""`/api/v1/verifications`: a service asks for a proof of a mailbox and is told yes or no."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from authserver.administration.api_resources import ApiChanges
from authserver.domain.api_resources import OWN_API, VERIFICATIONS, ApiScope, Permission
from authserver.domain.clients import ClientKind
from tests.flows.browsing import Visit
from tests.flows.statements import statements_of
from tests.oidc.relying_party import RelyingParty, body_of
from tests.support.back_end import (
    PATH,
    ROLE,
    BackEnd,
    new_service,
    problem_of,
    token_request,
    told,
)
from tests.support.provider import ENDPOINT, Provider, running_provider

ADA = "Ada@example.com"
BOB = "bob@example.com"


@pytest.fixture
def provider(either_provider: Provider) -> Provider:
    return either_provider


@pytest.fixture
def shop(provider: Provider) -> BackEnd:
    return back_end_of(provider)


def back_end_of(provider: Provider, *, source: str = "192.0.2.7") -> BackEnd:
    made = new_service(provider.server, provider.endpoint)
    return BackEnd(provider.http(source=source), made, provider.endpoint)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


def test_a_mailbox_is_proven_once_and_the_code_is_in_no_answer(
    provider: Provider, shop: BackEnd
) -> None:
    began = shop.start(ADA, locale="de-AT", source="203.0.113.9")
    name = told(began, 201)["id"]
    mail = provider.next_mail(ADA)
    code = str(mail["code"])

    first, again = told(shop.enter(name, code)), told(shop.enter(name, code))

    assert began.headers["location"] == f"{PATH}/{name}"
    assert first == {"verified": True, "outcome": "verified", "email": ADA, "tries_left": 4}
    assert (again["verified"], again["outcome"]) == (False, "already_used")
    assert told(shop.show(name))["state"] == "verified"
    assert mail["usage_type"] == "Generic"
    assert "Newsletter" in mail["text"]
    assert "gilt noch" in mail["text"]
    assert code not in began.text


def test_what_a_service_is_told_of_a_verification(provider: Provider, shop: BackEnd) -> None:
    began = told(shop.start(ADA), 201)

    now = provider.clock.now()
    assert began == {
        "id": began["id"],
        "email": ADA,
        "state": "pending",
        "code_class": "digits6",
        "tries_left": 5,
        "mails_left": 4,
        "next_mail_at": f"{now + timedelta(seconds=30):%Y-%m-%dT%H:%M:%S.000Z}",
        "expires_at": f"{now + timedelta(minutes=10):%Y-%m-%dT%H:%M:%S.000Z}",
    }
    assert told(shop.show(began["id"])) == began


def test_no_account_is_needed_and_none_is_made(provider: Provider, shop: BackEnd) -> None:
    name = shop.started(ADA)

    assert told(shop.enter(name, provider.code_for(ADA)))["verified"]

    assert provider.server.accounts.list() == []


def test_wrong_codes_count_until_none_is_compared_any_more(
    provider: Provider, shop: BackEnd
) -> None:
    name = shop.started(ADA)
    code = provider.code_for(ADA)

    answers = [told(shop.enter(name, wrong(code))) for _ in range(5)]

    assert [each["tries_left"] for each in answers] == [4, 3, 2, 1, 0]
    assert [each["outcome"] for each in answers] == ["wrong"] * 4 + ["exhausted"]
    late = told(shop.enter(name, code))
    assert (late["verified"], late["outcome"]) == (False, "exhausted")
    assert told(shop.show(name))["state"] == "exhausted"


def test_an_entry_that_is_no_code_costs_no_try(provider: Provider, shop: BackEnd) -> None:
    name = shop.started(ADA)
    code = provider.code_for(ADA)

    malformed = told(shop.enter(name, "12345"))
    forgiven = told(shop.enter(name, f" {code[:3]} {code[3:]} "))

    assert (malformed["outcome"], malformed["tries_left"]) == ("malformed", 5)
    assert forgiven["verified"]


def test_a_code_expires_and_the_same_verification_gets_another_one(
    provider: Provider, shop: BackEnd
) -> None:
    name = shop.started(ADA)
    old = provider.code_for(ADA)
    provider.clock.advance(timedelta(minutes=10))
    expired = told(shop.enter(name, old))

    renewed = told(shop.resend(name))
    new = provider.code_for(ADA)

    assert (expired["verified"], expired["outcome"]) == (False, "expired")
    assert renewed["state"] == "pending"
    assert not told(shop.enter(name, old))["verified"]
    assert told(shop.enter(name, new))["verified"]


def test_a_code_is_sent_again_after_a_wait_and_never_once_it_was_right(
    provider: Provider, shop: BackEnd
) -> None:
    name = shop.started(ADA)
    code = provider.code_for(ADA)

    early = shop.resend(name)
    provider.clock.advance(timedelta(seconds=30))
    again = told(shop.resend(name))

    assert problem_of(early, 429) == "cooling_down"
    assert early.headers["retry-after"] == "30"
    assert again["mails_left"] == 3
    assert provider.code_for(ADA) == code
    assert told(shop.enter(name, code))["verified"]
    provider.clock.advance(timedelta(minutes=2))
    assert problem_of(shop.resend(name), 409) == "already_used"


def test_a_verification_is_that_of_its_client_alone(provider: Provider, shop: BackEnd) -> None:
    other = back_end_of(provider)
    name = shop.started(ADA)
    code = provider.code_for(ADA)
    others = other.started(ADA)

    for answer in (other.show(name), other.resend(name), other.enter(name, code)):
        assert problem_of(answer, 404) == "verification_unknown"
    foreign = told(other.enter(others, code))

    assert (foreign["outcome"], foreign["tries_left"]) == ("wrong", 4)
    assert told(shop.show(name))["tries_left"] == 5
    assert told(shop.enter(name, code))["verified"]


def test_neither_pages_nor_the_authorization_endpoint_know_it(
    provider: Provider, shop: BackEnd
) -> None:
    name = shop.started(ADA)
    browser = provider.http()

    for path in (f"/sign-in/{name}", f"/register/{name}", f"/oidc/auth/{name}"):
        assert browser.get(path, follow_redirects=False).status_code == 410

    visit = Visit.begin(provider)
    assert problem_of(shop.show(visit.base.rpartition("/")[2]), 404) == "verification_unknown"


def test_codes_are_renewed_for_an_hour_and_each_lives_out_its_time(
    provider: Provider, shop: BackEnd
) -> None:
    name, other = shop.started(ADA), shop.started(BOB)
    provider.code_for(ADA)
    provider.clock.advance(timedelta(minutes=59, seconds=59))
    shop.renew_token()
    told(shop.resend(name))
    code = provider.code_for(ADA)

    provider.clock.advance(timedelta(seconds=1))
    assert problem_of(shop.resend(other), 404) == "verification_unknown"
    provider.clock.advance(timedelta(minutes=9, seconds=58))

    assert told(shop.enter(name, code))["verified"]
    provider.clock.advance(timedelta(seconds=2))
    for answer in (shop.show(name), shop.enter(name, code)):
        assert problem_of(answer, 404) == "verification_unknown"


def test_a_new_code_that_meets_the_right_one_is_not_begun(
    postgres_database: str, tmp_path: Path
) -> None:
    """The right code arrives in time and waits for a lock, `resend` comes after the time."""
    with running_provider(tmp_path, postgres_database) as provider:
        shop, beside = back_end_of(provider), provider.http()
        name = shop.started(ADA)
        code = provider.code_for(ADA)
        provider.clock.advance(timedelta(minutes=9, seconds=59))
        with ThreadPoolExecutor() as pool, provider.server.storage.writing() as work:
            work.verifications.hold_of_address(ADA.lower())
            entering = pool.submit(shop.enter, name, code)
            wait_for_locks(provider, 1)
            provider.clock.advance(timedelta(seconds=2))
            resending = pool.submit(beside.post, f"{PATH}/{name}/resend", headers=shop.headers)
            wait_for_locks(provider, 2)
            work.commit()

        assert told(entering.result())["verified"]
        assert problem_of(resending.result(), 409) == "already_used"
        assert told(shop.show(name))["state"] == "verified"
        assert len(provider.mails(ADA)) == 1


def wait_for_locks(provider: Provider, number: int) -> None:
    """Wait until so many of the server's connections wait for somebody's lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database()"
    )
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with provider.server.storage.reading() as work:
            if work.connection.execute(waiting).scalar_one() >= number:
                return
        time.sleep(0.01)
    raise AssertionError(f"no {number} connections wait for a lock")


def test_failures_count_for_the_address_beside_those_in_browsers(
    provider: Provider, shop: BackEnd
) -> None:
    for number in range(4):
        name = shop.started(BOB, source=f"203.0.113.{number}")
        code = provider.code_for(BOB)
        for _ in range(5):
            assert not told(shop.enter(name, wrong(code)))["verified"]

    name = shop.started(BOB, source="203.0.113.200")

    assert told(shop.show(name))["code_class"] == "digits8"
    assert told(shop.enter(name, provider.code_for(BOB)))["verified"]


def test_a_code_that_became_too_short_is_not_compared_and_a_longer_one_follows(
    provider: Provider, shop: BackEnd
) -> None:
    name = shop.started(BOB)
    short = provider.code_for(BOB)
    for number in range(4):
        other = shop.started(BOB, source=f"203.0.113.{number}")
        code = provider.code_for(BOB)
        for _ in range(5):
            shop.enter(other, wrong(code))

    state = told(shop.show(name))["state"]
    judged = told(shop.enter(name, short))
    told_again = told(shop.show(name))["state"]
    provider.clock.advance(timedelta(seconds=30))
    longer = told(shop.resend(name))

    assert state == told_again == "longer_code_needed"
    assert (judged["verified"], judged["outcome"]) == (False, "longer_code_needed")
    assert judged["tries_left"] == 5
    assert longer["code_class"] == "digits8"
    assert told(shop.enter(name, provider.code_for(BOB)))["verified"]


def test_an_address_gets_no_more_mails_than_from_browsers(shop: BackEnd) -> None:
    for number in range(7):
        told(shop.start(BOB, source=f"203.0.113.{number}"), 201)

    limited = shop.start(BOB, source="203.0.113.100")

    assert problem_of(limited, 429) == "address_limited"
    assert int(limited.headers["retry-after"]) % 600 == 0


def test_sources_are_those_that_the_service_names_and_otherwise_its_own(
    provider: Provider, shop: BackEnd
) -> None:
    for _ in range(3):
        told(shop.start(BOB, source="2001:db8:1:2::1"), 201)

    assert problem_of(shop.start(BOB, source="2001:db8:1:2:3::9"), 429) == "address_limited"
    told(shop.start(BOB), 201)
    with provider.server.storage.reading() as work:
        rows = work.connection.execute(
            text("SELECT DISTINCT source FROM verifications ORDER BY source")
        )
        assert [row.source for row in rows] == ["192.0.2.7", "2001:db8:1:2::/64"]


def test_a_source_may_begin_so_many_in_an_hour(
    provider_with: Callable[..., Provider],
) -> None:
    shop = back_end_of(provider_with(STARTS__PER_SOURCE_HOUR=2))
    for number in range(2):
        told(shop.start(f"{number}@example.com"), 201)

    assert problem_of(shop.start(BOB), 429) == "source_limited"
    told(shop.start(BOB, source="203.0.113.5"), 201)


def test_the_instance_has_its_ceiling(provider_with: Callable[..., Provider]) -> None:
    shop = back_end_of(provider_with(MAILS__PER_DAY=1))
    told(shop.start(ADA), 201)

    assert problem_of(shop.start(BOB), 429) == "instance_limited"


def test_a_suspended_account_gets_no_code(provider: Provider, shop: BackEnd) -> None:
    provider.server.accounts.create(BOB)
    provider.server.accounts.suspend(BOB)

    name = shop.started(BOB)

    assert provider.next_mail(BOB)["usage_type"] == "Suspended"
    assert told(shop.show(name))["state"] == "pending"


def test_account_and_none_have_the_same_answers_and_statements(
    provider: Provider, shop: BackEnd
) -> None:
    provider.server.accounts.create(BOB)
    seen = []
    for email in (BOB, "eve@example.com"):
        shop.started("warm@example.com", source="203.0.113.1")
        with statements_of(provider) as statements:
            answer = shop.start(email, source="203.0.113.2")
        body = {**told(answer, 201), "id": "", "email": ""}
        seen.append((body, answer.headers["content-type"], statements))

    assert seen[0] == seen[1]


def tokens_that_are_not_good(provider: Provider) -> dict[str, tuple[str, int, str]]:
    """Return tokens by what is wrong with them, with status and error."""
    made = new_service(provider.server, provider.endpoint)
    http = provider.http()
    opaque = body_of(http.send(token_request(made, ENDPOINT, resource="", scope="")))
    plain = provider.server.clients.create(name="Other", kind=ClientKind.SERVICE)
    without = body_of(http.send(token_request(plain, ENDPOINT, scope="")))
    return {
        "made up": ("no-token", 401, "invalid_token"),
        "opaque": (opaque["access_token"], 401, "invalid_token"),
        "without the scope": (without["access_token"], 403, "insufficient_scope"),
        "of a person": (token_of_person(provider), 403, "insufficient_scope"),
        "an ID token": (id_token(provider), 401, "invalid_token"),
    }


def token_of_person(provider: Provider) -> str:
    provider.server.accounts.create("eve@example.com")
    provider.server.roles.assign_to_account(ROLE, "eve@example.com")
    client = RelyingParty.registered(provider)
    api = provider.endpoint + OWN_API
    asked = {"scope": f"openid {VERIFICATIONS}", "resource": api}
    code = client.sign_in(None, "eve@example.com", **asked)
    body = body_of(client.exchange(code, resource=api))
    assert body["scope"] == VERIFICATIONS
    return str(body["access_token"])


def id_token(provider: Provider) -> str:
    return str(RelyingParty.registered(provider).tokens()["id_token"])


def test_only_a_token_of_a_service_for_this_api_with_the_scope_is_good(provider: Provider) -> None:
    http = provider.http()
    for what, (token, status, error) in tokens_that_are_not_good(provider).items():
        headers = {"Authorization": f"Bearer {token}"}
        answer = http.post(PATH, headers=headers, json={"email": ADA})

        assert problem_of(answer, status) == error, what
        assert f'error="{error}"' in answer.headers["www-authenticate"]
        assert token not in answer.text
    bare = http.post(PATH, json={"email": ADA})
    assert problem_of(bare, 401) == "invalid_token"
    assert bare.headers["www-authenticate"] == 'Bearer realm="authserver"'
    assert provider.mails(ADA) == []


def test_a_token_ends_with_its_client_and_with_its_revocation(
    provider: Provider, shop: BackEnd
) -> None:
    made = new_service(provider.server, provider.endpoint)
    other = BackEnd(provider.http(), made, provider.endpoint)
    RelyingParty(provider, made).revoke(other.token)
    provider.server.clients.delete(shop.id)

    for gone in (shop, other):
        assert problem_of(gone.start(ADA), 401) == "invalid_token"


def test_a_token_of_another_api_is_refused(provider: Provider) -> None:
    books = "https://books.example/api"
    provider.server.apis.create(
        books, ApiChanges(name="Books", scopes=[ApiScope(name=VERIFICATIONS)])
    )
    made = new_service(provider.server, provider.endpoint)
    provider.server.roles.create("books", "", [Permission(books, VERIFICATIONS)])
    provider.server.roles.assign_to_client("books", made.client.id)
    http = provider.http()
    token = body_of(http.send(token_request(made, ENDPOINT, resource=books)))["access_token"]

    answer = http.post(PATH, headers={"Authorization": f"Bearer {token}"}, json={"email": ADA})

    assert problem_of(answer, 401) == "invalid_token"


BAD_BODIES: dict[str, tuple[bytes, str, int, str]] = {
    "no JSON": (b"{", "application/json", 400, "invalid_request"),
    "no UTF-8": (b'{"email": "\xff"}', "application/json", 400, "invalid_request"),
    "no object": (b'["ada@example.com"]', "application/json", 400, "invalid_request"),
    "too deep": (b"[" * 15_000, "application/json", 400, "invalid_request"),
    "too large": (b" " * 20_000, "application/json", 413, "invalid_request"),
    "a form": (b"email=a%40b.example", "application/x-www-form-urlencoded", 415, "invalid_request"),
    "nothing": (b"", "", 415, "invalid_request"),
    "no address": (b"{}", "application/json", 400, "address_invalid"),
    "two addresses": (
        b'{"email": "a@b.example,c@d.example"}',
        "application/json",
        400,
        "address_invalid",
    ),
    "half a symbol": (
        b'{"email": "a\\ud800@b.example"}',
        "application/json",
        400,
        "address_invalid",
    ),
    "an address twice": (
        b'{"email": "a@b.example", "email": "c@d.example"}',
        "application/json",
        400,
        "invalid_request",
    ),
    "a number": (b'{"email": 5}', "application/json", 400, "invalid_request"),
    "another member": (
        b'{"email": "a@b.example", "sauce": "x"}',
        "application/json",
        400,
        "invalid_request",
    ),
    "no source": (
        b'{"email": "a@b.example", "source": "here"}',
        "application/json",
        400,
        "invalid_request",
    ),
}


@pytest.mark.parametrize("what", BAD_BODIES)
def test_what_cannot_be_read_is_a_problem(shop: BackEnd, what: str) -> None:
    content, media_type, status, name = BAD_BODIES[what]

    answer = shop.http.post(
        PATH, content=content, headers={**shop.headers, "Content-Type": media_type}
    )

    assert problem_of(answer, status) == name


def test_codes_that_are_no_texts_are_problems(shop: BackEnd) -> None:
    path = f"{PATH}/{shop.started(ADA)}/code"
    for body in ({}, {"code": 123456}, {"code": None}, {"code": "123456", "email": ADA}):
        answer = shop.http.post(path, headers=shop.headers, json=body)
        assert problem_of(answer, 400) == "invalid_request"
    odd = shop.http.post(path, headers=shop.headers, content=b'{"code": "\\ud800\\u0000"}')
    assert odd.status_code == 415
    headers = {**shop.headers, "Content-Type": "application/json; charset=utf-8"}
    odd = shop.http.post(path, headers=headers, content=b'{"code": "\\ud800\\u0000"}')
    assert told(odd)["outcome"] == "malformed"


def test_what_does_not_exist_is_a_problem(shop: BackEnd) -> None:
    assert problem_of(shop.show("a" * 22), 404) == "verification_unknown"
    assert problem_of(shop.show("%00"), 404) == "verification_unknown"
    for path in (OWN_API, f"{OWN_API}/accounts"):
        assert problem_of(shop.http.get(path), 404) == "invalid_request"
    wrong_method = shop.http.get(PATH, headers=shop.headers)
    assert problem_of(wrong_method, 405) == "invalid_request"
    assert wrong_method.headers["allow"] == "POST"
