"""Each flow from its first page to its end."""

from collections.abc import Iterator
from datetime import timedelta

from tests.flows.factors import give_second_factor
from tests.flows.links import link_in
from tests.flows.with_passwords import GOOD, OTHER, experience, with_password
from tests.oidc.told_client import register
from tests.support.tour import Visit, wrong
from tests.support.walks.walk import Walk

BOTH = experience()
CREATED_PASSWORD = experience(signUp={"password": True})


def mailed_code(visit: Visit) -> Iterator[str]:
    address = "ada@walks.example"
    visit.open(visit.stage.shop)
    visit.sign_in_page()
    yield "address"
    visit.enter_address(address)
    yield "code"
    visit.enter_code(visit.provider.code_for(address))
    yield "create_account"
    visit.press("/create-account")
    visit.landed_at_shop(address)


def registration(visit: Visit) -> Iterator[str]:
    address = "ben@walks.example"
    visit.sign_in_page("?prompt=create")
    yield "address"
    visit.enter_address(address)
    yield "code"
    visit.enter_code(visit.provider.code_for(address))
    visit.landed_at_shop(address)
    visit.page.context.clear_cookies()
    visit.sign_in_page("?prompt=create")
    visit.enter_address(address)
    visit.enter_code(visit.provider.code_for(address))
    yield "existing"
    visit.press("/existing")
    visit.landed_at_shop(address)


def created_password(visit: Visit) -> Iterator[str]:
    address = "cleo@walks.example"
    visit.sign_in_page("?prompt=create")
    visit.enter_address(address)
    visit.enter_code(visit.provider.code_for(address))
    yield "first"
    visit.send("new_password", GOOD)
    visit.landed_at_shop(address)


def password(visit: Visit) -> Iterator[str]:
    address = "dora@walks.example"
    with_password(visit.provider, address)
    visit.sign_in_page()
    yield "address"
    visit.enter_address(address)
    yield "password"
    visit.send("password", GOOD)
    visit.landed_at_shop(address)


def forgot_password(visit: Visit) -> Iterator[str]:
    address = "emil@walks.example"
    with_password(visit.provider, address)
    visit.sign_in_page()
    visit.enter_address(address)
    visit.follow("/forgot-password/")
    yield "address"
    visit.enter_address(address)
    yield "code"
    visit.enter_code(visit.provider.code_for(address))
    yield "new_password"
    visit.send("new_password", OTHER)
    yield "done"
    visit.page.locator("main a.primary").click()
    visit.enter_address(address)
    visit.send("password", OTHER)
    visit.landed_at_shop(address)


def second_step_by_mail(visit: Visit) -> Iterator[str]:
    address = "fred@walks.example"
    with_password(visit.provider, address)
    give_second_factor(visit.provider, address)
    visit.sign_in_page()
    visit.enter_address(address)
    visit.send("password", GOOD)
    yield "code"
    code = visit.provider.code_for(address)
    visit.send("code", wrong(code))
    visit.told("wrong")
    yield "wrong"
    visit.send("code", code)
    visit.landed_at_shop(address)


def second_step_after_code(visit: Visit) -> Iterator[str]:
    address = "gina@walks.example"
    with_password(visit.provider, address)
    recovery = give_second_factor(visit.provider, address)
    visit.sign_in_page()
    visit.page.locator("#email").fill(address)
    visit.click("[name=method][value=code]")
    visit.enter_code(visit.provider.code_for(address))
    yield "password"
    visit.send("password", OTHER)
    visit.told("wrong")
    yield "password_wrong"
    visit.follow("/recovery-code")
    yield "recovery"
    visit.send("code", "ABCD")
    visit.told("malformed")
    yield "recovery_malformed"
    visit.send("code", "0000-0000-0000-0000")
    visit.told("wrong")
    yield "recovery_wrong"
    visit.send("code", recovery[0])
    visit.landed_at_shop(address)


def finish_elsewhere(visit: Visit) -> Iterator[str]:
    address = "hugo@walks.example"
    visit.sign_in_page()
    visit.enter_address(address)
    yield "code"
    number = visit.page.locator(".number").inner_text()
    link = visit.provider.endpoint + link_in(visit.provider.next_mail(address)["text"])
    first, other = visit.page, visit.page.context.new_page()
    visit.page = other
    visit.open(link)
    yield "asked"
    visit.send("code", "12")
    visit.told("malformed")
    yield "malformed"
    visit.send("code", wrong(number))
    visit.told("wrong")
    yield "wrong"
    visit.send("code", number)
    yield "elsewhere-confirmed"
    # With script the first tab goes on by itself, any moment: its address is opened anew.
    other.goto(first.url)
    first.close()
    yield "first_tab"
    visit.press("/create-account")
    visit.landed_at_shop(address)


def sign_out(visit: Visit) -> Iterator[str]:
    address = "ida@walks.example"
    visit.sign_in(address)
    visit.open(f"{visit.provider.issuer}/session/end")
    yield "asks"
    visit.click("main button.primary")
    yield "done"
    visit.page.go_back()
    visit.page.reload()
    yield "already"


def second_tab(visit: Visit) -> Iterator[str]:
    """Once one tab has signed in, another one offers to go on with that."""
    address = "jane@walks.example"
    visit.sign_in_page()
    stale, other = visit.page, visit.page.context.new_page()
    visit.page = other
    visit.sign_in(address)
    other.close()
    visit.page = stale
    stale.reload()
    yield "signed_in_meanwhile"
    visit.press("/continue")
    visit.landed_at_shop(address)


def back_and_reload(visit: Visit) -> Iterator[str]:
    """The back button leads to the step that is due; reloads send nothing again."""
    address = "kurt@walks.example"
    visit.open(f"{visit.provider.endpoint}/sign-in")
    visit.enter_address(address)
    code = visit.provider.code_for(address)
    visit.enter_code(wrong(code))
    visit.told("wrong")
    visit.page.reload()
    assert visit.tries_left() in {"", "4"}
    visit.page.go_back()
    yield "back"
    visit.open(visit.page.url.partition("/code")[0] + "/code")
    visit.enter_code(code)
    visit.page.go_back()
    yield "back_after_proof"
    visit.press("/create-account")
    visit.at_account(address)
    visit.page.go_back()
    visit.provider.clock.advance(timedelta(minutes=2))
    visit.page.reload()
    yield "back_after_end"


def consent(visit: Visit) -> Iterator[str]:
    """The shop belongs to somebody else, and is allowed what it asks for at the second time."""
    address = "kim@walks.example"
    (shop,) = (each for each in visit.provider.server.clients.list() if each.name == "Bookstore")
    register(visit.provider, shop.id, is_third_party=True)
    visit.enter_code(visit.code_page(address))
    visit.press("/create-account")
    yield "asks"
    visit.page.reload()
    visit.click("[name=decision][value=deny]")
    yield "denied"
    visit.sign_in_page()
    visit.click("[name=decision][value=allow]")
    visit.landed_at_shop(address)
    visit.page.go_back()
    yield "back"
    register(visit.provider, shop.id, is_third_party=False)


FLOWS = (
    Walk(name="mailed_code", steps=mailed_code),
    Walk(name="registration", steps=registration),
    Walk(name="created_password", steps=created_password, document=CREATED_PASSWORD),
    Walk(name="password", steps=password, document=BOTH),
    Walk(name="forgot_password", steps=forgot_password, document=BOTH),
    Walk(name="second_step", steps=second_step_by_mail, document=BOTH),
    Walk(name="second_step_after_code", steps=second_step_after_code, document=BOTH),
    Walk(
        name="finish_elsewhere",
        steps=finish_elsewhere,
        settings={"AUTHSERVER_CODES__FINISH_ELSEWHERE": "true"},
    ),
    Walk(name="sign_out", steps=sign_out),
    Walk(name="consent", steps=consent),
    Walk(name="second_tab", steps=second_tab),
    # Comes last: the shop believes no tokens of a later time.
    Walk(name="stale", steps=back_and_reload),
)
