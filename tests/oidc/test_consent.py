"""What a person allows a client of somebody else, and what they are asked again."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import httpx
import pytest

from authserver.administration.api_resources import ApiChanges
from authserver.domain.api_resources import ApiScope, Permission
from tests.oidc.relying_party import (
    EMAIL,
    STATE,
    RelyingParty,
    answer_in,
    body_of,
    error_page,
    redirected,
    refusal,
)
from tests.oidc.told_client import register
from tests.storage.racing import race_of
from tests.support.person import Form, Person, forms_of
from tests.support.provider import Provider

OTHER = "bela@example.com"
ASKED = "<title>Allow access?"


@pytest.fixture
def shop(shared_provider: Provider) -> RelyingParty:
    """Return a client of somebody else."""
    return third_party(shared_provider)


@pytest.fixture
def anna(shared_client: RelyingParty) -> Person:
    """Return somebody who is signed in."""
    person = shared_client.provider.person()
    shared_client.sign_in(person)
    # Hence nothing that follows happened at the instant of what came before.
    shared_client.provider.clock.advance(timedelta(seconds=1))
    return person


def third_party(provider: Provider, **metadata: object) -> RelyingParty:
    client = RelyingParty.registered(provider)
    register(provider, client.id, **({"is_third_party": True} | metadata))
    return client


def question(page: httpx.Response) -> Form:
    assert page.status_code == 200, page.text
    assert ASKED in page.text
    return next(form for form in forms_of(page) if form.action.path.startswith("/consent/"))


def answered(person: Person, page: httpx.Response, decision: str) -> dict[str, str]:
    """Press a button of the page and return the answer for the client."""
    return redirected(person.submit(question(page), decision=decision))


def withdraw(person: Person, client: RelyingParty) -> None:
    page = person.follow(f"{client.provider.endpoint}/account/applications")
    form = next(
        form
        for form in forms_of(page)
        if form.action.path.endswith("/withdraw") and client.id in form.fields.values()
    )
    assert person.submit(form).status_code == 200


def at_once(*calls: Callable[[], httpx.Response | None]) -> list[httpx.Response | None]:
    return race_of(list(calls))


def test_whoever_allows_it_is_led_to_the_client_with_a_code(
    either_provider: Provider,
) -> None:
    shop, anna = third_party(either_provider), either_provider.person()
    RelyingParty.registered(either_provider).sign_in(anna)

    page = anna.follow(shop.url())
    answer = answered(anna, page, "allow")

    assert answer.keys() == {"code", "state", "iss"}
    assert body_of(shop.exchange(answer["code"]))["scope"]
    # It is remembered: neither a page nor prompt=none has anything to ask.
    assert "code" in redirected(anna.follow(shop.url()))
    assert "code" in redirected(anna.follow(shop.url(prompt="none")))


def test_the_question_comes_after_the_sign_in_and_names_who_asks_for_what(
    shared_provider: Provider,
) -> None:
    shop = third_party(
        shared_provider,
        policy_uri="https://shop.example/privacy",
        tos_uri="https://shop.example/terms",
        logo_uri="https://shop.example/logo.png",
    )
    person = shared_provider.person()
    with pytest.raises(AssertionError, match="Allow access"):
        shop.sign_in(person, OTHER)

    page = person.follow(shop.url())

    for words in (
        "Bookstore",
        "localhost",
        OTHER,
        "third party",
        "It may read your e-mail address.",
        "It stays connected when you sign out.",
        "https://shop.example/privacy",
        "https://shop.example/terms",
    ):
        assert words in page.text
    assert "logo.png" not in page.text
    assert "phone" not in page.text


def test_whoever_denies_it_sends_the_client_away(shop: RelyingParty, anna: Person) -> None:
    answer = answered(anna, anna.follow(shop.url()), "deny")

    assert answer["error"] == "access_denied"
    assert (answer["state"], answer["iss"]) == (STATE, shop.provider.issuer)
    # Nothing is remembered of it.
    assert ASKED in anna.follow(shop.url()).text


def test_only_what_is_asked_beyond_the_grant_makes_us_ask_again(
    shop: RelyingParty, anna: Person
) -> None:
    answered(anna, anna.follow(shop.url(scope="openid email")), "allow")

    assert "code" in redirected(anna.follow(shop.url(scope="openid")))
    answered(anna, anna.follow(shop.url(scope="openid phone")), "allow")

    for scope in ("openid phone", "openid email phone"):
        assert "code" in redirected(anna.follow(shop.url(scope=scope)))


def test_claims_that_are_asked_for_by_name_are_asked_of_the_person(
    shop: RelyingParty, anna: Person
) -> None:
    answered(anna, anna.follow(shop.url(scope="openid")), "allow")

    page = anna.follow(shop.url(scope="openid", claims='{"userinfo":{"email":null}}'))

    assert "It may read your e-mail address." in page.text
    assert question(page).outcome == ""


def test_without_a_grant_prompt_none_is_refused(shop: RelyingParty, anna: Person) -> None:
    assert redirected(anna.follow(shop.url(prompt="none")))["error"] == "consent_required"


def test_prompt_consent_asks_again_and_each_time(shop: RelyingParty, anna: Person) -> None:
    answered(anna, anna.follow(shop.url()), "allow")

    for _ in range(2):
        shop.provider.clock.advance(timedelta(seconds=1))
        assert "code" in answered(anna, anna.follow(shop.url(prompt="consent")), "allow")


def test_a_client_of_the_operator_never_asks(shared_client: RelyingParty, anna: Person) -> None:
    assert "code" in redirected(anna.follow(shared_client.url(prompt="consent")))


def test_a_dynamic_client_asks_whatever_it_says(shared_provider: Provider, anna: Person) -> None:
    client = third_party(shared_provider, is_third_party=False, is_dynamic=True)

    assert ASKED in anna.follow(client.url()).text


def test_what_was_withdrawn_is_asked_again_and_its_tokens_are_dead(
    either_provider: Provider,
) -> None:
    shop, anna = third_party(either_provider), either_provider.person()
    RelyingParty.registered(either_provider).sign_in(anna)
    code = answered(anna, anna.follow(shop.url()), "allow")["code"]
    tokens = body_of(shop.exchange(code))

    withdraw(anna, shop)

    assert shop.userinfo(tokens["access_token"]).status_code == 401
    assert shop.refresh(tokens["refresh_token"]).status_code == 400
    assert ASKED in anna.follow(shop.url()).text


def test_no_code_survives_a_withdrawal_at_the_same_instant(either_provider: Provider) -> None:
    shop, anna = third_party(either_provider), either_provider.person()
    RelyingParty.registered(either_provider).sign_in(anna)
    beside = either_provider.person()
    for _ in range(10):
        answered(anna, anna.follow(shop.url()), "allow")
        beside.http.cookies.update(anna.http.cookies)

        answer, _ = at_once(partial(beside.follow, shop.url()), partial(withdraw, anna, shop))

        assert answer is not None
        if answer.status_code == 303:
            assert refusal(shop.exchange(redirected(answer)["code"])) == "invalid_grant"
        assert ASKED in anna.follow(shop.url()).text


def test_the_answer_of_another_browser_counts_for_nothing(shop: RelyingParty, anna: Person) -> None:
    page = anna.follow(shop.url())
    bela = shop.provider.person()
    RelyingParty.registered(shop.provider).sign_in(bela, OTHER)

    form = question(page)
    answer = bela.submit(form, decision="allow")

    assert answer.status_code == 410
    assert bela.follow(str(page.url)).status_code == 410
    assert redirected(anna.follow(shop.url(prompt="none")))["error"] == "consent_required"


def test_the_answer_counts_only_for_whom_it_was_asked(shop: RelyingParty, anna: Person) -> None:
    form = question(anna.follow(shop.url()))
    RelyingParty.registered(shop.provider).sign_in(anna, OTHER, prompt="login")

    answer = anna.submit(form, decision="allow")

    assert answer.status_code == 403
    assert ASKED in anna.follow(shop.url()).text


@pytest.mark.parametrize("change", ["no token", "foreign origin", "no decision"])
def test_the_answer_must_come_from_our_page(shop: RelyingParty, anna: Person, change: str) -> None:
    form = question(anna.follow(shop.url()))
    headers = {"Origin": shop.provider.endpoint}
    fields = {**form.fields, "decision": "allow"}
    if change == "no token":
        fields.pop("form_token")
    elif change == "foreign origin":
        headers["Origin"] = "https://evil.example"
    else:
        fields.pop("decision")

    answer = anna.http.post(form.action.path, data=fields, headers=headers)

    assert error_page(answer)
    assert redirected(anna.follow(shop.url(prompt="none")))["error"] == "consent_required"


def test_somebody_else_may_sign_in_for_the_same_request(shop: RelyingParty, anna: Person) -> None:
    page = anna.submit(question(anna.follow(shop.url())), decision="other_account")

    assert "/sign-in/" in str(page.url)
    address = next(form for form in forms_of(page) if "email" in form.fields)
    page = anna.submit(address, email=OTHER)
    code = next(form for form in forms_of(page) if "code" in form.fields)
    page = anna.submit(code, code=shop.provider.code_for(OTHER))
    if page.url.path.endswith("/create-account"):
        page = anna.submit(
            next(f for f in forms_of(page) if f.action.path.endswith("/create-account"))
        )
    assert OTHER in page.text
    answer = answered(anna, page, "allow")

    claims = shop.claims(body_of(shop.exchange(answer["code"]))["id_token"])
    assert claims["email"] == OTHER


def test_after_signing_out_nothing_is_asked_but_who_it_is(shop: RelyingParty, anna: Person) -> None:
    page = anna.follow(shop.url())
    anna.http.cookies.delete("authserver-session")

    later = anna.submit(question(page), decision="allow")

    assert "/sign-in/" in str(later.url)


def test_the_scopes_of_an_api_are_asked_in_its_own_words(
    shared_provider: Provider, shop: RelyingParty, anna: Person
) -> None:
    api = "https://api.example.com/books"
    server = shared_provider.server
    scopes = (
        ApiScope(name="books:read", description="Read your <books>"),
        ApiScope(name="books:write"),
    )
    server.apis.create(api, ApiChanges(name="Books", scopes=scopes))
    server.roles.create("reader", "", [Permission(api, "books:read")])
    server.roles.assign_to_account("reader", EMAIL)

    page = anna.follow(shop.url(scope="openid books:read books:write", resource=api))

    assert "Read your &lt;books&gt;" in page.text
    assert "books:write" not in page.text
    assert "code" in answered(anna, page, "allow")
    again = anna.follow(shop.url(scope="openid books:read", resource=api))
    assert "code" in redirected(again)
    reviewed = anna.follow(f"{shop.provider.endpoint}/account/applications").text
    sentence = "It may do this at <bdi>Books</bdi>: <bdi>Read your &lt;books&gt;</bdi>"
    assert sentence in page.text
    assert sentence in reviewed
    assert "books:write" not in reviewed


def test_an_opened_question_waits_as_long_as_its_request(shop: RelyingParty, anna: Person) -> None:
    page = anna.follow(shop.url())
    shop.provider.clock.advance(timedelta(minutes=61))

    assert anna.submit(question(page), decision="allow").status_code == 410


def test_without_a_request_there_is_nothing_to_ask(shop: RelyingParty, anna: Person) -> None:
    assert anna.follow(f"{shop.provider.endpoint}/consent").url.path == "/account"
    assert anna.follow(f"{shop.provider.endpoint}/consent/{'x' * 25}").status_code == 410
    assert answer_in(anna.pass_through(shop.url(prompt="none")))["error"] == "consent_required"


def test_what_somebody_allowed_before_the_owner_of_the_mailbox_came_is_forgotten(
    provider: Provider,
) -> None:
    shop = third_party(provider)
    provider.server.accounts.create(OTHER)
    link = provider.server.accounts.make_sign_in_link(OTHER).token.reveal()
    stranger, owner = provider.person(), provider.person()
    stranger.submit(forms_of(stranger.follow(f"{provider.endpoint}/sign-in-link/{link}"))[0])
    assert "code" in answered(stranger, stranger.follow(shop.url()), "allow")

    RelyingParty.registered(provider).sign_in(owner, OTHER)

    assert redirected(owner.follow(shop.url(prompt="none")))["error"] == "consent_required"
