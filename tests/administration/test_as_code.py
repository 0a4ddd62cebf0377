from collections.abc import Mapping

import pytest

from authserver.administration.as_code import ConfigurationAsCode, Files
from authserver.administration.brand_section import BrandSection
from authserver.administration.branding import BrandAdministration
from authserver.administration.clients import ClientAdministration
from authserver.administration.mistakes import ConfigurationInvalid
from authserver.domain.branding import NOTHING_CHOSEN
from authserver.domain.clients import ClientKind
from tests.support.images import png


@pytest.fixture
def as_code(brands: BrandAdministration) -> ConfigurationAsCode:
    return ConfigurationAsCode((BrandSection(brands),))


def no_files(_: str) -> bytes | None:
    return None


def beside(files: Mapping[str, bytes]) -> Files:
    return files.get


def test_a_document_is_applied_once(
    as_code: ConfigurationAsCode, brands: BrandAdministration
) -> None:
    document = {"brand": {"name": "Fern", "logo": "logo.png"}}
    files = beside({"logo.png": png()})

    first = as_code.apply(document, files)
    second = as_code.apply(document, files)

    assert [(change.section, change.name, change.action) for change in first] == [
        ("brand", "instance", "create")
    ]
    assert second == []
    assert brands.show().name == "Fern"


def test_what_is_planned_changes_nothing(
    as_code: ConfigurationAsCode, brands: BrandAdministration
) -> None:
    assert len(as_code.plan({"brand": {"name": "Fern"}}, no_files)) == 1

    assert brands.show() == NOTHING_CHOSEN


def test_what_is_exported_applies_without_a_change(
    as_code: ConfigurationAsCode, clients: ClientAdministration
) -> None:
    made = clients.create(
        name="Bookstore", kind=ClientKind.WEB, redirect_uris=["https://books.example/callback"]
    )
    own = {str(made.client.id): {"name": "Books", "color": "#115e40"}}
    document = {"brand": {"name": "Fern", "logo": "logo.png", "radius": 3, "clients": own}}
    as_code.apply(document, beside({"logo.png": png()}))

    exported = as_code.export()

    assert as_code.apply(exported, no_files) == []
    assert exported["brand"]["clients"] == own  # type: ignore[index]  # as it was applied


def test_what_a_deleted_client_had_is_not_exported(
    as_code: ConfigurationAsCode, clients: ClientAdministration
) -> None:
    made = clients.create(
        name="Bookstore", kind=ClientKind.WEB, redirect_uris=["https://books.example/callback"]
    )
    client_id = str(made.client.id)
    as_code.apply({"brand": {"clients": {client_id: {"name": "Books"}}}}, no_files)

    clients.delete(client_id)

    assert as_code.export() == {}


def test_nothing_is_changed_where_one_part_cannot_be(
    as_code: ConfigurationAsCode, brands: BrandAdministration
) -> None:
    document = {
        "brand": {"name": "Fern", "clients": {"nobody": {"name": "x"}}},
        "brnd": {},
    }

    with pytest.raises(ConfigurationInvalid) as refused:
        as_code.apply(document, no_files)

    assert refused.value.faults[0] == "There is no section [brnd]: did you mean [brand]?"
    assert "Client nobody" in refused.value.faults[1]
    assert brands.show() == NOTHING_CHOSEN


@pytest.mark.parametrize("brand", [5, [], "x", {"clients": 5}, {"clients": {"x": 5}}])
def test_a_section_that_is_no_table_is_refused(as_code: ConfigurationAsCode, brand: object) -> None:
    with pytest.raises(ConfigurationInvalid):
        as_code.plan({"brand": brand}, no_files)


def test_a_document_without_a_section_leaves_it_alone(
    as_code: ConfigurationAsCode, brands: BrandAdministration
) -> None:
    as_code.apply({"brand": {"name": "Fern"}}, no_files)

    assert as_code.apply({}, no_files) == []
    assert brands.show().name == "Fern"
