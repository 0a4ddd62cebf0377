"""A server that ends and starts again, or refuses to start, and says why."""

import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text

from tests.processes.smtp import arena_of
from tests.races.arena import CALLBACK, Arena, code_in
from tests.support.databases import sqlite_url
from tests.support.server_process import ServerProcess

GRACE_SECONDS = 1


def newer_schema(url: str) -> None:
    """Leave the schema as a later version of the server might, one that this one cannot serve."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("UPDATE schema_info SET oldest_compatible_revision = '9998'"))
    engine.dispose()


def token_answer(arena: Arena, **fields: str) -> httpx.Response:
    return arena.crowd.send([arena.exchange(**fields)])[0]


def test_sessions_and_tokens_outlive_the_process(tmp_path: Path, database_url: str | None) -> None:
    grace = {"AUTHSERVER_LIFETIMES__REFRESH_GRACE": f"{GRACE_SECONDS}s"}
    server = ServerProcess(tmp_path, database_url=database_url, settings=grace)
    server.start()
    arena = arena_of(server, database_url)
    with arena.before_code() as (somebody, code):
        somebody.person.submit(somebody.form, code=code)
        wanted = arena.authorization_url(scope="openid offline_access", prompt="consent")
        answer = token_answer(
            arena,
            grant_type="authorization_code",
            code=code_in(somebody.person.pass_through(wanted)),
            redirect_uri=CALLBACK,
        )
        first = answer.json()["refresh_token"]
        rotated = token_answer(arena, grant_type="refresh_token", refresh_token=first).json()

        assert server.stop() == 0
        with server:
            silent = somebody.person.pass_through(arena.authorization_url(prompt="none"))
            me = arena.crowd.send([arena.who_is(rotated["access_token"])])[0]
            second = token_answer(
                arena, grant_type="refresh_token", refresh_token=rotated["refresh_token"]
            )
            time.sleep(GRACE_SECONDS)
            replayed = token_answer(arena, grant_type="refresh_token", refresh_token=first)
            successor = second.json()["refresh_token"]
            after = token_answer(arena, grant_type="refresh_token", refresh_token=successor)
    arena.close()

    assert "code=" in silent
    assert me.status_code == httpx.codes.OK
    assert second.status_code == httpx.codes.OK
    assert replayed.json()["error"] == "invalid_grant"
    assert after.json()["error"] == "invalid_grant"


def test_a_schema_on_postgresql_is_only_upgraded_by_command(
    tmp_path: Path, empty_postgres: str
) -> None:
    server = ServerProcess(tmp_path, database_url=empty_postgres)
    port = str(server.port)
    empty = server.run("serve", "--port", port)
    server.authserver("migrate", "--to", "0001")
    behind = server.run("serve", "--port", port)
    server.authserver("migrate")

    for refusal in (empty, behind):
        assert refusal.returncode == 1
        assert "authserver migrate" in refusal.stderr
        assert "Traceback" not in refusal.stderr
    with server:
        assert httpx.get(f"{server.endpoint}/readyz", trust_env=False).is_success


def test_a_schema_of_a_later_version_is_refused(tmp_path: Path, database_url: str | None) -> None:
    server = ServerProcess(tmp_path, database_url=database_url)
    with server:
        pass
    newer_schema(database_url or sqlite_url(server.data_dir / "authserver.db"))

    refusal = server.run("serve", "--port", str(server.port))

    assert refusal.returncode == 1
    assert "newer" in refusal.stderr
    assert "Traceback" not in refusal.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_other_secret_keys_stop_the_start(tmp_path: Path, workers: str) -> None:
    server = ServerProcess(tmp_path)
    with server:
        pass

    refusal = server.run(
        "serve",
        "--port",
        str(server.port),
        "--workers",
        workers,
        AUTHSERVER_SECRET_KEYS="a key that has sealed nothing of this database",
    )

    assert refusal.returncode == 1
    assert "AUTHSERVER_SECRET_KEYS" in refusal.stderr
    assert "Traceback" not in refusal.stderr


def test_all_faults_of_the_settings_are_told_together(tmp_path: Path) -> None:
    refusal = ServerProcess(tmp_path).run(
        "serve",
        AUTHSERVER_ENDPOINT="http://auth.example.com",
        AUTHSERVER_CODES__TRIES="1000",
        AUTHSERVER_LIFETIMES__ACCESS_TOKN="1h",
    )

    assert refusal.returncode == 1
    named = ("AUTHSERVER_ENDPOINT", "AUTHSERVER_CODES__TRIES", "AUTHSERVER_LIFETIMES__ACCESS_TOKN")
    assert [name for name in named if name not in refusal.stderr] == []
    assert "AUTHSERVER_LIFETIMES__ACCESS_TOKEN" in refusal.stderr
    assert "Traceback" not in refusal.stderr
