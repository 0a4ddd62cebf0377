"""A server that is killed: what it has acknowledged is still so after the next start."""

from pathlib import Path

import pytest

from tests.processes.kill_rounds import Campaign
from tests.processes.smtp import arena_of, code_of, eventually, letters, sending_over
from tests.races.arena import form_of
from tests.support.smtp_server import Script, SmtpServer


@pytest.mark.parametrize(
    ("moment", "copies"),
    [pytest.param("EHLO", 1, id="before_sending"), pytest.param("CONTENT", 2, id="after_sending")],
)
def test_a_mail_claimed_by_a_killed_process_is_sent_once_more_with_the_same_code(
    tmp_path: Path, database_url: str | None, moment: str, copies: int
) -> None:
    with SmtpServer(Script(hangs=frozenset({moment}))) as smtp:
        server = sending_over(smtp, tmp_path, database_url)
        server.start()
        arena = arena_of(server, database_url)
        with arena.before_address() as somebody:
            page = somebody.person.submit(somebody.form, email=somebody.address)
            assert eventually(lambda: any(line.startswith("EHLO") for line in smtp.commands))
            assert eventually(lambda: len(smtp.received) == copies - 1)
            server.kill()
            smtp.script.hangs = frozenset()

            assert arena.ledger.mail_states(somebody.address) == ["sending"]
            arena.ledger.end_leases()
            with server:
                assert eventually(lambda: len(smtp.received) == copies)
                settled = ["accepted"]
                assert eventually(lambda: arena.ledger.mail_states(somebody.address) == settled)
                code = code_of(letters(smtp)[-1])
                answer = somebody.person.submit(form_of(page, "code"), code=code)
        arena.close()

    assert answer.url.path.endswith("/create-account")
    assert len(smtp.received) == copies
    assert len({code_of(letter) for letter in letters(smtp)}) == 1
    assert len({letter["Message-ID"] for letter in letters(smtp)}) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_acknowledged_is_lost_by_kills_amid_sign_ins(
    tmp_path: Path, database_url: str | None, workers: int
) -> None:
    with Campaign(tmp_path, database_url, workers=workers) as campaign:
        campaign.round()
        campaign.round()

    assert campaign.violations == []
    assert campaign.acknowledged > 0
