"""Walks of people whose mails go through Direct Mail, and what happened to those mails."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from authserver.domain.clients import ClientKind
from authserver.storage.outgoing_mail import MailStory
from tests.support.direct_mail import AcceptedMail, DirectMailService
from tests.support.person import Person, forms_of
from tests.support.provider import CALLBACK, PATIENCE_SECONDS, Provider

Found = TypeVar("Found")

SENDER = "noreply@mail.example.com"
KEY_ID, KEY_SECRET = "testid", "testsecret"
# As operators have it from the tutorial of the service that they come from.
CONNECTOR: dict[str, object] = {
    "accessKeyId": KEY_ID,
    "accessKeySecret": KEY_SECRET,
    "accountName": SENDER,
    "fromAlias": "Bookstore",
    "regionId": "cn-hangzhou",
    "templates": [
        {
            "usageType": usage_type,
            "subject": f"{purpose}验证码",
            "content": "<p>您正在" + purpose + "。验证码 <b>{{code}}</b> 10 分钟内有效。</p>"
            "<p>{{application.name}}</p>",
        }
        for usage_type, purpose in {
            "SignIn": "登录",
            "Register": "注册",
            "ForgotPassword": "重置密码",
            "Generic": "验证",
        }.items()
    ],
}


def eventually(find: Callable[[], Found | None], what: str) -> Found:
    """Wait until `find` returns something and return it."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        found = find()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"in vain: {what}")


def code_in(text: str) -> str:
    """Return the code of a mail's text."""
    found = re.search(r"(?<!\d)\d{6}(?!\d)", text)
    assert found is not None, text
    return found[0]


def mails_to(service: DirectMailService, address: str) -> list[AcceptedMail]:
    """Return what Direct Mail has taken for the address."""
    return [mail for mail in service.accepted if mail.to == address]


def message_id_of(mail: AcceptedMail) -> str:
    """Return the `Message-ID` that was asked for."""
    headers: dict[str, str] = json.loads(mail.parameters["Headers"])
    return headers["Message-ID"]


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One person on the way to the client, up to the code page and on from it."""

    person: Person
    code_page: httpx.Response

    def enter(self, code: str) -> str:
        """Type the code, create the account if asked, and return the client's URL."""
        answer = self.submit("/code", code=code)
        if answer.url.path.endswith("/create-account"):
            answer = press(self.person, answer, "/create-account")
        return str(answer.headers["Location"])

    def ask_again(self) -> httpx.Response:
        """Press "Send again"."""
        return self.submit("/resend")

    def submit(self, action: str, **typed: str) -> httpx.Response:
        """Send the form of the code page that leads to `action`."""
        return press(self.person, self.code_page, action, **typed)


def press(person: Person, page: httpx.Response, action: str, **typed: str) -> httpx.Response:
    """Send the form of a page that leads to `action`."""
    form = next(each for each in forms_of(page) if each.action.path.endswith(action))
    return person.submit(form, **typed)


def begin(provider: Provider, address: str) -> Walk:
    """Come from a client, type the address, and stand before the code page."""
    person = provider.person()
    page = person.follow(authorization_url(provider))
    form = next(form for form in forms_of(page) if "email" in form.fields)
    return Walk(person=person, code_page=person.submit(form, email=address))


def authorization_url(provider: Provider, name: str = "Bookstore") -> str:
    """Register a client and return a request of it."""
    made = provider.server.clients.create(
        name=name, kind=ClientKind.WEB, redirect_uris=[CALLBACK], requires_pkce=False
    )
    query = urlencode(
        {
            "client_id": made.client.id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid email",
            "state": "a state",
        }
    )
    return f"{provider.issuer}/auth?{query}"


def has_arrived(url: str) -> bool:
    """Tell whether an answer to the client carries a code."""
    return url.startswith(f"{CALLBACK}?") and "code" in parse_qs(urlsplit(url).query)


def settled(provider: Provider, address: str) -> MailStory:
    """Wait until the newest mail to the address needs no more work, and return its story."""

    def find() -> MailStory | None:
        story = provider.server.mail.log(address)[0]
        return story if story.mail.finished_at is not None else None

    return eventually(find, f"an end of the mail to {address}")


def tried(story: MailStory) -> list[str]:
    """Return what was tried, in order: sender and result."""
    return [f"{attempt.sender} {attempt.outcome.result}" for attempt in story.attempts]
