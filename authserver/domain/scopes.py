"""Scopes, and which of them releases which claim."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from authserver.domain.accounts import Account

OPENID: Final = "openid"
OFFLINE_ACCESS: Final = "offline_access"
ROLES: Final = "roles"

PROFILE_CLAIMS: Final = (
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
    "username",
    "created_at",
)

CLAIMS_OF_SCOPE: Final[Mapping[str, tuple[str, ...]]] = {
    "profile": PROFILE_CLAIMS,
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "address": ("address",),
    "custom_data": ("custom_data",),
    "identities": ("identities", "sso_identities"),
    ROLES: ("roles",),
    "urn:logto:scope:organizations": ("organizations", "organization_data"),
    "urn:logto:scope:organization_roles": ("organization_roles",),
}

ID_TOKEN_SCOPES: Final = ("profile", "email", "phone", "address")
SUPPORTED_SCOPES: Final = (OPENID, OFFLINE_ACCESS, *CLAIMS_OF_SCOPE)


@dataclass(frozen=True, slots=True)
class ScopeSet:
    """Scope words without order or repetition (RFC 6749 §3.3)."""

    words: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the supported scopes among the words of `text`; others are ignored."""
        return cls(frozenset(text.split()) & frozenset(SUPPORTED_SCOPES))

    def __contains__(self, word: str) -> bool:
        return word in self.words

    def __iter__(self) -> Iterator[str]:
        return iter(scope for scope in SUPPORTED_SCOPES if scope in self.words)

    def __str__(self) -> str:
        return " ".join(self)

    def covers(self, other: Self) -> bool:
        """Tell whether every scope of `other` is in this set."""
        return other.words <= self.words


def releasing(names: Iterable[str]) -> ScopeSet:
    """Return the scopes that release what is asked for by name (OIDC Core §5.5)."""
    asked = frozenset(names)
    return ScopeSet(
        frozenset(
            scope for scope in ID_TOKEN_SCOPES if not asked.isdisjoint(CLAIMS_OF_SCOPE[scope])
        )
    )


def claims_of(account: Account, roles: Iterable[str] = ()) -> dict[str, object]:
    """Return every claim known of `account`, empty ones left out (OIDC Core §5.3.2).

    `roles` are the names of those it was given; an administrator's comes with the account.
    """
    known: dict[str, object] = {
        **account.claims,
        "email": account.address.typed,
        "email_verified": account.email_proven_at is not None,
        "updated_at": int(account.updated_at.timestamp()),
        "created_at": int(account.created_at.timestamp()),
        "custom_data": account.claims.get("custom_data", {}),
        "identities": {},
        "sso_identities": [],
        "roles": [*(["admin"] if account.is_admin else []), *roles],
        "organizations": [],
        "organization_data": [],
        "organization_roles": [],
    }
    return {name: value for name, value in known.items() if value is not None and value != ""}


def released_claims(
    account: Account,
    scopes: Iterable[str],
    requested: Iterable[str] = (),
    roles: Iterable[str] = (),
) -> dict[str, object]:
    """Return the claims of `account` that `scopes` release, and those `requested` by name.

    OIDC Core §5.4 (scopes) and §5.5 (the claims parameter).
    """
    known = claims_of(account, roles)
    names = {name for scope in scopes for name in CLAIMS_OF_SCOPE.get(scope, ())}
    standard = {name for scope in ID_TOKEN_SCOPES for name in CLAIMS_OF_SCOPE[scope]}
    names |= standard.intersection(requested)
    return {name: value for name, value in known.items() if name in names}
