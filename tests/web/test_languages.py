import re

import httpx
import pytest

from tests.flows.browsing import OWN_FORM, Visit, request_of_bookstore
from tests.support.provider import Provider

ADA = "ada@example.com"
LANGUAGE = re.compile(r'<html[^>]* lang="([\w-]+)"')


def language_of(text: str) -> str:
    found = LANGUAGE.search(text)
    assert found
    return found[1]


def choose(http: httpx.Client, language: str) -> httpx.Response:
    """Press a language in the switcher."""
    return http.post("/language", data={"language": language}, headers=OWN_FORM)


def languages(visit: Visit) -> set[str]:
    """Return the languages of every page up to the question after the code, and of the mail."""
    shown = [visit.page()]
    visit.ask(ADA)
    mail = visit.provider.next_mail(ADA)
    shown.append(visit.page())
    visit.enter("000000")
    shown.append(visit.page())
    shown.append(visit.send("/resend"))
    visit.enter(mail["code"] or "")
    shown.append(visit.page())
    return {language_of(text) for text in [mail["html"], *(page.text for page in shown)]}


@pytest.mark.parametrize(
    ("wished", "cookie", "accepted", "expected"),
    [
        (None, None, None, "en"),
        (None, None, "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        (None, None, "tlh,zh;q=0.5", "zh-CN"),
        (None, None, "tlh, *;q=0.5", "en"),
        (None, None, "fr-CH, fr;q=0.9, *;q=0.5", "fr"),
        (None, None, "zh-HK, en;q=0.5", "zh-TW"),
        ("zh-Hant", None, None, "zh-TW"),
        ("ar-EG", None, "de", "ar"),
        (None, "zh-CN", "en", "zh-CN"),
        (None, "nonsense", "zh-CN", "zh-CN"),
        ("zh-CN", None, "en", "zh-CN"),
        ("zh-CN en", None, "en", "zh-CN"),
        ("tlh zh-Hans", None, "en", "zh-CN"),
        ("zh-SG", None, None, "zh-CN"),
        ("en-GB", None, "zh-CN", "en"),
        ("zh-CN", "en", "en", "zh-CN"),
        ("tlh", None, "zh-CN", "zh-CN"),
        ("../../etc", None, None, "en"),
    ],
)
def test_pages_and_mails_speak_the_language_that_is_wished_for(
    provider: Provider, wished: str | None, cookie: str | None, accepted: str | None, expected: str
) -> None:
    browser = provider.http()
    if cookie is not None:
        browser.cookies.set("authserver-language", cookie)
    if accepted is not None:
        browser.headers["Accept-Language"] = accepted
    parameters = {} if wished is None else {"ui_locales": wished}

    visit = Visit.begin(provider, request_of_bookstore(provider, **parameters), http=browser)

    assert languages(visit) == {expected}


@pytest.mark.parametrize("wished", [None, "zh-CN", "en"])
@pytest.mark.parametrize("chosen", ["zh-CN", "en"])
def test_the_language_chosen_on_a_page_is_the_one_of_all_that_follows(
    provider: Provider, wished: str | None, chosen: str
) -> None:
    parameters = {} if wished is None else {"ui_locales": wished}
    visit = Visit.begin(provider, request_of_bookstore(provider, **parameters))

    choose(visit.http, chosen)

    assert languages(visit) == {chosen}
    assert language_of(visit.http.get("/nothing").text) == chosen


@pytest.mark.parametrize("language", ["", "xx", "ZH-cn", "../en", "zh-CN\r\nX-Y: 1"])
def test_a_language_there_is_not_is_not_remembered(provider: Provider, language: str) -> None:
    browser = provider.http()

    assert choose(browser, language).status_code == 303

    assert "authserver-language" not in browser.cookies


def test_a_mail_in_chinese_has_a_chinese_subject_and_text(provider: Provider) -> None:
    visit = Visit.begin(provider, request_of_bookstore(provider, ui_locales="zh-CN"))
    visit.ask(ADA)

    mail = provider.next_mail(ADA)

    assert re.search("[\u4e00-\u9fff]", mail["subject"])
    assert re.search("[\u4e00-\u9fff]", mail["text"])
    assert mail["subject"].replace(mail["code"] or "", "······") in visit.page().text


def test_a_mail_in_arabic_is_written_from_right_to_left(provider: Provider) -> None:
    visit = Visit.begin(provider, request_of_bookstore(provider, ui_locales="ar"))
    visit.ask(ADA)

    mail = provider.next_mail(ADA)

    assert '<html lang="ar" dir="rtl">' in mail["html"]
    assert re.search(f'<bdi dir="ltr"[^>]*>{mail["code"]}</bdi>', mail["html"])
    assert re.search("[\u0621-\u064a]", mail["text"])


@pytest.mark.parametrize("path", ["/nothing", "/sign-in/unknown", "/dev/mail"])
def test_every_page_speaks_the_language_of_the_browser(provider: Provider, path: str) -> None:
    page = provider.http().get(path, headers={"Accept-Language": "zh-CN"})

    assert language_of(page.text) == "zh-CN"
    assert re.search("<h1>[^<]*[\u4e00-\u9fff]", page.text)
