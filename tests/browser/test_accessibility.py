"""WCAG 2.2 AA in a real browser: every sample page, as it comes and in brands of one's own.

A page joins by its line in `tests/rendering/sample_pages.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest
from playwright.sync_api import Page

from tests.browser.axe import CONTRAST, violations
from tests.browser.conftest import OpenPage
from tests.browser.gallery import LEADING_ON, ONE_OF_EACH, SAMPLES, STYLES, Gallery
from tests.support.tour import Visit

NARROWEST = 320
HALF_OF_A_SCREEN = 640
MOST_TAB_STOPS = 40
# SC 1.4.12: what a reader may choose without losing anything.
TEXT_SPACING = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important }
* { word-spacing: 0.16em !important }
p { margin-block-end: 2em !important }
"""
# A field scrolls what is typed into it by itself.
CUT_OFF = """() => [...document.querySelectorAll("main *, header *, footer *")]
  .filter((each) => each.checkVisibility() && !each.closest(".unseen, svg, input"))
  .filter((each) => getComputedStyle(each).overflowX !== "visible")
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => each.outerHTML.slice(0, 80))"""
TOO_SMALL = """() => [...document.querySelectorAll(
    "button, a.primary, a.secondary, a.danger, summary")]
  .filter((each) => each.checkVisibility())
  .filter((each) => each.getBoundingClientRect().height < 43.5)
  .map((each) => each.outerHTML.slice(0, 80))"""
# A tick box is drawn by the browser, with an edge that is no border.
WITHOUT_EDGE = """() => [...document.querySelectorAll(`button.primary, button.secondary, a.primary,
  a.secondary, button.danger, input:not([type=hidden], [type=checkbox]), select, main`)]
  .filter((each) => each.checkVisibility())
  .filter((each) => {
    const style = getComputedStyle(each);
    return parseFloat(style.borderTopWidth) < 1 || style.borderTopColor === "rgba(0, 0, 0, 0)";
  })
  .map((each) => each.outerHTML.slice(0, 80))"""
MOVING = """() => [...document.querySelectorAll("*")]
  .filter((each) => {
    const style = getComputedStyle(each);
    return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
  })
  .map((each) => each.outerHTML.slice(0, 80))"""
# Past the last stop comes the browser's own bar, which a browser without one leaves out.
FOCUS = """() => {
  const each = document.activeElement, box = each.getBoundingClientRect();
  const style = getComputedStyle(each);
  const isRound = each === document.body || each.dataset.reached === "yes";
  each.dataset.reached = "yes";
  return {
    isRound,
    what: each.outerHTML.slice(0, 80),
    isRinged: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    isInView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""

AS_IT_COMES, LIGHT = "as it comes", "a light brand"
EXAMINED_WHOLE = {AS_IT_COMES, LIGHT}
Check = Callable[[Page], Iterator[str]]


def contrast_in_the_dark(page: Page) -> Iterator[str]:
    """Yield what cannot be read well in the dark scheme."""
    page.emulate_media(color_scheme="dark")
    yield from (f"in the dark: {each}" for each in violations(page, CONTRAST))
    page.emulate_media(color_scheme="light")


def contrast(page: Page) -> Iterator[str]:
    """Yield what cannot be read well in either colour scheme."""
    yield from violations(page, CONTRAST)
    yield from contrast_in_the_dark(page)


def fits(page: Page) -> Iterator[str]:
    """Yield what needs scrolling sideways, is cut off or too small to hit."""
    width = page.evaluate("document.documentElement.scrollWidth")
    window = page.evaluate("innerWidth")
    if width > window:
        yield f"{width} px wide in a window of {window}"
    yield from (f"cut off: {each}" for each in page.evaluate(CUT_OFF))
    yield from (f"too small: {each}" for each in page.evaluate(TOO_SMALL))


def unfolded(page: Page) -> None:
    """Open everything that is folded."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")


def found_on_every_page(
    gallery: Gallery, *checks: Check, samples: Iterable[str]
) -> dict[str, list[str]]:
    """Return what the checks find, by sample."""
    found: dict[str, list[str]] = {}
    for name in samples:
        if name in LEADING_ON:
            continue
        sample = SAMPLES[name]
        gallery.show(sample)
        unfolded(gallery.page)
        problems = [problem for check in checks for problem in check(gallery.page)]
        if problems:
            found[name] = problems
    return found


def test_every_page_is_accessible(open_page: OpenPage, shown_samples: Sequence[str]) -> None:
    page = open_page(width=NARROWEST, reduced_motion="reduce")  # so that colours change at once
    gallery = Gallery(page, STYLES[AS_IT_COMES], "en")

    checks = (violations, fits, contrast_in_the_dark)
    assert found_on_every_page(gallery, *checks, samples=shown_samples) == {}


@pytest.mark.parametrize("style", [style for style in STYLES if style not in EXAMINED_WHOLE])
def test_every_page_can_be_read_in_the_colours_of_a_brand(open_page: OpenPage, style: str) -> None:
    page = open_page(width=NARROWEST, reduced_motion="reduce")
    gallery = Gallery(page, STYLES[style], "en")

    assert found_on_every_page(gallery, contrast, fits, samples=ONE_OF_EACH) == {}


def test_every_page_is_accessible_from_right_to_left_in_a_light_brand(open_page: OpenPage) -> None:
    page = open_page(width=NARROWEST, reduced_motion="reduce")
    gallery = Gallery(page, STYLES[LIGHT], "ar")

    checks = (violations, fits, contrast_in_the_dark)
    assert found_on_every_page(gallery, *checks, samples=ONE_OF_EACH) == {}


@pytest.mark.parametrize("language", ["de", "ar"])
def test_every_page_can_be_read_at_twice_the_size_and_with_wider_spacing(
    open_page: OpenPage, language: str, shown_samples: Sequence[str]
) -> None:
    def spaced(page: Page) -> Iterator[str]:
        page.add_style_tag(content=TEXT_SPACING)
        yield from fits(page)

    def twice_the_size(page: Page) -> Iterator[str]:
        page.set_viewport_size({"width": HALF_OF_A_SCREEN, "height": 800})
        page.add_style_tag(content="html { font-size: 200% !important }")
        yield from fits(page)
        page.set_viewport_size({"width": NARROWEST, "height": 800})

    gallery = Gallery(open_page(width=NARROWEST), STYLES["a dark brand"], language)

    checks = (fits, spaced, twice_the_size)
    assert found_on_every_page(gallery, *checks, samples=shown_samples) == {}


def test_what_a_reader_wants_of_colours_and_motion_is_kept(
    open_page: OpenPage, shown_samples: Sequence[str]
) -> None:
    def edges(page: Page) -> Iterator[str]:
        yield from (f"without an edge: {each}" for each in page.evaluate(WITHOUT_EDGE))

    def motion(page: Page) -> Iterator[str]:
        yield from (f"moves: {each}" for each in page.evaluate(MOVING))

    page = open_page(width=NARROWEST, forced_colors="active", reduced_motion="reduce")

    gallery = Gallery(page, STYLES[AS_IT_COMES], "en")
    assert found_on_every_page(gallery, edges, motion, samples=shown_samples) == {}


@pytest.mark.parametrize("width", [NARROWEST, 1280])
def test_whoever_tabs_through_a_page_sees_where_they_are(
    open_page: OpenPage, width: int, shown_samples: Sequence[str]
) -> None:
    def stops(page: Page) -> Iterator[str]:
        for _ in range(MOST_TAB_STOPS):
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            if focus["isRound"]:
                return
            if not (focus["isRinged"] and focus["isInView"]):
                yield str(focus)
        yield "the keyboard is trapped"

    gallery = Gallery(open_page(width=width), STYLES["a client"], "en")

    assert found_on_every_page(gallery, stops, samples=shown_samples) == {}


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(MOST_TAB_STOPS):
        if page.evaluate("what => document.activeElement.matches(what)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached at {page.url}")


def type_and_enter(page: Page, field: str, text: str) -> None:
    """Fill a field by keyboard and send it."""
    tab_to(page, field)
    page.keyboard.type(text)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("path", ["sign-in", "register"])
def test_an_account_is_made_and_signed_out_of_by_keyboard_alone(visit: Visit, path: str) -> None:
    address = "anna@example.com"
    stage, page = visit.stage, visit.page
    visit.open(f"{stage.provider.endpoint}/{path}")

    type_and_enter(page, "#email", address)
    type_and_enter(page, "#code", "12")
    tab_to(page, "#code")
    page.keyboard.press("Control+A")
    type_and_enter(page, "#code", stage.provider.code_for(address))
    if page.url.endswith("/create-account"):
        tab_to(page, "main button.primary")
        with page.expect_navigation():
            page.keyboard.press("Enter")

    assert page.url == f"{stage.provider.endpoint}/account"
    tab_to(page, "form[action$='/sign-out'] button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("h1").inner_text() == "You are signed out"
