"""`authserver demo`: the provider and a shop that uses it, on this machine alone."""

import asyncio
import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from authserver.cli.context import Options, assembled, log_warnings_only, with_options

if TYPE_CHECKING:
    from authserver.cli.serving import Application
    from authserver.composition.server import AuthServer
    from authserver.settings.sources import Loaded

PROVIDER_PORT: Final = 3001
SHOP_PORT: Final = 3000
LARGEST_PORT: Final = 65535
HOST: Final = "127.0.0.1"
CLIENT_FILE: Final = "bookstore-client.json"
FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
CODE_THEN_PASSWORD: Final = {
    "signIn": {
        "methods": [{"identifier": "email", "verificationCode": True, "password": True}],
    },
}
PORT: Final = click.IntRange(1, LARGEST_PORT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the demo takes place."""

    provider: str
    shop: str

    @property
    def inbox(self) -> str:
        """Return the page that shows every mail."""
        return f"{self.provider}/dev/mail"


@click.command("demo")
@click.option("--port", type=PORT, help=f"The provider's port.  [default: {PROVIDER_PORT}]")
@click.option("--rp-port", type=PORT, help=f"The shop's port.  [default: {SHOP_PORT}]")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep accounts and keys in this folder for the next time.",
)
@click.option("--check", "checks", is_flag=True, help="Sign in by itself, print PASS and end.")
@with_options
def demo(
    options: Options,
    *,
    port: int | None,
    rp_port: int | None,
    data_dir: Path | None,
    checks: bool,
) -> None:
    """Run the provider, a shop that uses it, and an inbox; no account needed anywhere."""
    # Not at the top: only commands that serve need an HTTP server.
    from authserver.cli.listeners import listen, port_of

    # A check must not stumble over a port in use.
    provider_port = port or (0 if checks else PROVIDER_PORT)
    shop_port = rp_port or (0 if checks else SHOP_PORT)
    with ExitStack() as stack:
        ports = (provider_port, shop_port)
        listeners = [stack.enter_context(listen(HOST, each)) for each in ports]
        stage = Stage(
            provider=f"http://localhost:{port_of(listeners[0])}",
            shop=f"http://localhost:{port_of(listeners[1])}",
        )
        folder = stack.enter_context(folder_of(data_dir))
        server = stack.enter_context(assembled(demo_settings(options, stage, folder)))
        log_warnings_only()
        server.prepare()
        play(options, server, stage, listeners, checks=checks)


@contextmanager
def folder_of(data_dir: Path | None) -> Iterator[Path]:
    """Yield the folder to work in: the one given, else one that goes with the demo."""
    if data_dir is not None:
        data_dir.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        yield data_dir
        return
    # What is still being written while the process ends must not turn into a fault.
    with tempfile.TemporaryDirectory(
        prefix="authserver-demo-", ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def demo_settings(options: Options, stage: Stage, folder: Path) -> "Loaded":
    """Return settings that owe nothing to the environment: no mail leaves this machine."""
    from authserver.settings.sources import load

    flags = {
        "AUTHSERVER_ENDPOINT": stage.provider,
        "AUTHSERVER_DATA_DIR": str(folder),
        "AUTHSERVER_DATABASE_URL": f"sqlite:///{(folder / 'authserver.db').absolute()}",
        "AUTHSERVER_MAIL__SENDERS": "outbox",
    }
    # The file of the working folder is another server's; only one that is named counts.
    return load(flags=flags, environment={}, config_file=options.config_file or Path(os.devnull))


def play(
    options: Options,
    server: "AuthServer",
    stage: Stage,
    listeners: list[socket.socket],
    *,
    checks: bool,
) -> None:
    """Serve provider and shop until a signal, or until the check has ended."""
    from authserver.cli.serving import Ending, listening, run_loop, serve_until
    from authserver.demo.self_check import CheckFailed, check

    mains = [
        listening(server.application, listeners[0], has_lifespan=False),
        listening(bookstore(server, stage), listeners[1], has_lifespan=True),
    ]
    failures: list[CheckFailed] = []

    async def check_then_end(ending: Ending) -> None:
        try:
            await check(shop=stage.shop, provider=stage.provider, say=teller(options))
        except CheckFailed as failure:
            failures.append(failure)
        ending.begin()

    async def run() -> None:
        ending = Ending(server.drain)
        ending.obey_signals()
        async with server.loops(), asyncio.TaskGroup() as group:
            if checks:
                group.create_task(check_then_end(ending))
            else:
                invite(options, stage)
            await serve_until(ending.event, mains)

    run_loop(run())
    if failures:
        raise click.ClickException(str(failures[0]))
    if checks:
        options.report({"result": "PASS"}, "PASS")


def bookstore(server: "AuthServer", stage: Stage) -> "Application":
    """Return the shop, registered at the provider."""
    from authserver.demo.application import create_bookstore
    from authserver.settings.sources import packaged

    client_id, client_secret = bookstore_client(server, stage)
    return create_bookstore(
        provider=stage.provider,
        client_id=client_id,
        client_secret=client_secret,
        base_url=stage.shop,
        templates=packaged("templates"),
        inbox_url=stage.inbox,
    )


def bookstore_client(server: "AuthServer", stage: Stage) -> tuple[str, str]:
    """Return id and secret of the shop's client: those of the last time, else new ones."""
    from authserver.administration.clients import ClientChanges
    from authserver.administration.mistakes import ClientUnknown
    from authserver.domain.clients import ClientKind

    file = server.loaded.settings.data_dir / CLIENT_FILE
    redirect_uris, post_logout_uris = [f"{stage.shop}/callback"], [stage.shop]
    if file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        # The ports may be others this time.
        changes = ClientChanges(
            redirect_uris=redirect_uris, post_logout_redirect_uris=post_logout_uris
        )
        try:
            server.clients.update(kept["client_id"], changes)
        except ClientUnknown:
            file.unlink()
        else:
            return kept["client_id"], kept["client_secret"]
    # The first time only: what somebody chose since then stays.
    server.experience.set(CODE_THEN_PASSWORD)
    made = server.clients.create(
        name="Bookstore",
        kind=ClientKind.WEB,
        redirect_uris=redirect_uris,
        post_logout_redirect_uris=post_logout_uris,
    )
    secret = "" if made.secret is None else made.secret.reveal()
    keep_private(file, json.dumps({"client_id": made.client.id, "client_secret": secret}))
    return made.client.id, secret


def keep_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)


def teller(options: Options) -> Callable[[str], None]:
    """Return what tells of a step: standard output, unless a document goes there."""
    return lambda line: click.echo(line, err=options.as_json)


def invite(options: Options, stage: Stage) -> None:
    """Print the links, and what to do with them."""
    sentence = (
        "\n"
        f"  Bookstore  {stage.shop}\n"
        f"  Inbox      {stage.inbox}\n"
        "\n"
        "Open the Bookstore, sign in with any e-mail address, and read the code in the inbox. "
        "Ctrl-C stops everything."
    )
    document = {"bookstore": stage.shop, "inbox": stage.inbox, "provider": stage.provider}
    options.report(document, sentence)
