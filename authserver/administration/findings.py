"""What a diagnosis found: one line each, and advice."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at; `advice` says what to do, where there is something to do."""

    name: str
    ok: bool
    message: str
    advice: str | None = None


def passed(name: str, message: str, advice: str | None = None) -> Finding:
    """Return a finding that is well."""
    return Finding(name=name, ok=True, message=message, advice=advice)


def failed(name: str, message: str, advice: str) -> Finding:
    """Return a finding that is not well."""
    return Finding(name=name, ok=False, message=message, advice=advice)
