"""What people are told while no sender takes anything."""

import time
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from authserver.domain.outgoing_mail import MailState
from tests.journeys.conftest import StartProvider
from tests.support.person import Person, forms_of
from tests.support.provider import Provider
from tests.support.server_process import free_port

BANNER = "Mail is slow at the moment."
PATIENCE_SECONDS = 20.0


@pytest.fixture
def dead_end() -> dict[str, str]:
    """Return settings of a mail server that is not there."""
    return {
        "AUTHSERVER_MAIL__SENDERS": "smtp",
        "AUTHSERVER_MAIL__SMTP__HOST": "127.0.0.1",
        "AUTHSERVER_MAIL__SMTP__PORT": str(free_port()),
        "AUTHSERVER_MAIL__SMTP__TLS": "none",
        "AUTHSERVER_MAIL__SMTP__FROM": "id@mail.example",
    }


def enter_address(person: Person, address: str) -> httpx.Response:
    page = person.follow("/sign-in")
    form = next(form for form in forms_of(page) if "email" in form.fields)
    return person.submit(form, email=address)


def wait_until(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def is_put_back(provider: Provider) -> bool:
    [story] = provider.server.mail.log()
    return story.mail.state is MailState.QUEUED and story.attempts != ()


def test_everybody_is_told_that_mail_is_slow_whatever_address_they_entered(
    start: StartProvider, dead_end: dict[str, str]
) -> None:
    with start(dead_end) as provider:
        ada, eve = provider.person(), provider.person(source="192.0.2.7")
        page = enter_address(ada, "ada@example.com")
        assert BANNER not in page.text
        wait_until(lambda: is_put_back(provider))

        provider.clock.advance(timedelta(seconds=25))

        assert BANNER in ada.follow(str(page.url)).text
        address_page = eve.follow("/sign-in")
        assert BANNER in address_page.text
        assert BANNER in eve.follow("/register").text
        assert BANNER in enter_address(eve, "eve@example.com").text
        assert BANNER not in eve.follow("/no/such/page").text
