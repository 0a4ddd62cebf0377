"""Apache with mod_auth_openidc: a site whose pages and whose API are guarded by a provider."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.foreign_clients.providers import RegisteredClient

MODULES = Path("/usr/lib/apache2/modules")
GUARD = MODULES / "mod_auth_openidc.so"
LOADED = ("mpm_event", "authn_core", "authz_core", "authz_user", "dir", "auth_openidc")
START_SECONDS = 30.0

CONFIGURATION = """\
ServerName localhost
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
LogLevel info
Listen 127.0.0.1:{port}
StartServers 1
DocumentRoot {folder}/site
{modules}
<IfModule unixd_module>
  User www-data
  Group www-data
</IfModule>
<Directory {folder}/site>
  Require all denied
</Directory>

OIDCProviderMetadataURL {endpoint}/oidc/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI {redirect_uri}
OIDCCryptoPassphrase "a secret of the site"
OIDCPKCEMethod S256
OIDCScope "openid email offline_access"
OIDCAuthRequestParams prompt=consent
OIDCInfoHook access_token id_token userinfo refresh_token
OIDCOAuthServerMetadataURL {endpoint}/oidc/.well-known/openid-configuration
OIDCOAuthClientID {client_id}
OIDCOAuthClientSecret {client_secret}
OIDCOAuthIntrospectionEndpointAuth client_secret_basic
# Each request asks anew: what was revoked is refused from then on.
OIDCOAuthTokenIntrospectionInterval -1
OIDCOAuthRemoteUserClaim sub

<Location />
  AuthType openid-connect
  Require valid-user
</Location>
<Location /api>
  AuthType oauth20
  Require claim client_id:{client_id}
</Location>
<Location /signed-out>
  AuthType None
  Require all granted
</Location>
"""


def found_apache() -> str:
    """Return the server's path, or skip; where `CI` is set, fail instead."""
    # Not everybody has the folder of system programs in their path.
    executable = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
    if executable is not None and GUARD.exists():
        return executable
    reason = "NO APACHE: apache2-bin and libapache2-mod-auth-openidc are not installed"
    if os.environ.get("CI"):  # noqa: TID251 - the one switch that turns skips into failures
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def guarded_site(
    executable: str, port: int, endpoint: str, client: RegisteredClient
) -> Iterator[Path]:
    """Run Apache in front of a site, and yield the path of its log."""
    # Not below pytest's folder: as the superuser Apache gives itself another name, which may not
    # look into that.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for page in ("", "api", "signed-out"):
            (folder / "site" / page).mkdir(parents=True, exist_ok=True)
            (folder / "site" / page / "index.html").write_text("Welcome\n")
        (folder / "apache.conf").write_text(configuration(folder, port, endpoint, client))
        log = folder / "error.log"
        with (
            log.open("ab") as errors,
            subprocess.Popen(  # noqa: S603 - the command is spelled out here
                [executable, "-d", name, "-f", f"{name}/apache.conf", "-DFOREGROUND"],
                env={"PATH": os.defpath},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            ) as process,
        ):
            try:
                wait_until_listening(process, port, log)
                yield log
            finally:
                process.terminate()


def configuration(folder: Path, port: int, endpoint: str, client: RegisteredClient) -> str:
    """Return the configuration; what is not compiled in is loaded."""
    modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED)
    return CONFIGURATION.format(
        folder=folder,
        port=port,
        endpoint=endpoint,
        modules=modules,
        client_id=client.client_id,
        client_secret=client.client_secret,
        redirect_uri=client.redirect_uri,
    )


def wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until somebody can connect, or tell what Apache has to say."""
    give_up_at = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up_at:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"Apache does not listen\n{log.read_text()}")
