"""`authserver resource`."""

from datetime import timedelta

import click

from authserver.cli.client_options import DURATION_OR_NONE
from authserver.cli.context import DURATION, Options, opened, with_options
from authserver.cli.output import instant, print_document, print_facts, print_table
from authserver.domain.api_resources import ApiResource, ApiScope


class ScopeType(click.ParamType[ApiScope]):
    """A scope with its description behind an equals sign, like `books:read=Read books`."""

    name = "scope"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> ApiScope:
        """Return the scope."""
        name, _, description = str(value).partition("=")
        return ApiScope(name=name.strip(), description=description.strip())


SCOPE = ScopeType()
NO_SCOPE = ApiScope(name="")


@click.group("resource")
def api_resources() -> None:
    """Register APIs that access tokens can be asked for."""


@api_resources.command("create")
@click.argument("indicator")
@click.option("--name", help="What the API is called; the indicator, where nothing is said.")
@click.option("--scope", "scopes", type=SCOPE, multiple=True, metavar="NAME[=DESCRIPTION]")
@click.option("--access-token-lifetime", "lifetime", type=DURATION, metavar="D")
@with_options
def create(
    options: Options,
    *,
    indicator: str,
    name: str | None,
    scopes: tuple[ApiScope, ...],
    lifetime: timedelta | None,
) -> None:
    """Register an API; INDICATOR is the URI that clients send as `resource`."""
    from authserver.administration.api_resources import ApiChanges

    changes = ApiChanges(name=name, scopes=scopes, access_token_lifetime=lifetime)
    with opened(options) as server:
        api = server.apis.create(indicator, changes)
    show_api(options, api)


@api_resources.command("list")
@with_options
def list_apis(options: Options) -> None:
    """List every API."""
    with opened(options) as server:
        apis = server.apis.list()
    if options.as_json:
        print_document([api_document(api) for api in apis])
        return
    print_table(
        ("INDICATOR", "NAME", "SCOPES"),
        [(api.indicator, api.name, " ".join(sorted(api.scope_names)) or "-") for api in apis],
        "There are no APIs; `authserver resource create` registers one.",
    )


@api_resources.command("show")
@click.argument("indicator")
@with_options
def show(options: Options, *, indicator: str) -> None:
    """Show one API."""
    with opened(options) as server:
        api = server.apis.show(indicator)
    show_api(options, api)


@api_resources.command("update")
@click.argument("indicator")
@click.option("--name")
@click.option(
    "--scope",
    "scopes",
    type=SCOPE,
    multiple=True,
    metavar="NAME[=DESCRIPTION]",
    help="The scopes from now on; all are replaced. An empty text removes them.",
)
@click.option(
    "--access-token-lifetime",
    "lifetime",
    type=DURATION_OR_NONE,
    metavar="D",
    help="An empty text leaves it to clients and settings.",
)
@with_options
def update(
    options: Options,
    *,
    indicator: str,
    name: str | None,
    scopes: tuple[ApiScope, ...],
    lifetime: timedelta | str | None,
) -> None:
    """Change an API; what is not given stays."""
    from authserver.administration.api_resources import ApiChanges

    changes = ApiChanges(
        name=name,
        scopes=[each for each in scopes if each != NO_SCOPE] if scopes else None,
        access_token_lifetime=lifetime if isinstance(lifetime, timedelta) else None,
        forgets_lifetime=lifetime == "",
    )
    if changes == ApiChanges():
        raise click.UsageError("Say what to change.")
    with opened(options) as server:
        api = server.apis.update(indicator, changes)
    show_api(options, api)


@api_resources.command("delete")
@click.argument("indicator")
@with_options
def delete(options: Options, *, indicator: str) -> None:
    """Delete an API; nobody gets tokens for it any more."""
    with opened(options) as server:
        server.apis.delete(indicator)
    options.report({"indicator": indicator, "deleted": True}, f"Deleted the API {indicator}.")


def show_api(options: Options, api: ApiResource) -> None:
    """Print one API."""
    if options.as_json:
        print_document(api_document(api))
        return
    lifetime = api.access_token_lifetime
    print_facts(
        {
            "indicator": api.indicator,
            "name": api.name,
            "scopes": [f"{each.name}  {each.description}".rstrip() for each in api.scopes],
            "access tokens live": "as the settings say" if lifetime is None else str(lifetime),
        }
    )


def api_document(api: ApiResource) -> dict[str, object]:
    """Return an API for JSON."""
    lifetime = api.access_token_lifetime
    return {
        "indicator": api.indicator,
        "name": api.name,
        "scopes": [{"name": each.name, "description": each.description} for each in api.scopes],
        "access_token_lifetime": None if lifetime is None else int(lifetime.total_seconds()),
        "created_at": instant(api.created_at),
        "updated_at": instant(api.updated_at),
    }
