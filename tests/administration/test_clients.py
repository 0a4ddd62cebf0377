"""Registering, changing and deleting clients, and their secrets."""

from datetime import timedelta

import pytest

from authserver.administration.clients import ClientAdministration, ClientChanges, NewClient
from authserver.administration.mistakes import ClientInvalid, ClientUnknown
from authserver.administration.signing_keys import SigningKeyAdministration
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import ClientKind
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.signing_keys import SigningAlgorithm
from authserver.storage.unit_of_work import Storage
from tests.support.stopped_clock import StoppedClock

CALLBACK = "https://shop.example/callback"


def a_shop(clients: ClientAdministration) -> NewClient:
    return clients.create(name="Shop", kind=ClientKind.WEB, redirect_uris=[CALLBACK])


def version(storage: Storage) -> int:
    with storage.reading() as work:
        return work.configuration.versions().get(ConfigurationKind.CLIENTS, 0)


def test_a_new_web_client_has_one_secret_that_authenticates_it(
    clients: ClientAdministration, clock: StoppedClock
) -> None:
    made = a_shop(clients)

    shown = clients.show(made.client.id)
    assert made.secret is not None
    assert len(made.client.id) == 21
    assert made.secret.reveal().isalnum()
    assert [secret.name for secret in shown.secrets] == ["default"]
    assert shown.knows(made.secret.reveal(), clock.now())


@pytest.mark.parametrize("kind", [ClientKind.SPA, ClientKind.NATIVE])
def test_a_public_client_has_no_secret(clients: ClientAdministration, kind: ClientKind) -> None:
    made = clients.create(name="App", kind=kind, redirect_uris=["http://localhost:8000/callback"])

    assert made.secret is None
    with pytest.raises(ClientInvalid, match="not authenticate with a secret"):
        clients.add_secret(made.client.id)


def test_a_service_client_needs_no_redirect_uri(clients: ClientAdministration) -> None:
    assert clients.create(name="Job", kind=ClientKind.SERVICE).secret is not None


def test_all_faults_of_a_client_are_reported_together(
    clients: ClientAdministration, storage: Storage
) -> None:
    with pytest.raises(ClientInvalid) as refusal:
        clients.create(
            name="\n",
            kind=ClientKind.SPA,
            redirect_uris=["http://shop.example/", "com.example:/"],
            post_logout_redirect_uris=["https://shop.example/#bye"],
            requires_pkce=False,
        )

    assert len(refusal.value.faults) == 5
    assert clients.list() == []
    assert version(storage) == 0


@pytest.mark.parametrize(
    ("kind", "uri", "is_accepted"),
    [
        (ClientKind.WEB, "http://intranet.example/", True),
        (ClientKind.SPA, "http://intranet.example/", False),
        (ClientKind.SPA, "https://shop.example/bye?seen=1", True),
        (ClientKind.NATIVE, "com.example.app:/bye", True),
        (ClientKind.WEB, "com.example.app:/bye", False),
        (ClientKind.WEB, "/bye", False),
        (ClientKind.WEB, "javascript:alert(1)", False),
    ],
)
def test_a_post_logout_redirect_uri_is_judged_by_the_kind_of_client(
    clients: ClientAdministration, kind: ClientKind, uri: str, *, is_accepted: bool
) -> None:
    def create() -> NewClient:
        return clients.create(
            name="App", kind=kind, redirect_uris=[CALLBACK], post_logout_redirect_uris=[uri]
        )

    if is_accepted:
        assert create().client.accepts_post_logout_redirect_uri(uri)
    else:
        with pytest.raises(ClientInvalid, match="post-logout"):
            create()


def test_an_update_replaces_what_it_names_and_leaves_the_rest(
    clients: ClientAdministration, clock: StoppedClock
) -> None:
    made = a_shop(clients)
    clock.advance(timedelta(hours=1))

    clients.update(made.client.id, ClientChanges(name="Books", requires_pkce=False))

    shown = clients.show(made.client.id).client
    assert (shown.name, shown.is_exempt_from_pkce) == ("Books", True)
    assert shown.redirect_uris == made.client.redirect_uris
    assert shown.updated_at == clock.now() != shown.created_at


def test_an_update_that_cannot_be_registered_changes_nothing(
    clients: ClientAdministration,
) -> None:
    made = a_shop(clients)

    with pytest.raises(ClientInvalid, match="at least one redirect URI"):
        clients.update(made.client.id, ClientChanges(name="Books", redirect_uris=[]))

    assert clients.show(made.client.id).client == made.client


def test_an_id_token_algorithm_needs_a_key_that_signs_with_it(
    clients: ClientAdministration, signing_keys: SigningKeyAdministration
) -> None:
    client_id = a_shop(clients).client.id
    to_es256 = ClientChanges(id_token_algorithm=SigningAlgorithm.ES256)
    with pytest.raises(ClientInvalid, match="signing-key rotate --algorithm ES256"):
        clients.update(client_id, to_es256)

    signing_keys.rotate(SigningAlgorithm.ES256)

    assert clients.update(client_id, to_es256).id_token_algorithm is SigningAlgorithm.ES256


def test_a_deleted_client_is_gone(clients: ClientAdministration) -> None:
    client_id = a_shop(clients).client.id

    clients.delete(client_id)

    for lost in (clients.show, clients.delete, clients.add_secret):
        with pytest.raises(ClientUnknown, match="There is no client"):
            lost(client_id)


def test_a_second_secret_lives_beside_the_first_until_it_expires(
    clients: ClientAdministration, clock: StoppedClock
) -> None:
    made = a_shop(clients)
    assert made.secret is not None

    added = clients.add_secret(made.client.id, expires_in=timedelta(days=30))

    shown = clients.show(made.client.id)
    assert added.name == "secret-2"
    assert shown.knows(added.secret.reveal(), clock.now())
    assert shown.knows(made.secret.reveal(), clock.now())
    clock.advance(timedelta(days=30))
    assert not shown.knows(added.secret.reveal(), clock.now())


def test_a_removed_secret_authenticates_nobody(
    clients: ClientAdministration, clock: StoppedClock
) -> None:
    made = a_shop(clients)
    assert made.secret is not None

    clients.remove_secret(made.client.id, "default")

    assert not clients.show(made.client.id).knows(made.secret.reveal(), clock.now())
    with pytest.raises(ClientUnknown, match="no secret named 'default'"):
        clients.remove_secret(made.client.id, "default")


@pytest.mark.parametrize(
    ("name", "expires_in"),
    [("default", None), ("a name", None), ("x", timedelta(0)), ("x", timedelta.max)],
)
def test_a_secret_with_a_taken_or_odd_name_or_life_is_refused(
    clients: ClientAdministration, name: str, expires_in: timedelta | None
) -> None:
    client_id = a_shop(clients).client.id

    with pytest.raises(ClientInvalid):
        clients.add_secret(client_id, name, expires_in)

    assert len(clients.show(client_id).secrets) == 1


def test_every_change_is_recorded_and_raises_the_version_that_caches_look_at(
    clients: ClientAdministration, storage: Storage
) -> None:
    recorded: list[AuditEvent] = []
    storage.on_commit(lambda _, events: recorded.extend(events))

    client_id = a_shop(clients).client.id
    clients.update(client_id, ClientChanges(name="Books"))
    clients.add_secret(client_id, "other")
    clients.remove_secret(client_id, "other")
    clients.delete(client_id)

    assert version(storage) == 5
    assert {event.client_id for event in recorded} == {client_id}
    assert [event.kind for event in recorded] == [
        AuditKind.CLIENT_CREATED,
        AuditKind.CLIENT_UPDATED,
        AuditKind.CLIENT_SECRET_ADDED,
        AuditKind.CLIENT_SECRET_REMOVED,
        AuditKind.CLIENT_DELETED,
    ]
