"""Each refusal once, with the way on from it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from tests.flows.browsing import Visit as Stranger
from tests.flows.browsing import wrong as another
from tests.flows.with_passwords import GOOD, OTHER, choose, experience, with_password
from tests.support.tour import Visit, wrong
from tests.support.walks.walk import Walk

BOTH = experience()
CREATED_PASSWORD = experience(signUp={"password": True})
LONGER_CODES_FROM = 20


def at_code_page(visit: Visit, address: str) -> str:
    """Go as far as the code page of the account page; return the right code."""
    visit.open(f"{visit.provider.endpoint}/sign-in")
    visit.enter_address(address)
    return visit.provider.code_for(address)


def finish(visit: Visit, address: str, code: str) -> None:
    visit.enter_code(code)
    visit.press("/create-account")
    visit.at_account(address)


def address_invalid(visit: Visit) -> Iterator[str]:
    for path in ("sign-in", "register"):
        visit.open(f"{visit.provider.endpoint}/{path}")
        visit.enter_address("nobody@")
        visit.told("address_invalid")
        yield path


def malformed(visit: Visit) -> Iterator[str]:
    address = "malformed@walks.example"
    code = at_code_page(visit, address)
    for name, typed in (("short", "123"), ("letters", "abcdef"), ("empty", "")):
        visit.enter_code(typed)
        visit.told("malformed")
        yield name
    finish(visit, address, code)


def wrong_until_exhausted(visit: Visit) -> Iterator[str]:
    address = "wrong@walks.example"
    code = at_code_page(visit, address)
    for tries_left in ("4", "3", "2", "1"):
        visit.enter_code(wrong(code))
        visit.told("wrong")
        assert visit.tries_left() == tries_left
        yield tries_left
    visit.enter_code(wrong(code))
    visit.told("exhausted")
    yield "exhausted"
    visit.provider.clock.advance(timedelta(minutes=1))
    visit.press("/resend")
    finish(visit, address, visit.provider.code_for(address))


def expired(visit: Visit) -> Iterator[str]:
    address = "expired@walks.example"
    code = at_code_page(visit, address)
    visit.provider.clock.advance(timedelta(minutes=11))
    visit.enter_code(code)
    visit.told("expired")
    yield "code"
    visit.press("/resend")
    finish(visit, address, visit.provider.code_for(address))


def already_used(visit: Visit) -> Iterator[str]:
    """A code entered once more in a second tab leads on, to where the first tab is."""
    address = "used@walks.example"
    code = at_code_page(visit, address)
    first, second = visit.page, visit.page.context.new_page()
    second.goto(first.url)
    visit.enter_code(code)
    visit.page = second
    visit.enter_code(code)
    assert second.url == first.url
    yield "second_tab"
    visit.press("/create-account")
    visit.at_account(address)
    visit.page = first
    visit.press("/create-account")
    visit.at_account(address)
    second.close()


def replaced(visit: Visit) -> Iterator[str]:
    """A new password ends every code that is under way for the address."""
    address = "replaced@walks.example"
    with_password(visit.provider, address)
    visit.open(f"{visit.provider.endpoint}/sign-in")
    visit.page.locator("#email").fill(address)
    visit.click("[name=method][value=code]")
    code = visit.provider.code_for(address)
    early, other = visit.page, visit.page.context.new_page()
    visit.page = other
    visit.open(f"{visit.provider.endpoint}/forgot-password")
    visit.enter_address(address)
    visit.enter_code(visit.provider.code_for(address))
    visit.send("new_password", OTHER)
    other.close()
    visit.page = early
    visit.enter_code(code)
    visit.told("replaced")
    yield "code"
    visit.provider.clock.advance(timedelta(minutes=2))
    visit.press("/resend")
    visit.enter_code(visit.provider.code_for(address))
    visit.at_account(address)


def longer_code_needed(visit: Visit) -> Iterator[str]:
    address = "longer@walks.example"
    code = at_code_page(visit, address)
    failed = 0
    while failed < LONGER_CODES_FROM:
        stranger = Stranger.begin(visit.provider, source="198.51.100.9")
        theirs = stranger.code_for(address)
        for by in range(1, 6):
            stranger.enter(another(theirs, by))
            failed += 1
    visit.enter_code(code)
    visit.told("longer_code_needed")
    yield "code"
    visit.provider.clock.advance(timedelta(minutes=2))
    visit.press("/resend")
    finish(visit, address, visit.provider.code_for(address))


def cooling_down(visit: Visit) -> Iterator[str]:
    """Two tabs ask for the mail again, one right after the other."""
    address = "cooling@walks.example"
    at_code_page(visit, address)
    visit.provider.clock.advance(timedelta(seconds=31))
    visit.page.reload()
    first, second = visit.page, visit.page.context.new_page()
    second.goto(first.url)
    visit.unfold()
    visit.press("/resend")
    yield "sent_again"
    visit.page = second
    visit.unfold()
    visit.press("/resend")
    visit.told("cooling_down")
    yield "limited"
    visit.click("main a.primary")
    finish(visit, address, visit.provider.code_for(address))


def mails_spent(visit: Visit) -> Iterator[str]:
    address = "spent@walks.example"
    at_code_page(visit, address)
    visit.provider.clock.advance(timedelta(seconds=31))
    visit.page.reload()
    stale = visit.page.context.new_page()
    stale.goto(visit.page.url)
    visit.unfold()
    visit.press("/resend")
    visit.unfold()
    yield "all_sent"
    visit.page = stale
    visit.provider.clock.advance(timedelta(minutes=2))
    visit.unfold()
    visit.press("/resend")
    visit.told("verification_mails_spent")
    yield "limited"
    visit.click("main a.primary")
    finish(visit, address, visit.provider.code_for(address))


def limited(outcome: str, times: int, address: str) -> Callable[[Visit], Iterator[str]]:
    """Return a walk that asks for mails until one is refused."""

    def steps(visit: Visit) -> Iterator[str]:
        for each in range(times):
            visit.open(f"{visit.provider.endpoint}/sign-in")
            visit.enter_address(address.format(each))
        visit.told(outcome)
        yield "limited"
        visit.click("main a.primary")
        yield "back"

    return steps


def ended(visit: Visit) -> Iterator[str]:
    address = "ended@walks.example"
    code = at_code_page(visit, address)
    page = visit.page.url
    visit.page.context.clear_cookies()
    visit.enter_code(code)
    visit.told("interaction_unknown")
    yield "other_browser"
    visit.click("main a.primary")
    visit.open(f"{visit.provider.endpoint}/sign-in/unheard-of")
    visit.told("interaction_unknown")
    yield "unknown"
    visit.open(visit.authorization_url(prompt="login"))
    open_page = visit.page.url
    visit.provider.clock.advance(timedelta(minutes=61))
    visit.enter_address(address)
    visit.told("expired")
    yield "expired"
    visit.open(open_page)
    visit.told("expired")
    visit.open(page)
    visit.told("interaction_unknown")


def new_password_refused(visit: Visit) -> Iterator[str]:
    address = "chosen@walks.example"
    visit.open(f"{visit.provider.endpoint}/register")
    visit.enter_address(address)
    visit.enter_code(visit.provider.code_for(address))
    refused = {
        "too_short": "too short",
        "too_long": "x y" * 100,
        "common": "passwordpassword",
        "guessable": f"my {address}",
    }
    for outcome, typed in refused.items():
        visit.send("new_password", typed)
        visit.told(outcome)
        yield outcome
    visit.send("new_password", GOOD)
    visit.at_account(address)


def password_refused(visit: Visit) -> Iterator[str]:
    address = "password@walks.example"
    with_password(visit.provider, address)
    visit.open(f"{visit.provider.endpoint}/sign-in")
    visit.enter_address(address)
    visit.send("password", "")
    visit.told("password_missing")
    yield "missing"
    visit.send("password", OTHER)
    visit.told("wrong_password")
    yield "wrong"
    while visit.page.locator("#password").count():
        visit.send("password", OTHER)
    yield "limited"
    visit.click("form:has([name=method][value=code]) button")
    visit.enter_code(visit.provider.code_for(address))
    visit.at_account(address)


def unknown_address_refused(visit: Visit) -> Iterator[str]:
    visit.open(f"{visit.provider.endpoint}/sign-in")
    visit.enter_address("nobody-here@walks.example")
    visit.send("password", OTHER)
    visit.told("wrong_password")
    yield "wrong"


def reset_ran_out(visit: Visit) -> Iterator[str]:
    address = "late@walks.example"
    with_password(visit.provider, address)
    visit.open(f"{visit.provider.endpoint}/forgot-password")
    visit.enter_address(address)
    visit.enter_code(visit.provider.code_for(address))
    visit.provider.clock.advance(timedelta(minutes=11))
    visit.send("new_password", OTHER)
    visit.told("proof_ran_out")
    yield "new_password"
    assert visit.page.locator("#email").input_value() == address
    visit.click("form:has(#email) button")
    visit.enter_code(visit.provider.code_for(address))
    visit.send("new_password", OTHER)


def account_ran_out(visit: Visit) -> Iterator[str]:
    address = "late-too@walks.example"
    visit.enter_code(at_code_page(visit, address))
    visit.provider.clock.advance(timedelta(minutes=11))
    visit.press("/create-account")
    visit.told("proof_ran_out")
    yield "create_account"
    visit.click("form:has(#email) button")
    finish(visit, address, visit.provider.code_for(address))


def registration_closed(visit: Visit) -> Iterator[str]:
    """Registration closes while somebody is on the way."""
    address = "closed@walks.example"
    code = at_code_page(visit, address)
    choose(visit.provider, experience(password=False, signInMode="SignIn"))
    visit.enter_code(code)
    yield "no_account"
    visit.press("/restart")
    yield "address"


def double_click(visit: Visit) -> Iterator[str]:
    """Every button of a sign-in, pressed twice."""
    address = "double@walks.example"
    visit.open(f"{visit.provider.endpoint}/sign-in")
    visit.page.locator("#email").fill(address)
    visit.page.locator("form:has(#email) button").first.dblclick()
    visit.page.wait_for_load_state()
    code = visit.provider.code_for(address)
    visit.page.locator("#code").fill(wrong(code))
    visit.page.locator("form:has(#code) button").first.dblclick()
    visit.page.locator("[data-outcome=wrong]").first.wait_for()
    yield "wrong"
    visit.page.locator("#code").fill(code)
    visit.page.locator("form:has(#code) button").first.dblclick()
    visit.page.wait_for_url("**/create-account")
    yield "create_account"
    visit.page.locator("form[action$='/create-account'] button").dblclick()
    visit.page.wait_for_url("**/account")
    visit.at_account(address)
    assert len(visit.provider.mails(address)) == 1


ROOM = {
    "AUTHSERVER_CODES__MAILS__PER_ADDRESS_DAY": "1000",
    "AUTHSERVER_CODES__MAILS__PER_SOURCE_AND_ADDRESS": "1000",
    "AUTHSERVER_CODES__MAILS__PER_VERIFICATION": "2",
    "AUTHSERVER_CODES__SPRAY__MIN_WRONG": "10000",
}
FEW_STARTS = {"AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "1"}
FEW_MAILS = {
    "AUTHSERVER_CODES__MAILS__PER_DAY": "1",
    "AUTHSERVER_CODES__MAILS__KNOWN_SHARE": "0.0",
}


def walk(
    name: str,
    steps: Callable[[Visit], Iterator[str]],
    document: Mapping[str, object] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Walk:
    document = experience(password=False) if document is None else document
    return Walk(name=name, steps=steps, settings=settings or {}, document=document)


DOUBLE_CLICKS = (walk("double_click", double_click),)
REFUSALS = (
    walk("address_invalid", address_invalid),
    walk("malformed", malformed),
    walk("wrong", wrong_until_exhausted),
    walk("expired", expired),
    walk("already_used", already_used),
    walk("replaced", replaced, BOTH),
    walk("cooling_down", cooling_down),
    walk("address_limited", limited("address_limited", 4, "limited@walks.example")),
    walk("new_password", new_password_refused, CREATED_PASSWORD),
    walk("password_refused", password_refused, BOTH),
    walk("unknown_address", unknown_address_refused, BOTH),
    walk("reset_ran_out", reset_ran_out, BOTH),
    walk("account_ran_out", account_ran_out),
    walk("registration_closed", registration_closed),
    walk("ended", ended),
    walk("longer_code_needed", longer_code_needed, settings=ROOM),
    walk("mails_spent", mails_spent, settings=ROOM),
    walk("source_limited", limited("source_limited", 2, "s{}@walks.example"), settings=FEW_STARTS),
    walk("instance_limited", limited("instance_limited", 2, "i{}@x.example"), settings=FEW_MAILS),
)
