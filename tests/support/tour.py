"""A walk past every page and state there is, in a real browser."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

from playwright.sync_api import Page

from authserver.domain.clients import ClientKind
from tests.support.provider import CALLBACK
from tests.support.stage import Stage

ANNA, BEN, CLEO, DORA = (f"{name}@example.com" for name in ("anna", "ben", "cleo", "dora"))


class Visit:
    """One browser on one stage; buttons are found by what they do, in any language."""

    def __init__(self, stage: Stage, page: Page) -> None:
        self.stage = stage
        self.page = page
        self.provider = stage.provider

    def open(self, url: str) -> None:
        self.page.goto(url)

    def press(self, action: str) -> None:
        """Press the button of the form that leads to `action`."""
        self.page.locator(f"form[action$='{action}'] button[type=submit]").first.click()
        self.page.wait_for_load_state()

    def sign_in_page(self, query: str = "") -> None:
        self.open(f"{self.stage.shop}/sign-in{query}")

    def enter_address(self, address: str) -> None:
        self.page.locator("#email").fill(address)
        self.page.locator("form:has(#email) button[type=submit]").first.click()
        self.page.wait_for_load_state()

    def enter_code(self, code: str) -> None:
        self.page.locator("#code").fill(code)
        self.press("/code")

    def code_page(self, address: str, query: str = "") -> str:
        """Go as far as the code page and return the code that is right."""
        self.sign_in_page(query)
        self.enter_address(address)
        return self.provider.code_for(address)

    def send(self, field: str, text: str) -> None:
        """Fill a field and send its form."""
        self.page.locator(f"#{field}").fill(text)
        self.click(f"form:has(#{field}) button[type=submit]")

    def click(self, selector: str) -> None:
        self.page.locator(selector).first.click()
        self.page.wait_for_load_state()

    def follow(self, path: str) -> None:
        """Follow the link of the page's content that leads below `path`."""
        self.click(f"main a[href*='{path}']")

    def told(self, outcome: str) -> None:
        """Tell that the page says what the last action came to."""
        told = self.page.locator("[data-outcome]").evaluate_all(
            "all => all.map(each => each.dataset.outcome)"
        )
        assert outcome in told, f"{outcome} is not among {told} at {self.page.url}"

    def tries_left(self) -> str | None:
        """Return how many tries the form of the code says are left."""
        return self.page.locator("form:has(#code)").get_attribute("data-tries-left")

    def landed_at_shop(self, address: str) -> None:
        """Tell that the shop knows who has come."""
        greeting = self.page.locator("[data-greeting]")
        assert greeting.count(), f"not signed in to the shop, but at {self.page.url}"
        assert greeting.inner_text() == address

    def at_account(self, address: str) -> None:
        """Tell that the account page knows who has come."""
        assert self.page.url == f"{self.provider.endpoint}/account"
        assert address in self.page.locator("main").inner_text()

    def sign_in(self, address: str) -> None:
        """Go all the way, creating the account if asked."""
        self.enter_code(self.code_page(address))
        if self.page.url.endswith("/create-account"):
            self.press("/create-account")

    def unfold(self) -> None:
        """Open what the code page keeps folded."""
        self.page.locator("main details > summary").click()

    def authorization_url(self, **parameters: str) -> str:
        """Return a request of a client that nobody listens for."""
        made = self.provider.server.clients.create(
            name="Bookstore", kind=ClientKind.WEB, redirect_uris=[CALLBACK], requires_pkce=False
        )
        query = {
            "client_id": made.client.id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid",
            **parameters,
        }
        return f"{self.provider.issuer}/auth?{urlencode(query)}"


def wrong(code: str) -> str:
    """Return a code that is not this one."""
    return "".join("7" if symbol != "7" else "3" for symbol in code)


def tour(visit: Visit) -> Iterator[str]:
    """Lead to one state after the other, and yield its name while the page shows it."""
    for part in (signing_in, signed_in, registering, refused, sending, failing, ending, waiting):
        yield from part(visit)


def signing_in(visit: Visit) -> Iterator[str]:
    visit.open(visit.stage.shop)
    yield "shop"
    visit.sign_in_page()
    yield "sign_in"
    visit.enter_address("anna@")
    yield "sign_in-invalid"
    visit.enter_address(ANNA)
    code = visit.provider.code_for(ANNA)
    yield "code"
    visit.unfold()
    yield "code-no_mail_yet"
    visit.enter_code("123")
    yield "code-malformed"
    visit.enter_code(wrong(code))
    yield "code-wrong"
    visit.enter_code(code)
    yield "create_account"
    visit.press("/create-account")
    yield "shop-signed_in"


def signed_in(visit: Visit) -> Iterator[str]:
    visit.open(f"{visit.provider.endpoint}/account")
    yield "account"
    visit.open(visit.authorization_url(prompt="select_account"))
    yield "sign_in-continue_as"
    visit.open(f"{visit.provider.issuer}/session/end")
    yield "sign_out"
    visit.page.locator("main button.primary").click()
    visit.page.wait_for_load_state()
    yield "signed_out"


def registering(visit: Visit) -> Iterator[str]:
    visit.sign_in_page("?prompt=create")
    yield "register"
    visit.enter_address(ANNA)
    yield "register-code"
    visit.enter_code(visit.provider.code_for(ANNA))
    yield "register-existing"


def refused(visit: Visit) -> Iterator[str]:
    code = visit.code_page(BEN)
    for _ in range(5):
        visit.enter_code(wrong(code))
    yield "code-exhausted"


def sending(visit: Visit) -> Iterator[str]:
    visit.code_page(CLEO)
    visit.provider.clock.advance(timedelta(seconds=30))
    visit.page.reload()
    visit.unfold()
    yield "code-wait_over"
    visit.press("/resend")
    yield "code-sent_again"
    visit.provider.next_mail(CLEO)
    visit.open(f"{visit.provider.endpoint}/dev/mail")
    yield "inbox"
    # Three mails of one source to one address, the one sent again among them.
    visit.code_page(CLEO)
    visit.sign_in_page()
    visit.enter_address(CLEO)
    yield "limited"


def ending(visit: Visit) -> Iterator[str]:
    code = visit.code_page(DORA)
    finished = visit.page.url
    visit.enter_code(code)
    visit.press("/create-account")
    # Until then the answer that was given is given again.
    visit.provider.clock.advance(timedelta(minutes=2))
    visit.open(finished)
    yield "ended-used"
    visit.open(f"{visit.provider.endpoint}/sign-in/unheard-of")
    yield "ended-other_browser"
    token = visit.provider.server.accounts.make_sign_in_link(DORA).token.reveal()
    link = f"{visit.provider.endpoint}/sign-in-link/{token}"
    visit.open(link)
    yield "sign_in_link"
    visit.page.locator("main button.primary").click()
    visit.page.wait_for_load_state()
    visit.open(link)
    yield "sign_in_link-used"


def failing(visit: Visit) -> Iterator[str]:
    visit.open(f"{visit.provider.endpoint}/no/such/page")
    yield "error-not_found"
    visit.open(f"{visit.provider.issuer}/auth?client_id=nobody")
    yield "error-client_fault"
    visit.open(visit.authorization_url(prompt="login"))
    visit.page.locator("main [name=form_token]").first.evaluate("field => field.value = 'x'")
    visit.enter_address(ANNA)
    yield "error-forbidden"
    visit.page.context.clear_cookies()
    visit.open(f"{visit.stage.shop}/callback?state=unheard-of")
    yield "shop-problem"


def waiting(visit: Visit) -> Iterator[str]:
    """Come last: the shop believes no tokens of this later time."""
    visit.open(visit.authorization_url(prompt="login"))
    visit.enter_address("emma@example.com")
    visit.provider.clock.advance(timedelta(minutes=11))
    visit.page.reload()
    yield "code-expired"
    visit.provider.clock.advance(timedelta(minutes=60))
    visit.page.reload()
    yield "ended-expired"
