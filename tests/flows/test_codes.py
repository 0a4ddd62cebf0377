from datetime import timedelta
from pathlib import Path

import pytest

from tests.flows.browsing import Visit, path_of, request_of_bookstore, signed_in, wrong
from tests.support.person import forms_of
from tests.support.provider import Provider, running_provider

ADA = "ada@example.com"
BOB = "bob@example.com"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def accepts(visit: Visit, code: str) -> bool:
    """Tell whether a code proves the mailbox: an unknown address is then offered an account."""
    return path_of(visit.enter(code)) == visit.base + "/create-account"


@pytest.mark.parametrize(("age", "works"), [(10 * MINUTE - SECOND, True), (10 * MINUTE, False)])
def test_a_code_works_for_ten_minutes(
    either_provider: Provider, age: timedelta, *, works: bool
) -> None:
    visit = Visit.begin(either_provider)
    code = visit.code_for(ADA)

    either_provider.clock.advance(age)

    assert accepts(visit, code) is works
    if not works:
        assert visit.form().outcome == "expired"


def test_a_resend_does_not_extend_the_life_of_a_code(provider: Provider) -> None:
    visit = Visit.begin(provider)
    visit.code_for(ADA)
    provider.clock.advance(9 * MINUTE)
    visit.send("/resend")
    code = provider.code_for(ADA)

    provider.clock.advance(MINUTE)

    assert visit.outcome_of(code) == ("expired", None)


def test_an_expired_code_is_followed_by_a_new_one_only_once_it_is_asked_for(
    provider: Provider,
) -> None:
    visit = Visit.begin(provider)
    first = visit.code_for(ADA)
    provider.clock.advance(10 * MINUTE)

    assert "Send a new code" in visit.page().text
    assert len(provider.mails(ADA)) == 1
    assert path_of(visit.send("/resend")) == visit.base + "/code"
    second = provider.code_for(ADA)
    assert second != first
    assert visit.outcome_of(first) == ("wrong", 4)
    assert accepts(visit, second)


def test_five_wrong_codes_exhaust_a_verification_and_then_the_right_one_is_refused(
    either_provider: Provider,
) -> None:
    visit = Visit.begin(either_provider)
    code = visit.code_for(ADA)

    told = [visit.outcome_of(wrong(code, by)) for by in range(1, 6)]

    assert told == [("wrong", 4), ("wrong", 3), ("wrong", 2), ("wrong", 1), ("exhausted", 0)]
    assert visit.outcome_of(code)[0] == "exhausted"
    assert visit.session() is None
    assert "Too many wrong codes" in visit.page().text


@pytest.mark.parametrize(
    "entered",
    [
        "",
        "12345",
        "1234567",
        "abcdef",
        "\uff11\uff12\uff13\uff14\uff15",
        "9" * 300,
        "123456 or 234567",
        "\N{SNOWMAN}",
    ],
)
def test_what_is_not_shaped_like_a_code_costs_no_try(provider: Provider, entered: str) -> None:
    visit = Visit.begin(provider)
    code = visit.code_for(ADA)

    assert [visit.outcome_of(entered) for _ in range(6)] == [("malformed", 5)] * 6
    assert accepts(visit, code)


def test_a_pasted_line_with_the_code_is_understood(provider: Provider) -> None:
    visit = Visit.begin(provider)
    code = visit.code_for(ADA)

    assert accepts(visit, f"{code[:3]} {code[3:]} is your authserver sign-in code")


def test_a_page_never_shows_an_entered_code_again(provider: Provider) -> None:
    visit = Visit.begin(provider)
    code = visit.code_for(ADA)

    for entered in (wrong(code), code + "1"):
        visit.enter(entered)
        assert entered not in visit.page().text


def test_a_code_works_once(either_provider: Provider) -> None:
    visit = Visit.begin(either_provider)
    code = visit.code_for(ADA)

    assert accepts(visit, code)
    # Entered again it spends nothing, and leads to the question that is still open.
    assert path_of(visit.http.get(visit.enter(code).headers["location"])) == (
        visit.base + "/create-account"
    )
    assert visit.session() is None
    assert path_of(visit.decide()) == f"/oidc/auth/{visit.interaction}"
    assert path_of(visit.enter(code)) == f"/oidc/auth/{visit.interaction}"
    assert path_of(visit.decide()) == f"/oidc/auth/{visit.interaction}"
    assert [account.address.typed for account in either_provider.server.accounts.list()] == [ADA]


def test_a_code_of_another_browser_is_wrong_and_costs_a_try(provider: Provider) -> None:
    mine, theirs = Visit.begin(provider), Visit.begin(provider)
    my_code = mine.code_for(ADA)
    their_code = theirs.code_for(ADA)

    assert my_code != their_code
    assert mine.outcome_of(their_code) == ("wrong", 4)
    assert accepts(theirs, their_code)
    assert accepts(mine, my_code)


def test_a_code_of_another_tab_for_another_client_is_wrong(provider: Provider) -> None:
    first = Visit.begin(provider, request_of_bookstore(provider))
    second = Visit.begin(provider, request_of_bookstore(provider), http=first.http)
    code = first.code_for(ADA)
    second.code_for(ADA)

    assert second.outcome_of(code) == ("wrong", 4)
    assert accepts(first, code)


def test_a_code_for_signing_in_does_not_register(provider: Provider) -> None:
    sign_in = Visit.begin(provider)
    code = sign_in.code_for(ADA)
    register = Visit(provider, sign_in.http, f"/register/{sign_in.interaction}", sign_in.fields)

    assert path_of(register.enter(code)) == register.base
    provider.clock.advance(30 * SECOND)
    assert path_of(register.ask(ADA)) == register.base + "/code"
    assert register.outcome_of(code) == ("wrong", 4)
    assert path_of(sign_in.enter(code)) == sign_in.base


@pytest.mark.parametrize(
    "suffix", ["", "/code", "/resend", "/restart", "/create-account", "/cancel"]
)
def test_an_interaction_without_its_cookie_is_gone(provider: Provider, suffix: str) -> None:
    owner = Visit.begin(provider)
    code = owner.code_for(ADA)
    thief = Visit(provider, provider.http(), owner.base, owner.hidden())

    assert thief.http.get(thief.base).status_code == 410
    assert thief.http.get(thief.base + "/code").status_code == 410
    assert thief.send(suffix, email=BOB, code=code).status_code == 410
    assert thief.session() is None
    assert accepts(owner, code)


@pytest.mark.parametrize("interaction", ["unknown", "%00", "%ff", "x" * 300, "%F0%9F%98%80"])
def test_an_interaction_there_is_not_is_gone(either_provider: Provider, interaction: str) -> None:
    browser = either_provider.http()

    for path in (f"/sign-in/{interaction}", f"/register/{interaction}/code"):
        assert browser.get(path).status_code == 410
    assert browser.get(f"/oidc/auth/{interaction}").status_code == 410


def test_an_interaction_ends_after_an_hour_and_leads_back_to_its_client(
    provider: Provider,
) -> None:
    visit = Visit.begin(provider, request_of_bookstore(provider))
    visit.hidden()
    provider.clock.advance(timedelta(minutes=60))

    for answer in (visit.page(), visit.ask(ADA)):
        assert answer.status_code == 410
        assert "Continue to <bdi>Bookstore</bdi>" in answer.text


def test_another_address_takes_the_place_of_the_first(either_provider: Provider) -> None:
    visit = Visit.begin(either_provider)
    first = visit.code_for(ADA)

    assert path_of(visit.send("/restart")) == visit.base
    assert path_of(visit.enter(first)) in {visit.base, visit.base + "/code"}
    assert 'name="email"' in visit.page().text
    second = visit.code_for(BOB)
    assert visit.outcome_of(first) == ("wrong", 4)
    assert accepts(visit, second)


def test_an_address_typed_over_on_the_first_page_takes_the_place_of_the_first(
    provider: Provider,
) -> None:
    visit = Visit.begin(provider)
    first = visit.code_for(ADA)
    second = visit.code_for(BOB)

    assert visit.outcome_of(first) == ("wrong", 4)
    assert accepts(visit, second)


@pytest.mark.parametrize(
    ("code_class", "symbols"), [("digits6", 6), ("digits8", 8), ("base32", 13)]
)
def test_codes_of_every_length_sign_in(
    sqlite_database: str, tmp_path: Path, code_class: str, symbols: int
) -> None:
    settings = {"AUTHSERVER_CODES__START_CLASS": code_class}
    with running_provider(tmp_path, sqlite_database, settings=settings) as provider:
        visit = Visit.begin(provider)
        code = visit.code_for(ADA)

        assert len(code.replace("-", "")) == symbols
        assert accepts(visit, f" {code.lower()} ")


def test_the_numbers_of_the_settings_are_in_force(sqlite_database: str, tmp_path: Path) -> None:
    settings = {"AUTHSERVER_CODES__TRIES": "2", "AUTHSERVER_CODES__LIFE": "90s"}
    with running_provider(tmp_path, sqlite_database, settings=settings) as provider:
        visit = Visit.begin(provider)
        code = visit.code_for(ADA)

        assert visit.outcome_of(wrong(code)) == ("wrong", 1)
        provider.clock.advance(89 * SECOND)
        assert accepts(visit, code)


def test_signing_in_again_needs_no_question(provider: Provider) -> None:
    signed_in(provider, ADA)
    visit = Visit.begin(provider)

    answer = visit.enter(visit.code_for(ADA))

    assert path_of(answer) == f"/oidc/auth/{visit.interaction}"
    assert path_of(visit.http.get(answer.headers["location"])) == "/account"
    assert ADA in visit.http.get("/account").text


@pytest.mark.parametrize(
    "typed", ["", "ada", "ada@", "a@b@example.com", "ada@example.com,bob@example.com", "x" * 400]
)
def test_an_address_that_is_none_is_refused_at_its_field(provider: Provider, typed: str) -> None:
    visit = Visit.begin(provider)

    assert path_of(visit.ask(typed)) == visit.base
    forms = forms_of(visit.page())
    assert forms[0].outcome == "address_invalid"
    assert forms[0].fields["email"] == typed[:254]
