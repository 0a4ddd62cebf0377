"""Each page shows its own messages and none of another, and nobody types an address twice."""

from authserver.administration.branding import BrandChanges
from tests.flows.browsing import Visit, path_of, request_of_bookstore, wrong
from tests.flows.factors import allow_passwords, give_second_factor
from tests.flows.factors import give_password as give_confirmed_password
from tests.flows.with_passwords import (
    GOOD,
    OTHER,
    at_password_page,
    choose,
    experience,
    guess,
    with_password,
)
from tests.support.person import forms_of
from tests.support.provider import Provider

ADA = "ada@example.com"


def outcome(visit: Visit, suffix: str) -> str | None:
    """Return what the first form of a page tells."""
    return forms_of(visit.page(suffix))[0].outcome


def test_a_wrong_code_is_told_on_its_page_and_not_on_that_of_the_password(
    provider: Provider,
) -> None:
    choose(provider, experience(first=False))
    with_password(provider, ADA)
    visit = Visit.begin(provider)
    visit.enter(wrong(visit.code_for(ADA)))

    assert outcome(visit, "/password") == ""
    assert outcome(visit, "/code") == "wrong"


def test_a_wrong_password_is_not_told_on_the_page_of_a_code_that_lives(provider: Provider) -> None:
    choose(provider, experience())
    with_password(provider, ADA)
    visit = at_password_page(provider, ADA)
    visit.send("", method="code")
    assert not guess(visit, OTHER)
    assert outcome(visit, "/password") == "wrong_password"

    assert path_of(visit.send("", method="code")) == visit.base + "/code"

    assert outcome(visit, "/code") == ""


def test_a_wrong_recovery_code_is_not_told_as_a_wrong_password(provider: Provider) -> None:
    allow_passwords(provider)
    give_confirmed_password(provider, ADA)
    give_second_factor(provider, ADA)
    visit = Visit.begin(provider)
    assert path_of(visit.enter(visit.code_for(ADA))) == visit.base + "/second-step"

    visit.send("/recovery-code", code="0000-0000-0000-0000")

    assert outcome(visit, "/recovery-code") == "wrong"
    page = visit.page("/second-step")
    assert 'name="password"' in page.text
    assert forms_of(page)[0].outcome == ""


def test_an_address_is_not_asked_for_twice(provider: Provider) -> None:
    choose(provider, experience())
    with_password(provider, ADA)
    visit = at_password_page(provider, ADA)

    for path in ("/forgot-password", "/register"):
        page = visit.http.get(f"{path}/{visit.interaction}")
        assert forms_of(page)[0].fields["email"] == ADA
    visit.send("/restart")
    assert forms_of(visit.page())[0].fields["email"] == ""


def test_whoever_has_used_the_guesses_after_a_code_is_told_what_comes_next(
    provider: Provider,
) -> None:
    choose(provider, experience(code=False, signUp={"password": True}))
    with_password(provider, ADA)
    for _ in range(10):
        assert not guess(at_password_page(provider, ADA), OTHER)
    visit = at_password_page(provider, ADA)
    visit.send("", method="code")
    assert path_of(visit.enter(provider.code_for(ADA))) == visit.base + "/password"
    for _ in range(5):
        assert not guess(visit, OTHER)

    assert not guess(visit, GOOD)

    assert "many wrong passwords" in visit.page().text


def test_the_code_page_names_the_mail_as_it_stands_in_the_mailbox(provider: Provider) -> None:
    subject = "Fern: {{code}} for {{application.name}}"
    provider.server.templates.set(
        {"usageType": "SignIn", "language": "en", "subject": subject, "content": "{{code}}"}
    )
    provider.server.brands.set(BrandChanges(values={"name": "Fern"}))
    visit = Visit.begin(provider, request_of_bookstore(provider))
    visit.ask(ADA)

    page = visit.page("/code").text

    assert "Fern: ······ for Bookstore" in page
    mail = provider.next_mail(ADA)
    assert mail["subject"] == f"Fern: {mail['code']} for Bookstore"


def test_a_page_of_another_browser_keeps_the_way_to_the_application(provider: Provider) -> None:
    visit = Visit.begin(provider, request_of_bookstore(provider))

    page = provider.http().get(visit.base)

    assert page.status_code == 410
    assert "allow cookies" in page.text
    assert 'href="http://localhost:3000/"' in page.text


def test_a_form_that_is_not_accepted_leads_back_to_its_page(provider: Provider) -> None:
    visit = Visit.begin(provider, request_of_bookstore(provider))
    visit.fields = {"form_token": "made up"}

    page = visit.ask(ADA)

    assert page.status_code == 403
    assert f'href="{visit.base}"' in page.text
