import pytest

from authserver.administration.branding import BrandAdministration, BrandChanges
from authserver.administration.clients import ClientAdministration
from authserver.administration.mistakes import BrandInvalid, ClientUnknown
from authserver.domain.branding import NOTHING_CHOSEN
from authserver.domain.clients import ClientKind
from authserver.storage.unit_of_work import Storage
from tests.support.images import png

CALLBACK = "https://books.example/callback"


def named(name: str) -> BrandChanges:
    return BrandChanges(values={"name": name})


@pytest.fixture
def client_id(clients: ClientAdministration) -> str:
    made = clients.create(name="Bookstore", kind=ClientKind.WEB, redirect_uris=[CALLBACK])
    return str(made.client.id)


def test_what_is_not_named_stays(brands: BrandAdministration) -> None:
    brands.set(BrandChanges(values={"name": "Fern", "radius": 4}))

    brands.set(BrandChanges(values={"color": "#115E40"}, images={"logo": png()}))

    found = brands.show()
    assert (found.name, found.radius, found.color) == ("Fern", 4, "#115e40")
    assert found.logo is not None
    image = brands.image(found.logo)
    assert image is not None
    assert image.content == png()


def test_all_faults_are_told_together_and_nothing_is_stored(brands: BrandAdministration) -> None:
    changes = BrandChanges(values={"name": "", "color": "#ffffff", "terms_url": "x"})

    with pytest.raises(BrandInvalid) as refused:
        brands.set(changes)

    assert len(refused.value.faults) == 3
    assert brands.show() == NOTHING_CHOSEN
    assert brands.history() == []


@pytest.mark.parametrize(
    "changes",
    [
        BrandChanges(values={"name": 5}),
        BrandChanges(values={"radius": "4"}),
        BrandChanges(values={"radius": True}),
        BrandChanges(values={"auto_submit_code": 1}),
        BrandChanges(values={"auto_submit_code": "yes"}),
        BrandChanges(values={"colour": "#115e40"}),
        BrandChanges(values={"logo": "somewhere.png"}, images={"logo": b"no image"}),
        BrandChanges(images={"logo": "unheard-of.png"}),
    ],
)
def test_what_is_no_member_of_a_brand_or_of_another_type_is_refused(
    brands: BrandAdministration, changes: BrandChanges
) -> None:
    with pytest.raises(BrandInvalid):
        brands.set(changes)


def test_a_client_has_no_links_or_style_sheet_of_its_own(
    brands: BrandAdministration, client_id: str
) -> None:
    brands.set(named("Books"), client_id)

    with pytest.raises(BrandInvalid):
        brands.set(BrandChanges(values={"custom_css": ".card{}"}), client_id)

    assert brands.show(client_id).name == "Books"
    assert brands.show() == NOTHING_CHOSEN
    assert brands.client_ids() == [client_id]


def test_an_unknown_client_has_no_brand(brands: BrandAdministration) -> None:
    with pytest.raises(ClientUnknown):
        brands.set(named("Books"), "nobody")


def test_what_is_removed_is_as_it_comes(brands: BrandAdministration) -> None:
    brands.set(BrandChanges(values={"name": "Fern", "radius": 4}))

    assert brands.remove(["radius"]).radius is None
    assert brands.show().name == "Fern"
    assert brands.remove() == NOTHING_CHOSEN
    with pytest.raises(BrandInvalid):
        brands.remove(["colour"])


def test_an_earlier_version_is_chosen_again_as_a_new_one(brands: BrandAdministration) -> None:
    for name in ("First", "Second", "Third"):
        brands.set(named(name))

    assert brands.undo().name == "Second"
    assert brands.undo(to=1).name == "First"
    assert brands.undo(to=0) == NOTHING_CHOSEN
    assert [version.version for version in brands.history()] == [6, 5, 4, 3, 2, 1]
    with pytest.raises(BrandInvalid):
        brands.undo(to=9)


def test_there_is_nothing_to_undo_before_the_first_choice(brands: BrandAdministration) -> None:
    with pytest.raises(BrandInvalid):
        brands.undo()


def test_putting_the_same_brand_again_makes_no_version(
    brands: BrandAdministration, storage: Storage
) -> None:
    changes = BrandChanges(values={"name": "Fern"}, images={"logo": png()})
    brands.put(changes)

    brands.put(changes)

    assert len(brands.history()) == 1
    with storage.reading() as work:
        assert work.configuration.versions()["branding"] >= 1
