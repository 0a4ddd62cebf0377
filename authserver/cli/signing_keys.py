"""`authserver signing-key`."""

from typing import Any, Final

import click

from authserver.cli.context import ChoiceOf, Options, opened, with_options
from authserver.cli.output import instant, print_document, print_table, shown_instant
from authserver.domain.signing_keys import DEFAULT_ALGORITHM, SigningAlgorithm, SigningKey

# Key ids are thumbprints in base64url: no short option may be found in one.
KID_MAY_BEGIN_WITH_HYPHEN: Final[dict[str, Any]] = {
    "ignore_unknown_options": True,
    "help_option_names": ["--help"],
}
TOO_NEW = (
    " It was published only now: clients that keep a copy of the key set may not know it for "
    "a minute."
)


@click.group("signing-key")
def signing_keys() -> None:
    """Rotate and retire the keys that sign tokens."""


@signing_keys.command("list")
@with_options
def list_keys(options: Options) -> None:
    """List every key, the newest first."""
    with opened(options) as server:
        keys = server.signing_keys.list()
    if options.as_json:
        print_document([key_document(key) for key in keys])
        return
    print_table(
        ("KID", "ALGORITHM", "STATE", "CREATED", "CHANGED"),
        [
            (
                key.kid,
                key.algorithm,
                key.state,
                shown_instant(key.created_at),
                shown_instant(key.changed_at),
            )
            for key in keys
        ],
        "There are no signing keys; the server makes the first one when it starts.",
    )


@signing_keys.command("rotate")
@click.option(
    "--algorithm",
    type=ChoiceOf(SigningAlgorithm),
    default=DEFAULT_ALGORITHM,
    show_default=True,
)
@with_options
def rotate(options: Options, *, algorithm: SigningAlgorithm) -> None:
    """Let the next key sign from now on; the former one is still published."""
    with opened(options) as server:
        key = server.signing_keys.rotate(algorithm)
    sentence = (
        f"The key {key.kid} signs {key.algorithm} from now on. Retire the former one once the "
        "tokens it signed have expired."
    )
    options.report(key_document(key), sentence if key.was_known_before else sentence + TOO_NEW)


@signing_keys.command("retire", context_settings=KID_MAY_BEGIN_WITH_HYPHEN)
@click.argument("kid")
@with_options
def retire(options: Options, *, kid: str) -> None:
    """Publish a former key no more; tokens that it signed are honoured no longer."""
    with opened(options) as server:
        server.signing_keys.retire(kid)
    options.report({"kid": kid, "state": "retired"}, f"Retired the key {kid}.")


def key_document(key: SigningKey) -> dict[str, object]:
    """Return a key for JSON; its public half is in the key set."""
    return {
        "kid": key.kid,
        "algorithm": key.algorithm,
        "state": key.state,
        "created_at": instant(key.created_at),
        "changed_at": instant(key.changed_at),
    }
