"""Options of `authserver client` for what clients may register beside their addresses."""

from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import Final, TypeVar

import click

from authserver.cli.context import DURATION, ChoiceOf, read_json_object
from authserver.domain.client_metadata import ClientAuthenticationMethod, ClientMetadata
from authserver.domain.signing_keys import SigningAlgorithm

Command = Callable[..., None]
Value = TypeVar("Value")


class OrNone(click.ParamType[Value | str]):
    """What another type takes, or an empty text for none."""

    def __init__(self, wanted: click.ParamType[Value]) -> None:
        self.name = wanted.name
        self._wanted = wanted

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Value | str:
        """Return the value or the empty text; anything else is wrong usage."""
        return "" if value == "" else self._wanted.convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """Return what the help shows for a value."""
        return self._wanted.get_metavar(param, ctx)


ALGORITHM: Final = ChoiceOf(SigningAlgorithm)
ALGORITHM_OR_NONE: Final = OrNone(ALGORITHM)
DURATION_OR_NONE: Final = OrNone(DURATION)
SHOWN_ADDRESSES: Final = {
    "client_uri": "Its home page.",
    "logo_uri": "A picture of it: fetched, and shown on the pages on the way to it.",
    "policy_uri": "Its privacy policy, linked on those pages.",
    "tos_uri": "Its terms, linked on those pages.",
    "initiate_login_uri": "Where it begins a sign-in that somebody else wishes for.",
}
TUPLE_MEMBERS: Final = ("contacts", "cors_origins", "default_acr_values")
LIFETIME_MEMBERS: Final = ("access_token_lifetime", "id_token_lifetime", "refresh_token_lifetime")

ID_TOKEN_OPTIONS: Final = (
    click.option(
        "--claims-in-id-token/--no-claims-in-id-token",
        "has_claims_in_id_token",
        default=None,
        help="Whether its ID tokens tell of the person, as userinfo does.",
    ),
    click.option(
        "--id-token-algorithm", type=ALGORITHM, help="What its ID tokens are signed with."
    ),
)
METADATA_OPTIONS: Final = (
    click.option(
        "--third-party/--first-party",
        "is_third_party",
        default=None,
        help="Whether people are asked what the client may know.",
    ),
    *(
        click.option(f"--{name.replace('_', '-')}", metavar="URI", help=words)
        for name, words in SHOWN_ADDRESSES.items()
    ),
    click.option(
        "--contact", "contacts", multiple=True, metavar="ADDRESS", help="Who answers for it."
    ),
    click.option(
        "--default-max-age",
        type=DURATION_OR_NONE,
        help="How old a sign-in may be when a request does not say.",
    ),
    click.option(
        "--default-acr-value",
        "default_acr_values",
        multiple=True,
        metavar="ACR",
        help="What it wishes for when a request does not say.",
    ),
    click.option(
        "--require-auth-time/--no-require-auth-time",
        "require_auth_time",
        default=None,
        help="Whether its ID tokens always tell the time of the sign-in.",
    ),
    click.option("--backchannel-logout-uri", metavar="URI", help="Called when people sign out."),
    click.option(
        "--frontchannel-logout-uri", metavar="URI", help="Loaded in a frame when people sign out."
    ),
    click.option("--jwks-uri", metavar="URI", help="Where the client keeps its public keys."),
    click.option(
        "--jwks",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="The client's public keys, as a JSON Web Key Set.",
    ),
    click.option(
        "--token-endpoint-auth-method",
        type=ChoiceOf(ClientAuthenticationMethod),
        help="How it proves itself; either method with a secret stands for both.",
    ),
    click.option(
        "--token-endpoint-auth-signing-alg",
        type=ALGORITHM_OR_NONE,
        help="The one algorithm of its assertions; any supported one where none is named.",
    ),
    click.option(
        "--cors-origin",
        "cors_origins",
        multiple=True,
        metavar="ORIGIN",
        help="May call from a browser, beside the origins of the redirect URIs.",
    ),
    *(
        click.option(
            f"--{name.replace('_', '-')}", type=DURATION_OR_NONE, help="Instead of the setting."
        )
        for name in LIFETIME_MEMBERS
    ),
    click.option(
        "--userinfo-algorithm",
        "userinfo_signed_response_alg",
        type=ALGORITHM_OR_NONE,
        help="Sign what the userinfo endpoint answers.",
    ),
    click.option(
        "--introspect-all/--no-introspect-all",
        "may_introspect_all",
        default=None,
        help="Whether it may ask about access tokens of other clients, as servers of APIs do.",
    ),
)


def id_token_options(command: Command) -> Command:
    """Add the options for ID tokens; their values are members of the client itself."""
    return reduce(lambda made, option: option(made), reversed(ID_TOKEN_OPTIONS), command)


def metadata_options(command: Command) -> Command:
    """Add the options; `metadata_in` finds their values."""
    return reduce(lambda made, option: option(made), reversed(METADATA_OPTIONS), command)


def metadata_in(given: Mapping[str, object]) -> dict[str, object]:
    """Return the members of ClientMetadata that were given; an empty text removes one."""
    chosen = {
        name: None if value == "" else value
        for name, value in given.items()
        if value not in {None, ()}
    }
    for name in TUPLE_MEMBERS:
        if isinstance(values := chosen.get(name), tuple):
            chosen[name] = tuple(filter(None, values))
    if isinstance(file := chosen.get("jwks"), Path):
        chosen["jwks"] = read_json_object(file)
    # Keys are given in one way: the new one takes the place of the other.
    for name, other in (("jwks", "jwks_uri"), ("jwks_uri", "jwks")):
        if chosen.get(name) is not None:
            chosen.setdefault(other, None)
    return chosen


def metadata_facts(metadata: ClientMetadata) -> dict[str, str]:
    """Return for people what was registered beside the usual."""
    facts: dict[str, str] = {}
    for name, value in metadata.as_document().items():
        if name == "token_endpoint_auth_method":
            continue
        if name == "jwks":
            facts["keys"] = "registered by value"
        else:
            facts[name.replace("_", " ")] = shown(name, value)
    return facts


def shown(name: str, value: object) -> str:
    """Return a member for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in {*LIFETIME_MEMBERS, "default_max_age"}:
        return f"{value:g} seconds"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
