"""Whole walks of people through the provider, on both databases."""

from urllib.parse import parse_qs, urlencode, urlsplit

from tests.support.provider import CALLBACK, Provider


def test_somebody_new_is_led_over_the_code_to_an_account_and_back_to_the_client(
    either_provider: Provider,
) -> None:
    made = either_provider.new_client(requires_pkce=False)
    query = urlencode(
        {
            "client_id": made.client.id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid email",
            "state": "a state",
        }
    )

    answer = either_provider.person().sign_in(
        f"{either_provider.endpoint}/oidc/auth?{query}", "anna@example.com"
    )

    parameters = parse_qs(urlsplit(answer).query)
    assert answer.startswith(CALLBACK + "?")
    assert parameters["state"] == ["a state"]
    assert parameters["iss"] == [either_provider.issuer]
    assert len(parameters["code"][0]) >= 43
