"""Commands in this process, over a data folder of each test's own."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from authserver.cli.main import authserver

Run = Callable[..., Result]
RunJson = Callable[..., Any]


def run_in(data_dir: Path, *arguments: str, **settings: str) -> Result:
    """Run a command with no settings but these."""
    runner = CliRunner(
        env={"AUTHSERVER_CONFIG": "/dev/null", "AUTHSERVER_DATA_DIR": str(data_dir), **settings}
    )
    return runner.invoke(authserver, arguments, prog_name="authserver")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with a schema and a signing key: making one takes a while."""
    folder = tmp_path_factory.mktemp("prepared") / "data"
    assert run_in(folder, "client", "list").exit_code == 0
    return folder


@pytest.fixture
def data_dir(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "data"))


@pytest.fixture
def run(data_dir: Path) -> Run:
    def in_folder(*arguments: str, **settings: str) -> Result:
        return run_in(data_dir, *arguments, **settings)

    return in_folder


@pytest.fixture
def run_json(run: Run) -> RunJson:
    """Run a command that must succeed, and return its document."""

    def document(*arguments: str, **settings: str) -> object:
        result = run(*arguments, "--json", **settings)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return document
