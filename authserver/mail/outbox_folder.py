"""The folder in which mails are kept as files instead of being sent."""

import json
import os
import re
from pathlib import Path
from typing import Final, TypedDict, cast

from authserver.domain.outgoing_mail import ComposedMail
from authserver.domain.secret import fingerprint

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
RECIPIENT_HASH_LENGTH: Final = 16
IDENTIFIER: Final = re.compile(r"[0-9a-f]{24}")


class KeptMail(TypedDict):
    """One kept mail, in the members that scripts read."""

    id: str
    to: str
    usage_type: str
    subject: str
    text: str
    html: str
    code: str | None
    sent_at: str


def read_outbox(folder: Path, to: str | None = None) -> list[KeptMail]:
    """Return the kept mails, newest first; with `to` only those to this address."""
    pattern = "*.json" if to is None else f"*-{recipient_hash(to)}.json"
    found = (read_mail(path) for path in sorted(folder.glob(pattern), reverse=True))
    return [mail for mail in found if mail is not None]


def read_kept(folder: Path, identifier: str) -> KeptMail | None:
    """Return the kept mail of this id."""
    if not IDENTIFIER.fullmatch(identifier):
        return None
    found = (read_mail(path) for path in folder.glob(f"*-{identifier}-*.json"))
    return next((mail for mail in found if mail is not None), None)


def read_mail(path: Path) -> KeptMail | None:
    """Return one kept mail, or None where it has gone meanwhile or is none of ours."""
    try:
        return cast("KeptMail", json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return None


def keep_mail(folder: Path, mail: ComposedMail, sent_at: str, sequence: int) -> str:
    """Write one mail as a file of its own, whole or not at all; return its id.

    `sent_at` is an ISO 8601 instant in UTC: names sort by it, then by `sequence`.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    folder.chmod(FOLDER_MODE)
    identifier = fingerprint(f"{mail.message_id} {sent_at} {sequence}").hex()[:24]
    kept = KeptMail(
        id=identifier,
        to=mail.to,
        usage_type=mail.usage_type.value,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        code=mail.code.reveal() if mail.code else None,
        sent_at=sent_at,
    )
    stamp = "".join(symbol for symbol in sent_at if symbol.isdigit())
    name = f"{stamp}-{sequence:08d}-{identifier}-{recipient_hash(mail.to)}.json"
    write_whole(folder / name, json.dumps(kept, ensure_ascii=False, indent=1).encode())
    return identifier


def recipient_hash(address: str) -> str:
    """Return what stands for an address in file names; letter case does not matter."""
    return fingerprint(address.strip().casefold()).hex()[:RECIPIENT_HASH_LENGTH]


def write_whole(path: Path, content: bytes) -> None:
    """Write a private file under another name first, so that no reader sees half of it."""
    unfinished = path.with_suffix(".unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    unfinished.replace(path)
