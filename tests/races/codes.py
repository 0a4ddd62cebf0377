"""Rounds in which one browser sends many codes at once."""

from collections.abc import Sequence

import httpx

from tests.races.arena import Arena, Waiting
from tests.races.violations import Violations, form_outcome

TRIES = 5


def right_code(arena: Arena, found: Violations) -> None:
    """Somebody's browser sends the right code many times: one account, one session."""
    senders = arena.at_once(200)
    with arena.before_code() as (somebody, code):
        answers = arena.crowd.send([somebody.sending(code=code)] * senders)
        expect_one_sign_in(arena, found, somebody, answers, sessions=1)
    with arena.before_code(somebody.address) as (again, code):
        answers = arena.crowd.send([again.sending(code=code)] * senders)
        expect_one_sign_in(arena, found, again, answers, sessions=2)


def expect_one_sign_in(
    arena: Arena,
    found: Violations,
    somebody: Waiting,
    answers: Sequence[httpx.Response],
    *,
    sessions: int,
) -> None:
    """Check one verification, one more session, and that any answer leads on to the client."""
    found.unless_all(answers, 303)
    seen = arena.ledger.verifications(somebody.address)
    found.unless(seen[-1].state == "verified", f"the verification is {seen[-1].state}")
    found.unless(seen[-1].attempts <= TRIES, f"{seen[-1].attempts} tries were taken")
    failures = arena.ledger.failures(somebody.address)
    found.unless(failures == 0, f"{failures} failures of right codes")
    live, begun = arena.ledger.sessions(somebody.address), arena.ledger.sign_ins(somebody.address)
    found.unless(live == begun == sessions, f"{live} sessions, {begun} sign-ins, not {sessions}")
    # The browser has followed none of the answers: it holds the interaction's cookie alone.
    onward = answers[-1].headers.get("Location", "/")
    reached = somebody.person.follow(str(answers[-1].url.join(onward)))
    found.unless("code=" in reached.headers.get("Location", ""), f"{onward} led to {reached.url}")


def wrong_codes(arena: Arena, found: Violations) -> None:
    """Many wrong codes at once: as many are judged as there are tries, and then none."""
    with arena.before_code() as (somebody, code):
        guessed = arena.wrong_codes(arena.at_once(500), code)
        answers = arena.crowd.send([somebody.sending(code=each) for each in guessed])
        found.unless_all(answers, 303)
        expect_evaluations(arena, found, somebody, "live", TRIES)
        page = somebody.person.submit(somebody.form, code=code)
        outcome = form_outcome(page)
        found.unless(outcome == "exhausted", f"the right code afterwards was {outcome}")
        expect_evaluations(arena, found, somebody, "live", TRIES)
        sessions = arena.ledger.sessions(somebody.address)
        found.unless(sessions == 0, f"{sessions} sessions without a right code")


def expect_evaluations(
    arena: Arena, found: Violations, somebody: Waiting, state: str, wrong: int
) -> None:
    """Check what rows and log say of the only verification of this address."""
    seen = arena.ledger.verifications(somebody.address)[-1]
    judged = arena.ledger.evaluated_as_wrong(somebody.source)
    failures = arena.ledger.failures(somebody.address)
    found.unless(
        (seen.state, seen.attempts, judged, failures) == (state, wrong, wrong, wrong),
        f"{seen}, {judged} judged wrong, {failures} failures, instead of {state}, {wrong}",
    )


def right_code_among_wrong_ones(arena: Arena, found: Violations) -> None:
    """The right code hides among wrong ones: at most five are judged, at most one signs in."""
    with arena.before_code() as (somebody, code):
        wrong_ones = arena.wrong_codes(arena.at_once(500) - 1, code)
        guessed = arena.shuffled([*wrong_ones, code])
        answers = arena.crowd.send([somebody.sending(code=each) for each in guessed])
        found.unless_all(answers, 303)
        seen = arena.ledger.verifications(somebody.address)
        wrong = arena.ledger.evaluated_as_wrong(somebody.source)
        failures = arena.ledger.failures(somebody.address)
        verified = [each for each in seen if each.state == "verified"]
        found.unless(len(seen) == 1, f"{len(seen)} verifications")
        found.unless(seen[0].attempts <= TRIES, f"{seen[0].attempts} tries were taken")
        found.unless(
            wrong + len(verified) == seen[0].attempts and wrong == failures,
            f"{wrong} wrong, {failures} failures, {len(verified)} right of {seen[0]}",
        )
        sessions = arena.ledger.sessions(somebody.address)
        found.unless(
            sessions == len(verified), f"{sessions} sessions, {len(verified)} verifications"
        )
