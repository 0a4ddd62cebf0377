"""The second step: asked on every path, by another kind of factor, and counted."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from authserver.administration.mistakes import AccountInvalid
from authserver.domain.sessions import AuthenticationContext
from authserver.mail.outbox_folder import KeptMail
from tests.flows.browsing import Visit, path_of, request_of_bookstore, signed_in, wrong
from tests.flows.factors import (
    NEW_PASSWORD,
    PASSWORD,
    account_of,
    allow_passwords,
    by_code,
    give_password,
    give_second_factor,
    session_of,
    stored_password,
    where,
)
from tests.support.person import forms_of
from tests.support.provider import CALLBACK, Provider

ADA = "ada@example.com"
MINUTE = timedelta(minutes=1)
ONE, TWO = AuthenticationContext.ONE_FACTOR, AuthenticationContext.TWO_FACTORS


@pytest.fixture
def provider(provider: Provider) -> Provider:
    allow_passwords(provider)
    return provider


@pytest.fixture
def either_provider(either_provider: Provider) -> Provider:
    allow_passwords(either_provider)
    return either_provider


def by_password(provider: Provider, path: str = "/sign-in") -> Visit:
    """Return a browser in which only the password was shown."""
    visit = Visit.begin(provider, path)
    visit.send("", email=ADA, method="password")
    led_to = path_of(visit.send("/password", password=PASSWORD))
    assert led_to == visit.base + "/second-step", led_to
    return visit


def completed(visit: Visit) -> str:
    """Return where a finished sign-in leads."""
    return f"/oidc/auth/{visit.interaction}"


def test_after_the_password_a_mailed_code_is_the_second_step(either_provider: Provider) -> None:
    give_password(either_provider, ADA)
    give_second_factor(either_provider, ADA)
    visit = by_password(either_provider)
    assert visit.session() is None
    mail = either_provider.next_mail(ADA)
    assert mail["usage_type"] == "MfaVerification"

    answer = visit.send("/second-step", code=str(mail["code"]))

    assert path_of(answer) == completed(visit)
    session = session_of(visit)
    assert (session.amr, session.acr) == (("pwd", "otp", "mfa"), TWO)


def test_after_a_mailed_code_the_password_is_the_second_step_and_no_mail_is_offered(
    either_provider: Provider,
) -> None:
    give_password(either_provider, ADA)
    give_second_factor(either_provider, ADA)
    visit = by_code(either_provider, ADA)
    assert visit.session() is None
    page = visit.page("/second-step")
    assert "password" in forms_of(page)[0].fields
    assert path_of(visit.send("/second-step/resend")) == visit.base + "/second-step"
    assert len(either_provider.mails(ADA)) == 1

    answer = visit.send("/second-step", password=PASSWORD)

    assert path_of(answer) == completed(visit)
    session = session_of(visit)
    assert (session.amr, session.acr) == (("otp", "pwd", "mfa"), TWO)


@pytest.mark.parametrize("first", ["code", "password"])
def test_a_password_that_rests_on_mail_and_a_mailed_code_are_one_factor(
    provider: Provider, first: str
) -> None:
    give_password(provider, ADA, rests_on_mail=True)
    give_second_factor(provider, ADA)
    if first == "code":
        visit = by_code(provider, ADA)
        visit.send("/second-step", password=PASSWORD)
    else:
        visit = by_password(provider)
        visit.send("/second-step", code=provider.code_for(ADA))

    session = session_of(visit)

    assert (set(session.amr), session.acr) == ({"otp", "pwd"}, ONE)


@pytest.mark.parametrize(("first", "amr"), [("code", ("otp", "mfa")), ("password", ("pwd", "mfa"))])
def test_a_recovery_code_is_a_second_factor_beside_either_first_one(
    either_provider: Provider, first: str, amr: tuple[str, ...]
) -> None:
    give_password(either_provider, ADA, rests_on_mail=True)
    codes = give_second_factor(either_provider, ADA)
    visit = by_code(either_provider, ADA) if first == "code" else by_password(either_provider)
    assert visit.page("/recovery-code").status_code == 200

    answer = visit.send("/recovery-code", code=f" {codes[0].lower().replace('-', ' ')} ")

    assert path_of(answer) == completed(visit)
    session = session_of(visit)
    assert (session.amr, session.acr) == (amr, TWO)
    kinds = [mail["usage_type"] for mail in all_mails(either_provider)]
    assert "SecondFactorChanged" in kinds
    stored = stored_password(either_provider, ADA)
    assert stored is not None
    assert stored.rests_on_mail is (first == "code")


def all_mails(provider: Provider) -> list[dict[str, object]]:
    """Return all mails once the notice of a recovery code has arrived."""
    while not any(each["usage_type"] == "SecondFactorChanged" for each in provider.mails(ADA)):
        provider.next_mail(ADA)
    return [dict(each) for each in provider.mails(ADA)]


def test_a_recovery_code_works_once(either_provider: Provider) -> None:
    give_password(either_provider, ADA)
    codes = give_second_factor(either_provider, ADA)
    visit = by_code(either_provider, ADA)
    visit.send("/recovery-code", code=codes[0])
    either_provider.clock.advance(MINUTE)

    second = by_code(either_provider, ADA)
    answer = second.send("/recovery-code", code=codes[0])

    assert path_of(answer) == second.base + "/recovery-code"
    page = second.page("/recovery-code")
    assert (forms_of(page)[0].outcome, forms_of(page)[0].tries_left) == ("wrong", 4)
    assert second.session() is None


def test_a_second_factor_is_asked_on_every_path(provider: Provider) -> None:
    give_password(provider, ADA)
    give_second_factor(provider, ADA)

    register = Visit.begin(provider, "/register")
    assert path_of(register.enter(register.code_for(ADA))) == register.base + "/existing"
    assert path_of(register.send("/existing")) == f"/sign-in/{register.interaction}/second-step"
    provider.clock.advance(MINUTE)
    for_client = by_code(provider, ADA, request_of_bookstore(provider))
    answer = for_client.http.get(completed(for_client))

    assert register.session() is None
    assert path_of(answer) == for_client.base
    assert for_client.session() is None


def test_a_link_of_an_operator_signs_nobody_in_past_a_second_factor(provider: Provider) -> None:
    account_of(provider, ADA)
    link = provider.server.accounts.make_sign_in_link(ADA)
    give_second_factor(provider, ADA)
    browser = provider.http()

    shown = browser.get(f"/sign-in-link/{link.token.reveal()}")

    assert shown.status_code == 410
    with pytest.raises(AccountInvalid, match="second factor"):
        provider.server.accounts.make_sign_in_link(ADA)


@pytest.mark.parametrize("path", ["/second-step", "/recovery-code"])
def test_the_second_step_cannot_be_called_before_the_first(provider: Provider, path: str) -> None:
    give_password(provider, ADA)
    codes = give_second_factor(provider, ADA)
    visit = Visit.begin(provider)
    visit.code_for(ADA)

    assert where(visit.page(path)) == visit.base + "/code"
    assert path_of(visit.send(path, code=codes[0])) == visit.base
    assert path_of(visit.send(path, password=PASSWORD)) == visit.base
    assert visit.session() is None


def test_the_first_factor_is_worth_nothing_in_another_browser(provider: Provider) -> None:
    give_password(provider, ADA)
    codes = give_second_factor(provider, ADA)
    visit = by_code(provider, ADA)
    form = visit.hidden()
    stranger = provider.http()

    for path, typed in (
        ("/second-step", {"password": PASSWORD}),
        ("/recovery-code", {"code": codes[0]}),
    ):
        answer = stranger.post(
            visit.base + path, data=form | typed, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert answer.status_code == 410


def test_a_first_factor_serves_for_ten_minutes(provider: Provider) -> None:
    give_password(provider, ADA)
    give_second_factor(provider, ADA)
    visit = by_code(provider, ADA)

    provider.clock.advance(10 * MINUTE)

    assert path_of(visit.send("/second-step", password=PASSWORD)) == visit.base
    assert visit.session() is None


def test_a_first_factor_does_not_outlive_a_change_of_the_password(provider: Provider) -> None:
    give_password(provider, ADA)
    give_second_factor(provider, ADA)
    visit = by_password(provider)
    code = provider.code_for(ADA)

    provider.clock.advance(MINUTE)
    give_password(provider, ADA, NEW_PASSWORD)

    assert path_of(visit.send("/second-step", code=code)) == visit.base
    assert visit.session() is None


def test_an_account_suspended_between_the_steps_is_not_signed_in_to(
    either_provider: Provider,
) -> None:
    give_password(either_provider, ADA)
    codes = give_second_factor(either_provider, ADA)
    visit = by_code(either_provider, ADA)

    either_provider.server.accounts.suspend(ADA)

    assert path_of(visit.send("/second-step", password=PASSWORD)) == visit.base
    assert path_of(visit.send("/recovery-code", code=codes[0])) == visit.base
    assert visit.session() is None


def test_five_wrong_passwords_ask_for_the_first_factor_again_and_count(
    either_provider: Provider,
) -> None:
    give_password(either_provider, ADA)
    give_second_factor(either_provider, ADA)
    visit = by_code(either_provider, ADA)

    led_to = [path_of(visit.send("/second-step", password="not it")) for _ in range(5)]

    assert led_to == [visit.base + "/second-step"] * 4 + [visit.base]
    assert path_of(visit.send("/second-step", password=PASSWORD)) == visit.base
    assert visit.form().outcome == "exhausted"
    either_provider.clock.advance(MINUTE)
    # Failures of the second step count where those of the first one count.
    guess = Visit.begin(either_provider)
    guess.send("", email=ADA, method="password")
    for _ in range(5):
        guess.send("/password", password="nor this")
    assert "many wrong passwords" in guess.page("/password").text


def test_wrong_codes_of_the_second_step_count_as_all_codes_do(provider: Provider) -> None:
    give_password(provider, ADA)
    give_second_factor(provider, ADA)
    visit = by_password(provider)
    code = provider.code_for(ADA)

    led_to = {path_of(visit.send("/second-step", code=wrong(code, by))) for by in range(1, 6)}

    assert led_to == {visit.base + "/second-step"}
    assert forms_of(visit.page("/second-step"))[0].outcome == "exhausted"
    visit.send("/second-step", code=code)
    assert visit.session() is None


def test_what_is_no_recovery_code_costs_no_try(provider: Provider) -> None:
    give_password(provider, ADA)
    codes = give_second_factor(provider, ADA)
    visit = by_code(provider, ADA)

    for entered in ("", "123456", "x" * 500, "UUUU-UUUU-UUUU-UUUU", codes[0][:-1]):
        visit.send("/recovery-code", code=entered)
        assert forms_of(visit.page("/recovery-code"))[0].outcome == "malformed"

    assert path_of(visit.send("/recovery-code", code=codes[0])) == completed(visit)


def test_without_a_password_only_a_recovery_code_is_left_after_a_mailed_code(
    provider: Provider,
) -> None:
    codes = give_second_factor(provider, ADA)
    visit = by_code(provider, ADA)

    assert where(visit.page("/second-step")) == visit.base + "/recovery-code"

    assert path_of(visit.send("/recovery-code", code=codes[9])) == completed(visit)


def test_starting_over_forgets_the_first_factor(provider: Provider) -> None:
    give_password(provider, ADA)
    give_second_factor(provider, ADA)
    visit = by_code(provider, ADA)

    assert path_of(visit.send("/restart")) == visit.base

    assert where(visit.page("/second-step")) == visit.base
    assert path_of(visit.send("/second-step", password=PASSWORD)) == visit.base


def test_the_code_of_the_second_step_can_be_mailed_again(provider: Provider) -> None:
    give_password(provider, ADA)
    give_second_factor(provider, ADA)
    visit = by_password(provider)
    code = provider.code_for(ADA)
    early = visit.send("/second-step/resend")
    assert early.status_code == 429
    provider.clock.advance(MINUTE)

    assert path_of(visit.send("/second-step/resend")) == visit.base + "/second-step"

    assert provider.code_for(ADA) == code
    assert "same code again" in visit.page("/second-step").text
    answer = visit.http.get(visit.send("/second-step", code=code).headers["location"])
    assert path_of(answer) == "/account"


def test_a_code_for_signing_in_is_no_second_step(provider: Provider) -> None:
    give_password(provider, ADA)
    give_second_factor(provider, ADA)
    other = Visit.begin(provider)
    code = other.code_for(ADA)
    provider.clock.advance(MINUTE)
    visit = by_password(provider)
    provider.code_for(ADA)

    visit.send("/second-step", code=code)

    assert visit.session() is None


def test_an_operator_removes_a_second_factor_that_nobody_can_show_any_more(
    provider: Provider,
) -> None:
    give_password(provider, ADA)
    give_second_factor(provider, ADA)

    provider.server.accounts.remove_second_factor(ADA)

    visit = signed_in(provider, ADA)
    assert session_of(visit).acr is ONE


def test_a_sign_in_in_an_unknown_browser_is_told_in_the_language_of_the_account(
    provider: Provider,
) -> None:
    provider.server.accounts.create("eve@example.com", claims={"locale": "de"})
    signed_in(provider, "eve@example.com")
    provider.clock.advance(MINUTE)
    known = signed_in(provider, "eve@example.com")
    notices_of_new_browsers(provider, "eve@example.com")
    # Less than its lease: the mail is there a moment before it is settled.
    provider.clock.advance(MINUTE / 2)

    signed_in(provider, "eve@example.com", http=known.http)

    told = notices_of_new_browsers(provider, "eve@example.com")
    assert len(told) == 1
    assert 'lang="de"' in told[0]["html"]


def notices_of_new_browsers(provider: Provider, email: str) -> list[KeptMail]:
    """Return the notices about unknown browsers, once there is one."""
    give_up_at = time.monotonic() + 10
    while time.monotonic() < give_up_at:
        told = [mail for mail in provider.mails(email) if mail["usage_type"] == "NewBrowser"]
        if told:
            return told
        time.sleep(0.01)
    raise AssertionError("no notice of a new browser came")


def test_one_recovery_code_signs_one_of_many_simultaneous_browsers_in(
    either_provider: Provider,
) -> None:
    give_password(either_provider, ADA)
    codes = give_second_factor(either_provider, ADA)
    sources = [f"203.0.113.{number}" for number in range(4)]
    visits = [by_code(either_provider, ADA, source=source) for source in sources]
    for visit in visits:
        visit.hidden()

    with ThreadPoolExecutor(4) as crowd:
        list(crowd.map(lambda visit: visit.send("/recovery-code", code=codes[0]), visits))

    assert sum(visit.session() is not None for visit in visits) == 1


def test_of_many_simultaneous_wrong_passwords_five_are_judged(either_provider: Provider) -> None:
    give_password(either_provider, ADA)
    give_second_factor(either_provider, ADA)
    visit = by_code(either_provider, ADA)
    visit.hidden()

    with ThreadPoolExecutor(12) as crowd:
        answers = list(
            crowd.map(lambda n: visit.send("/second-step", password=f"guess {n}"), range(12))
        )

    assert {answer.status_code for answer in answers} <= {303, 503}
    with either_provider.server.storage.reading() as work:
        assert len(work.failure_budgets.tries(visit.interaction)) == 5
    visit.send("/second-step", password=PASSWORD)
    assert visit.session() is None


def test_a_client_gets_its_answer_after_both_steps(provider: Provider) -> None:
    give_password(provider, ADA)
    give_second_factor(provider, ADA)
    visit = by_code(provider, ADA, request_of_bookstore(provider))

    answer = visit.http.get(visit.send("/second-step", password=PASSWORD).headers["location"])

    assert answer.headers["location"].startswith(f"{CALLBACK}?code=")
