"""Where settings come from: flags, environment, files of secrets, TOML, defaults."""

import keyword
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic.fields import FieldInfo

import authserver
from authserver.settings.fields import range_of, shown, written
from authserver.settings.names import (
    FROM_FILE,
    PREFIX,
    is_injected,
    known_names,
    names_in,
    twice,
    unknown,
    walk,
)
from authserver.settings.secret_file import ensure_secret_keys
from authserver.settings.senders import sender_faults
from authserver.settings.tree import Settings

CONFIG_NAME: Final = "AUTHSERVER_CONFIG"
TOML_NAME: Final = "authserver.toml"
SYSTEM_FOLDER: Final = Path("/etc/authserver")
# Where processes of one server keep their counts for one another; set by the parent process.
SHARED_METRICS: Final = "PROMETHEUS_MULTIPROC_DIR"
# The password may stand before the host or, as libpq has it, among the parameters.
CREDENTIALS: Final = re.compile(r"(?<=//).*(?=@)|(?<=password=)[^&]*")
HIDDEN: Final = "••••••"
# Settings whose default depends on others.
DEFAULTS_IN_WORDS: Final = {
    "AUTHSERVER_DATA_DIR": "./data",
    "AUTHSERVER_DATABASE_URL": "SQLite in the data folder",
    "AUTHSERVER_SECRET_KEYS": "generated into the data folder",
    "AUTHSERVER_MAIL__SENDERS": "outbox on a loopback endpoint, else what is configured in SQL",
    "AUTHSERVER_LOG__FORMAT": "json unless a terminal",
}

Leaves = dict[str, tuple[object, str]]


class SettingsInvalid(Exception):
    """The server cannot start like this; `faults` names every one of them."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingLine:
    """One setting as `authserver doctor` prints it; secrets are hidden.

    `unit` says how it is written, with its range.
    """

    name: str
    value: str
    origin: str
    default: str
    meaning: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The settings in force, and where each one that is not a default comes from."""

    settings: Settings
    origins: Mapping[str, str]
    generated_keys: Path | None
    shared_metrics: str | None = None


def load(
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    config_file: Path | None = None,
) -> Loaded:
    """Return the settings; raises SettingsInvalid with all faults together.

    `flags` maps names as in the environment, such as `AUTHSERVER_DATA_DIR`, to values.
    """
    variables = os.environ if environment is None else environment
    faults: list[str] = []
    leaves: Leaves = {}
    read_toml(find_toml(config_file, variables), leaves, faults)
    read_environment(variables, leaves, faults)
    known = known_names()
    for name, value in (flags or {}).items():
        if name not in known:
            faults.append(unknown(name, known))
        elif value is not None:
            leaves[name] = (value, "flag")
    settings, wrong = build(leaves, faults)
    # A rule over several settings says nothing where one of them could not be read.
    faults += [fault for fault in faults_between(settings) if not wrong & names_in(fault)]
    if faults:
        raise SettingsInvalid(tuple(dict.fromkeys(faults)))
    loaded = finish(settings, {name: origin for name, (_, origin) in leaves.items()})
    return replace(loaded, shared_metrics=variables.get(SHARED_METRICS))


def faults_between(settings: Settings) -> Iterator[str]:
    """Yield what is wrong between several settings, a sentence each that names them."""
    yield from sender_faults(settings)
    yield from settings.codes.faults()
    if (settings.tls.cert_file is None) != (settings.tls.key_file is None):
        yield "AUTHSERVER_TLS__CERT_FILE, AUTHSERVER_TLS__KEY_FILE: give both or neither"


def finish(settings: Settings, origins: Mapping[str, str]) -> Loaded:
    """Fill in what depends on the data folder."""
    data_dir = settings.data_dir.absolute()
    changes: dict[str, object] = {"data_dir": data_dir}
    generated = None
    if not settings.database_url:
        changes["database_url"] = f"sqlite:///{data_dir / 'authserver.db'}"
    if not settings.secret_keys:
        try:
            generated, changes["secret_keys"] = ensure_secret_keys(data_dir)
        except ValueError as fault:
            raise SettingsInvalid((str(fault),)) from None
    return Loaded(
        settings=settings.model_copy(update=changes), origins=origins, generated_keys=generated
    )


def describe(loaded: Loaded) -> list[SettingLine]:
    """Return every setting with its value, its origin and its meaning."""
    return [
        SettingLine(
            name=name,
            value=CREDENTIALS.sub(HIDDEN, shown(value)),
            origin=loaded.origins.get(name, "default"),
            default=DEFAULTS_IN_WORDS.get(name) or shown(info.default),
            meaning=info.description or "",
            unit=unit_of(info),
        )
        for name, value, info in walk(loaded.settings)
    ]


def unit_of(info: FieldInfo) -> str:
    """Return how a setting is written, and within what range."""
    limits = range_of(info.annotation, info.metadata)
    return written(info.annotation) + (f", {limits}" if limits else "")


def find_toml(config_file: Path | None, variables: Mapping[str, str]) -> Path | None:
    """Return the file of settings: named, or in the working or the system folder."""
    if config_file is not None:
        return config_file
    if variables.get(CONFIG_NAME):
        return Path(variables[CONFIG_NAME])
    found = (Path(TOML_NAME), SYSTEM_FOLDER / TOML_NAME)
    return next((path for path in found if path.is_file()), None)


def read_toml(path: Path | None, leaves: Leaves, faults: list[str]) -> None:
    """Add the settings of a TOML file."""
    if path is None:
        return
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        faults.append(f"{path}: {fault}")
        return
    known = known_names()
    ours = dict(flatten(document))
    for name, value in ours.items():
        if name in known:
            leaves[name] = (value, str(path))
        elif name.removesuffix(FROM_FILE) not in known:
            faults.append(f"{path}: {unknown(name, known)}")
        elif name.removesuffix(FROM_FILE) in ours:
            faults.append(f"{path}: {twice(name)}")
        else:
            read_secret_file(name, str(value), leaves, faults)


def flatten(document: Mapping[str, Any], prefix: str = PREFIX) -> Iterator[tuple[str, object]]:
    """Yield the leaves of a TOML document under the names of the environment."""
    for key, value in document.items():
        name = prefix + key.upper()
        if isinstance(value, Mapping):
            yield from flatten(value, name + "__")
        else:
            yield name, value


def read_environment(variables: Mapping[str, str], leaves: Leaves, faults: list[str]) -> None:
    """Add the variables, files of secrets first: a value and its file together are a fault."""
    known = known_names()
    ours = {name: value for name, value in variables.items() if name.startswith(PREFIX)}
    files = {name for name in ours if name not in known and name.removesuffix(FROM_FILE) in known}
    for name in sorted(files):
        if name.removesuffix(FROM_FILE) in ours:
            faults.append(twice(name))
        else:
            read_secret_file(name, ours[name], leaves, faults)
    for name in sorted(ours.keys() - files):
        if name in known:
            leaves[name] = (ours[name], "environment")
        elif name != CONFIG_NAME and not is_injected(name, ours[name]):
            faults.append(unknown(name, known))


def read_secret_file(name: str, path: str, leaves: Leaves, faults: list[str]) -> None:
    """Add the content of a file, less one newline at its end."""
    try:
        content = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError):
        faults.append(f"{name}: the file {path} cannot be read")
        return
    leaves[name.removesuffix(FROM_FILE)] = (content.removesuffix("\n"), path)


def build(leaves: Leaves, faults: list[str]) -> tuple[Settings, set[str]]:
    """Return the settings that the leaves make, with the names of those that cannot be used.

    Their defaults stand in for them, so that the others can be judged as well.
    """
    try:
        return Settings.model_validate(tree_of(leaves)), set()
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False)
    wrong = set()
    for error in errors:
        path = [str(part).rstrip("_").upper() for part in error["loc"] if isinstance(part, str)]
        name = PREFIX + "__".join(path)
        wrong.add(name)
        message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        faults.append(f"{name}: {message} (from {leaves[name][1]})")
    usable = {name: leaf for name, leaf in leaves.items() if name not in wrong}
    return Settings.model_validate(tree_of(usable)), wrong


def tree_of(leaves: Leaves) -> dict[str, Any]:
    """Return the values as nested groups; names that Python reserves end with an underscore."""
    tree: dict[str, Any] = {}
    for name, (value, _) in leaves.items():
        *groups, last = name.removeprefix(PREFIX).lower().split("__")
        node = tree
        for group in groups:
            node = node.setdefault(group, {})
        node[last + "_" if keyword.iskeyword(last) else last] = value
    return tree


def packaged(name: str) -> Path:
    """Return a file or folder that ships beside the code: in a wheel, or in a checkout.

    An editable install leaves a frozen copy elsewhere, so nowhere else is looked.
    """
    package = Path(authserver.__file__).parent
    for folder in (package / "_packaged", package.parent):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"{name} does not lie beside the code of authserver")
