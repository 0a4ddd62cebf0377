"""Listening sockets, opened before anything else so that a taken port is a plain answer."""

import socket
from ipaddress import ip_address
from typing import Final

import click

BACKLOG: Final = 2048


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; one that cannot be had ends the command with a sentence."""
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_ADDRCONFIG
        )
        family, _, _, _, address = found[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as fault:
        raise cannot_listen(host, port, fault) from fault
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as fault:
        listener.close()
        raise cannot_listen(host, port, fault) from fault
    listener.setblocking(False)  # noqa: FBT003 - the argument has no name
    return listener


def cannot_listen(host: str, port: int, fault: OSError) -> click.ClickException:
    """Return the end of a command whose port cannot be had."""
    return click.ClickException(f"Cannot listen on {host} port {port}: {fault.strerror}.")


def listen_at(bind: str) -> socket.socket:
    """Return a socket listening at a text like `127.0.0.1:9090` or `[::1]:9090`."""
    host, _, port = bind.rpartition(":")
    return listen(host.strip("[]"), int(port))


def inherited(descriptor: int) -> socket.socket:
    """Return the listening socket that the parent process handed over."""
    listener = socket.socket(fileno=descriptor)
    listener.setblocking(False)  # noqa: FBT003 - the argument has no name
    return listener


def port_of(listener: socket.socket) -> int:
    """Return the port that a socket listens on."""
    port: int = listener.getsockname()[1]
    return port


def shown_address(listener: socket.socket) -> str:
    """Return where a socket listens, for people."""
    host, port, *_ = listener.getsockname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listens_on_loopback_only(listener: socket.socket) -> bool:
    """Tell whether only this machine can reach the socket."""
    return ip_address(str(listener.getsockname()[0]).partition("%")[0]).is_loopback
