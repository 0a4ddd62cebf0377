"""Defaults and ranges of the engine of verification codes: every number is a promise."""

from datetime import timedelta

import pytest

from authserver.domain.verifications import CodePolicy
from authserver.settings.fields import shown
from authserver.settings.names import walk
from authserver.settings.sources import describe
from tests.settings.loading import faults, loaded

# Name, default, least and most; where these are not written, the choices.
PARAMETERS = (
    ("LIFE", "10m", "1s", "10m"),
    ("PROOF_LIFE", "10m", "1s", "10m"),
    ("TRIES", "5", "1", "10"),
    ("START_CLASS", "digits6", "one of digits6, digits8, base32", None),
    ("BUDGET__WINDOW", "30d", "1d", "90d"),
    ("BUDGET__DIGITS8_FROM", "20", "5", "100"),
    ("BUDGET__BASE32_FROM", "40", "5", "100"),
    ("BUDGET__DEVICE_STOP_AT", "20", "5", "100"),
    ("DEVICES__LIFE", "180d", "1d", "400d"),
    ("DEVICES__MAX", "10", "1", "50"),
    ("MAILS__COOLDOWN", "30s,1m,2m", "0s", "10m"),
    ("MAILS__PER_VERIFICATION", "5", "1", "10"),
    ("MAILS__PER_ADDRESS_DAY", "10", "1", "1000"),
    ("MAILS__DEVICE_SHARE", "3", "0", "999"),
    ("MAILS__PER_SOURCE_AND_ADDRESS", "3", "1", "1000"),
    ("MAILS__PER_DAY", "1600", "1", "10000000"),
    ("MAILS__KNOWN_SHARE", "0.3", "0.0", "0.9"),
    ("MAILS__MIN_LIFE_LEFT", "1m", "0s", "5m"),
    ("MAILS__TO_UNKNOWN", "true", "true or false", None),
    ("MAILS__CODE_IN_SUBJECT", "true", "true or false", None),
    ("STARTS__PER_SOURCE_HOUR", "50", "1", "100000"),
    ("STARTS__IPV6_PREFIX", "64", "48", "64"),
    ("FINISH_ELSEWHERE", "false", "true or false", None),
    ("SPRAY__WINDOW", "5m", "1m", "1h"),
    ("SPRAY__MIN_WRONG", "25", "5", "10000"),
    ("SPRAY__RATIO", "0.5", "0.05", "1.0"),
    ("SPRAY__DAY_WRONG", "200", "20", "100000"),
    ("SPRAY__DAY_RATIO", "0.2", "0.05", "1.0"),
    ("SPRAY__CLASS", "digits8", "one of digits6, digits8, base32", None),
    ("SPRAY__HOLD", "1h", "5m", "1d"),
    ("KEEP", "1d", "1h", "30d"),
    ("KEEP_TIMELINE", "30d", "1d", "90d"),
)
RANGES = [(name, least, most) for name, _, least, most in PARAMETERS if most is not None]
# So that a bound is judged alone, not against the other numbers of its family.
ROOM = {
    "MAILS__PER_ADDRESS_DAY": "1000",
    "MAILS__DEVICE_SHARE": "0",
    "MAILS__PER_SOURCE_AND_ADDRESS": "1",
    "BUDGET__DIGITS8_FROM": "5",
    "BUDGET__BASE32_FROM": "100",
}


def named(name: str) -> str:
    return f"CODES__{name}"


def with_room(name: str, value: str) -> dict[str, str]:
    """Return variables in which only this one could be at fault."""
    return {named(each): given for each, given in (ROOM | {name: value}).items()}


def beyond(bound: str, direction: int) -> str:
    """Return the next value below or above a bound."""
    if bound[-1].isalpha():
        days = {"s": 1, "m": 60, "h": 3600, "d": 86400}
        return f"{int(bound[:-1]) * days[bound[-1]] + direction}s"
    if "." in bound:
        return str(round(float(bound) + direction / 100, 2))
    return str(int(bound) + direction)


def test_every_parameter_has_its_default_and_its_range() -> None:
    lines = [line for line in describe(loaded()) if line.name.startswith("AUTHSERVER_CODES__")]

    found = {line.name.removeprefix("AUTHSERVER_CODES__"): line for line in lines}

    assert {
        name: (line.value, line.default, line.unit.partition(", ")[2] if most else line.unit)
        for (name, _, _, most), line in zip(PARAMETERS, found.values(), strict=True)
    } == {
        name: (default, default, f"{least} to {most}" if most else least)
        for name, default, least, most in PARAMETERS
    }
    assert list(found) == [name for name, *_ in PARAMETERS]


@pytest.mark.parametrize(("name", "least", "most"), RANGES)
def test_both_ends_of_a_range_are_inside(name: str, least: str, most: str) -> None:
    for bound in (least, most):
        # The greatest budget class must not fall below a lesser one that has been raised.
        settings = loaded(**with_room(name, bound)).settings

        values = {each: value for each, value, _ in walk(settings)}
        assert shown(values[f"AUTHSERVER_{named(name)}"]) == bound


@pytest.mark.parametrize(("name", "least", "most"), RANGES)
def test_what_lies_outside_of_a_range_is_a_fault(name: str, least: str, most: str) -> None:
    for outside in (beyond(least, -1), beyond(most, 1)):
        [fault] = faults(**with_room(name, outside))

        assert fault.startswith(f"AUTHSERVER_{named(name)}: ")


def test_one_wait_out_of_range_makes_the_ladder_a_fault() -> None:
    assert faults(CODES__MAILS__COOLDOWN="30s,11m,1m")[0].startswith(
        "AUTHSERVER_CODES__MAILS__COOLDOWN: must be between 0s and 10m"
    )
    assert faults(CODES__MAILS__COOLDOWN="")[0].startswith("AUTHSERVER_CODES__MAILS__COOLDOWN: ")


def test_recognised_browsers_cannot_have_all_mails_of_an_address() -> None:
    loaded(CODES__MAILS__DEVICE_SHARE="9")
    [fault] = faults(CODES__MAILS__DEVICE_SHARE="10")
    assert fault == (
        "AUTHSERVER_CODES__MAILS__DEVICE_SHARE: must be less than "
        "AUTHSERVER_CODES__MAILS__PER_ADDRESS_DAY"
    )


def test_one_source_cannot_cause_more_mails_than_an_address_gets() -> None:
    loaded(CODES__MAILS__PER_SOURCE_AND_ADDRESS="10")
    [fault] = faults(CODES__MAILS__PER_SOURCE_AND_ADDRESS="11")
    assert fault == (
        "AUTHSERVER_CODES__MAILS__PER_SOURCE_AND_ADDRESS: must be at most "
        "AUTHSERVER_CODES__MAILS__PER_ADDRESS_DAY"
    )


def test_the_failures_that_demand_longer_codes_do_not_fall() -> None:
    loaded(CODES__BUDGET__DIGITS8_FROM="40")
    [fault] = faults(CODES__BUDGET__DIGITS8_FROM="41")
    assert fault == (
        "AUTHSERVER_CODES__BUDGET__BASE32_FROM: must be at least "
        "AUTHSERVER_CODES__BUDGET__DIGITS8_FROM"
    )


def test_the_engine_s_own_defaults_are_those_of_the_settings() -> None:
    assert loaded().settings.codes.policy() == CodePolicy()


def test_the_engine_gets_what_was_set() -> None:
    policy = loaded(
        CODES__LIFE="5m", CODES__MAILS__COOLDOWN="0s,10s", CODES__STARTS__PER_SOURCE_HOUR="7"
    ).settings.codes.policy()

    assert policy == CodePolicy(
        life=timedelta(minutes=5),
        cooldown=(timedelta(0), timedelta(seconds=10)),
        starts_per_source_hour=7,
    )
