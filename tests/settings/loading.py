"""Loading settings as the tests do: from nothing but what they give."""

import pytest

from authserver.settings.sources import Loaded, SettingsInvalid, load

KEY = "a secret key of more than 32 characters"


def loaded(**environment: str) -> Loaded:
    """Return the settings that these variables make, named without their prefix."""
    return load(environment=named(environment))


def faults(**environment: str) -> tuple[str, ...]:
    """Return the faults that these variables make."""
    with pytest.raises(SettingsInvalid) as refused:
        load(environment=named(environment))
    return refused.value.faults


def named(environment: dict[str, str]) -> dict[str, str]:
    """Return the variables under their full names."""
    return {f"AUTHSERVER_{name}": value for name, value in environment.items()}
