"""Claims and scopes: nothing is released that was not granted, and all that was."""

from dataclasses import dataclass

from authserver.domain.scopes import ScopeSet, released_claims
from authserver.oidc.errors import InvalidScope
from authserver.oidc.granted_access import narrowed
from tests.properties.property import Chance, Property, some
from tests.storage.samples import NOW, an_account

# OIDC Core §5.4, and what else this server's documentation promises of a scope.
PROFILE = (
    "name family_name given_name middle_name nickname preferred_username profile picture website "
    "gender birthdate zoneinfo locale updated_at username created_at"
)
RELEASED_BY = {
    "profile": set(PROFILE.split()),
    "email": {"email", "email_verified"},
    "phone": {"phone_number", "phone_number_verified"},
    "address": {"address"},
    "custom_data": {"custom_data"},
    "identities": {"identities", "sso_identities"},
    "roles": {"roles"},
    "urn:logto:scope:organizations": {"organizations", "organization_data"},
    "urn:logto:scope:organization_roles": {"organization_roles"},
}
STANDARD = ("profile", "email", "phone", "address")
SCOPES = ["openid", "offline_access", *RELEASED_BY]
KEPT_BY_THE_SERVER = {
    *("email", "email_verified", "updated_at", "created_at", "identities", "sso_identities"),
    *("roles", "organizations", "organization_data", "organization_roles"),
}
NAMES = [*sorted(set().union(*RELEASED_BY.values())), "sub", "iss", "acr", "password", "is_admin"]
VALUES = ["", "Ada", True, False, None, {"a": 1}, ["x"]]
WORDS = [
    *SCOPES,
    "Profile",
    "EMAIL",
    "email\u00a0",
    "openid.",
    "all",
    "*",
    "admin",
    "e mail",
    "\x00",
]


@dataclass(frozen=True, slots=True)
class Release:
    """What is stored of somebody, and what a client was granted and asks for."""

    stored: dict[str, object]
    scopes: list[str]
    requested: list[str]
    is_proven: bool
    is_admin: bool
    roles: list[str]


def a_release(chance: Chance) -> Release:
    """Return somebody with some claims, and a client with some scopes."""
    return Release(
        stored={name: chance.choice(VALUES) for name in some(chance, NAMES, 8)},
        scopes=some(chance, WORDS, 5),
        requested=some(chance, NAMES, 4),
        is_proven=bool(chance.randrange(2)),
        is_admin=bool(chance.randrange(2)),
        roles=some(chance, ["reader", "writer"], 2),
    )


def judge_release(case: Release) -> str:
    """Ask for the claims that are released; see them and their values."""
    account = an_account(
        claims=case.stored,
        is_admin=case.is_admin,
        email_proven_at=NOW if case.is_proven else None,
    )
    released = released_claims(account, case.scopes, case.requested, case.roles)
    names = {name for scope in case.scopes for name in RELEASED_BY.get(scope, ())}
    standard = {name for scope in STANDARD for name in RELEASED_BY[scope]}
    names |= standard & set(case.requested)
    expected = {
        **{name: value for name, value in case.stored.items() if name not in KEPT_BY_THE_SERVER},
        "email": "Ada@example.com",
        "email_verified": case.is_proven,
        "updated_at": NOW.timestamp(),
        "created_at": NOW.timestamp(),
        "custom_data": case.stored.get("custom_data", {}),
        "roles": ["admin"] * case.is_admin + case.roles,
        "identities": {},
        "sso_identities": [],
        "organizations": [],
        "organization_data": [],
        "organization_roles": [],
    }
    due = {name: expected[name] for name in names if expected.get(name) not in (None, "")}
    assert released == due, case
    return "released" if released else "nothing"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What was granted, and the scopes that a token request names."""

    granted: list[str]
    asked: str | None


def a_narrowing(chance: Chance) -> Narrowing:
    """Return some scopes, and a request for some of them or others."""
    granted = some(chance, SCOPES, 6)
    words = some(chance, granted + WORDS[chance.randrange(len(WORDS)) :], 4)
    return Narrowing(granted, " ".join(words) if chance.randrange(5) else None)


def judge_narrowing(case: Narrowing) -> str:
    """Ask for the scopes of a new access token: never one more than was granted."""
    granted = set(case.granted)
    asked = granted if case.asked is None else set(case.asked.split()) & set(SCOPES)
    is_due = case.asked is None or (bool(asked) and asked <= granted)
    try:
        given = set(narrowed(ScopeSet.parse(" ".join(case.granted)), case.asked))
    except InvalidScope:
        assert not is_due, case
        return "refused"
    assert is_due, case
    assert given == asked, case
    return "accepted"


CLAIMS = {
    "claims released by scopes": Property(a_release, judge_release),
    "scopes of a refreshed token": Property(a_narrowing, judge_narrowing),
}
