"""The browser in which the owner has signed in: what it keeps, and what ends it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from authserver.domain.interactions import InteractionId
from tests.flows.browsing import OWN_FORM, Visit, path_of, signed_in, wrong
from tests.support.person import forms_of
from tests.support.provider import Provider, running_provider

EMAIL = "anna@example.com"
OTHER = "berta@example.com"
DEVICE = "authserver-device"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ROOM = {
    "AUTHSERVER_CODES__MAILS__PER_ADDRESS_DAY": "1000",
    "AUTHSERVER_CODES__MAILS__PER_SOURCE_AND_ADDRESS": "1000",
    "AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "100000",
    "AUTHSERVER_CODES__SPRAY__MIN_WRONG": "10000",
}
FEW_DEVICES = {"AUTHSERVER_CODES__DEVICES__MAX": "2"}
STRICT_FROM_THE_START = {"AUTHSERVER_CODES__BUDGET__DIGITS8_FROM": "5"}


@pytest.fixture
def roomy(any_database: str, tmp_path: Path) -> Iterator[Provider]:
    """Return a server whose mail limits leave room; strangers get long codes after 5 failures."""
    settings = ROOM | FEW_DEVICES | STRICT_FROM_THE_START
    with running_provider(tmp_path, any_database, settings=settings) as running:
        yield running


def owner_of(provider: Provider, email: str = EMAIL) -> httpx.Client:
    """Return a browser in which the owner of the address has just signed in."""
    return signed_in(provider, email).http


def asking(provider: Provider, http: httpx.Client | None = None, email: str = EMAIL) -> Visit:
    """Return a visit at the code page, its mail read."""
    visit = Visit.begin(provider, http=http)
    visit.code_for(email)
    return visit


def length_for(provider: Provider, http: httpx.Client | None, email: str = EMAIL) -> int:
    """Return the length of the code that a browser gets."""
    return len(Visit.begin(provider, http=http).code_for(email).replace("-", ""))


def fail_five(provider: Provider, http: httpx.Client | None = None) -> None:
    """Enter five wrong codes for one verification."""
    visit = Visit.begin(provider, http=http)
    code = visit.code_for(EMAIL)
    for by in range(1, 6):
        visit.enter(wrong(code, by))


def sign_in_again(provider: Provider, http: httpx.Client, email: str = EMAIL) -> None:
    """Sign in once more with a mailed code, whatever its length."""
    visit = Visit.begin(provider, http=http)
    answer = visit.enter(visit.code_for(email))
    assert path_of(answer) == f"/oidc/auth/{visit.interaction}"


def with_device(provider: Provider, device: str | None) -> httpx.Client:
    """Return a browser that holds nothing but a device cookie."""
    http = provider.http()
    http.cookies.set(DEVICE, device or "", domain="localhost.local", path="/")
    return http


def device_of(http: httpx.Client) -> str | None:
    return http.cookies.get(DEVICE)


def test_a_browser_that_fails_too_often_becomes_a_stranger(roomy: Provider) -> None:
    owner = owner_of(roomy)
    fail_five(roomy)
    for _ in range(4):
        assert length_for(roomy, owner) == 6
        fail_five(roomy, owner)

    assert length_for(roomy, owner) == 8


def test_codes_asked_for_in_advance_give_a_recognised_browser_no_more_tries(
    roomy: Provider,
) -> None:
    owner = owner_of(roomy)
    fail_five(roomy)
    hoarded = []
    for _ in range(6):
        visit = Visit.begin(roomy, http=owner)
        hoarded.append((visit, visit.code_for(EMAIL)))

    outcomes = [
        visit.outcome_of(wrong(code, by))[0] for visit, code in hoarded for by in range(1, 6)
    ]

    assert outcomes.count("wrong") + outcomes.count("exhausted") == 20
    assert outcomes[20:] == ["longer_code_needed"] * 10
    assert hoarded[5][0].outcome_of(hoarded[5][1])[0] == "longer_code_needed"


def test_success_clears_the_browsers_own_failures(roomy: Provider) -> None:
    owner = owner_of(roomy)
    fail_five(roomy)
    for _ in range(3):
        fail_five(roomy, owner)

    sign_in_again(roomy, owner)
    for _ in range(3):
        fail_five(roomy, owner)

    assert length_for(roomy, owner) == 6


def test_success_in_a_recognised_browser_does_not_clear_the_failures_of_strangers(
    roomy: Provider,
) -> None:
    owner = owner_of(roomy)
    fail_five(roomy)

    sign_in_again(roomy, owner)

    assert length_for(roomy, None) == 8


def test_failures_in_a_recognised_browser_do_not_make_strangers_codes_longer(
    roomy: Provider,
) -> None:
    owner = owner_of(roomy)
    fail_five(roomy, owner)

    assert length_for(roomy, None) == 6


def test_a_browser_that_failed_too_often_is_recognised_anew_by_its_next_success(
    roomy: Provider,
) -> None:
    owner = owner_of(roomy)
    stolen = with_device(roomy, device_of(owner))
    fail_five(roomy)
    for _ in range(4):
        fail_five(roomy, stolen)
    assert length_for(roomy, owner) == 8

    sign_in_again(roomy, owner)

    assert length_for(roomy, owner) == 6
    assert length_for(roomy, stolen) == 8


def test_a_stolen_device_cookie_grants_no_session(roomy: Provider) -> None:
    thief = with_device(roomy, device_of(owner_of(roomy)))

    assert path_of(thief.get("/account")).startswith("/sign-in")


def test_a_stolen_device_cookie_is_worth_nothing_after_the_owners_next_sign_in(
    roomy: Provider,
) -> None:
    owner = owner_of(roomy)
    thief = roomy.http()
    thief.cookies.set(DEVICE, owner.cookies[DEVICE])
    fail_five(roomy)
    before = length_for(roomy, thief)

    signed_in(roomy, EMAIL, http=owner)

    assert before == 6
    assert length_for(roomy, thief) == 8
    assert length_for(roomy, owner) == 6


def test_in_the_same_browser_another_address_is_a_strangers(roomy: Provider) -> None:
    fail_five(roomy)
    berta = owner_of(roomy, OTHER)

    assert length_for(roomy, berta) == 8


def test_a_planted_device_cookie_is_not_kept_by_the_one_who_signs_in(roomy: Provider) -> None:
    planted = device_of(owner_of(roomy, OTHER))
    victim = with_device(roomy, planted)
    signed_in(roomy, EMAIL, http=victim)
    fail_five(roomy)

    assert device_of(victim) != planted
    assert length_for(roomy, victim) == 6
    assert length_for(roomy, with_device(roomy, planted)) == 8


def test_an_invented_device_cookie_makes_no_difference(roomy: Provider) -> None:
    owner_of(roomy)
    fail_five(roomy)

    assert length_for(roomy, with_device(roomy, "a-secret-of-the-attacker")) == 8


def test_two_people_at_one_browser_do_not_push_out_each_others_other_browsers(
    roomy: Provider,
) -> None:
    phone = owner_of(roomy)
    shared = roomy.http()
    for person in (EMAIL, OTHER, EMAIL, OTHER):
        roomy.clock.advance(MINUTE)
        signed_in(roomy, person, http=shared)
    fail_five(roomy)

    assert length_for(roomy, phone) == 6


def test_of_too_many_browsers_the_one_used_least_lately_is_a_stranger_again(
    roomy: Provider,
) -> None:
    browsers = []
    for _ in range(3):
        roomy.clock.advance(MINUTE)
        browsers.append(owner_of(roomy))
    fail_five(roomy)

    assert [length_for(roomy, each) for each in browsers] == [8, 6, 6]


@pytest.mark.parametrize("ending", ["suspend", "delete"])
def test_a_suspended_or_deleted_account_forgets_its_browsers(roomy: Provider, ending: str) -> None:
    owner = owner_of(roomy)
    fail_five(roomy)
    accounts = roomy.server.accounts
    if ending == "suspend":
        accounts.suspend(EMAIL)
        accounts.resume(EMAIL)
    else:
        accounts.delete(EMAIL)

    assert length_for(roomy, owner) == 8


def test_signing_out_does_not_end_recognition(roomy: Provider) -> None:
    owner = owner_of(roomy)
    fail_five(roomy)
    form = forms_of(owner.get("/account"))[0]
    owner.post("/account/sign-out", data=form.fields, headers=OWN_FORM)

    assert path_of(owner.get("/account")).startswith("/sign-in")
    assert length_for(roomy, owner) == 6


def test_whoever_signs_out_may_have_the_browser_forgotten(roomy: Provider) -> None:
    owner = owner_of(roomy)
    form = next(
        form
        for form in forms_of(owner.get("/oidc/session/end"))
        if form.action.path == "/oidc/session/end/confirm"
    )
    fail_five(roomy)

    done = owner.post(form.action, data=form.fields | {"forget_browser": "yes"}, headers=OWN_FORM)

    assert done.status_code == 200
    assert owner.cookies.get(DEVICE) is None
    roomy.clock.advance(MINUTE)
    assert length_for(roomy, owner) == 8


def test_a_browser_is_recognised_for_a_time_after_its_last_sign_in(roomy: Provider) -> None:
    owner = owner_of(roomy)
    roomy.clock.advance(179 * DAY)
    visit = Visit.begin(roomy, http=owner)
    again = visit.enter(visit.code_for(EMAIL))
    device = device_of(owner)
    roomy.clock.advance(179 * DAY)
    fail_five(roomy)

    in_time = length_for(roomy, with_device(roomy, device))
    roomy.clock.advance(DAY)
    fail_five(roomy)
    too_late = length_for(roomy, with_device(roomy, device))

    kept = [each for each in again.headers.get_list("set-cookie") if each.startswith(DEVICE)]
    assert f"Max-Age={180 * 24 * 3600}" in kept[0]
    assert (in_time, too_late) == (6, 8)


def test_recognised_browsers_keep_their_share_of_the_mails(either_provider: Provider) -> None:
    device = device_of(owner_of(either_provider))
    for machine in range(6):
        asking_from(either_provider, f"10.0.0.{machine}", 303)
    asking_from(either_provider, "10.0.1.1", 429)

    for machine in range(3):
        asking_from(either_provider, f"10.0.2.{machine}", 303, device)
    asking_from(either_provider, "10.0.2.9", 429, device)


def asking_from(provider: Provider, source: str, status: int, device: str | None = None) -> None:
    """Ask for a mail from a machine, and check the answer."""
    http = provider.http(source=source)
    if device is not None:
        http.cookies.set(DEVICE, device, domain="localhost.local", path="/")
    assert Visit.begin(provider, http=http).ask(EMAIL).status_code == status


def test_starts_of_a_recognised_browser_are_not_counted(any_database: str, tmp_path: Path) -> None:
    settings = ROOM | {"AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "1"}
    with running_provider(tmp_path, any_database, settings=settings) as provider:
        owner = owner_of(provider)

        assert Visit.begin(provider).ask(EMAIL).status_code == 429
        for _ in range(3):
            asking(provider, owner)
        assert Visit.begin(provider, http=owner).ask(OTHER).status_code == 429


def test_sending_a_code_again_that_is_too_short_by_now_sends_a_longer_one(
    roomy: Provider,
) -> None:
    early = asking(roomy)
    fail_five(roomy)
    roomy.clock.advance(MINUTE)

    assert path_of(early.send("/resend")) == early.base + "/code"
    code = roomy.code_for(EMAIL)

    assert len(code) == 8
    assert path_of(early.enter(code)) == early.base + "/create-account"


@pytest.mark.parametrize("entered", ["123456", "12345"])
def test_whoever_enters_a_code_too_short_by_now_is_told_so_each_time(
    roomy: Provider, entered: str
) -> None:
    early = asking(roomy)
    fail_five(roomy)

    assert early.outcome_of(entered)[0] == "longer_code_needed"
    assert early.outcome_of("654321")[0] == "longer_code_needed"
    assert tries_taken(roomy, early) == 0


def tries_taken(provider: Provider, visit: Visit) -> int:
    """Return how many tries of the visit's code have been counted."""
    with provider.server.storage.reading() as work:
        interaction = work.interactions.find(InteractionId(visit.interaction))
        assert interaction is not None
        verification = work.verifications.find(str(interaction.verification_id))
    assert verification is not None
    return verification.attempts


def test_the_owners_browser_is_not_bound_by_what_one_source_may_cause(
    either_provider: Provider,
) -> None:
    owner = signed_in(either_provider, "anna@example.com").http
    for _ in range(5):
        either_provider.clock.advance(timedelta(minutes=5))
        again = Visit.begin(either_provider, http=owner)
        again.enter(again.code_for("anna@example.com"))

    assert owner.get("/account").status_code == 200
