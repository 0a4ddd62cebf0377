"""The mail is read on another device: its link and the number of the first tab."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from authserver.domain.interactions import InteractionId
from tests.flows.browsing import Visit, path_of, request_of_bookstore, signed_in, wrong
from tests.flows.links import LINK, OtherDevice, link_in, number_on
from tests.flows.statements import statements_of
from tests.support.provider import Provider, running_provider

ADA, BOB = "ada@example.com", "bob@example.com"
ON = {"AUTHSERVER_CODES__FINISH_ELSEWHERE": "true"}
MINUTE = timedelta(minutes=1)
RANDOM = re.compile(r"[A-Za-z0-9_\-]{20,}|(?<=<bdi>)[0-9A-Z]{3}(?=</bdi>)")


@pytest.fixture
def offering(any_database: str, tmp_path: Path) -> Iterator[Provider]:
    """Return a server whose mails have links, on either database in turn."""
    with running_provider(tmp_path, any_database, settings=ON) as running:
        yield running


def sessions_of(provider: Provider) -> int:
    with provider.server.storage.reading() as work:
        return int(work.connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar_one())


def failures_of(provider: Provider) -> int:
    with provider.server.storage.reading() as work:
        return int(work.connection.exec_driver_sql("SELECT count(*) FROM failures").scalar_one())


def news_of(visit: Visit) -> str:
    return str(visit.http.get(visit.base + "/news").json()["news"])


def attempts_of(provider: Provider, visit: Visit) -> int:
    with provider.server.storage.reading() as work:
        interaction = work.interactions.find(InteractionId(visit.interaction))
        assert interaction is not None
        verification = work.verifications.find(str(interaction.verification_id))
    assert verification is not None
    return verification.attempts


def test_by_default_mails_have_no_link_and_pages_no_number(either_provider: Provider) -> None:
    visit = Visit.begin(either_provider)
    visit.ask(ADA)

    mail = either_provider.next_mail(ADA)

    assert "/finish/" not in mail["text"] + mail["html"]
    assert 'class="number"' not in visit.page().text
    assert visit.http.get(f"/finish/{visit.interaction}/{'0' * 32}").status_code == 404


def test_the_number_of_the_first_tab_proves_the_mailbox_and_the_first_tab_goes_on(
    offering: Provider,
) -> None:
    offering.server.accounts.create(ADA)
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    number = number_on(visit)
    assert news_of(visit) == "waiting"

    assert path_of(other.enter(number)) == other.path

    assert other.state() == "verified"
    assert other.http.cookies.get("authserver-session") is None
    assert sessions_of(offering) == 0
    assert news_of(visit) == "go_on"
    assert visit.page().url.path == visit.base + "/finish"
    answer = visit.send("/finish")
    assert path_of(answer) == f"/oidc/auth/{visit.interaction}"
    assert visit.session() is not None
    assert path_of(visit.http.get(answer.headers["location"])) == "/account"
    assert sessions_of(offering) == 1


def test_an_unknown_address_is_asked_whether_to_create_an_account(offering: Provider) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)

    other.enter(number_on(visit))

    assert path_of(visit.send("/finish")) == visit.base + "/create-account"
    assert path_of(visit.decide()) == f"/oidc/auth/{visit.interaction}"
    assert visit.session() is not None


def test_a_registration_is_finished_likewise(offering: Provider) -> None:
    visit = Visit.begin(offering, "/register")
    other = OtherDevice.after_asking(offering, visit, ADA)
    assert "create an account" in other.page().text

    other.enter(number_on(visit))

    assert path_of(visit.send("/finish")) == f"/oidc/auth/{visit.interaction}"
    assert [account.address.typed for account in offering.server.accounts.list()] == [ADA]


def test_opening_the_link_changes_nothing_and_says_whose_request_it_is(
    offering: Provider,
) -> None:
    visit = Visit.begin(offering, request_of_bookstore(offering))
    visit.http.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
    other = OtherDevice.after_asking(offering, visit, ADA)
    before = visit.page().text

    pages = [other.page() for _ in range(3)]
    head = other.http.head(other.path)

    assert {page.status_code for page in pages} == {head.status_code} == {200}
    text = pages[0].text
    for word in ("Bookstore", "Firefox on Linux", "UTC", "see it on your own screen"):
        assert word in text
    assert number_on(visit) not in text
    assert ADA not in text
    assert list(other.http.cookies) == []
    assert visit.page().text == before
    assert attempts_of(offering, visit) == 0
    assert news_of(visit) == "waiting"


def test_no_answer_of_the_link_sets_a_cookie(offering: Provider) -> None:
    offering.server.accounts.create(ADA)
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    number = number_on(visit)

    answers = [other.page(), other.enter(wrong(number)), other.enter(number), other.page()]

    assert [answer for answer in answers if "set-cookie" in answer.headers] == []


def test_code_and_number_share_the_tries(offering: Provider) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    number = number_on(visit)
    code = str(offering.mails(ADA)[0]["code"])

    told = [
        other.outcome_of(wrong(number)),
        visit.outcome_of(wrong(code)),
        other.outcome_of(wrong(number, 2)),
        visit.outcome_of(wrong(code, 2)),
    ]
    other.enter(wrong(number, 3))

    assert told == [("wrong", 4), ("wrong", 3), ("wrong", 2), ("wrong", 1)]
    assert other.state() == "exhausted"
    assert visit.outcome_of(code)[0] == "exhausted"
    assert failures_of(offering) == 5
    assert news_of(visit) == "over"


def test_after_the_last_try_the_right_number_is_refused(offering: Provider) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    number = number_on(visit)
    token = other.form().fields["form_token"]
    for by in range(1, 6):
        other.enter(wrong(number, by), token)

    other.enter(number, token)

    assert other.state() == "exhausted"
    assert visit.session() is None
    assert news_of(visit) == "over"
    assert attempts_of(offering, visit) == 5


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "9" * 300])
def test_what_is_not_shaped_like_a_number_costs_no_try(offering: Provider, typed: str) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)

    assert other.outcome_of(typed) == ("malformed", 5)
    assert attempts_of(offering, visit) == 0


def test_a_number_is_understood_as_people_write_it(offering: Provider) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    number = number_on(visit)

    other.enter(f" {number[:3]}-{number[3:]} ")

    assert other.state() == "verified"


def test_number_and_code_do_not_stand_for_each_other(offering: Provider) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    number, code = number_on(visit), str(offering.mails(ADA)[0]["code"])

    assert number != code
    assert other.outcome_of(code) == ("wrong", 4)
    assert visit.outcome_of(number) == ("wrong", 3)


def test_every_tab_has_a_number_of_its_own(offering: Provider) -> None:
    first, second = Visit.begin(offering), Visit.begin(offering)
    of_first = OtherDevice.after_asking(offering, first, ADA)
    OtherDevice.after_asking(offering, second, ADA)

    assert number_on(first) != number_on(second)
    assert of_first.outcome_of(number_on(second)) == ("wrong", 4)
    assert news_of(second) == "waiting"


def test_every_mail_of_a_request_has_the_same_link(offering: Provider) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    offering.clock.advance(MINUTE)

    visit.send("/resend")

    assert link_in(offering.next_mail(ADA)["text"]) == other.path


def test_a_link_runs_out_with_its_code(offering: Provider) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    number, token = number_on(visit), other.form().fields["form_token"]
    offering.clock.advance(10 * MINUTE)

    assert other.enter(number, token).status_code == 303

    assert other.state() == "expired"
    assert news_of(visit) == "over"


@pytest.mark.parametrize("ending", ["another address", "cancel"])
def test_the_link_of_a_request_that_is_over_is_gone(offering: Provider, ending: str) -> None:
    visit = Visit.begin(offering, request_of_bookstore(offering))
    other = OtherDevice.after_asking(offering, visit, ADA)
    number, token = number_on(visit), other.form().fields["form_token"]
    if ending == "cancel":
        visit.send("/cancel")
    else:
        visit.send("/restart")
        visit.ask(BOB)

    assert other.enter(number, token).status_code == 410
    assert other.page().status_code == 410
    assert visit.session() is None


def test_suspending_the_account_ends_the_link(offering: Provider) -> None:
    offering.server.accounts.create(ADA)
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    number, token = number_on(visit), other.form().fields["form_token"]

    offering.server.accounts.suspend(ADA)
    other.enter(number, token)

    assert other.state() == "replaced"
    assert news_of(visit) == "over"


def test_an_account_suspended_after_the_proof_is_not_signed_in(offering: Provider) -> None:
    offering.server.accounts.create(ADA)
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    other.enter(number_on(visit))

    offering.server.accounts.suspend(ADA)

    assert path_of(visit.send("/finish")) == visit.base + "/code"
    assert visit.form().outcome == "replaced"
    assert sessions_of(offering) == 0


def test_the_mail_to_a_suspended_account_has_no_link(offering: Provider) -> None:
    offering.server.accounts.create(ADA)
    offering.server.accounts.suspend(ADA)
    visit = Visit.begin(offering)
    visit.ask(ADA)

    assert LINK.findall(offering.next_mail(ADA)["text"]) == []
    assert len(number_on(visit)) == 6


def test_a_proof_made_elsewhere_is_used_once_and_runs_out(offering: Provider) -> None:
    offering.server.accounts.create(ADA)
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    other.enter(number_on(visit))

    offering.clock.advance(10 * MINUTE)

    assert path_of(visit.send("/finish")) == visit.base
    assert visit.session() is None


def test_whoever_goes_on_too_early_is_told_so(offering: Provider) -> None:
    visit = Visit.begin(offering)
    OtherDevice.after_asking(offering, visit, ADA)

    assert path_of(visit.send("/finish")) == visit.base + "/code"

    assert "has not been typed there yet" in visit.page().text
    assert attempts_of(offering, visit) == 0


def test_the_code_still_signs_in_where_the_mail_was_asked_for(offering: Provider) -> None:
    visit = signed_in(offering, ADA)

    assert visit.session() is not None
    link = link_in(offering.mails(ADA)[0]["text"])
    other = OtherDevice(offering.http(), link)
    assert other.state() == "verified"


def test_a_code_typed_after_the_proof_leads_to_the_button(offering: Provider) -> None:
    offering.server.accounts.create(ADA)
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    visit.hidden()
    other.enter(number_on(visit))

    visit.enter(str(offering.mails(ADA)[0]["code"]))

    assert visit.page().url.path == visit.base + "/finish"
    assert path_of(visit.send("/finish")) == f"/oidc/auth/{visit.interaction}"


@pytest.mark.parametrize("suffix", ["/news", "/finish"])
def test_only_the_browser_of_the_first_tab_learns_and_goes_on(
    offering: Provider, suffix: str
) -> None:
    offering.server.accounts.create(ADA)
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    other.enter(number_on(visit))
    thief = Visit(offering, other.http, visit.base, visit.hidden())

    assert other.http.get(visit.base + suffix).status_code == 410
    assert thief.send("/finish").status_code == 410
    assert thief.session() is None
    assert sessions_of(offering) == 0


@pytest.mark.parametrize(
    "link",
    [
        "{interaction}/00000000000000000000000000000000",
        "{interaction}/{code}",
        "{interaction}/%00",
        "{interaction}/%ff%F0%9F%98%80",
        "unknown/{token}",
        "%00/{token}",
    ],
)
def test_an_invented_link_is_gone(offering: Provider, link: str) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    code, token = str(offering.mails(ADA)[0]["code"]), other.path.rpartition("/")[2]
    form_token = other.form().fields["form_token"]
    path = link.format(interaction=visit.interaction, code=code, token=token)
    invented = OtherDevice(other.http, f"/finish/{path}")

    assert invented.page().status_code == 410
    assert invented.enter(number_on(visit), form_token).status_code == 403
    assert attempts_of(offering, visit) == 0


def test_a_form_of_another_site_enters_no_number(offering: Provider) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    data = {"code": number_on(visit), **other.form().fields}

    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert other.http.post(other.path, data=data, headers=headers).status_code == 403

    assert news_of(visit) == "waiting"


@pytest.mark.parametrize("code_class", ["digits8", "base32"])
def test_longer_codes_keep_their_link_and_its_six_digits(
    any_database: str, tmp_path: Path, code_class: str
) -> None:
    settings = ON | {"AUTHSERVER_CODES__START_CLASS": code_class}
    with running_provider(tmp_path, any_database, settings=settings) as provider:
        visit = Visit.begin(provider)
        other = OtherDevice.after_asking(provider, visit, ADA)

        other.enter(number_on(visit))

        assert other.state() == "verified"


def test_wrong_numbers_count_for_the_address_and_end_codes_that_became_too_short(
    any_database: str, tmp_path: Path
) -> None:
    settings = ON | {"AUTHSERVER_CODES__BUDGET__DIGITS8_FROM": "5"}
    with running_provider(tmp_path, any_database, settings=settings) as provider:
        early, guessed = Visit.begin(provider), Visit.begin(provider)
        of_early = OtherDevice.after_asking(provider, early, ADA)
        of_guessed = OtherDevice.after_asking(provider, guessed, ADA)
        number = number_on(guessed)
        for by in range(1, 6):
            of_guessed.enter(wrong(number, by), of_guessed.form().fields["form_token"])
            if by == 4:
                assert failures_of(provider) == 4
        right = number_on(early)

        of_early.enter(right)

        assert of_early.state() == "replaced"
        assert attempts_of(provider, early) == 0
        assert early.form().outcome == "longer_code_needed"
        assert len(Visit.begin(provider).code_for(ADA)) == 8


def test_a_proof_made_elsewhere_is_audited_with_the_browser_that_made_it(
    offering: Provider,
) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    other.http.headers["User-Agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Safari/604.1"

    other.enter(number_on(visit))

    with offering.server.storage.reading() as work:
        rows = work.connection.exec_driver_sql(
            "SELECT detail, source FROM audit_events WHERE kind = 'mailbox.proven_elsewhere'"
        ).all()
    assert [(str(row.detail).count("Safari on iPhone"), row.source) for row in rows] == [
        (1, "198.51.100.7")
    ]


def first_tab_seen(provider: Provider, email: str) -> tuple[object, ...]:
    """Return all that the first tab shows before the proof, with what is random masked."""
    visit = Visit.begin(provider)
    visit.ask(email)
    provider.next_mail(email)
    with statements_of(provider) as statements:
        answers = [visit.page(), visit.http.get(visit.base + "/news"), visit.send("/finish")]
    number = number_on(visit)
    texts = [
        RANDOM.sub("*", answer.text.replace(email, "ADDRESS").replace(number, "NUMBER"))
        for answer in answers
    ]
    return [answer.status_code for answer in answers], texts, len(statements)


def test_the_first_tab_of_every_address_looks_the_same(offering: Provider) -> None:
    known, suspended, unknown = (f"{name}@example.com" for name in ("known_", "susp__", "unkown"))
    for email in (known, suspended):
        offering.server.accounts.create(email)
    offering.server.accounts.suspend(suspended)

    seen = [first_tab_seen(offering, email) for email in (known, suspended, unknown)]

    assert seen[0] == seen[1] == seen[2]


def test_looking_for_news_only_reads_and_little(offering: Provider) -> None:
    visit = Visit.begin(offering)
    OtherDevice.after_asking(offering, visit, ADA)

    with statements_of(offering) as statements:
        news_of(visit)

    assert len(statements) == 2
    assert all(each.startswith("SELECT") for each in statements)
