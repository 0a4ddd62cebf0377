import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from authserver.domain.emails import Email, UsageType
from authserver.domain.mail_templates import OperatorTemplate, text_of_html
from authserver.domain.secret import Secret
from authserver.mail.composer import Composer
from authserver.rendering import Renderer
from tests.support.known_randomness import KnownRandomness
from tests.support.stopped_clock import StoppedClock

TEMPLATES = Path(__file__).parents[2] / "templates"
NOTICES = frozenset(each for each in UsageType if not each.carries_code)
LAST_LINE = "@id.example.com #"
LINK = "https://id.example.com/finish/abc/0123456789abcdef"
NOT_ME = (
    "You did not ask for this? Then do nothing: nobody gets in without the code. "
    "We never ask for it, by phone, chat or mail."
)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(TEMPLATES)


@pytest.fixture
def composer(renderer: Renderer, clock: StoppedClock) -> Composer:
    return Composer(
        renderer, KnownRandomness(), clock, sender_host="id.example.com", code_in_subject=True
    )


def email_of(usage_type: UsageType = UsageType.SIGN_IN, code: str = "123456") -> Email:
    has_code = usage_type not in NOTICES
    return Email(
        usage_type=usage_type,
        to="ada@example.org",
        locale="en",
        brand="Example",
        host="id.example.com",
        endpoint="https://id.example.com",
        application_id="bookstore",
        application_name="Bookstore",
        request_label="4F7",
        requested_at=datetime(2026, 11, 22, 14, 3, tzinfo=UTC),
        browser="Firefox on Linux",
        code=Secret(code) if has_code else None,
        minutes=9 if has_code else None,
    )


def words(text: str) -> str:
    return " ".join(text.split())


def visible(page: str) -> str:
    return words(
        text_of_html(re.sub(r'<div style="display:none.*?</div>', "", page, flags=re.DOTALL))
    )


def test_the_sign_in_mail_reads_as_designed(composer: Composer) -> None:
    mail = composer.compose(email_of())

    assert mail.text == (
        "123456\n\n"
        "This is your code to sign in to Bookstore with Example. It works for 9 more minutes,\n"
        "only in the browser that asked for it: Firefox on Linux, 14:03 UTC, request 4F7.\n\n"
        "You did not ask for this? Then do nothing: nobody gets in without the code. We never ask\n"
        "for it, by phone, chat or mail.\n\n"
        "Example, https://id.example.com\n"
        "@id.example.com #123456\n"
    )


@pytest.mark.parametrize(
    ("usage_type", "subject", "without_code"),
    [
        (
            UsageType.SIGN_IN,
            "123456 is your Example sign-in code",
            "Your Example sign-in code",
        ),
        (
            UsageType.REGISTER,
            "123456 is your code to create an Example account",
            "Your code to create an Example account",
        ),
        (
            UsageType.FORGOT_PASSWORD,
            "123456 is your code for a new Example password",
            "Your code for a new Example password",
        ),
        (
            UsageType.BIND_NEW_IDENTIFIER,
            "123456 confirms this address for Example",
            "Confirm this address for Example",
        ),
        (
            UsageType.USER_PERMISSION_VALIDATION,
            "123456 is your code to change your Example account",
            "Your code to change your Example account",
        ),
        (
            UsageType.MFA_VERIFICATION,
            "123456 is your second-step code for Example",
            "Your second-step code for Example",
        ),
        (UsageType.GENERIC, "123456 is your Example code", "Your Example code"),
        (
            UsageType.NO_ACCOUNT,
            "You asked to sign in to Example",
            "You asked to sign in to Example",
        ),
        (
            UsageType.SUSPENDED,
            "You asked to sign in to Example",
            "You asked to sign in to Example",
        ),
    ],
)
def test_each_type_has_its_subject_with_and_without_the_code(
    renderer: Renderer, clock: StoppedClock, usage_type: UsageType, subject: str, without_code: str
) -> None:
    subjects = [
        Composer(
            renderer,
            KnownRandomness(),
            clock,
            sender_host="id.example.com",
            code_in_subject=code_in_subject,
        )
        .compose(email_of(usage_type))
        .subject
        for code_in_subject in (True, False)
    ]

    assert subjects == [subject, without_code]


@pytest.mark.parametrize("usage_type", UsageType)
def test_both_parts_say_the_same(composer: Composer, usage_type: UsageType) -> None:
    mail = composer.compose(email_of(usage_type))

    assert visible(mail.html) == "Example " + words(mail.text)


def with_link(code: str = "123456") -> Email:
    return replace(email_of(code=code), link=Secret(LINK))


def test_a_mail_with_a_link_reads_as_designed(composer: Composer) -> None:
    mail = composer.compose(with_link())

    assert mail.text == (
        "123456\n\n"
        "This is your code to sign in to Bookstore with Example. It works for 9 more minutes,\n"
        "only in the browser that asked for it: Firefox on Linux, 14:03 UTC, request 4F7.\n\n"
        "Are you reading this on another device? Open this link and type the number that stands\n"
        "on the page where you began:\n"
        f"{LINK}\n\n"
        "You did not ask for this? Then do nothing: nobody gets in without the code or the link.\n"
        "We never ask for them, by phone, chat or mail.\n\n"
        "Example, https://id.example.com\n"
        "@id.example.com #123456\n"
    )
    assert visible(mail.html) == "Example " + words(mail.text)


@pytest.mark.parametrize("code", ["123456", "7GK2M4QXW0ZR9"])
def test_a_link_is_the_only_one_and_leads_to_the_server_itself(
    composer: Composer, code: str
) -> None:
    mail = composer.compose(with_link(code))

    tags = Tags()
    tags.feed(mail.html)
    assert tags.addresses == [LINK]
    assert LINK in mail.text.splitlines()
    assert mail.text.splitlines()[-1] == LAST_LINE + code
    assert LINK not in mail.subject + repr(mail) + repr(with_link(code))


def test_an_operators_text_may_name_the_link_and_is_empty_there_without_one(
    composer: Composer,
) -> None:
    own = OperatorTemplate(usage_type="SignIn", subject="Code", content="{{code}}\n<{{ link }}>")

    mails = [composer.compose(email, [own]).text for email in (with_link(), email_of())]

    assert mails == [f"123456\n<{LINK}>\n", "123456\n<>\n"]


@pytest.mark.parametrize("usage_type", [each for each in UsageType if each not in NOTICES])
def test_a_code_stands_alone_on_its_line(composer: Composer, usage_type: UsageType) -> None:
    mail = composer.compose(email_of(usage_type))

    assert mail.text.splitlines()[0] == "123456"
    assert ">123456</bdi></p>" in mail.html
    assert NOT_ME in words(mail.text)
    assert mail.code == Secret("123456")


@pytest.mark.parametrize("usage_type", [each for each in UsageType if each not in NOTICES])
def test_the_last_line_binds_a_code_to_this_host_unless_it_is_entered_elsewhere(
    composer: Composer, usage_type: UsageType
) -> None:
    mail = composer.compose(email_of(usage_type))
    last_lines = mail.text.splitlines()[-1], visible(mail.html).rpartition("\n")[2]

    is_bound = [line.endswith(LAST_LINE + "123456") for line in last_lines]

    assert is_bound == [usage_type is not UsageType.GENERIC] * 2


@pytest.mark.parametrize("usage_type", sorted(NOTICES))
def test_a_mail_without_a_code_shows_none(composer: Composer, usage_type: UsageType) -> None:
    mail = composer.compose(email_of(usage_type))

    assert mail.code is None
    assert LAST_LINE not in mail.text + mail.html
    assert "without the code" not in mail.text


def test_a_long_code_is_shown_in_groups_and_bound_without_them(composer: Composer) -> None:
    mail = composer.compose(email_of(code="7GK2M4QXW0ZR9"))

    assert mail.text.splitlines()[0] == "7GK2-M4QX-W0ZR9"
    assert mail.text.splitlines()[-1] == LAST_LINE + "7GK2M4QXW0ZR9"
    assert "font-size:28px" in mail.html
    assert mail.subject == "7GK2-M4QX-W0ZR9 is your Example sign-in code"


def test_a_reset_is_marked_by_its_colour(composer: Composer) -> None:
    reset = composer.compose(email_of(UsageType.FORGOT_PASSWORD))
    sign_in = composer.compose(email_of())

    assert "#b45309" in reset.html
    assert "#b45309" not in sign_in.html


def test_one_minute_is_said_as_one(composer: Composer) -> None:
    mail = composer.compose(replace(email_of(), minutes=1))

    assert "It works for 1 more minute, only" in words(mail.text)


def test_the_servers_own_pages_and_unknown_browsers_are_not_named(composer: Composer) -> None:
    mail = composer.compose(replace(email_of(), application_name="Example", browser=""))

    assert words(mail.text).startswith(
        "123456 This is your code to sign in to Example. It works for 9 more minutes, "
        "only in the browser that asked for it: 14:03 UTC, request 4F7."
    )


def test_a_long_name_is_shortened_so_that_the_subject_keeps_its_end(composer: Composer) -> None:
    mail = composer.compose(replace(email_of(), brand="Longest " * 30))

    assert len(mail.subject) <= 100
    assert mail.subject.startswith("123456 is your Longest Longest")
    assert mail.subject.endswith("… sign-in code")


def test_names_cannot_become_markup_headers_or_lines(composer: Composer) -> None:
    hostile = replace(
        email_of(),
        brand='<img src="x">\r\nBcc: eve@example.org',
        application_name="<script>alert(1)</script>{{ code }}\n\n999999",
        browser="</p><a href='https://evil.example'>",
    )

    mail = composer.compose(hostile)

    assert "<img" not in mail.html
    assert "<script" not in mail.html
    assert "<a " not in mail.html
    assert "\n" not in mail.subject
    assert mail.text.splitlines()[0] == "123456"
    assert "999999" not in mail.text.splitlines()
    assert "{{ code }}" in mail.text


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]


@pytest.mark.parametrize("usage_type", UsageType)
def test_html_holds_no_image_link_or_script_and_says_language_and_schemes(
    composer: Composer, usage_type: UsageType
) -> None:
    page = composer.compose(email_of(usage_type)).html

    tags = Tags()
    tags.feed(page)
    assert not tags.names & {"img", "a", "script", "form", "iframe", "link", "object"}
    assert tags.addresses == []
    assert "url(" not in page
    assert '<html lang="en" dir="ltr">' in page
    assert '<meta name="color-scheme" content="light dark">' in page
    assert "max-width:480px" in page
    assert len(page.encode()) < 20_000


def test_the_message_id_is_new_for_each_mail_and_the_same_for_one_outgoing_mail(
    composer: Composer,
) -> None:
    fresh = [composer.compose(email_of()).message_id for _ in range(2)]
    keyed = [composer.compose(email_of(), message_key="mail-1").message_id for _ in range(2)]

    assert fresh[0] != fresh[1]
    assert keyed[0] == keyed[1]
    assert "mail-1" not in keyed[0]
    assert all(re.fullmatch(r"<[a-z0-9]{25,32}@id\.example\.com>", each) for each in fresh + keyed)


def test_an_operators_text_is_used_for_both_parts(composer: Composer) -> None:
    own = OperatorTemplate(
        usage_type="SignIn",
        subject="{{application.name}}: {{code}}",
        content="Hello,\r\nyour code: {{ code }} <b\n\nBye",
        language="de",
    )

    mail = composer.compose(replace(email_of(), application_name="A & B", locale="de"), [own])

    assert mail.subject == "A & B: 123456"
    assert mail.text == "Hello,\nyour code: 123456 <b\n\nBye\n"
    assert "Hello,\nyour code: 123456 &lt;b</p>" in mail.html
    assert 'lang="de"' in mail.html
    assert mail.locale == "de"


def test_an_operators_html_gets_a_text_part_made_from_it(composer: Composer) -> None:
    own = OperatorTemplate(
        usage_type="Generic",
        subject="Code",
        content="<p>{{application.name}}</p><p><b>{{code}}</b></p>",
    )

    mail = composer.compose(replace(email_of(), application_name="A & <B>"), [own])

    assert mail.html == "<p>A &amp; &lt;B&gt;</p><p><b>123456</b></p>"
    assert mail.text == "A & <B>\n\n123456\n"


def test_a_subject_of_an_operator_is_cut_at_a_hundred_characters(composer: Composer) -> None:
    own = OperatorTemplate(usage_type="SignIn", subject="{{brand.name}}", content="{{code}}")

    mail = composer.compose(replace(email_of(), brand="x" * 200), [own])

    assert mail.subject == "x" * 99 + "…"


def test_a_mail_goes_to_exactly_one_plain_recipient(composer: Composer) -> None:
    for recipients in ("a@example.org,b@example.org", "a@example.org\nBcc: b@example.org", "a"):
        with pytest.raises(ValueError, match="recipient"):
            composer.compose(replace(email_of(), to=recipients))
