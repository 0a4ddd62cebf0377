"""What operators change of accounts, as the people feel it."""

from authserver.administration.account_changes import AccountChange
from tests.flows.browsing import Visit, path_of, signed_in
from tests.support.provider import Provider

ADA = "ada@example.com"
NEW = "ada@example.org"


def test_whoever_is_signed_out_by_an_operator_signs_in_again(either_provider: Provider) -> None:
    visit = signed_in(either_provider, ADA)
    assert visit.http.get("/account").status_code == 200

    either_provider.server.account_changes.sign_out(ADA)

    assert path_of(visit.http.get("/account")) == "/sign-in"
    again = Visit.begin(either_provider, http=either_provider.http())
    assert path_of(again.enter(again.code_for(ADA))) == f"/oidc/auth/{again.interaction}"


def test_a_new_address_ends_what_rested_on_the_old_one_and_the_old_one_is_told(
    either_provider: Provider,
) -> None:
    visit = signed_in(either_provider, ADA)

    either_provider.server.account_changes.update(ADA, AccountChange(email=NEW))

    assert visit.http.get("/account").status_code == 303
    told = either_provider.next_mail(ADA)
    assert told["usage_type"] == "AddressChanged"
    assert "a•••@example.org" in told["text"]
    after = signed_in(either_provider, NEW)
    assert NEW in after.http.get("/account").text
    assert either_provider.server.accounts.show(NEW).email_proven_at is not None
