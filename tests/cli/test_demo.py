"""The demo: it proves itself, and finds again what it kept."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from authserver.demo.self_check import CheckFailed, check
from tests.support.server_process import PROJECT, free_port

LONGEST_RUN_SECONDS = 90


def environment(**settings: str) -> dict[str, str]:
    inherited = os.environ  # noqa: TID251 - handed on to the child
    return {**inherited, "PYTHONPATH": str(PROJECT), **settings}


def run_demo(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - arguments come from the test itself
        [sys.executable, "-m", "authserver", "demo", *arguments],
        cwd=folder,
        # Settings of the environment are another server's: the demo does not look at them.
        env=environment(AUTHSERVER_MAIL__SENDERS="smtp"),
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_RUN_SECONDS,
    )


def test_the_demo_signs_in_by_itself_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = run_demo("--check", folder=tmp_path)

    assert done.returncode == 0, done.stderr
    *steps, last = done.stdout.splitlines()
    assert last == "PASS"
    assert [step.split("  ")[1] for step in steps] == [
        "register",
        "sign out",
        "sign in",
        "refresh",
        "sign out again",
        "new password",
        "by password",
        "sign out last",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_kept_data_folder_serves_a_second_time_on_other_ports(tmp_path: Path) -> None:
    kept = ("--data-dir", str(tmp_path / "kept"), "--check", "--json")

    first, second = run_demo(*kept, folder=tmp_path), run_demo(*kept, folder=tmp_path)

    assert json.loads(first.stdout) == json.loads(second.stdout) == {"result": "PASS"}
    client = tmp_path / "kept" / "bookstore-client.json"
    assert client.stat().st_mode & 0o777 == 0o600


def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    ports = ("--port", str(free_port()), "--rp-port", str(free_port()))
    process = subprocess.Popen(  # noqa: S603 - the command is spelled out here
        [sys.executable, "-m", "authserver", "demo", *ports],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout as printed:
        for line in printed:
            if "Ctrl-C" in line:
                break
        process.send_signal(signal.SIGINT)

    assert process.wait(LONGEST_RUN_SECONDS) == 0


def test_a_check_that_fails_names_the_step() -> None:
    nobody = f"http://localhost:{free_port()}"

    with pytest.raises(CheckFailed, match=r"^register: "):
        asyncio.run(check(shop=nobody, provider=nobody, say=print))
