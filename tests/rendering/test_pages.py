"""Every page in every state is whole, works without a script, and obeys the rules of all pages."""

import gzip
import re
from pathlib import Path

import pytest

from authserver.rendering import FORM_POST_SCRIPT, Renderer
from tests.rendering.page_reader import Page, words_of
from tests.rendering.sample_pages import COMMON, FORM_TOKEN, NAMES, Notice, Sample, sample_pages

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATES = PROJECT / "templates"
STATIC = PROJECT / "authserver" / "web" / "static"
SAMPLES = {sample.name: sample for sample in sample_pages()}
MOST_COMPRESSED = 30_000


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(TEMPLATES)


def page_of(renderer: Renderer, sample: Sample, language: str = "en", **changes: object) -> Page:
    context = {**COMMON, **sample.context, **changes}
    return Page(renderer.render(sample.template, language, context))


every_page = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())


@every_page
@pytest.mark.parametrize("language", NAMES)
def test_a_page_has_one_heading_its_language_and_no_style_or_script_of_its_own(
    renderer: Renderer, sample: Sample, language: str
) -> None:
    page = page_of(renderer, sample, language)

    assert len(page.all("h1")) == len(page.all("main")) == 1
    direction = "rtl" if language == "ar" else "ltr"
    assert page.one("html").attributes == {"lang": language, "dir": direction}
    assert "Example ID" in words_of(page.one("title"))
    assert page.all("style") == []
    assert [name for each in page.elements for name in each.attributes if name == "style"] == []
    assert [name for each in page.elements for name in each.attributes if name[:2] == "on"] == []
    inline = [words_of(each) for each in page.all("script") if "src" not in each.attributes]
    assert inline == ([FORM_POST_SCRIPT] if sample.name == "form-post" else [])
    assert page.one("link", rel="stylesheet").attributes["href"] == "/static/app.css"


@every_page
def test_every_form_of_ours_is_posted_with_its_token_and_says_its_outcome(
    renderer: Renderer, sample: Sample
) -> None:
    if sample.name == "form-post":
        return
    page = page_of(renderer, sample)
    notice = sample.context.get("notice")
    outcome = notice.outcome if isinstance(notice, Notice) else ""

    for form in page.all("form"):
        fields = [each for each in page.elements if each.form is form and each.tag == "input"]
        is_switcher = form.attributes["action"] == "/language"
        assert form.attributes["method"] == "post"
        assert "novalidate" in form.attributes
        assert form.attributes["data-outcome"] == ("" if is_switcher else outcome)
        hidden = [(each.attributes["name"], each.attributes.get("value")) for each in fields]
        assert hidden.count(("form_token", FORM_TOKEN)) == 1
        assert any(each.form is form and each.tag == "button" for each in page.elements)


@every_page
def test_every_id_is_used_once_and_every_reference_leads_to_one(
    renderer: Renderer, sample: Sample
) -> None:
    page = page_of(renderer, sample)
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    wanted = [
        name
        for each in page.elements
        for attribute in ("for", "aria-describedby", "aria-labelledby")
        for name in each.attributes.get(attribute, "").split()
    ]
    links = [each.attributes["href"] for each in page.all("a")]
    anchors = [link.removeprefix("#") for link in links if link.startswith("#")]

    assert len(ids) == len(set(ids))
    assert set(wanted + anchors) <= set(ids)
    assert len([each for each in page.elements if "autofocus" in each.attributes]) <= 1


def test_the_code_field_is_one_plain_field_that_mails_and_managers_can_fill(
    renderer: Renderer,
) -> None:
    page = page_of(renderer, SAMPLES["code-first"])

    assert page.one("input", name="code").attributes == {
        "id": "code",
        "name": "code",
        "type": "text",
        "inputmode": "numeric",
        "autocomplete": "one-time-code",
        "dir": "ltr",
        "spellcheck": "false",
        "autocapitalize": "none",
        "aria-describedby": "code-hint",
        "autofocus": "",
        "class": "code",
    }


def test_a_long_code_is_typed_as_text(renderer: Renderer) -> None:
    field_of_13 = page_of(renderer, SAMPLES["code-13"]).one("input", name="code").attributes

    assert field_of_13["inputmode"] == "text"
    assert field_of_13["autocapitalize"] == "characters"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sign-in-invalid", "Enter an address like name@example.com."),
        ("register-invalid", "Enter an address like name@example.com."),
        ("code-wrong", "This code is not right. You can try 3 more times."),
        ("code-wrong-last", "This code is not right. You can try 1 more time."),
        ("code-too-short", "The code has 6 digits. You entered 5."),
        ("code-not-digits", "The code has digits only."),
        ("code-13-too-short", "The code has 13 letters and digits. You entered 6."),
        ("code-13-foreign", "The code has letters and digits only."),
        ("code-exhausted", "Too many wrong codes: this code no longer works."),
        ("code-expired", "This code has run out."),
        ("code-already_used", "This code has already been used."),
        ("code-replaced", "A newer request has taken its place."),
        ("code-longer_code_needed", "For this address we now use longer codes."),
        ("finish-wrong", "This number is not right. You can try 3 more times."),
        ("finish-too-short", "The number has 6 digits. You entered 5."),
        ("finish-not-digits", "The number has digits only."),
    ],
)
def test_a_mishap_stands_in_title_and_summary_and_beside_its_field(
    renderer: Renderer, name: str, message: str
) -> None:
    page = page_of(renderer, SAMPLES[name])
    summary = page.one("div", id="summary")

    assert words_of(page.one("title")).startswith("Error: ")
    assert words_of(summary) == f"There is a problem {message}"
    assert "autofocus" in summary.attributes
    for field_with_error in page.all("input", **{"aria-invalid": "true"}):
        described = field_with_error.attributes["aria-describedby"].split()[0]
        assert words_of(page.one("p", id=described)) == message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("code-first", "A mail is on its way to ada@bookworm.example. The code in it works for 10"),
        ("code-unknown-silent", "If this address can be used here, a mail is on its way to"),
        ("code-first", "You can ask for another mail in 28 seconds."),
        ("code-first", "You can ask 3 more times."),
        ("code-first", "Request 4F7"),
        ("code-first", "6 digits. You can paste it just as it stands in the mail."),
        ("code-8", "8 digits."),
        ("code-sent-again", "We sent the same code again. Earlier mails work, too."),
        ("code-sent-again", "The code runs out in 6 minutes."),
        ("code-elsewhere", "The page that it opens asks for this number: 402917"),
        ("code-elsewhere-too-early", "The number has not been typed there yet."),
        ("finish-first", "Somebody wants to sign in with your e-mail address."),
        ("finish-first", "Asked forMarch 14, 2026, 09:26 UTC"),
        ("finish-first", "BrowserFirefox on Linux Request4F7 Only type the number if you see it"),
        ("finish-first", "6 digits, on the page where you began. It is not the code in the mail."),
        ("finish-register", "Somebody wants to create an account with your e-mail address."),
        ("finish-register", "ApplicationExample ID"),
        ("finish-done", "Nobody was signed in here."),
        ("finish-expired", "The mail with this link has run out."),
        ("finish-exhausted", "There were too many wrong entries: this mail no longer works."),
        ("finish-replaced", "This request has ended, or a newer one has taken its place."),
        ("limited-cooling_down", "You can ask for another mail in 28 seconds."),
        ("limited-address_limited", "Too many mails for this address. Please wait 40 minutes, or"),
        ("limited-source_limited", "Too many requests at the moment. Please wait 10 minutes."),
        ("limited-flood", "Too many requests at the moment. Please wait 1 minute."),
        ("ended-unknown", "This page belongs to another browser or has ended."),
        ("ended-other_browser", "localhost and 127.0.0.1 are two different sites"),
        ("ended-expired", "Continue to Bookstore"),
        ("error-client_fault", "redirect_uri is not registered"),
        ("error-internal", "Reference number: K7P2-9QXM"),
        ("sign-in", "to continue to Bookstore"),
        ("sign-in", "id.example.com"),
        ("sign-in-signed-in", "Continue as ada@bookworm.example"),
        ("sign-in-signed-in", "Mail is slow at the moment."),
    ],
)
def test_a_page_says_what_it_is_for(renderer: Renderer, name: str, words: str) -> None:
    assert words in page_of(renderer, SAMPLES[name]).words


@pytest.mark.parametrize("outcome", ["wrong", "malformed"])
def test_a_code_that_was_refused_is_not_shown_again(renderer: Renderer, outcome: str) -> None:
    notice = Notice(outcome=outcome, tries_left=3, entered="654321", needed=6, found=6)

    page = page_of(renderer, SAMPLES["code-wrong"], notice=notice)

    assert "654321" not in page.html
    assert "value" not in page.one("input", name="code").attributes


def test_a_dead_code_leaves_a_button_for_a_new_one_instead_of_the_field(renderer: Renderer) -> None:
    page = page_of(renderer, SAMPLES["code-expired"])

    assert page.all("input", name="code") == []
    form = page.one("form", action="/sign-in/abc/new-code")
    assert [words_of(each) for each in page.all("button") if each.form is form] == [
        "Send a new code"
    ]


def test_the_answer_to_a_client_holds_its_fields_and_none_of_ours(renderer: Renderer) -> None:
    page = page_of(renderer, SAMPLES["form-post"])

    form = page.one("form")
    assert form.attributes["action"] == "https://books.example.com/callback"
    fields = [each.attributes for each in page.elements if each.form is form]
    assert {each["name"]: each["value"] for each in fields if "name" in each} == {
        "code": "abc",
        "state": '"><script>',
    }


def test_languages_are_offered_in_themselves_and_the_present_one_is_marked(
    renderer: Renderer,
) -> None:
    page = page_of(renderer, SAMPLES["sign-in"], "zh-CN")

    buttons = [each.attributes for each in page.all("button", name="language")]
    assert [(each["value"], each["lang"]) for each in buttons] == [(tag, tag) for tag in NAMES]
    assert [each["value"] for each in buttons if "aria-current" in each] == ["zh-CN"]


@every_page
def test_the_first_paint_needs_less_than_thirty_kilobytes(
    renderer: Renderer, sample: Sample
) -> None:
    html = page_of(renderer, sample).html.encode()
    sheet = (STATIC / "app.css").read_bytes()

    assert len(gzip.compress(html)) + len(gzip.compress(sheet)) < MOST_COMPRESSED


def test_the_sheet_loads_nothing_and_has_no_side_of_its_own() -> None:
    sheet = (STATIC / "app.css").read_text("utf-8")

    assert re.findall(r"url\(|@import|@font-face", sheet) == []
    assert re.findall(r"-(?:left|right)\b|: (?:left|right);", sheet) == []
    for condition in ("prefers-color-scheme: dark", "forced-colors", "prefers-reduced-motion"):
        assert condition in sheet


def test_every_template_of_a_page_has_a_sample() -> None:
    templates = {
        path.relative_to(TEMPLATES).as_posix()
        for path in [TEMPLATES / "error.html", *(TEMPLATES / "pages").rglob("[!_]*.html")]
    }

    assert templates == {sample.template for sample in SAMPLES.values()}
