"""`docs/peer-defects.md` names tests, and each of them is there."""

import re

from tests.architecture.sources import PROJECT

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_test_that_the_list_of_defects_names_is_there() -> None:
    rows = (PROJECT / "docs" / "peer-defects.md").read_text("utf-8").splitlines()
    named = {found for row in rows for found in NAMED.findall(row)}

    missing = {
        f"{path}::{name}"
        for path, name in named
        if not (PROJECT / path).exists()
        or f"def {name}(" not in (PROJECT / path).read_text("utf-8")
    }

    assert missing == set()
    assert len(named) > 50


def test_every_defect_of_the_list_has_a_test() -> None:
    text = (PROJECT / "docs" / "peer-defects.md").read_text("utf-8")
    rows = [row for row in text.splitlines() if row.startswith("| ") and "Published as" not in row]

    assert [row for row in rows if not NAMED.search(row)] == []
