import pytest

from authserver.domain.brand_rules import brand_faults
from authserver.domain.branding import Brand, Brands
from tests.storage.samples import a_client


def test_a_plain_brand_has_no_fault() -> None:
    brand = Brand(
        name="Fern & Co 蕨",
        color="#115e40",
        color_dark="#7fd497",
        support_url="mailto:help@example.com",
        terms_url="https://example.com/terms?lang=en",
        radius=0,
        custom_css="/* calm */\n.card h1 { color: var(--link); }\n.hint::before { content:'§'; }",
    )

    assert brand_faults(brand) == []


@pytest.mark.parametrize("name", ["", " Fern", "x" * 41, "two\nlines", "hidden\u202edirection"])
def test_a_name_that_people_could_not_be_shown_is_refused(name: str) -> None:
    assert brand_faults(Brand(name=name)) == ["The name must have 1 to 40 printable characters."]


@pytest.mark.parametrize(
    ("brand", "ratio", "nearest"),
    [
        (Brand(color="#ffd400"), "1.3", "#856f00"),
        (Brand(color="#ffffff"), "1.1", "#717171"),
        (Brand(color_dark="#115e40"), "2.0", "#649682"),
    ],
)
def test_a_colour_that_is_hard_to_read_is_refused_with_the_nearest_that_passes(
    brand: Brand, ratio: str, nearest: str
) -> None:
    [fault] = brand_faults(brand)

    assert f"{ratio}:1" in fault
    assert fault.endswith(f"The nearest that passes is {nearest}.")
    named = Brand(**dict.fromkeys(brand.document(), nearest))  # type: ignore[arg-type]  # names of fields
    assert brand_faults(named) == []


@pytest.mark.parametrize(
    "link",
    [
        "http://example.com",
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.com",
        "https://",
        "https://user@example.com",
        "https://example.com:0/",
        "https://example.com:x/",
        "https://[x/",
        "https://example.com/ä",
        "https://example.com/a b",
        "mailto:nobody",
        "mailto:",
        "",
    ],
)
def test_links_lead_over_https_or_to_a_mailbox(link: str) -> None:
    assert len(brand_faults(Brand(terms_url=link))) == 1


@pytest.mark.parametrize("radius", [-1, 25])
def test_corners_are_only_so_round(radius: int) -> None:
    assert len(brand_faults(Brand(radius=radius))) == 1


@pytest.mark.parametrize(
    ("css", "words"),
    [
        (".card { background: url(https://evil.example/x.png) }", "a URL in line 1"),
        (".card {\n background: URL ('x') }", "a URL in line 2"),
        (".card { background: u\\72l(x) }", "an escape"),
        (".card { background: image-set('x' 1x) }", "a URL"),
        (".card { --x: '//evil.example' }", "a URL"),
        (".card { --x: data:text/css,x }", "a URL"),
        ("@import 'x';", "an import"),
        ("@IMPORT 'x';", "an import"),
        ("@font-face { font-family: x }", "an import"),
        (".card { width: expression(alert(1)) }", "an expression"),
        (".card { width: exp/**/ression(alert(1)); behavior: x }", "an expression"),
        (".card { -moz-binding: x }", "an expression"),
        ("</style><script>", "a tag"),
        (".card { color: red", "not closed"),
        ("} .card { color: red }", "not closed"),
        (".card { content: 'x }", "not closed"),
        ("/* for ever", "not closed"),
        ("x" * 8001, "8000 are the most"),
        (".card { \x00 }", "a control character"),
    ],
)
def test_custom_css_loads_nothing_and_ends_what_it_begins(css: str, words: str) -> None:
    assert any(words in fault for fault in brand_faults(Brand(custom_css=css)))


def test_a_client_takes_name_and_logo_together_and_the_rest_from_the_instance() -> None:
    instance = Brand(name="Fern", logo="fern.png", logo_dark="dark.png", color="#115e40", radius=4)
    client = a_client()
    own = Brand(name="Bookstore", color="#7a1f5c")
    brands = Brands(instance=instance, of_clients={client.id: own})

    seen = brands.towards(client)

    assert (seen.name, seen.logo, seen.logo_dark) == ("Bookstore", None, None)
    assert (seen.color, seen.color_dark, seen.radius) == ("#7a1f5c", None, 4)
    assert brands.towards(None) == instance
    assert brands.name_of(client) == "Bookstore"
