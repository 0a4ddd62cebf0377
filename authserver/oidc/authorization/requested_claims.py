"""The `claims` parameter: claims asked for one by one, and demands on `sub` and `acr`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from authserver.oidc.errors import InvalidRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedClaims:
    """What a client asks for by name (OIDC Core §5.5).

    `names` says which claims go where; `subjects` whom it wants to hear of and nobody else,
    None where it does not say; `acr_values` which contexts it insists on, empty where it does
    not insist; `preferred_acr` which it would like, best first.
    """

    names: Mapping[str, list[str]] = field(default_factory=dict)
    subjects: frozenset[str] | None = None
    acr_values: frozenset[str] = frozenset()
    preferred_acr: tuple[str, ...] = ()


def read_claims(text: str | None) -> RequestedClaims:
    """Return the requested claims; raises InvalidRequest for what is no such JSON object."""
    if text is None:
        return RequestedClaims()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise InvalidRequest("claims must be a JSON object") from fault
    if not isinstance(document, dict):
        raise InvalidRequest("claims must be a JSON object")
    id_token, userinfo = members_of(document, "id_token"), members_of(document, "userinfo")
    acr = id_token.get("acr")
    is_essential = isinstance(acr, dict) and acr.get("essential") is True
    return RequestedClaims(
        names={"id_token": sorted(id_token), "userinfo": sorted(userinfo)},
        subjects=demanded_subjects(id_token.get("sub"), userinfo.get("sub")),
        acr_values=frozenset(values_of(acr)) if is_essential else frozenset(),
        preferred_acr=() if is_essential else tuple(values_of(acr)),
    )


def demanded_subjects(*requests: object) -> frozenset[str] | None:
    """Return who meets the demands on `sub` in all places, or None where there is none."""
    demands = [frozenset(values) for values in map(values_of, requests) if values]
    if not demands:
        return None
    subjects = frozenset.intersection(*demands)
    if not subjects:
        raise InvalidRequest("claims asks for a sub in one place that it excludes in the other")
    return subjects


def members_of(document: Mapping[str, object], place: str) -> dict[str, object]:
    """Return the claims asked for in one place."""
    members = document.get(place)
    if members is None:
        return {}
    if not isinstance(members, dict):
        raise InvalidRequest(f"claims.{place} must be a JSON object")
    return members


def values_of(request: object) -> list[str]:
    """Return `value` and `values` of one requested claim.

    What is demanded and can never be met must not be taken for no demand.
    """
    if not isinstance(request, dict):
        return []
    value, listed = request.get("value"), request.get("values")
    several = [] if listed is None else listed
    if not isinstance(several, list):
        raise InvalidRequest("claims has values that are no list")
    values = several if value is None else [value, *several]
    if not all(isinstance(each, str) for each in values):
        raise InvalidRequest("claims has a value of sub or acr that is no text")
    return values
