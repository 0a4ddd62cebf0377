"""`authserver client logout-notices`."""

from pathlib import Path

from authserver.domain.logout_notices import LogoutNoticeState
from authserver.storage.database import open_database
from authserver.storage.unit_of_work import Storage
from tests.cli.conftest import Run, RunJson
from tests.storage.samples import NOW, a_client
from tests.storage.test_provider_rows import a_notice
from tests.support.databases import sqlite_url


def refused_notice(data_dir: Path) -> None:
    """Leave a notice that its client did not want."""
    storage = Storage(open_database(sqlite_url(data_dir / "authserver.db")))
    with storage.writing() as work:
        work.clients.add(a_client())
        work.clients.add(a_client(id="other"))
        work.logout_notices.add(a_notice())
        [claimed] = work.logout_notices.claim_due(NOW, NOW, 1)
        work.logout_notices.finish(claimed, LogoutNoticeState.REFUSED, "status_400", NOW)
        work.commit()
    storage.database.close()


def test_it_shows_whom_it_told_and_what_the_answer_was(
    run: Run, run_json: RunJson, data_dir: Path
) -> None:
    refused_notice(data_dir)

    [shown] = run_json("client", "logout-notices")

    assert (shown["client_id"], shown["state"], shown["tries"]) == ("shop", "refused", 1)
    assert shown["last_outcome"] == "status_400"
    assert shown["finished_at"] is not None
    table = run("client", "logout-notices", "shop").stdout
    assert "refused" in table
    assert "status_400" in table
    assert run_json("client", "logout-notices", "other") == []


def test_it_says_where_there_was_nothing_to_tell(run: Run) -> None:
    assert "No client was told" in run("client", "logout-notices").stdout
