"""The generated keys: made once, private, and the same for all that start at once."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from authserver.settings.sources import SettingsInvalid
from tests.settings.loading import KEY, loaded

PROJECT = Path(__file__).resolve().parents[2]
PROCESSES = 8
START = (
    "from authserver.settings.sources import load; "
    "print(load(environment={}).settings.secret_keys[0].reveal())"
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_made_once_and_are_private(folder: Path) -> None:
    first = loaded()
    second = loaded()

    file = folder / "data" / "secret.keys"
    assert first.generated_keys == file
    assert first.settings.secret_keys == second.settings.secret_keys
    assert len(first.settings.secret_keys[0].reveal()) >= 43
    assert mode(file) == 0o600
    assert mode(file.parent) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["secret.keys"]


def test_no_key_is_made_where_one_is_given(folder: Path) -> None:
    result = loaded(SECRET_KEYS=KEY)

    assert result.generated_keys is None
    assert not (folder / "data").exists()


def test_nothing_is_made_where_settings_are_invalid(folder: Path) -> None:
    with pytest.raises(SettingsInvalid):
        loaded(CODES__TRIES="99")

    assert not (folder / "data").exists()


def test_an_operator_may_put_a_newer_key_above(folder: Path) -> None:
    [old] = loaded().settings.secret_keys
    file = folder / "data" / "secret.keys"
    file.write_text(f"{KEY}\n\n{old.reveal()}\r\n")

    keys = loaded().settings.secret_keys

    assert [key.reveal() for key in keys] == [KEY, old.reveal()]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"short\n", b"\xff\n"])
def test_a_damaged_file_stops_the_start_and_is_left_as_it_is(content: bytes, folder: Path) -> None:
    (folder / "data").mkdir()
    file = folder / "data" / "secret.keys"
    file.write_bytes(content)

    with pytest.raises(SettingsInvalid, match="must hold keys of at least 32 characters"):
        loaded()

    assert file.read_bytes() == content


def test_processes_that_start_at_once_end_with_the_same_key(folder: Path) -> None:
    processes = [
        subprocess.Popen(  # noqa: S603 - the command is spelled out above
            [sys.executable, "-c", START],
            cwd=folder,
            env={"PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]

    keys = {process.communicate(timeout=60)[0].strip() for process in processes}

    assert [process.returncode for process in processes] == [0] * PROCESSES
    assert len(keys) == 1
    assert [path.name for path in (folder / "data").iterdir()] == ["secret.keys"]
