"""A bare `alembic` in a checkout does what `authserver migrate` does."""

import subprocess
import sys
from pathlib import Path

import pytest

from authserver.domain.accounts import AccountOrigin
from authserver.storage.database import open_database
from authserver.storage.maintenance import SchemaState, schema_status
from authserver.storage.unit_of_work import Storage
from tests.migrations.conftest import MIGRATIONS, PROJECT


def alembic(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - arguments of the test
        [sys.executable, "-m", "alembic", *arguments],
        cwd=PROJECT,
        env={"AUTHSERVER_DATA_DIR": str(folder), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_upgrade_takes_database_and_administrator_from_the_settings(
    url: str, tmp_path: Path
) -> None:
    run = alembic(
        tmp_path / "data",
        "upgrade",
        "head",
        AUTHSERVER_DATABASE_URL=url,
        AUTHSERVER_ADMIN_EMAIL="Root@example.com",
    )

    database = open_database(url)
    state = schema_status(database, MIGRATIONS).state
    with Storage(database).reading() as work:
        [admin] = work.accounts.list()
    database.close()
    assert run.returncode == 0, run.stderr
    assert state is SchemaState.CURRENT
    assert (admin.address.canonical, admin.is_admin) == ("root@example.com", True)
    assert admin.origin is AccountOrigin.SEED


def test_without_a_database_setting_the_one_in_the_data_folder_is_meant(tmp_path: Path) -> None:
    run = alembic(tmp_path / "data", "upgrade", "head")

    assert run.returncode == 0, run.stderr
    assert (tmp_path / "data" / "authserver.db").exists()


def test_models_and_revisions_agree_for_the_command_as_well(tmp_path: Path) -> None:
    alembic(tmp_path / "data", "upgrade", "head")

    run = alembic(tmp_path / "data", "check")

    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (["upgrade", "head", "--sql"], {}, "offline"),
        (["upgrade", "head"], {"AUTHSERVER_DATABASE_URL": "mysql://x"}, "AUTHSERVER_DATABASE_URL"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], message: str
) -> None:
    run = alembic(tmp_path / "data", *arguments, **variables)

    assert run.returncode != 0
    assert message in run.stdout + run.stderr
    assert "Traceback" not in run.stderr
