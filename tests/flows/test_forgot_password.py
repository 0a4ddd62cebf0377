"""A new password by mail: what it takes, what it ends, and what cannot be skipped."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from authserver.domain.second_factors import SecondFactor, SecondFactorKind
from tests.flows.browsing import Visit, path_of, request_of_bookstore, signed_in
from tests.flows.factors import (
    NEW_PASSWORD,
    PASSWORD,
    account_of,
    allow_passwords,
    give_password,
    give_second_factor,
    opens,
    proven_for_reset,
    stored_password,
    where,
)
from tests.support.person import forms_of
from tests.support.provider import CALLBACK, Provider

ADA = "ada@example.com"
BOB = "bob@example.com"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def with_passwords(provider: Provider) -> Provider:
    allow_passwords(provider)
    return provider


@pytest.fixture
def either_with_passwords(either_provider: Provider) -> Provider:
    allow_passwords(either_provider)
    return either_provider


def save(visit: Visit, password: str = NEW_PASSWORD) -> str:
    """Send the new password and return where that leads."""
    return path_of(visit.send("/new-password", new_password=password))


def test_the_code_gives_the_right_to_set_a_new_password_and_signs_nobody_in(
    either_with_passwords: Provider,
) -> None:
    provider = either_with_passwords
    give_password(provider, ADA)
    visit = proven_for_reset(provider, ADA)

    assert save(visit) == visit.base + "/done"

    assert visit.session() is None
    assert opens(provider, ADA, NEW_PASSWORD)
    assert not opens(provider, ADA, PASSWORD)
    assert "Password changed" in visit.page("/done").text
    assert visit.provider.next_mail(ADA)["usage_type"] == "PasswordChanged"


def test_without_passwords_there_is_no_way_to_a_new_one(provider: Provider) -> None:
    account_of(provider, ADA)

    answers = [
        provider.http().get(f"/forgot-password{suffix}")
        for suffix in ("", "/0123456789abcdefghijklmno", "/0123456789abcdefghijklmno/new-password")
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_passwords_switched_off_between_steps_stop_the_reset(with_passwords: Provider) -> None:
    give_password(with_passwords, ADA)
    visit = proven_for_reset(with_passwords, ADA)
    visit.hidden()

    with_passwords.server.experience.set(
        {"signIn": {"methods": [{"identifier": "email", "password": False}]}}
    )
    with_passwords.clock.advance(timedelta(seconds=2))

    assert visit.send("/new-password", new_password=NEW_PASSWORD).status_code == 404
    assert opens(with_passwords, ADA, PASSWORD)


def test_an_address_without_account_gets_the_same_page_and_a_mail_that_says_so(
    with_passwords: Provider,
) -> None:
    visit = Visit.begin(with_passwords, "/forgot-password")

    assert path_of(visit.ask(BOB)) == visit.base + "/code"

    mail = with_passwords.next_mail(BOB)
    assert (mail["usage_type"], mail["code"]) == ("NoAccount", None)


def test_a_suspended_account_gets_a_mail_that_says_so(with_passwords: Provider) -> None:
    give_password(with_passwords, ADA)
    with_passwords.server.accounts.suspend(ADA)
    visit = Visit.begin(with_passwords, "/forgot-password")

    assert path_of(visit.ask(ADA)) == visit.base + "/code"

    assert with_passwords.next_mail(ADA)["usage_type"] == "Suspended"


def test_an_account_that_has_no_password_may_set_its_first_one(with_passwords: Provider) -> None:
    signed_in(with_passwords, ADA)
    with_passwords.clock.advance(MINUTE)
    visit = proven_for_reset(with_passwords, ADA)

    assert save(visit) == visit.base + "/done"

    stored = stored_password(with_passwords, ADA)
    assert stored is not None
    assert stored.rests_on_mail


def test_the_first_proof_of_an_imported_account_wipes_what_others_left_in_it(
    with_passwords: Provider,
) -> None:
    imported = with_passwords.server.accounts.create(ADA)
    link = with_passwords.server.accounts.make_sign_in_link(ADA)
    with with_passwords.server.storage.writing() as work:
        work.second_factors.add(
            SecondFactor(
                subject=imported.subject,
                kind=SecondFactorKind.MAIL,
                created_at=with_passwords.clock.now(),
            )
        )
        work.commit()

    visit = proven_for_reset(with_passwords, ADA)

    assert with_passwords.server.accounts.show(ADA).email_proven_at is not None
    assert visit.http.get(f"/sign-in-link/{link.token.reveal()}").status_code == 410
    assert where(visit.page("/new-password")) == visit.base + "/new-password"
    assert save(visit) == visit.base + "/done"


@pytest.mark.parametrize(
    ("password", "outcome"),
    [
        ("brief words", "too_short"),
        ("", "too_short"),
        ("x" * 300, "too_long"),
        ("passwordpassword", "common"),
        ("ada@example.com!", "guessable"),
    ],
)
def test_a_poor_password_is_refused_in_words_and_the_proof_still_serves(
    with_passwords: Provider, password: str, outcome: str
) -> None:
    give_password(with_passwords, ADA)
    visit = proven_for_reset(with_passwords, ADA)

    assert save(visit, password) == visit.base + "/new-password"

    page = visit.page("/new-password")
    assert forms_of(page)[0].outcome == outcome
    assert "Error: " in page.text
    assert password == "" or password not in page.text
    assert opens(with_passwords, ADA, PASSWORD)
    assert save(visit) == visit.base + "/done"


def test_a_reset_ends_sessions_and_refresh_tokens_and_forgets_no_browser(
    either_with_passwords: Provider,
) -> None:
    provider = either_with_passwords
    elsewhere = signed_in(provider, ADA)
    give_password(provider, ADA)
    link = provider.server.accounts.make_sign_in_link(ADA)
    provider.clock.advance(MINUTE)
    visit = proven_for_reset(provider, ADA)

    save(visit)

    assert path_of(elsewhere.http.get("/account")) == "/sign-in"
    with provider.server.storage.reading() as work:
        assert work.recognised_browsers.list(
            account_of(provider, ADA).subject, provider.clock.now()
        )
    used = visit.http.get(f"/sign-in-link/{link.token.reveal()}")
    assert used.status_code == 410


def test_the_person_returns_to_the_client_after_signing_in_with_the_new_password(
    with_passwords: Provider,
) -> None:
    give_password(with_passwords, ADA)
    begun = Visit.begin(with_passwords, request_of_bookstore(with_passwords))
    visit = Visit(with_passwords, begun.http, f"/forgot-password/{begun.interaction}")
    assert path_of(visit.enter(visit.code_for(ADA))) == visit.base + "/new-password"
    save(visit)
    assert f'href="{begun.base}"' in visit.page("/done").text
    assert forms_of(begun.page())[0].fields["email"] == ADA

    with_passwords.clock.advance(MINUTE)
    answer = begun.http.get(begun.enter(begun.code_for(ADA)).headers["location"])

    assert answer.headers["location"].startswith(f"{CALLBACK}?code=")


def test_a_bookmark_starts_a_reset_and_the_sign_in_after_it_leads_to_the_account(
    with_passwords: Provider,
) -> None:
    give_password(with_passwords, ADA)
    visit = proven_for_reset(with_passwords, ADA)
    save(visit)
    with_passwords.clock.advance(MINUTE)

    begun = Visit(with_passwords, visit.http, f"/sign-in/{visit.interaction}")
    answer = begun.enter(begun.code_for(ADA))

    assert path_of(begun.http.get(answer.headers["location"])) == "/account"


@pytest.mark.parametrize("path", ["/new-password", "/second-step", "/done"])
def test_no_step_can_be_skipped_by_calling_a_later_path(
    with_passwords: Provider, path: str
) -> None:
    give_password(with_passwords, ADA)
    visit = Visit.begin(with_passwords, "/forgot-password")
    assert where(visit.page(path)) == visit.base
    assert save(visit) == visit.base
    visit.code_for(ADA)

    assert where(visit.page(path)) == visit.base + "/code"
    assert save(visit) == visit.base
    assert path_of(visit.send("/second-step", code="0000-0000-0000-0000")) == visit.base
    assert opens(with_passwords, ADA, PASSWORD)


def test_a_proof_for_signing_in_sets_no_password_and_a_proof_for_a_reset_signs_nobody_in(
    with_passwords: Provider,
) -> None:
    give_password(with_passwords, ADA)
    register = Visit.begin(with_passwords, "/register")
    assert path_of(register.enter(register.code_for(ADA))) == register.base + "/existing"
    as_reset = Visit(with_passwords, register.http, f"/forgot-password/{register.interaction}")
    assert save(as_reset) == as_reset.base
    with_passwords.clock.advance(MINUTE)

    reset = proven_for_reset(with_passwords, ADA)
    as_sign_in = Visit(with_passwords, reset.http, f"/sign-in/{reset.interaction}")
    as_register = Visit(with_passwords, reset.http, f"/register/{reset.interaction}")
    assert path_of(as_sign_in.send("/create-account")) == as_sign_in.base + "/password"
    assert path_of(as_register.send("/existing")) == as_register.base
    assert path_of(as_sign_in.send("/finish")) == as_sign_in.base + "/password"
    assert reset.http.post(reset.base + "/finish").status_code == 404
    assert path_of(as_sign_in.send("/second-step", password=PASSWORD)) == as_sign_in.base
    assert reset.session() is None
    assert opens(with_passwords, ADA, PASSWORD)


def test_a_code_for_a_reset_is_worth_nothing_on_the_sign_in_page(with_passwords: Provider) -> None:
    give_password(with_passwords, ADA)
    visit = Visit.begin(with_passwords, "/forgot-password")
    code = visit.code_for(ADA)

    as_sign_in = Visit(with_passwords, visit.http, f"/sign-in/{visit.interaction}")
    assert path_of(as_sign_in.enter(code)) == as_sign_in.base

    assert visit.session() is None


def test_a_proof_of_one_address_never_serves_another(with_passwords: Provider) -> None:
    give_password(with_passwords, ADA)
    give_password(with_passwords, BOB)
    visit = proven_for_reset(with_passwords, ADA)

    assert path_of(visit.ask(BOB)) == visit.base + "/code"

    assert save(visit) == visit.base
    assert opens(with_passwords, ADA, PASSWORD)
    assert opens(with_passwords, BOB, PASSWORD)


def test_another_browser_cannot_use_the_proof(with_passwords: Provider) -> None:
    give_password(with_passwords, ADA)
    visit = proven_for_reset(with_passwords, ADA)
    stranger = Visit(with_passwords, with_passwords.http(), visit.base, dict(visit.hidden()))

    answer = stranger.http.post(
        visit.base + "/new-password",
        data=visit.hidden() | {"new_password": NEW_PASSWORD},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert answer.status_code == 410
    assert opens(with_passwords, ADA, PASSWORD)


def test_a_proof_serves_once(with_passwords: Provider) -> None:
    give_password(with_passwords, ADA)
    visit = proven_for_reset(with_passwords, ADA)
    save(visit)

    save(visit, "another long sentence")

    assert opens(with_passwords, ADA, NEW_PASSWORD)


def test_a_proof_runs_out_after_ten_minutes(with_passwords: Provider) -> None:
    give_password(with_passwords, ADA)
    visit = proven_for_reset(with_passwords, ADA)

    with_passwords.clock.advance(10 * MINUTE)

    assert save(visit) == visit.base
    assert where(visit.page("/new-password")) == visit.base
    assert opens(with_passwords, ADA, PASSWORD)


def test_a_page_opened_earlier_fails_after_a_newer_change(either_with_passwords: Provider) -> None:
    provider = either_with_passwords
    give_password(provider, ADA)
    earlier = proven_for_reset(provider, ADA)
    provider.clock.advance(MINUTE)
    later = proven_for_reset(provider, ADA)

    assert save(later) == later.base + "/done"

    assert save(earlier, "the words of a thief") == earlier.base
    assert earlier.form().outcome == "replaced"
    assert opens(provider, ADA, NEW_PASSWORD)


def test_codes_that_were_under_way_are_dead_after_a_reset(with_passwords: Provider) -> None:
    give_password(with_passwords, ADA)
    other = Visit.begin(with_passwords)
    code = other.code_for(ADA)
    with_passwords.clock.advance(MINUTE)
    save(proven_for_reset(with_passwords, ADA))

    other.enter(code)

    assert other.session() is None
    assert other.form().outcome == "replaced"


def test_an_account_suspended_between_the_steps_gets_no_new_password(
    either_with_passwords: Provider,
) -> None:
    provider = either_with_passwords
    give_password(provider, ADA)
    visit = proven_for_reset(provider, ADA)

    provider.server.accounts.suspend(ADA)

    assert save(visit) == visit.base
    assert where(visit.page("/new-password")) == visit.base + "/code"
    assert visit.form().outcome == "replaced"
    assert opens(provider, ADA, PASSWORD)


def test_a_second_factor_is_asked_before_the_new_password_and_never_by_mail(
    either_with_passwords: Provider,
) -> None:
    provider = either_with_passwords
    give_password(provider, ADA)
    codes = give_second_factor(provider, ADA)
    visit = Visit.begin(provider, "/forgot-password")
    visit.enter(visit.code_for(ADA))

    page = visit.page("/new-password")
    assert where(page) == visit.base + "/second-step"
    assert save(visit) == visit.base + "/second-step"
    assert opens(provider, ADA, PASSWORD)
    assert path_of(visit.send("/second-step", code=codes[3])) == visit.base + "/new-password"
    assert save(visit) == visit.base + "/done"

    stored = stored_password(provider, ADA)
    assert stored is not None
    assert not stored.rests_on_mail
    assert opens(provider, ADA, NEW_PASSWORD)
    kinds = {mail["usage_type"] for mail in [provider.next_mail(ADA), *provider.mails(ADA)]}
    assert "MfaVerification" not in kinds


def test_a_recovery_code_shown_for_one_proof_does_not_serve_the_next(
    with_passwords: Provider,
) -> None:
    give_password(with_passwords, ADA)
    codes = give_second_factor(with_passwords, ADA)
    visit = Visit.begin(with_passwords, "/forgot-password")
    visit.enter(visit.code_for(ADA))
    visit.send("/second-step", code=codes[0])
    with_passwords.clock.advance(MINUTE)

    visit.send("/restart")
    visit.enter(visit.code_for(ADA))

    assert where(visit.page("/new-password")) == visit.base + "/second-step"
    assert path_of(visit.send("/second-step", code=codes[0])) == visit.base + "/second-step"


def test_five_wrong_recovery_codes_end_the_proof(with_passwords: Provider) -> None:
    give_password(with_passwords, ADA)
    codes = give_second_factor(with_passwords, ADA)
    visit = Visit.begin(with_passwords, "/forgot-password")
    visit.enter(visit.code_for(ADA))

    led_to = [path_of(visit.send("/second-step", code="0" * 16)) for _ in range(5)]

    assert led_to == [visit.base + "/second-step"] * 4 + [visit.base]
    assert path_of(visit.send("/second-step", code=codes[0])) == visit.base


def test_one_of_twenty_simultaneous_new_passwords_is_kept(either_with_passwords: Provider) -> None:
    provider = either_with_passwords
    give_password(provider, ADA)
    visit = proven_for_reset(provider, ADA)
    visit.hidden()
    sent = [f"{number} loud mountains sing" for number in range(20)]

    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(lambda each: visit.send("/new-password", new_password=each), sent))

    assert {answer.status_code for answer in answers} <= {303, 503}
    assert sum(opens(provider, ADA, each) for each in sent) == 1
    kept = [mail["usage_type"] for mail in provider.mails(ADA)]
    assert kept.count("PasswordChanged") <= 1


def test_two_browsers_at_one_time_set_one_password(either_with_passwords: Provider) -> None:
    provider = either_with_passwords
    give_password(provider, ADA)
    visits = [proven_for_reset(provider, ADA) for _ in range(3)]
    for visit in visits:
        visit.hidden()

    with ThreadPoolExecutor(3) as crowd:
        answers = list(
            crowd.map(
                lambda number: visits[number].send(
                    "/new-password", new_password=f"{number} loud mountains sing"
                ),
                range(3),
            )
        )

    assert {answer.status_code for answer in answers} <= {303, 503}
    assert sum(where(visit.page("/done")) == visit.base + "/done" for visit in visits) == 1
    assert sum(opens(provider, ADA, f"{number} loud mountains sing") for number in range(3)) == 1
