"""The reference of settings, written from the tree: `python -m tests.settings.reference`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from authserver.settings.sources import Loaded, SettingLine, describe
from authserver.settings.tree import Settings

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
PREFIX = "AUTHSERVER_"
INTRODUCTION = """\
# Settings

What a server is started with. Everything else is configuration and is changed while the server
runs. `authserver doctor --json` prints every setting with the value in force and where it comes
from; secrets are hidden.

- **Environment.** The names below; a group and its settings are joined by two underscores. An
  unknown name that begins with `AUTHSERVER_` stops the start and names the nearest known one; what
  Kubernetes injects for a Service is passed over.
- **Secrets from files.** Each secret can be given as the path of a file instead: the name with
  `_FILE` at its end, such as `AUTHSERVER_SECRET_KEYS_FILE`. One line break at the end is cut. A
  value and its file together are an error.
- **`authserver.toml`.** The same tree in lower case; each group is a table. The file is the one
  given by `--config`, else by `AUTHSERVER_CONFIG`, else the one in the working folder, else
  `/etc/authserver/authserver.toml`.

  ```toml
  endpoint = "https://id.example.com"
  secret_keys_file = "/run/secrets/authserver"

  [mail]
  senders = ["smtp"]

  [mail.smtp]
  host = "mail.example.com"
  from = "Example <no-reply@example.com>"

  [codes.mails]
  cooldown = ["30s", "60s", "120s"]
  ```

- **Order.** Flags of the command, environment, `_FILE`, `authserver.toml`, default.
- **Faults** are reported all together, and never show a secret.
- **Writing.** Durations are written `30s`, `10m`, `1h`, `14d`; lists with commas, in TOML as arrays
  too; switches `true` or `false`. Relative paths begin in the working folder.
"""
GROUPS = {
    "": "General",
    "MAIL": "Senders of mail",
    "CODES": "Verification codes",
    "LIMITS": "Limits that do not concern codes",
    "LIFETIMES": "Lifetimes",
    "PASSWORDS": "Passwords",
    "OUTGOING": "Outgoing calls",
    "TLS": "TLS",
    "REGISTRATION": "Dynamic client registration",
    "LOG": "Log",
}
NOTES = {
    "MAIL": "Each sender that is named in `SENDERS` needs its own settings. A chain that is named "
    "here wins over what is configured in SQL.",
    "CODES": "A value outside its range stops the start. `BASE32_FROM` is at least `DIGITS8_FROM`; "
    "`DEVICE_SHARE` is less than `PER_ADDRESS_DAY`, `PER_SOURCE_AND_ADDRESS` at most that.",
    "OUTGOING": "Calls to addresses that clients name: their keys, their logo, and where they "
    "are told of ended sessions. Private networks are never called, but for the origins in "
    "`ALLOW`.",
    "REGISTRATION": "[Registration by applications]"
    "(applications.md#registration-by-applications) at `/oidc/reg`.",
}


def reference() -> str:
    """Return the reference: one table for each group of the tree."""
    lines = describe(Loaded(settings=Settings(), origins={}, generated_keys=None))
    parts = [INTRODUCTION]
    for group, title in GROUPS.items():
        note = NOTES.get(group)
        members = [line for line in lines if group_of(line.name) == group]
        parts.append(f"## {title}\n" + (f"\n{note}\n" if note else ""))
        parts.append("\n".join(table(members)) + "\n")
    return "\n".join(parts)


def table(lines: list[SettingLine]) -> Iterator[str]:
    """Yield the rows of a table."""
    yield "| Setting | Default | Written as | Means |"
    yield "|---|---|---|---|"
    for line in lines:
        default = f"`{line.default}`" if is_literal(line.default) else line.default or "none"
        yield f"| `{line.name}` | {default} | {line.unit} | {line.meaning} |"


def is_literal(default: str) -> bool:
    """Tell whether a default is a value and not a description of one."""
    return bool(default) and " " not in default


def group_of(name: str) -> str:
    """Return the outermost group of a setting."""
    group, separator, _ = name.removeprefix(PREFIX).partition("__")
    return group if separator else ""


def groups_of_tree() -> set[str]:
    """Return the outermost groups that there are."""
    fields = Settings().model_dump().keys()
    return {name.upper() for name in fields if isinstance(getattr(Settings(), name), BaseModel)}


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")
    sys.stdout.write(f"{REFERENCE.name} is written\n")
