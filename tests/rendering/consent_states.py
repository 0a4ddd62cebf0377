"""The page that asks for consent: with little and with everything there can be."""

from collections.abc import Iterator, Mapping

State = tuple[str, str, Mapping[str, object]]

ASKED: Mapping[str, object] = {
    "action": "/consent/abc",
    "instance": "Example ID",
    "email": "ada@bookworm.example",
    "leads_to": "books.example.com",
    "scopes": ("openid", "email"),
    "apis": (),
}
# What a client says of itself.
WORDS_OF_CLIENT: Mapping[str, object] = {
    "client_logo": "/client-logos/client-logo.png",
    "client_policy_url": "https://books.example.com/privacy",
    "client_tos_url": "https://books.example.com/terms",
}
MUCH: Mapping[str, object] = {
    "client_name": "Nachtschwärmerinnen-Vermittlungsanstalt & Söhne der Altstadt",
    "leads_to": "a-very-long-name-of-a-host-that-nobody-types.shelves.books.example.com",
    **WORDS_OF_CLIENT,
    "scopes": (
        "openid",
        "offline_access",
        "profile",
        "email",
        "phone",
        "address",
        "custom_data",
        "identities",
        "roles",
        "urn:logto:scope:organizations",
        "urn:logto:scope:organization_roles",
    ),
    "apis": (
        {"name": "Books", "scopes": ("Read your <books>", "books:write")},
        {"name": "مكتبة", "scopes": ("قراءة",)},
    ),
}


def consent_states() -> Iterator[State]:
    """Yield name, template and context of each."""
    yield "consent", "pages/consent.html", ASKED
    yield "consent-much", "pages/consent.html", {**ASKED, **MUCH}
    yield "consent-app", "pages/consent.html", {**ASKED, "leads_to": "com.example.books:"}
