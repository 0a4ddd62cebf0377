"""What `authserver doctor` and the reference say of each setting."""

import pytest

from authserver.settings.sources import describe
from tests.settings.loading import KEY, loaded
from tests.settings.reference import GROUPS, REFERENCE, groups_of_tree, reference

LINES = describe(loaded(SECRET_KEYS=KEY))


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_every_setting_says_what_it_means_and_how_it_is_written(line: object) -> None:
    assert getattr(line, "meaning", "")
    assert getattr(line, "unit", "")


def test_no_secret_is_shown() -> None:
    lines = describe(
        loaded(
            SECRET_KEYS=f"{KEY},{KEY}",
            DATABASE_URL="postgresql://somebody:p@ss/word@db:5432/x?sslmode=require&password=p@ss2&a=b",
            MAIL__ALIYUN__ACCESS_KEY_SECRET="p@ss3",
            MAIL__ALIYUN__SECURITY_TOKEN="p@ss4",
            MAIL__SMTP__PASSWORD="p@ss5",
        )
    )

    shown = {line.name: line.value for line in lines}
    assert not any("p@ss" in value or KEY in value for value in shown.values())
    assert shown["AUTHSERVER_SECRET_KEYS"] == "••••••,••••••"
    assert shown["AUTHSERVER_MAIL__SMTP__PASSWORD"] == "••••••"
    assert shown["AUTHSERVER_DATABASE_URL"].startswith("postgresql://••••••")


def test_the_host_of_a_database_is_shown() -> None:
    lines = describe(loaded(SECRET_KEYS=KEY, DATABASE_URL="postgres://me:secret@db:5432/x"))

    [url] = [line for line in lines if line.name == "AUTHSERVER_DATABASE_URL"]
    assert (url.value, url.origin) == ("postgresql://••••••@db:5432/x", "environment")
    assert url.default == "SQLite in the data folder"


def test_values_are_shown_as_they_are_written() -> None:
    lines = describe(
        loaded(
            SECRET_KEYS=KEY,
            TRUSTED_PROXIES="10.0.0.0/8,::1",
            CODES__LIFE="90s",
            LIFETIMES__REFRESH_GRACE="0s",
            ALLOW_OUTBOX="true",
            MAIL__SENDERS="outbox",
        )
    )

    shown = {line.name.removeprefix("AUTHSERVER_"): line.value for line in lines}
    assert shown["TRUSTED_PROXIES"] == "10.0.0.0/8,::1/128"
    assert shown["CODES__LIFE"] == "90s"
    assert shown["LIFETIMES__REFRESH_GRACE"] == "0s"
    assert shown["ALLOW_OUTBOX"] == "true"
    assert shown["MAIL__SENDERS"] == "outbox"


def test_the_reference_is_that_of_the_tree() -> None:
    assert REFERENCE.read_text("utf-8") == reference(), (
        "write it anew: python -m tests.settings.reference"
    )


def test_the_reference_names_every_setting() -> None:
    assert groups_of_tree() | {""} == set(GROUPS)
    assert all(f"| `{line.name}` |" in reference() for line in LINES)
