import pytest

from authserver.domain.emails import UsageType
from authserver.domain.mail_template_rules import template_faults
from authserver.domain.mail_templates import (
    OperatorTemplate,
    choose_template,
    fill_html,
    fill_line,
    fill_text,
    has_tags,
    text_of_html,
)


def template(
    usage_type: str = "SignIn",
    content: str = "Your code is {{code}}.",
    *,
    subject: str = "Your code",
    language: str | None = None,
) -> OperatorTemplate:
    return OperatorTemplate(
        usage_type=usage_type, subject=subject, content=content, language=language
    )


SIGN_IN_DE = template(language="de")
SIGN_IN_EN = template()
GENERIC_DE = template("Generic", language="de")
GENERIC_EN = template("Generic", language="en")


@pytest.mark.parametrize(
    ("templates", "chosen"),
    [
        ([GENERIC_EN, GENERIC_DE, SIGN_IN_EN, SIGN_IN_DE], SIGN_IN_DE),
        ([GENERIC_EN, GENERIC_DE, SIGN_IN_EN], SIGN_IN_EN),
        ([GENERIC_EN, GENERIC_DE], GENERIC_DE),
        ([GENERIC_EN], GENERIC_EN),
        ([template("Register")], None),
        ([], None),
    ],
)
def test_a_template_is_chosen_by_type_before_language_and_generic_last(
    templates: list[OperatorTemplate], chosen: OperatorTemplate | None
) -> None:
    assert choose_template(templates, UsageType.SIGN_IN, "de-AT") == chosen


def test_a_mail_without_a_code_never_uses_the_generic_template() -> None:
    assert choose_template([GENERIC_EN], UsageType.NO_ACCOUNT, "en") is None
    assert choose_template([GENERIC_EN], UsageType.SUSPENDED, "en") is None


def test_placeholders_are_filled_with_or_without_blanks() -> None:
    filled = fill_text("{{code}} {{ code }} {{  user.name}}|", {"code": "123456"})

    assert filled == "123456 123456 |"


def test_a_name_of_an_unknown_family_stays_as_it_is() -> None:
    assert fill_text("{{ weather }} {{ 1+1 }} {% if code %}", {}) == (
        "{{ weather }} {{ 1+1 }} {% if code %}"
    )


def test_what_a_value_holds_is_never_looked_at_again() -> None:
    values = {"brand.name": "{{code}}", "code": "123456"}

    assert fill_text("{{brand.name}}", values) == "{{code}}"
    assert fill_html("{{brand.name}}", values) == "{{code}}"


def test_values_are_escaped_in_html_and_only_there() -> None:
    values = {"application.name": """<b a='1' b="2">&"""}

    assert fill_html("<p>{{application.name}}</p>", values) == (
        "<p>&lt;b a=&#x27;1&#x27; b=&quot;2&quot;&gt;&amp;</p>"
    )
    assert fill_text("{{application.name}}", values) == """<b a='1' b="2">&"""


def test_values_and_subjects_lose_line_breaks_and_control_characters() -> None:
    values = {"application.name": "A\r\nBcc: eve@example.org\x00\u202e\u2028x"}

    assert fill_line("To {{application.name}}\r\nX", values) == ("To A  Bcc: eve@example.org x  X")
    assert "\n" not in fill_text("{{application.name}}", values)


@pytest.mark.parametrize("content", ["<p>x</p>", "x<br>y", "<br/>", "<!doctype html>x", "<!--x-->"])
def test_content_with_tags_is_html(content: str) -> None:
    assert has_tags(content)


@pytest.mark.parametrize("content", ["1 < 2 > 0", "Ada <ada@example.org>", "a<b", "<3 <->"])
def test_content_without_tags_is_text(content: str) -> None:
    assert not has_tags(content)


def test_html_becomes_the_text_that_a_reader_sees() -> None:
    content = """<html><head><title>T</title><style>p { color: red }</style></head>
    <body><h1>Hello &amp; welcome</h1><p>Your code:<br><b>123&#52;56</b></p>
    <table><tr><td>a</td><td>b</td></tr></table>
    <p>See <a href="https://id.example.com/help">help</a>,
    <a href="https://id.example.com">https://id.example.com</a></p>
    <script>alert(1)</script></body></html>"""

    assert text_of_html(content) == (
        "Hello & welcome\n\nYour code:\n123456\n\na b\n\n"
        "See help (https://id.example.com/help), https://id.example.com\n"
    )


def test_a_template_in_order_has_no_faults() -> None:
    content = (
        '<!doctype html><meta charset="utf-8"><style>p { color: #333 }</style>\n'
        '<p style="color:red">{{ code }} for {{ organization.name }}</p>\n'
        '<a href="https://id.example.com/help">help</a>'
    )

    assert template_faults(template(content=content), "https://id.example.com") == ()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "content: must not be empty"),
        ("no code", "content: must contain {{code}}, or the mail would bring no code"),
        (
            "{{code}}\n{{ aplication.name }}",
            (
                "content, line 2: the placeholder 'aplication.name' is not known; "
                "did you mean 'application.name'?"
            ),
        ),
        ("{{code}}" + "x" * 60_000, "content: must be at most 60000 bytes"),
        ("{{code}}\n<script>x</script>", "content, line 2: <script> is not allowed"),
        ("{{code}}<form></form>", "content, line 1: <form> is not allowed"),
        ("{{code}}<iframe></iframe>", "content, line 1: <iframe> is not allowed"),
        ("{{code}}<link rel=stylesheet>", "content, line 1: <link> is not allowed"),
        (
            '{{code}}<meta http-equiv="refresh" content="0">',
            "content, line 1: <meta> is not allowed",
        ),
        (
            '{{code}}<img src="https://t.example.com/1.gif">',
            "content, line 1: images and other files from elsewhere are not allowed",
        ),
        (
            "{{code}}<style>@import 'x'</style>",
            "content, line 1: a style must not refer to an address",
        ),
        (
            '{{code}}<p style="background:url(x)">',
            "content, line 1: a style must not refer to an address",
        ),
        (
            '{{code}}<a href="https://id.example.com.evil.example/">x</a>',
            "content, line 1: a link must lead to the server's own address",
        ),
        (
            '{{code}}<a href="javascript:x">x</a>',
            "content, line 1: a link must lead to the server's own address",
        ),
        ('{{code}}<p onclick="x">', "content, line 1: the attribute 'onclick' is not allowed"),
        (
            '{{code}}<p title="{{code}}">',
            "content, line 1: a placeholder must not stand inside a tag",
        ),
    ],
)
def test_a_fault_of_a_template_is_named_with_its_place(content: str, fault: str) -> None:
    assert template_faults(template(content=content), "https://id.example.com") == (fault,)


def test_all_faults_of_a_template_are_named_together() -> None:
    faulty = template("Signin", "x {{cod}}", subject="x" * 101)

    assert template_faults(faulty) == (
        "usageType: 'Signin' is not known; did you mean 'SignIn'?",
        "subject: must be at most 100 characters once it is filled in",
        "content: must contain {{code}}, or the mail would bring no code",
        "content, line 1: the placeholder 'cod' is not known; did you mean 'code'?",
    )


def test_a_mail_without_a_code_needs_no_place_for_it() -> None:
    assert template_faults(template("NoAccount", "There is no account.")) == ()
