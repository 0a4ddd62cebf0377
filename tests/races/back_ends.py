"""Rounds in which a service sends many codes at once to the API."""

from collections.abc import Iterator
from datetime import timedelta

import httpx

from tests.races.arena import Arena, Pause
from tests.races.violations import Violations
from tests.support.back_end import PATH

TRIES = 5
SPREAD_SECONDS = 0.1
CONFLICT = 409


def right_code_at_the_api(arena: Arena, found: Violations) -> None:
    """A service sends the right code many times: it is told yes once."""
    asked = Asked(arena)
    answers = arena.crowd.send([asked.entering(asked.code)] * arena.at_once(200))
    found.unless_all(answers, 200)
    told = [answer.json() for answer in answers]
    right = [each for each in told if each["verified"]]
    found.unless(len(right) == 1, f"yes was said {len(right)} times")
    (seen,) = arena.ledger.verifications(asked.address)
    found.unless(seen.state == "verified", f"the verification is {seen.state}")
    found.unless(seen.attempts <= TRIES, f"{seen.attempts} tries were taken")
    failures = arena.ledger.failures(asked.address)
    found.unless(failures == 0, f"{failures} failures of right codes")


def codes_at_the_api(arena: Arena, found: Violations) -> None:
    """The right code hides among wrong ones: at most five are judged, at most one is right."""
    asked = Asked(arena)
    wrong_ones = arena.wrong_codes(arena.at_once(500) - 1, asked.code)
    guessed = arena.shuffled([*wrong_ones, asked.code])
    answers = arena.crowd.send([asked.entering(each) for each in guessed])
    found.unless_all(answers, 200)
    right = sum(answer.json()["verified"] for answer in answers)
    (seen,) = arena.ledger.verifications(asked.address)
    wrong = arena.ledger.evaluated_as_wrong(asked.source)
    failures = arena.ledger.failures(asked.address)
    found.unless(
        right == (seen.state == "verified") and seen.attempts <= TRIES,
        f"yes was said {right} times of {seen}",
    )
    found.unless(
        wrong + right == seen.attempts and wrong == failures,
        f"{wrong} wrong, {failures} failures, {right} right of {seen}",
    )


def code_and_resend_at_the_api(arena: Arena, found: Violations) -> Iterator[Pause]:
    """Right codes and resends meet the end of the code: after a yes nothing begins anew."""
    asked = Asked(arena)
    yield Pause.COOLDOWN
    number = arena.at_once(50, least=5)
    arena.ledger.end_life(asked.address, after=timedelta(seconds=arena.chance_of(SPREAD_SECONDS)))
    answers = arena.crowd.send([asked.entering(asked.code), asked.resending()] * number)
    entered, resent = answers[::2], answers[1::2]
    found.unless_all(entered, 200)
    found.unless_all(resent, 200, 409, 429)
    right = sum(answer.json()["verified"] for answer in entered)
    states = [each.state for each in arena.ledger.verifications(asked.address)]
    found.unless(states.count("verified") == right, f"yes was said {right} times: {states}")
    (shown,) = arena.crowd.send([asked.showing()])
    if right:
        found.unless(right == 1, f"yes was said {right} times")
        found.unless(states == ["verified"], f"a yes, and then {states}")
        found.unless(shown.json()["state"] == "verified", f"a yes, and shown is {shown.text}")
    (begun,) = arena.crowd.send([asked.resending()])
    found.unless((begun.status_code == CONFLICT) == bool(right), f"then {begun.status_code}")


class Asked:
    """A verification of a new address that a service has begun, and its code."""

    def __init__(self, arena: Arena) -> None:
        self.address, self.source = arena.new_address(), arena.new_source()
        self._url = arena.endpoint + PATH
        self._headers = {"Authorization": f"Bearer {arena.api_token}"}
        body = {"email": self.address, "source": self.source}
        (began,) = arena.crowd.send([self._post(self._url, body)])
        self.name = began.json()["id"]
        self.code = arena.inbox(self.address)

    def entering(self, code: str) -> httpx.Request:
        """Return the request that asks whether a code is right."""
        return self._post(f"{self._url}/{self.name}/code", {"code": code})

    def resending(self) -> httpx.Request:
        """Return the request for one more mail."""
        return self._post(f"{self._url}/{self.name}/resend", {})

    def showing(self) -> httpx.Request:
        """Return the request that asks how it stands."""
        return httpx.Request("GET", f"{self._url}/{self.name}", headers=self._headers)

    def _post(self, url: str, body: dict[str, str]) -> httpx.Request:
        return httpx.Request("POST", url, json=body, headers=self._headers)
