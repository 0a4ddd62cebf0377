"""Whom outgoing connections believe: well-known authorities and the operator's own."""

import ssl
from pathlib import Path

import httpx


def trusting_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Return TLS settings that check name and certificate of every server.

    Trusted are the bundled authorities, those of the machine, and those in `ca_file`.
    """
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
