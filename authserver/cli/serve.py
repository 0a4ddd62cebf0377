"""`authserver serve`."""

import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import click

from authserver.cli.context import Options, assembled, settings_of, with_options

if TYPE_CHECKING:
    from authserver.composition.server import AuthServer
    from authserver.settings.sources import Loaded

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 3001
MOST_WORKERS: Final = 64
LARGEST_PORT: Final = 65535


@click.command("serve")
@click.option("--host", default=DEFAULT_HOST, show_default=True)
@click.option(
    "--port", type=click.IntRange(0, LARGEST_PORT), default=DEFAULT_PORT, show_default=True
)
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    default=1,
    show_default=True,
    help="Whole server processes that share the port.",
)
@click.option("--inherit", "descriptors", type=int, multiple=True, hidden=True)
@with_options
def serve(
    options: Options, *, host: str, port: int, workers: int, descriptors: tuple[int, ...]
) -> None:
    """Run the server until SIGTERM or Ctrl-C."""
    # Not at the top: only this command serves.
    from authserver.cli.listeners import inherited, listen, listen_at
    from authserver.composition.server import configure_logs

    loaded = settings_of(options)
    configure_logs(loaded.settings, is_terminal=sys.stderr.isatty())
    if descriptors:
        run_worker(loaded, [inherited(descriptor) for descriptor in descriptors])
        return
    with ExitStack() as stack:
        listeners = [stack.enter_context(listen(host, port))]
        if loaded.settings.management_bind:
            listeners.append(stack.enter_context(listen_at(loaded.settings.management_bind)))
        with assembled(loaded) as server:
            server.prepare()
            refuse_open_outbox(loaded, server, listeners[0])
            announce(options, loaded, listeners[0])
            if workers == 1:
                run_here(loaded, server, listeners)
                return
        run_parent(options, listeners, workers)


def run_here(
    loaded: "Loaded",
    server: "AuthServer",
    listeners: Sequence[socket.socket],
    *,
    is_worker: bool = False,
) -> None:
    """Serve in this process: the first socket is the main one, the second for health alone."""
    from authserver.cli.serving import (
        Certificate,
        Ending,
        listening,
        run_loop,
        serve_until,
    )

    tls = loaded.settings.tls
    certificate = None
    if tls.cert_file is not None and tls.key_file is not None:
        certificate = Certificate(cert_file=tls.cert_file, key_file=tls.key_file)
    main = listening(server.application, listeners[0], certificate, has_lifespan=False)
    aside = [
        listening(server.management_application, listener, has_lifespan=False)
        for listener in listeners[1:]
    ]

    async def run() -> None:
        ending = Ending(server.drain)
        if is_worker:
            ending.obey_parent()
        else:
            ending.obey_signals()
        async with server.loops():
            await serve_until(ending.event, [main], aside)

    run_loop(run())


def run_worker(loaded: "Loaded", listeners: Sequence[socket.socket]) -> None:
    """Serve sockets that the parent has opened, over a database that it has prepared."""
    with assembled(loaded) as server:
        run_here(loaded, server, listeners, is_worker=True)


def run_parent(options: Options, listeners: Sequence[socket.socket], workers: int) -> None:
    """Keep worker processes running over these sockets."""
    from authserver.cli.serving import run_loop
    from authserver.cli.workers import WorkerCommand, supervise

    arguments = ["serve"]
    if options.config_file is not None:
        arguments += ["--config", str(options.config_file)]
    for listener in listeners:
        arguments += ["--inherit", str(listener.fileno())]
    run_loop(supervise(WorkerCommand(arguments=arguments, listeners=listeners), workers))


def refuse_open_outbox(loaded: "Loaded", server: "AuthServer", listener: socket.socket) -> None:
    """End the command where codes kept as files could be read from another machine."""
    from authserver.cli.listeners import listens_on_loopback_only, shown_address

    if loaded.settings.allow_outbox or listens_on_loopback_only(listener):
        return
    if server.mail.configuration().outbox is not None:
        raise click.ClickException(
            f"Mails are kept in the outbox, where codes can be read, but the server listens on "
            f"{shown_address(listener)}. Configure a sender (`authserver mail configure`, or "
            "AUTHSERVER_MAIL__SENDERS), listen on 127.0.0.1, or, on a closed test network, set "
            "AUTHSERVER_ALLOW_OUTBOX=true."
        )


def announce(options: Options, loaded: "Loaded", listener: socket.socket) -> None:
    """Say where the server is; on standard output it is for a person or a script to read."""
    from authserver.cli.listeners import shown_address

    endpoint, address = loaded.settings.endpoint, shown_address(listener)
    options.report(
        {"endpoint": endpoint, "listening": address},
        f"Serving {endpoint}, listening on {address}.",
    )
    sys.stdout.flush()
