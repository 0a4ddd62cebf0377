"""The sections of the account page: what each offers, refuses and asks for first."""

from collections.abc import Iterator
from datetime import timedelta

from tests.flows.with_passwords import GOOD, OTHER, experience, with_password
from tests.support.tour import Visit, wrong
from tests.support.walks.walk import Walk

BOTH = experience()


def section(visit: Visit, name: str) -> None:
    visit.open(f"{visit.provider.endpoint}/account/{name}")


def signed_in(visit: Visit, address: str) -> None:
    """Sign in at the account page, by a code."""
    visit.open(f"{visit.provider.endpoint}/sign-in")
    visit.page.locator("#email").fill(address)
    by_code = "[name=method][value=code]"
    visit.click(by_code if visit.page.locator(by_code).count() else "form:has(#email) button")
    visit.enter_code(visit.provider.code_for(address))
    if visit.page.url.endswith("/create-account"):
        visit.press("/create-account")
    visit.at_account(address)


def about_oneself(visit: Visit) -> Iterator[str]:
    address = "lena@walks.example"
    signed_in(visit, address)
    yield "overview"
    section(visit, "profile")
    yield "profile"
    visit.send("name", "Lena Beispiel")
    visit.told("saved")
    yield "profile_saved"
    visit.page.reload()
    visit.send("nickname", "\u202e")
    visit.told("name_invalid")
    yield "profile_invalid"
    section(visit, "language")
    yield "language"
    visit.page.locator("#locale").select_option("de")
    visit.press("/account/language")
    assert visit.page.locator("html").get_attribute("lang") == "de"
    visit.page.locator("#locale").select_option("")
    visit.press("/account/language")


def change_of_address(visit: Visit) -> Iterator[str]:
    address, taken, new = (f"{name}@walks.example" for name in ("mia", "taken", "mia.new"))
    visit.provider.server.accounts.create(taken)
    signed_in(visit, address)
    visit.provider.clock.advance(timedelta(minutes=11))
    section(visit, "address")
    yield "asks_for_code"
    visit.press("/address/confirm")
    yield "confirm_code"
    code = visit.provider.code_for(address)
    visit.enter_code(wrong(code))
    visit.told("wrong")
    yield "confirm_wrong"
    visit.enter_code(code)
    yield "new"
    for outcome, typed in (("address_invalid", "mia@"), ("address_same", address)):
        visit.send("email", typed)
        visit.told(outcome)
        yield outcome
    visit.send("email", new)
    yield "new_code"
    visit.enter_code(visit.provider.code_for(new))
    visit.told("address_changed")
    yield "changed"
    visit.page.go_back()
    yield "back"


def own_password(visit: Visit) -> Iterator[str]:
    address = "nora@walks.example"
    signed_in(visit, address)
    section(visit, "password")
    yield "none"
    visit.send("new_password", "too short")
    visit.told("too_short")
    yield "too_short"
    visit.send("new_password", GOOD)
    visit.told("password_changed")
    yield "set"
    section(visit, "password")
    visit.page.locator("#password").fill(OTHER)
    visit.send("new_password", OTHER)
    visit.told("wrong_present_password")
    yield "wrong"
    visit.page.locator("#password").fill(GOOD)
    visit.send("new_password", OTHER)
    visit.told("password_changed")
    section(visit, "password")
    visit.unfold()
    yield "remove"
    visit.send("removed", OTHER)
    visit.told("password_removed")
    yield "removed"


def second_factor(visit: Visit) -> Iterator[str]:
    address = "olga@walks.example"
    signed_in(visit, address)
    section(visit, "second-factor")
    yield "without_password"
    visit.click(".panel a[href='/account/password']")
    visit.send("new_password", GOOD)
    section(visit, "second-factor")
    yield "off"
    visit.press("/second-factor/begin")
    yield "codes"
    codes = visit.page.locator(".codes li").all_inner_texts()
    visit.send("code", "0000-0000-0000-0000")
    visit.told("recovery_code_wrong")
    yield "wrong"
    visit.send("code", codes[0])
    visit.told("second_step_on")
    yield "on"
    section(visit, "second-factor")
    yield "asks_to_sign_in"


def places(visit: Visit) -> Iterator[str]:
    address = "pia@walks.example"
    visit.sign_in(address)
    stranger = visit.page.context.browser
    assert stranger is not None
    other = Visit(visit.stage, stranger.new_context(locale="en-GB").new_page())
    signed_in(other, address)
    section(visit, "sessions")
    yield "sessions"
    visit.press("/sessions/end-others")
    visit.told("others_ended")
    yield "sessions_ended"
    section(other, "profile")
    assert "/sign-in/" in other.page.url
    other.page.context.close()
    section(visit, "browsers")
    yield "browsers"
    visit.press("/browsers/forget-all")
    visit.told("browsers_forgotten")
    yield "browsers_forgotten"
    section(visit, "applications")
    yield "applications"
    visit.press("/applications/withdraw")
    visit.told("withdrawn")
    yield "withdrawn"


def export(visit: Visit) -> Iterator[str]:
    signed_in(visit, "rosa@walks.example")
    section(visit, "export")
    yield "offered"
    with visit.page.expect_download() as download:
        visit.page.locator("main a[download]").click()
    assert b"rosa@walks.example" in download.value.path().read_bytes()


def deletion(visit: Visit) -> Iterator[str]:
    address = "sara@walks.example"
    signed_in(visit, address)
    visit.provider.clock.advance(timedelta(minutes=11))
    section(visit, "deletion")
    yield "asks_for_code"
    visit.press("/deletion/confirm")
    visit.enter_code(visit.provider.code_for(address))
    yield "asks"
    visit.press("/account/deletion")
    visit.told("not_sure")
    yield "not_sure"
    visit.page.locator("#sure").check()
    visit.press("/account/deletion")
    yield "deleted"
    visit.page.go_back()
    yield "back"


def signed_out_everywhere(visit: Visit) -> Iterator[str]:
    """A page of the account that is still open after the session has ended."""
    address = "tina@walks.example"
    with_password(visit.provider, address)
    signed_in(visit, address)
    section(visit, "profile")
    stale = visit.page
    visit.page = visit.page.context.new_page()
    section(visit, "sessions")
    visit.press("/sessions/end-all")
    yield "signed_out"
    visit.page.close()
    visit.page = stale
    visit.send("name", "Tina")
    assert "/sign-in/" in visit.page.url
    yield "stale"


ACCOUNT = (
    Walk(name="account_about", steps=about_oneself),
    Walk(name="account_password", steps=own_password, document=BOTH),
    Walk(name="account_second_factor", steps=second_factor, document=BOTH),
    Walk(name="account_places", steps=places),
    Walk(name="account_export", steps=export),
    Walk(name="account_signed_out", steps=signed_out_everywhere, document=BOTH),
    Walk(name="account_address", steps=change_of_address),
    Walk(name="account_deletion", steps=deletion),
)
