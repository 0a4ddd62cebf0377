"""The language of people who asked for none: on pages, in mails, in notices."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.flows.browsing import Visit, wrong
from tests.support.provider import Provider, running_provider

ADA = "ada@example.com"
CHINESE = {
    "AUTHSERVER_FALLBACK_LANGUAGE": "zh-CN",
    # The sender that a connector configures has no place to send to here.
    "AUTHSERVER_MAIL__SENDERS": "outbox",
    "AUTHSERVER_CODES__BUDGET__DIGITS8_FROM": "5",
    "AUTHSERVER_CODES__MAILS__PER_SOURCE_AND_ADDRESS": "10",
}


@pytest.fixture
def chinese(sqlite_database: str, tmp_path: Path) -> Iterator[Provider]:
    with running_provider(tmp_path, sqlite_database, settings=CHINESE) as running:
        yield running


def visit_in(provider: Provider, wished: str) -> Visit:
    """Begin to sign in with a browser that sends this `Accept-Language`."""
    http = provider.http()
    http.headers["accept-language"] = wished
    return Visit.begin(provider, http=http)


def language_of(page: httpx.Response) -> str:
    """Return the language that a page says it is in."""
    return page.text.partition('lang="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("wished", "language"), [("", "zh-CN"), ("tlh, *;q=0.1", "zh-CN"), ("fr, zh;q=0.5", "fr")]
)
def test_whoever_wishes_for_none_there_is_reads_the_fallback_language(
    chinese: Provider, wished: str, language: str
) -> None:
    assert language_of(visit_in(chinese, wished).page()) == language


def test_a_mail_speaks_the_fallback_language(chinese: Provider) -> None:
    visit_in(chinese, "tlh").code_for(ADA)

    (mail,) = chinese.mails(ADA)
    assert "验证码" in mail["text"]


def test_templates_without_a_language_count_as_the_fallback_language(chinese: Provider) -> None:
    template = {"subject": "{{code}}", "content": "Chinese by default {{code}}"}
    types = ("Register", "SignIn", "ForgotPassword", "Generic")
    chinese.server.mail.configure(
        {
            "accessKeyId": "LTAI",
            "accessKeySecret": "secret",
            "accountName": "noreply@mail.example.com",
            "templates": [{**template, "usageType": each} for each in types],
        }
    )
    visit_in(chinese, "fr").code_for(ADA)

    (mail,) = chinese.mails(ADA)
    assert mail["text"].startswith("Chinese by default")


@pytest.mark.parametrize(
    ("claims", "words"), [({}, "验证码"), ({"locale": "de"}, "Code")], ids=["none", "de"]
)
def test_a_notice_speaks_the_owners_language_not_that_of_whoever_guessed(
    chinese: Provider, claims: dict[str, object], words: str
) -> None:
    chinese.server.accounts.create(ADA, claims=claims)
    guesser = visit_in(chinese, "fr")
    code = guesser.code_for(ADA)

    for by in range(1, 6):
        guesser.enter(wrong(code, by))

    notice = chinese.next_mail(ADA)
    assert notice["usage_type"] == "LongerCodes"
    assert words in notice["text"]
