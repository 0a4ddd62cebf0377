"""What a server process writes while people sign in: lines for machines, and no secret."""

import json
import re
from pathlib import Path
from urllib.parse import quote

from tests.processes.smtp import arena_of
from tests.races.arena import CALLBACK, code_in
from tests.support.server_process import ServerProcess


def test_a_whole_walk_is_logged_as_json_without_a_secret(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, settings={"AUTHSERVER_LOG__LEVEL": "debug"}) as server:
        arena = arena_of(server)
        with arena.before_code() as (somebody, mailed_code):
            somebody.person.submit(somebody.form, code="000000")
            somebody.person.submit(somebody.form, code=mailed_code)
            url = arena.authorization_url(scope="openid offline_access", prompt="consent")
            code = code_in(somebody.person.pass_through(url))
            fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
            tokens = arena.crowd.send([arena.exchange(**fields)])[0].json()
            refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
            arena.crowd.send([arena.who_is(tokens["access_token"]), arena.exchange(**refresh)])
            arena.crowd.send([arena.exchange(**fields)])
            somebody.person.follow(f"{server.endpoint}/oidc/session/end?id_token_hint=none")
            cookies = [cookie.value or "" for cookie in somebody.person.http.cookies.jar]
        arena.close()
    log = server.log.read_text()
    lines = [line for line in log.splitlines() if not line.startswith("Serving ")]

    events = [json.loads(line)["event"] for line in lines if line]
    secrets = [
        code,
        *(tokens[name] for name in ("access_token", "refresh_token", "id_token")),
        *arena.credentials[1:],
        *cookies,
        (server.data_dir / "secret.keys").read_text().strip(),
    ]

    assert "request.handled" in events
    assert [secret for secret in secrets if secret in log] == []
    assert re.findall(rf"(?<!\d){mailed_code}(?!\d)", log) == []
    assert somebody.address not in log
    assert quote(somebody.address) not in log
