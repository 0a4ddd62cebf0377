"""The pages with a password, a tick or a choice of methods, in every state."""

from collections.abc import Callable, Iterator, Mapping

State = tuple[str, str, Mapping[str, object]]

PERSON = "ada@bookworm.example"
PASSWORD: Mapping[str, object] = {
    "action": "/sign-in/abc/password",
    "email": PERSON,
    "code_comes_first": False,
    "code_action": "/sign-in/abc",
    "offers_code": True,
    "forgot_action": "/forgot-password/abc",
    "restart_action": "/sign-in/abc/restart",
    "cancel_action": "/sign-in/abc/cancel",
}
NEW_ACCOUNT: Mapping[str, object] = {
    "action": "/register/abc/create-account",
    "email": PERSON,
    "restart_action": "/register/abc/restart",
    "asks_for_password": True,
    "least_length": 15,
    "asks_for_terms": True,
    "has_agreed": False,
    "terms_url": "https://example.com/terms",
    "privacy_url": "https://example.com/privacy",
}
METHODS = {"password": "use-a-password", "code": "use-a-code"}


def password_states(
    address: Mapping[str, object], notice: Callable[..., object]
) -> Iterator[State]:
    """Yield name, template and context of each."""
    template = "pages/sign_in/password.html"
    yield "password", template, PASSWORD
    for outcome in ("wrong_password", "password_missing"):
        yield f"password-{outcome}", template, {**PASSWORD, "notice": notice(outcome=outcome)}
    yield "password-code-first", template, {**PASSWORD, "code_comes_first": True}
    yield "password-alone", template, {**PASSWORD, "offers_code": False, "cancel_action": None}
    template = "pages/sign_in/create_account.html"
    yield "new-account", template, NEW_ACCOUNT
    without_links = {"terms_url": None, "privacy_url": None, "asks_for_password": False}
    yield "new-account-tick", template, {**NEW_ACCOUNT, **without_links}
    yield "new-account-password", template, {**NEW_ACCOUNT, "asks_for_terms": False}
    for outcome in ("too_short", "too_long", "common", "guessable", "terms_not_agreed"):
        told = {**NEW_ACCOUNT, "notice": notice(outcome=outcome, needed=15), "has_agreed": True}
        yield f"new-account-{outcome}", template, told
    template = "pages/sign_in/address.html"
    for method, name in METHODS.items():
        both = {**address, "other_method": method, "needs_no_password": False}
        yield f"sign-in-{name}", template, both
    refused = {
        **address,
        "notice": notice(outcome="address_not_permitted"),
        "needs_no_password": False,
    }
    yield "register-not-permitted", "pages/register/address.html", refused
