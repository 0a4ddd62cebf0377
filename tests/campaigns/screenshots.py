"""Photographs every page and state: `dev.py campaign screenshots [--to FOLDER]`."""

import argparse
import shutil
import sys
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser

from authserver.storage.maintenance import upgrade
from tests.support.chromium import NAMES, installed_chromium, open_chromium
from tests.support.databases import sqlite_url
from tests.support.stage import open_stage
from tests.support.tour import Visit, tour

PROJECT = Path(__file__).resolve().parents[2]
LOCALES = ("en", "zh-CN")
SCHEMES = ("light", "dark")
WIDTHS = (360, 1280)
HEIGHT = 800
CODE_CLASSES = ("digits8", "base32")


def main(arguments: list[str]) -> int:
    """Photograph everything and print how much that was."""
    parser = argparse.ArgumentParser(prog="screenshots", description=__doc__)
    parser.add_argument("--to", type=Path, default=Path("screenshots"), metavar="FOLDER")
    folder: Path = parser.parse_args(arguments).to
    executable = installed_chromium()
    if executable is None:
        sys.exit(f"None of {', '.join(NAMES)} is installed.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, open_chromium(executable) as browser:
        studio = Studio(browser, folder, Path(work))
        for locale, scheme, width in product(LOCALES, SCHEMES, WIDTHS):
            studio.photograph(locale, scheme, width)
            for code_class in CODE_CLASSES:
                studio.photograph(locale, scheme, width, code_class)
            say(f"{locale} {scheme} {width}: {studio.taken} pictures so far")
    say(f"{studio.taken} pictures in {folder}")
    return 0


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Studio:
    """Takes pictures of one browser, each time in front of a new stage."""

    def __init__(self, browser: Browser, folder: Path, work: Path) -> None:
        self.taken = 0
        self._browser = browser
        self._folder = folder
        self._work = work
        self._template = work / "template.db"
        upgrade(sqlite_url(self._template), PROJECT / "alembic.ini", PROJECT / "migrations")

    def photograph(
        self, locale: str, scheme: str, width: int, code_class: str | None = None
    ) -> None:
        """Walk past every page, or show the code page for one kind of code."""
        folder = Path(tempfile.mkdtemp(dir=self._work))
        database = Path(shutil.copy(self._template, folder / "authserver.db"))
        settings = {} if code_class is None else {"AUTHSERVER_CODES__START_CLASS": code_class}
        context = self._browser.new_context(
            locale=locale,
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": HEIGHT},
        )
        with open_stage(folder, sqlite_url(database), settings=settings) as stage:
            page = context.new_page()
            visit = Visit(stage, page)
            if code_class is None:
                states = tour(visit)
            else:
                visit.code_page("fred@example.com")
                states = iter([f"code-{code_class}"])
            for state in states:
                name = f"{state}-{locale}-{scheme}-{width}.png"
                page.screenshot(path=self._folder / name, full_page=True)
                self.taken += 1
        context.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
