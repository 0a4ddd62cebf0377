"""How the server stands in its surroundings: address, proxies, secret keys and files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from authserver.administration.findings import Finding, failed, passed
from authserver.domain.endpoint import Endpoint
from authserver.domain.mail_senders import is_loopback

OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What the process was started with, as far as a diagnosis cares.

    `generated_key` is the file of the secret keys, where the server made them itself;
    `private_files` are those that only their owner may read.
    """

    endpoint: Endpoint
    trusted_proxies: Sequence[str]
    speaks_tls: bool
    data_dir: Path
    generated_key: Path | None
    keeps_database_beside: bool
    private_files: Sequence[Path] = ()


def deployment_findings(deployment: Deployment) -> Iterator[Finding]:
    """Yield what there is to say about the surroundings."""
    yield endpoint_finding(deployment)
    yield proxy_finding(deployment)
    yield key_finding(deployment)
    yield file_finding(deployment)


def endpoint_finding(deployment: Deployment) -> Finding:
    """Return whether browsers reach the server in a way that keeps cookies private."""
    endpoint = deployment.endpoint
    if endpoint.is_secure or is_loopback(endpoint.host):
        return passed("endpoint", f"The issuer is {endpoint.issuer}.")
    return failed(
        "endpoint",
        f"{endpoint.url} is plain http on a public name: codes and cookies can be read on the way.",
        "Use an https address in AUTHSERVER_ENDPOINT, by a proxy or AUTHSERVER_TLS__CERT_FILE.",
    )


def proxy_finding(deployment: Deployment) -> Finding:
    """Return whether the addresses of visitors can be told apart behind a proxy."""
    if deployment.trusted_proxies:
        networks = ", ".join(deployment.trusted_proxies)
        return passed("proxy", f"X-Forwarded-For counts when it comes from {networks}.")
    if deployment.endpoint.is_secure and not deployment.speaks_tls:
        return failed(
            "proxy",
            "Something else speaks https for this server, but no proxy is trusted: all visitors "
            "count as one source and share its limits.",
            "Name the proxy's network in AUTHSERVER_TRUSTED_PROXIES.",
        )
    return passed("proxy", "No proxy is trusted; forwarding headers do not count.")


def key_finding(deployment: Deployment) -> Finding:
    """Return where the secret keys lie, and what that means for a stolen disk."""
    if deployment.generated_key is None:
        return passed("secret_keys", "The secret keys come from the settings.")
    message = f"The secret keys lie in {deployment.generated_key}."
    if not deployment.keeps_database_beside:
        return passed("secret_keys", message)
    return passed(
        "secret_keys",
        f"{message} The database lies beside them: who has both reads live codes and signs tokens.",
        "If you fear that, give AUTHSERVER_SECRET_KEYS from elsewhere, with this key as the last.",
    )


def file_finding(deployment: Deployment) -> Finding:
    """Return whether other users of the machine can read what is private."""
    paths = [deployment.data_dir, *deployment.private_files]
    if deployment.generated_key is not None:
        paths.append(deployment.generated_key)
    open_to_others = [path for path in dict.fromkeys(paths) if is_open_to_others(path)]
    if open_to_others:
        names = " ".join(map(str, open_to_others))
        return failed(
            "files",
            f"Other users of this machine may look into {names}.",
            f"Run `chmod go= {names}`.",
        )
    return passed("files", "Only the owner can read the data folder.")


def is_open_to_others(path: Path) -> bool:
    """Tell whether the mode of an existing file lets anybody but its owner in."""
    try:
        return bool(path.stat().st_mode & OTHERS)
    except FileNotFoundError:
        return False
