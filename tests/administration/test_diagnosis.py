"""What the doctor finds, and what a probe is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authserver.administration.audit_log import AuditLog
from authserver.administration.deployment import Deployment, deployment_findings
from authserver.administration.diagnosis import Diagnosis, Examined
from authserver.administration.findings import Finding
from authserver.administration.mail import FixedMail, MailAdministration
from authserver.administration.signing_keys import SigningKeyAdministration
from authserver.crypto.deriver import Deriver
from authserver.crypto.key_ring import KeyRing
from authserver.domain.endpoint import Endpoint
from authserver.domain.secret import Secret
from authserver.storage.configuration_cache import ConfigurationCache
from authserver.storage.database import open_database
from authserver.storage.unit_of_work import Storage
from tests.administration.conftest import MIGRATIONS
from tests.support.databases import sqlite_url
from tests.support.known_randomness import KnownRandomness
from tests.support.stopped_clock import StoppedClock


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    tmp_path.chmod(0o700)
    return Deployment(
        endpoint=Endpoint("https://id.example"),
        trusted_proxies=["10.0.0.0/8"],
        speaks_tls=False,
        data_dir=tmp_path,
        generated_key=None,
        keeps_database_beside=True,
    )


@pytest.fixture
def examined(
    storage: Storage,
    signing_keys: SigningKeyAdministration,
    mail: MailAdministration,
    deployment: Deployment,
) -> Examined:
    fixed = FixedMail(default_outbox=deployment.data_dir / "outbox")
    return Examined(
        storage=storage,
        migrations=MIGRATIONS,
        signing_keys=signing_keys,
        mail=replace(mail, fixed=fixed),
        audit_log=AuditLog(
            storage=storage,
            deriver=Deriver(signing_keys.key_ring),
            clock=signing_keys.clock,
        ),
        deployment=deployment,
    )


@pytest.fixture
def present() -> StoppedClock:
    """Return a clock that agrees with the machine's, which is the database's, too."""
    return StoppedClock(datetime.now(UTC))  # noqa: TID251 - the clock to agree with


def failures(findings: list[Finding]) -> list[str]:
    return [finding.name for finding in findings if not finding.ok]


def test_a_server_in_order_passes_every_check_and_is_ready(
    examined: Examined, present: StoppedClock
) -> None:
    examined.signing_keys.ensure()
    diagnosis = Diagnosis(examined, present)

    findings = diagnosis.run()

    assert failures(findings) == []
    assert diagnosis.readiness() == []
    assert {finding.name for finding in findings} == {
        "clock",
        "database",
        "schema",
        "signing_key",
        "mail",
        "endpoint",
        "proxy",
        "secret_keys",
        "files",
        "spray_alarm",
        "audit",
    }


def test_a_server_about_to_stop_is_not_ready(examined: Examined, present: StoppedClock) -> None:
    examined.signing_keys.ensure()
    diagnosis = Diagnosis(examined, present)

    diagnosis.drain()

    assert diagnosis.readiness() == ["draining"]


def test_a_missing_key_and_one_that_does_not_open_are_told_apart(
    examined: Examined, present: StoppedClock
) -> None:
    diagnosis = Diagnosis(examined, present)
    assert diagnosis.readiness() == ["signing_key"]
    assert failures(diagnosis.run()) == ["signing_key"]

    examined.signing_keys.ensure()
    others = KeyRing([Secret("another secret key, as long as needed")], KnownRandomness(9))
    elsewhere = replace(examined, signing_keys=replace(examined.signing_keys, key_ring=others))

    [finding] = [each for each in Diagnosis(elsewhere, present).run() if not each.ok]
    assert "do not open" in finding.message
    assert Diagnosis(elsewhere, present).readiness() == ["signing_key"]


def test_an_empty_database_is_named_with_the_command_that_helps(
    examined: Examined, present: StoppedClock, tmp_path: Path
) -> None:
    database = open_database(sqlite_url(tmp_path / "empty.db"))
    diagnosis = Diagnosis(replace(examined, storage=Storage(database)), present)

    [finding] = [each for each in diagnosis.run() if not each.ok]

    assert finding.name == "schema"
    assert finding.advice == "Run `authserver migrate`."
    assert diagnosis.readiness() == ["schema"]
    database.close()


def test_a_database_that_is_away_is_one_finding(
    examined: Examined, present: StoppedClock, tmp_path: Path
) -> None:
    database = open_database(sqlite_url(tmp_path / "no folder" / "authserver.db"))
    diagnosis = Diagnosis(replace(examined, storage=Storage(database)), present)

    assert failures(diagnosis.run()) == ["database"]
    assert diagnosis.readiness() == ["database"]
    database.close()


def test_clocks_that_differ_are_noticed(examined: Examined, present: StoppedClock) -> None:
    examined.signing_keys.ensure()
    present.advance(timedelta(minutes=2))

    assert failures(Diagnosis(examined, present).run()) == ["clock"]


def test_a_server_without_sender_is_told_that_nobody_can_sign_in(
    examined: Examined, present: StoppedClock, storage: Storage
) -> None:
    examined.signing_keys.ensure()
    cache = ConfigurationCache(storage, present)
    without = replace(examined.mail, cache=cache, fixed=FixedMail())

    findings = Diagnosis(replace(examined, mail=without), present).run()

    assert failures(findings) == ["mail"]


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        (lambda good: replace(good, endpoint=Endpoint("http://id.example")), ["endpoint"]),
        (lambda good: replace(good, endpoint=Endpoint("http://localhost:3001")), []),
        (lambda good: replace(good, trusted_proxies=[]), ["proxy"]),
        (lambda good: replace(good, trusted_proxies=[], speaks_tls=True), []),
    ],
)
def test_the_surroundings_are_looked_at(
    deployment: Deployment, change: Callable[[Deployment], Deployment], failed: list[str]
) -> None:
    assert failures(list(deployment_findings(change(deployment)))) == failed


def test_keys_beside_the_database_are_pointed_out(deployment: Deployment) -> None:
    beside = replace(deployment, generated_key=deployment.data_dir / "secret_keys")

    [finding] = [each for each in deployment_findings(beside) if each.name == "secret_keys"]

    assert finding.ok
    assert "who has both reads live codes and signs tokens" in finding.message
    assert finding.advice


def test_a_file_that_others_can_read_is_named(deployment: Deployment) -> None:
    database = deployment.data_dir / "authserver.db"
    database.touch(mode=0o644)

    [finding] = [
        each
        for each in deployment_findings(replace(deployment, private_files=[database]))
        if not each.ok
    ]

    assert finding.name == "files"
    assert str(database) in finding.message
