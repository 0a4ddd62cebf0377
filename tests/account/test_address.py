from tests.account.account_page import AccountPage
from tests.flows.browsing import path_of
from tests.support.provider import Provider

ADA = "ada@example.com"
NEW = "ada@new.example"


def test_the_address_changes_only_after_both_mailboxes_are_proven(
    either_provider: Provider,
) -> None:
    page = AccountPage.of(either_provider, ADA)

    assert path_of(page.confirm("address")) == "/account/address"
    assert path_of(page.send("address", "", email=NEW)) == "/account/address/code"
    assert ADA in page.get("address").text
    assert path_of(page.enter("address", either_provider.code_for(NEW))) == "/account/address"

    assert NEW in page.get("address").text
    notice = either_provider.next_mail(ADA)
    assert notice["usage_type"] == "AddressChanged"
