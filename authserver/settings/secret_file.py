"""The secret keys of the embedded default: generated once into the data folder."""

import os
import tempfile
from pathlib import Path
from typing import Final

from authserver.domain.randomness import SystemRandomness, new_token
from authserver.domain.secret import Secret

NAME: Final = "secret.keys"
FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
SHORTEST_SECRET_KEY: Final = 32


def ensure_secret_keys(data_dir: Path) -> tuple[Path, tuple[Secret, ...]]:
    """Return the file and its keys, newest first, one to a line; made here if need be.

    Of several processes that start at once one writes the file; all read the same. Raises
    ValueError with a sentence where an existing file holds no usable key: never a silent new one.
    """
    data_dir.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    path = data_dir / NAME
    if not path.exists():
        descriptor, unfinished = tempfile.mkstemp(dir=data_dir, prefix=".secret-")
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(new_token(SystemRandomness()) + "\n")
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).chmod(FILE_MODE)
            link(Path(unfinished), path)
        finally:
            Path(unfinished).unlink()
        keep_name(data_dir)
    content = path.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    if not lines or any(len(line) < SHORTEST_SECRET_KEY for line in lines):
        raise ValueError(
            f"{path}: must hold keys of at least {SHORTEST_SECRET_KEY} characters, one to a line"
        )
    return path, tuple(map(Secret, lines))


def link(unfinished: Path, path: Path) -> None:
    """Give the finished file its name, unless another process has been faster."""
    try:
        path.hardlink_to(unfinished)
    except FileExistsError:
        return


def keep_name(folder: Path) -> None:
    """Flush the folder: what is sealed with a key must never outlive it, whatever breaks."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
