"""Languages are negotiated and texts rendered, whatever a browser sends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from authserver.rendering import Renderer, name_of_language

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
PLURALS = '"Plural-Forms: nplurals={count}; plural={rule};\\n"\n'
FRENCH = PLURALS.format(count=2, rule="n > 1") + (
    'msgid "Hello %(name)s"\nmsgstr "Bonjour %(name)s"\n'
    'msgid "%(count)s mail"\nmsgid_plural "%(count)s mails"\n'
    'msgstr[0] "%(count)s courrier"\nmsgstr[1] "%(count)s courriers"\n'
)


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    for folder, messages in (("fr", FRENCH), ("zh_CN", ""), ("pt_BR", ""), ("ar", "")):
        catalog = tmp_path / "locale" / folder / "LC_MESSAGES" / "messages.po"
        catalog.parent.mkdir(parents=True)
        catalog.write_text(HEADER + messages, "utf-8")
    (tmp_path / "tongue.txt").write_text("{{ locale }} {{ direction }}", "utf-8")
    (tmp_path / "hello.html").write_text("{% trans %}Hello {{ name }}{% endtrans %}", "utf-8")
    (tmp_path / "hello.txt").write_text("{% trans %}Hello {{ name }}{% endtrans %}", "utf-8")
    (tmp_path / "mails.txt").write_text(
        "{% trans count=n %}{{ count }} mail{% pluralize %}{{ count }} mails{% endtrans %}", "utf-8"
    )
    (tmp_path / "wait.txt").write_text("{{ wait|wait }}", "utf-8")
    (tmp_path / "instant.txt").write_text("{{ at|instant }}; {{ at|date }}", "utf-8")
    return tmp_path


@pytest.fixture
def renderer(templates: Path) -> Renderer:
    return Renderer(templates)


def test_every_catalog_is_a_language_and_the_default_comes_first(templates: Path) -> None:
    assert Renderer(templates).languages == ("en", "ar", "fr", "pt-BR", "zh-CN")
    assert Renderer(templates, default_locale="fr").languages[:2] == ("fr", "en")


def test_a_default_language_without_a_catalog_is_refused(templates: Path) -> None:
    with pytest.raises(ValueError, match="no catalog for the language 'xx'"):
        Renderer(templates, default_locale="xx")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr", "fr"),
        ("fr-CA,en;q=0.5", "fr"),
        ("FR_ca", "fr"),
        ("de, fr;q=0.8, en;q=0.9", "en"),
        ("de;q=0.9, fr;q=0.3", "fr"),
        ("en;q=0, fr;q=0.1", "fr"),
        ("en; q = 0.1, ar-EG;q=0.2", "ar"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("zh", "zh-CN"),
        ("zh-Hans", "zh-CN"),
        ("zh-SG", "zh-CN"),
        ("zh-Hans-TW", "zh-CN"),
        ("zh-TW, zh;q=0.9, en;q=0.8", "zh-CN"),
        ("zh-Hant-HK, fr;q=0.2", "fr"),
        ("*", "en"),
        ("*, fr;q=0.5", "en"),
    ],
)
def test_the_browser_is_given_the_language_it_wants_most(
    renderer: Renderer, header: str, language: str
) -> None:
    assert renderer.negotiate(accept_language=header) == language


@pytest.mark.parametrize(
    "header",
    [
        "",
        ";;;,,,",
        "fr;q=2",
        "fr;q=-1",
        "fr;q=NaN",
        "../../etc/passwd",
        "fr\x00",
        "\N{ARABIC-INDIC DIGIT ONE}" * 50,
        "x" * 100_000,
        ",".join(["xx"] * 50_000),
        "xx," * 1000 + "fr",
    ],
)
def test_garbage_gives_the_default_language(renderer: Renderer, header: str) -> None:
    assert renderer.negotiate(accept_language=header, cookie=header, ui_locales=[header]) == "en"


def test_the_clients_wish_goes_before_the_cookie_and_both_before_the_browser(
    renderer: Renderer,
) -> None:
    wishes = {"cookie": "ar", "accept_language": "zh"}

    assert renderer.negotiate(ui_locales=["xx", "fr-CA"], **wishes) == "fr"
    assert renderer.negotiate(ui_locales=["xx"], **wishes) == "ar"
    assert renderer.negotiate(cookie="xx", accept_language="zh") == "zh-CN"


def test_scripts_of_chinese_lead_to_their_catalogs_once_both_are_there(templates: Path) -> None:
    catalog = templates / "locale" / "zh_TW" / "LC_MESSAGES" / "messages.po"
    catalog.parent.mkdir(parents=True)
    catalog.write_text(HEADER, "utf-8")
    renderer = Renderer(templates)

    found = {tag: renderer.negotiate(ui_locales=[tag]) for tag in ("zh-Hant", "zh-HK", "zh-MO")}

    assert found == dict.fromkeys(found, "zh-TW")


def test_a_template_knows_its_language_and_direction(renderer: Renderer) -> None:
    assert renderer.render("tongue.txt", "zh-Hans", {}) == "zh-CN ltr"
    assert renderer.render("tongue.txt", "ar", {}) == "ar rtl"


def test_a_language_there_is_not_never_prevents_a_text(renderer: Renderer) -> None:
    assert renderer.render("tongue.txt", "tlh", {}) == "en ltr"
    assert renderer.render("tongue.txt", "not a tag at all", {}) == "en ltr"


def test_values_are_escaped_in_html_and_nowhere_else(renderer: Renderer) -> None:
    name = {"name": "<b>100% %(x)s</b>"}

    assert renderer.render("hello.html", "fr", name) == "Bonjour &lt;b&gt;100% %(x)s&lt;/b&gt;"
    assert renderer.render("hello.txt", "fr", name) == "Bonjour <b>100% %(x)s</b>"


def test_a_missing_value_is_an_error(renderer: Renderer) -> None:
    with pytest.raises(UndefinedError, match="name"):
        renderer.render("hello.html", "en", {})


def test_counts_take_the_plural_form_of_the_language(renderer: Renderer) -> None:
    said = [
        renderer.render("mails.txt", locale, {"n": n}) for locale in ("en", "fr") for n in (0, 1, 2)
    ]

    assert said == ["0 mails", "1 mail", "2 mails", "0 courrier", "1 courrier", "2 courriers"]


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (0, "1 second"),
        (28, "28 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (121, "3 minutes"),
        (timedelta(minutes=10), "10 minutes"),
        (timedelta(seconds=27, microseconds=1), "28 seconds"),
        (3600, "1 hour"),
        (5400, "90 minutes"),
        (7201, "3 hours"),
    ],
)
def test_a_wait_is_said_in_words_and_never_too_short(
    renderer: Renderer, wait: int | timedelta, words: str
) -> None:
    assert renderer.render("wait.txt", "en", {"wait": wait}) == words


def test_a_wait_is_said_in_the_language_of_the_page(renderer: Renderer) -> None:
    said = {
        locale: renderer.render("wait.txt", locale, {"wait": 600})
        for locale in ("zh-CN", "fr", "ar")
    }

    assert said == {"zh-CN": "10分钟", "fr": "10 minutes", "ar": "10 دقائق"}


def test_an_instant_is_said_in_utc(renderer: Renderer) -> None:
    at = datetime(2026, 3, 15, 1, 5, tzinfo=timezone(timedelta(hours=2)))

    assert renderer.render("instant.txt", "en", {"at": at}) == (
        "March 14, 2026, 23:05 UTC; March 14, 2026"
    )
    assert renderer.render("instant.txt", "zh-CN", {"at": at.astimezone(UTC)}) == (
        "2026年3月14日 23:05 UTC; 2026年3月14日"
    )


def test_the_time_of_an_instant_stays_in_order_from_right_to_left(renderer: Renderer) -> None:
    said = renderer.render("instant.txt", "ar", {"at": datetime(2026, 3, 14, 23, 5, tzinfo=UTC)})

    assert "\N{LEFT-TO-RIGHT ISOLATE}23:05 UTC\N{POP DIRECTIONAL ISOLATE}" in said


def test_languages_are_named_in_themselves() -> None:
    names = [name_of_language(language) for language in ("en", "zh-CN", "zh-TW", "fr", "ar")]

    assert names == ["English", "简体中文", "繁體中文", "Français", "العربية"]


def test_threads_may_ask_for_a_new_language_at_once(renderer: Renderer) -> None:
    with ThreadPoolExecutor(8) as threads:
        said = threads.map(
            lambda locale: renderer.render("tongue.txt", locale, {}), ["fr", "ar"] * 40
        )

    assert set(said) == {"fr ltr", "ar rtl"}
