"""Photographs every walk, page, state and mail; each of them also has to offer a way on."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page

from authserver.storage.maintenance import upgrade
from tests.support.chromium import NAMES, installed_chromium, open_chromium
from tests.support.databases import sqlite_url
from tests.support.mail_pictures import mail_pictures
from tests.support.stage import Stage, open_stage
from tests.support.tour import Visit, tour
from tests.support.walks import WALKS, by_server

PROJECT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "zh-CN", "ar")
THEMES = ("light", "dark")
WIDTHS = ("360", "1280")
HEIGHT = 800
CODE_CLASSES = ("digits8", "base32")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a set of pictures is taken."""

    language: str
    theme: str
    width: int

    def __str__(self) -> str:
        return f"{self.language}-{self.theme}-{self.width}"


def main(arguments: list[str]) -> int:
    """Photograph what was asked for and print how much that was."""
    parser = argparse.ArgumentParser(prog="dev.py campaign screenshots", description=__doc__)
    parser.add_argument("--to", type=Path, default=Path("screenshots"), metavar="FOLDER")
    for option, values in (("languages", LANGUAGES), ("themes", THEMES), ("widths", WIDTHS)):
        parser.add_argument(f"--{option}", default=",".join(values), help="with commas")
    parser.add_argument("--only", default="", metavar="NAMES", help="walks and mails that begin so")
    chosen = parser.parse_args(arguments)
    executable = installed_chromium()
    if executable is None:
        sys.exit(f"None of {', '.join(NAMES)} is installed.")
    chosen.to.mkdir(parents=True, exist_ok=True)
    lists = (value.split(",") for value in (chosen.languages, chosen.themes, chosen.widths))
    with tempfile.TemporaryDirectory() as work, open_chromium(executable) as browser:
        studio = Studio(browser, chosen.to, Path(work), tuple(chosen.only.split(",")))
        for language, theme, width in product(*lists):
            look = Look(language=language, theme=theme, width=int(width))
            studio.photograph(look)
            say(f"{look}: {studio.taken} pictures so far")
    say(f"{studio.taken} pictures in {chosen.to}")
    return 0


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

    def photograph(self, look: Look) -> None:
        """Take every picture that a look has."""
        for settings, walks in by_server(WALKS):
            wanted = [walk for walk in walks if walk.name.startswith(self._only)]
            if wanted:
                with self._stage(settings) as stage:
                    for walk in wanted:
                        self._walk(stage, look, walk.states)
        if "tour".startswith(self._only):
            with self._stage({}) as stage:
                self._walk(stage, look, tour)
            for code_class in CODE_CLASSES:
                with self._stage({"AUTHSERVER_CODES__START_CLASS": code_class}) as stage:
                    self._walk(stage, look, code_page_of(code_class))
        self._mails(look)

    def _walk(self, stage: Stage, look: Look, states: Callable[[Visit], Iterator[str]]) -> None:
        with self._page(look, look.width) as page:
            visit = Visit(stage, page)
            for state in states(visit):
                self._take(visit.page, state, look)

    def _mails(self, look: Look) -> None:
        if str(look.width) != WIDTHS[0]:
            return  # A mail is one column, never wider than a narrow window.
        with self._page(look, look.width) as page:
            for picture in mail_pictures(look.language):
                if picture.name.startswith(self._only):
                    page.set_content(picture.page)
                    self._take(page, picture.name, look)

    def _take(self, page: Page, name: str, look: Look) -> None:
        page.screenshot(path=self._folder / f"{name}-{look}.png", full_page=True)
        self.taken += 1

    @contextmanager
    def _page(self, look: Look, width: int) -> Iterator[Page]:
        context = self._browser.new_context(
            locale=look.language,
            color_scheme="dark" if look.theme == "dark" else "light",
            viewport={"width": width, "height": HEIGHT},
        )
        yield context.new_page()
        context.close()

    @contextmanager
    def _stage(self, settings: Mapping[str, str]) -> Iterator[Stage]:
        folder = Path(tempfile.mkdtemp(dir=self._work))
        database = Path(shutil.copy(self._template, folder / "authserver.db"))
        with open_stage(folder, sqlite_url(database), settings=settings) as stage:
            yield stage


def code_page_of(code_class: str) -> Callable[[Visit], Iterator[str]]:
    """Return what leads to the code page for one kind of code."""

    def states(visit: Visit) -> Iterator[str]:
        visit.code_page("fred@example.com")
        yield f"code-{code_class}"

    return states


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
