"""`dev.py campaign browser`: every state of every page and every walk, with and without script."""

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "browser"
COMMAND = ("-m", "pytest", "--every-state", "--numprocesses=auto", "--dist=loadfile", str(TESTS))


def main() -> int:
    """Run the tests of the browser as thoroughly as they can be and return their exit status."""
    return subprocess.call([sys.executable, *COMMAND, *sys.argv[1:]])  # noqa: S603 - our own tests


if __name__ == "__main__":
    sys.exit(main())
