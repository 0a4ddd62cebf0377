"""Clients, APIs and roles in a configuration document."""

import tomllib

import pytest

from authserver.administration.api_resources import ApiAdministration
from authserver.administration.api_sections import ResourceSection, RoleSection
from authserver.administration.as_code import ConfigurationAsCode
from authserver.administration.client_section import ClientSection
from authserver.administration.clients import ClientAdministration
from authserver.administration.mistakes import ConfigurationInvalid, OperatorMistake
from authserver.administration.roles import RoleAdministration
from authserver.cli.toml_output import toml_of
from authserver.domain.api_resources import own_api
from authserver.domain.client_metadata import ClientMetadata
from authserver.domain.clients import ClientKind
from authserver.storage.unit_of_work import Storage
from tests.support.provider import ENDPOINT
from tests.support.stopped_clock import DEFAULT_START, StoppedClock

OWN = own_api(ENDPOINT, DEFAULT_START)
DOCUMENT = """
[[clients]]
client_id = "bookstore"
name = "Bookstore"
kind = "web"
redirect_uris = ["https://books.example/callback"]
post_logout_redirect_uris = ["https://books.example/"]
requires_pkce = false
claims_in_id_token = false
is_third_party = true
backchannel_logout_uri = "https://books.example/logout"
cors_origins = ["https://app.books.example"]
access_token_lifetime = 300
logo_uri = "https://books.example/logo.png"
default_max_age = 900
default_acr_values = ["urn:authserver:acr:two-factors"]
require_auth_time = true
token_endpoint_auth_method = "private_key_jwt"
token_endpoint_auth_signing_alg = "ES256"

[[clients.jwks.keys]]
kty = "EC"
crv = "P-256"
x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"

[[clients]]
client_id = "worker"
name = "Worker"
kind = "service"

[[resources]]
indicator = "https://api.books.example"
name = "Books"
access_token_lifetime = 600

[[resources.scopes]]
name = "books:read"
description = "Read books"

[[roles]]
name = "reader"
description = "May read"

[[roles.permissions]]
resource = "https://api.books.example"
scope = "books:read"
"""


@pytest.fixture
def as_code(
    clients: ClientAdministration, storage: Storage, clock: StoppedClock
) -> ConfigurationAsCode:
    return ConfigurationAsCode(
        (
            ClientSection(clients),
            ResourceSection(ApiAdministration(storage=storage, clock=clock, own=OWN)),
            RoleSection(RoleAdministration(storage=storage, clock=clock, own_api=OWN)),
        )
    )


def no_files(_: str) -> bytes | None:
    return None


def applied(as_code: ConfigurationAsCode, text: str) -> list[tuple[str, str, str]]:
    changes = as_code.apply(tomllib.loads(text), no_files)
    return [(change.section, change.name, change.action) for change in changes]


def test_a_document_is_applied_once_and_comes_out_again(as_code: ConfigurationAsCode) -> None:
    first, second = applied(as_code, DOCUMENT), applied(as_code, DOCUMENT)
    exported = toml_of(as_code.export())

    assert first == [
        ("clients", "bookstore", "create"),
        ("clients", "worker", "create"),
        ("resources", "https://api.books.example", "create"),
        ("roles", "reader", "create"),
    ]
    assert second == []
    assert applied(as_code, exported) == []
    assert tomllib.loads(exported)["clients"][0]["jwks"]["keys"][0]["kty"] == "EC"


def test_what_differs_is_changed_and_the_rest_stays(
    as_code: ConfigurationAsCode, clients: ClientAdministration
) -> None:
    applied(as_code, DOCUMENT)
    secret = clients.add_secret("worker").name
    changed = DOCUMENT.replace('"Worker"', '"Works"').replace('"May read"', '"Reads"')

    changes = applied(as_code, changed.replace("= 600", "= 900"))

    assert changes == [
        ("clients", "worker", "change"),
        ("resources", "https://api.books.example", "change"),
        ("roles", "reader", "change"),
    ]
    assert [each.name for each in clients.show("worker").secrets] == [secret]
    assert clients.show("worker").client.name == "Works"


def test_a_new_client_has_no_secret(
    as_code: ConfigurationAsCode, clients: ClientAdministration
) -> None:
    applied(as_code, DOCUMENT)

    assert clients.show("worker").secrets == ()


def test_a_client_that_registered_itself_is_neither_exported_nor_changed(
    as_code: ConfigurationAsCode, clients: ClientAdministration
) -> None:
    made = clients.create(
        name="Guest",
        kind=ClientKind.WEB,
        redirect_uris=["https://guest.example/cb"],
        metadata=ClientMetadata(is_dynamic=True),
    )
    table = {
        "client_id": made.client.id,
        "name": "Mine",
        "redirect_uris": ["https://guest.example/cb"],
    }

    assert as_code.export() == {}
    with pytest.raises(ConfigurationInvalid, match="registered itself"):
        as_code.plan({"clients": [table]}, no_files)


@pytest.mark.parametrize(
    ("section", "table"),
    [
        ("clients", {}),
        ("clients", {"client_id": "authserver-account", "name": "x", "kind": "service"}),
        ("clients", {"client_id": "a b", "name": "x", "kind": "service"}),
        ("clients", {"client_id": "a", "name": 1, "kind": "service"}),
        ("clients", {"client_id": "a", "name": "x", "kind": "sevice"}),
        ("clients", {"client_id": "a", "name": "x", "kind": "service", "secret": "s"}),
        ("clients", {"client_id": "a", "name": "x", "kind": "service", "is_dynamic": True}),
        ("clients", {"client_id": "a", "name": "x", "redirect_uris": "https://a.example/"}),
        ("clients", {"client_id": "a", "name": "x", "redirect_uris": ["http://a.example/"]}),
        ("clients", {"client_id": "a", "name": "x", "kind": "service", "jwks": "x"}),
        ("clients", {"client_id": "a", "name": "x", "kind": "service", "jwks": {}}),
        ("clients", {"client_id": "a", "name": "x", "kind": "service", "is_third_party": 1}),
        ("clients", {"client_id": "a", "name": "x", "kind": "service", "id_token_lifetime": True}),
        ("clients", {"client_id": "a", "name": "x", "kind": "service", "id_token_lifetime": 1e300}),
        ("clients", {"client_id": "a", "name": "x", "kind": "service", "id_token_lifetime": 1}),
        (
            "clients",
            {"client_id": "a", "name": "x", "kind": "service", "id_token_algorithm": "ES512"},
        ),
        ("resources", {}),
        ("resources", {"indicator": "books"}),
        ("resources", {"indicator": "https://a.example", "scopes": ["read"]}),
        ("resources", {"indicator": "https://a.example", "scopes": [{"name": "a b"}]}),
        ("resources", {"indicator": "https://a.example", "scope": []}),
        ("roles", {"name": "r", "permissions": [{"resource": "https://a.example"}]}),
        ("roles", {"name": "r", "members": []}),
    ],
    ids=str,
)
def test_a_table_that_cannot_be_had_changes_nothing(
    as_code: ConfigurationAsCode, section: str, table: dict[str, object]
) -> None:
    good = {"client_id": "good", "name": "Good", "kind": "service"}
    document: dict[str, list[dict[str, object]]] = {"clients": [{**good}]}
    document.setdefault(section, []).append(table)

    with pytest.raises(OperatorMistake):
        as_code.apply(document, no_files)
    assert as_code.export() == {}


def test_the_kind_of_a_client_stays(as_code: ConfigurationAsCode) -> None:
    applied(as_code, DOCUMENT)

    with pytest.raises(ConfigurationInvalid, match="kind service stays one"):
        applied(
            as_code,
            '[[clients]]\nclient_id = "worker"\nname = "W"\nredirect_uris = ["https://w.example/"]',
        )


def test_two_clients_of_one_id_are_refused(as_code: ConfigurationAsCode) -> None:
    table = {"client_id": "a", "name": "A", "kind": "service"}

    with pytest.raises(ConfigurationInvalid, match="two clients"):
        as_code.plan({"clients": [table, table]}, no_files)


def test_an_api_that_the_document_gives_no_lifetime_has_none(
    as_code: ConfigurationAsCode, storage: Storage, clock: StoppedClock
) -> None:
    applied(as_code, DOCUMENT)
    without = DOCUMENT.replace("access_token_lifetime = 600\n", "")

    changes = applied(as_code, without)

    assert changes == [("resources", "https://api.books.example", "change")]
    apis = ApiAdministration(storage=storage, clock=clock, own=OWN)
    assert apis.show("https://api.books.example").access_token_lifetime is None
    assert applied(as_code, without) == []


def test_the_servers_own_api_is_no_part_of_a_document_and_its_scopes_are_permitted(
    as_code: ConfigurationAsCode,
) -> None:
    role = f"""
[[roles]]
name = "asker"
description = ""
permissions = [{{ resource = "{OWN.indicator}", scope = "verifications" }}]
"""
    own = f"""
[[resources]]
indicator = "{OWN.indicator}"
name = "Mine"
"""

    assert applied(as_code, role) == [("roles", "asker", "create")]
    with pytest.raises(OperatorMistake, match="own API"):
        applied(as_code, own)

    exported = as_code.export()
    assert "resources" not in exported or exported["resources"] == []
