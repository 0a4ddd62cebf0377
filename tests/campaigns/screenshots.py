"""Photographs every walk, page, state and mail; each of them also has to offer a way on.

Besides, the pages that tell most are taken in every language, in brands of one's own, and as
readers with other needs see them.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from authserver.administration.branding import BrandChanges
from authserver.storage.maintenance import upgrade
from tests.support.chromium import NAMES, installed_chromium, open_chromium
from tests.support.databases import sqlite_url
from tests.support.images import png
from tests.support.mail_pictures import mail_pictures
from tests.support.stage import Stage, open_stage
from tests.support.tour import Visit, failing, tour
from tests.support.walks import WALKS, by_server

PROJECT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "zh-CN", "ar")
FURTHER_LANGUAGES = ("zh-TW", "ja", "ko", "fr", "de", "es")
THEMES = ("light", "dark")
NARROW, WIDE = 360, 1280
HEIGHT = 800
CODE_CLASSES = ("digits8", "base32")
# What is enough to judge a further language, a brand, or a way of reading.
KEY_WALKS = ("mailed_code", "wrong", "consent")
KEY_PAGES = ("error-client_fault",)
KEY_MAILS = ("mail_sign_in-html", "mail_sign_in-text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What differs from a browser as it comes, or from pages without a brand."""

    instance: BrandChanges | None = None
    client: BrandChanges | None = None
    browser: Mapping[str, Any] = field(default_factory=dict)
    magnified: int = 1


AS_IT_COMES = Manner()
BRANDS: Mapping[str, Manner] = {
    "light_brand": Manner(
        instance=BrandChanges(
            values={"name": "Fern & Company", "color": "#856f00", "radius": 0},
            images={
                "logo": png(360, 60, (17, 94, 64)),
                "logo_dark": png(360, 60, (140, 230, 180)),
            },
        )
    ),
    "dark_brand": Manner(
        instance=BrandChanges(
            values={"name": "Nachtschwärmer", "color": "#000000", "color_dark": "#ffd400"}
        )
    ),
    "client_brand": Manner(
        client=BrandChanges(values={"name": "Bookstore", "color": "#7a1f5c"}),
    ),
}
READERS: Mapping[str, Manner] = {
    "forced_colours": Manner(browser={"forced_colors": "active"}),
    "without_script": Manner(browser={"java_script_enabled": False}),
    "zoom_200": Manner(browser={"device_scale_factor": 2}, magnified=2),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a set of pictures is taken; the width is that of the window in screen pixels."""

    language: str
    theme: str
    width: int
    name: str = ""
    manner: Manner = AS_IT_COMES

    def __str__(self) -> str:
        return "-".join(filter(None, (self.name, self.language, self.theme, str(self.width))))

    def context(self) -> dict[str, Any]:
        """Return what the browser is told."""
        return {
            "locale": self.language,
            "color_scheme": self.theme,
            "viewport": {
                "width": self.width // self.manner.magnified,
                "height": HEIGHT // self.manner.magnified,
            },
            **self.manner.browser,
        }


def main(arguments: list[str]) -> int:
    """Photograph what was asked for and print how much that was."""
    parser = argparse.ArgumentParser(prog="dev.py campaign screenshots", description=__doc__)
    parser.add_argument("--to", type=Path, default=Path("screenshots"), metavar="FOLDER")
    for option, values in (
        ("languages", (*LANGUAGES, *FURTHER_LANGUAGES)),
        ("themes", THEMES),
        ("widths", (NARROW, WIDE)),
        ("manners", ("plain", *BRANDS, *READERS)),
    ):
        default = ",".join(map(str, values))
        parser.add_argument(f"--{option}", default=default, help=f"with commas, of {default}")
    parser.add_argument("--only", default="", metavar="NAMES", help="walks and mails that begin so")
    chosen = parser.parse_args(arguments)
    executable = installed_chromium()
    if executable is None:
        sys.exit(f"None of {', '.join(NAMES)} is installed.")
    chosen.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, open_chromium(executable) as browser:
        studio = Studio(browser, chosen.to, Path(work), tuple(chosen.only.split(",")))
        for look in chosen_looks(chosen):
            if look.manner is AS_IT_COMES and look.language in LANGUAGES:
                studio.photograph_everything(look)
            else:
                studio.photograph_key_pages(look)
            say(f"{look}: {studio.taken} pictures so far")
    say(f"{studio.taken} pictures in {chosen.to}")
    return 0


def chosen_looks(chosen: argparse.Namespace) -> Iterator[Look]:
    """Yield the looks that the options leave."""
    languages, themes, manners = (
        value.split(",") for value in (chosen.languages, chosen.themes, chosen.manners)
    )
    widths = [int(width) for width in chosen.widths.split(",")]
    if "plain" in manners:
        for language, theme, width in product(languages, themes, widths):
            if language in LANGUAGES or width == NARROW:
                yield Look(language=language, theme=theme, width=width)
    for name, theme in product(BRANDS, themes):
        if name in manners and "en" in languages and NARROW in widths:
            yield Look(language="en", theme=theme, width=NARROW, name=name, manner=BRANDS[name])
    for name, language in product(READERS, ("en", "ar")):
        width = NARROW if READERS[name].magnified == 1 else WIDE
        if name in manners and language in languages and width in widths:
            yield Look(
                language=language, theme="light", width=width, name=name, manner=READERS[name]
            )


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Studio:
    """Takes pictures of one browser, in front of new servers for each look."""

    def __init__(self, browser: Browser, folder: Path, work: Path, only: tuple[str, ...]) -> None:
        self.taken = 0
        self._browser = browser
        self._folder = folder
        self._work = work
        self._only = only
        self._template = work / "template.db"
        upgrade(sqlite_url(self._template), PROJECT / "alembic.ini", PROJECT / "migrations")

    def photograph_everything(self, look: Look) -> None:
        """Take every picture that a look has."""
        self._walks(look, [walk.name for walk in WALKS])
        if "tour".startswith(self._only):
            with self._stage(look) as stage:
                self._walk(stage, look, tour)
            for code_class in CODE_CLASSES:
                with self._stage(look, {"AUTHSERVER_CODES__START_CLASS": code_class}) as stage:
                    self._walk(stage, look, code_page_of(code_class))
        if look.width == NARROW:  # A mail is one column, never wider than a narrow window.
            self._mails(look, "")

    def photograph_key_pages(self, look: Look) -> None:
        """Take the pictures that tell most."""
        self._walks(look, KEY_WALKS)
        if "tour".startswith(self._only):
            with self._stage(look) as stage:
                self._walk(stage, look, failing, KEY_PAGES)
        if look.manner is AS_IT_COMES:
            self._mails(look, KEY_MAILS)

    def _walks(self, look: Look, names: Sequence[str]) -> None:
        for settings, walks in by_server(WALKS):
            wanted = [
                walk for walk in walks if walk.name in names and walk.name.startswith(self._only)
            ]
            if wanted:
                with self._stage(look, settings) as stage:
                    for walk in wanted:
                        self._walk(stage, look, walk.states)

    def _walk(
        self,
        stage: Stage,
        look: Look,
        states: Callable[[Visit], Iterator[str]],
        wanted: Sequence[str] = (),
    ) -> None:
        with self._page(look) as page:
            visit = Visit(stage, page)
            for state in states(visit):
                if not wanted or state in wanted:
                    self._take(visit.page, state, look)

    def _mails(self, look: Look, wanted: str | tuple[str, ...]) -> None:
        with self._page(look) as page:
            for picture in mail_pictures(look.language):
                if picture.name.startswith(self._only) and picture.name.startswith(wanted):
                    page.set_content(picture.page)
                    self._take(page, picture.name, look)

    def _take(self, page: Page, name: str, look: Look) -> None:
        page.screenshot(path=self._folder / f"{name}-{look}.png", full_page=True)
        self.taken += 1

    @contextmanager
    def _page(self, look: Look) -> Iterator[Page]:
        context = self._browser.new_context(**look.context())
        yield context.new_page()
        context.close()

    @contextmanager
    def _stage(self, look: Look, settings: Mapping[str, str] | None = None) -> Iterator[Stage]:
        folder = Path(tempfile.mkdtemp(dir=self._work))
        database = Path(shutil.copy(self._template, folder / "authserver.db"))
        with open_stage(folder, sqlite_url(database), settings=settings) as stage:
            server, manner = stage.provider.server, look.manner
            if manner.instance is not None:
                server.brands.set(manner.instance)
            if manner.client is not None:
                (shop,) = (each for each in server.clients.list() if each.name == "Bookstore")
                server.brands.set(manner.client, shop.id)
            yield stage


def code_page_of(code_class: str) -> Callable[[Visit], Iterator[str]]:
    """Return what leads to the code page for one kind of code."""

    def states(visit: Visit) -> Iterator[str]:
        visit.code_page("fred@example.com")
        yield f"code-{code_class}"

    return states


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
