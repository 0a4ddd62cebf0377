"""Rounds in which a right code meets the end of its verification."""

import threading
import time
from datetime import timedelta

from tests.races.arena import Arena, Waiting, form_of
from tests.races.violations import Violations, form_outcome

SPREAD_SECONDS = 0.1
FEW_WRONG_ONES = 4


def code_and_cancel(arena: Arena, found: Violations) -> None:
    """A browser sends the right code and gives up at once: one of both holds, not half of each."""
    with arena.before_code() as (somebody, code):
        page = somebody.person.follow(str(somebody.form.action))
        giving_up = form_of(page, "", "/cancel")
        told = both_at_once(arena, found, somebody, code, giving_up.action.path)
        denied, signed_in = "error=access_denied" in told, "code=" in told
        found.unless(denied or signed_in, f"the client was told '{told}'")
        spent = arena.ledger.sign_ins(somebody.address)
        found.unless(spent or denied, "a client got a code without a sign-in")


def code_and_replacement(arena: Arena, found: Violations) -> None:
    """A browser sends the right code and asks for another address: one of both holds."""
    with arena.before_code() as (somebody, code):
        page = somebody.person.follow(str(somebody.form.action))
        leaving = form_of(page, "", "/restart")
        told = both_at_once(arena, found, somebody, code, leaving.action.path)
        states = [each.state for each in arena.ledger.verifications(somebody.address)]
        wanted = ["verified"] if "code=" in told else ["replaced"]
        found.unless(states == wanted, f"{states} although the browser was led to '{told}'")
        again = somebody.person.submit(somebody.form, code=code)
        late = arena.ledger.verifications(somebody.address)
        found.unless([each.state for each in late] == states, f"{late} after {again.url.path}")


def both_at_once(arena: Arena, found: Violations, somebody: Waiting, code: str, path: str) -> str:
    """Send the right code and the form of another path together; return where that led to."""
    other = somebody.sending()
    other.url = other.url.copy_with(path=path)
    answers = arena.crowd.send([somebody.sending(code=code), other] * arena.at_once(50, least=5))
    found.unless_all(answers, 303)
    expect_all_or_nothing(arena, found, somebody.address)
    onward = answers[-1].url.join(answers[-1].headers.get("Location", "/"))
    told: str = somebody.person.follow(str(onward)).headers.get("Location", "")
    return told


def expect_all_or_nothing(arena: Arena, found: Violations, address: str) -> int:
    """Check that spent code, session and sign-in all exist or none does; return how many."""
    spent = sum(each.state == "verified" for each in arena.ledger.verifications(address))
    sessions, begun = arena.ledger.sessions(address), arena.ledger.sign_ins(address)
    found.unless(
        spent == sessions == begun and spent <= 1,
        f"{spent} spent codes, {sessions} sessions, {begun} sign-ins",
    )
    return spent


def code_and_expiry(arena: Arena, found: Violations) -> None:
    """The right code arrives when it expires: it is spent before that instant, or never."""
    with arena.before_code() as (somebody, code):
        # Wrong ones go ahead: the right one waits for their locks while its time runs out.
        guessed = [*arena.wrong_codes(FEW_WRONG_ONES, code), *[code] * arena.at_once(50, least=5)]
        requests = [somebody.sending(code=each) for each in guessed]
        expires_at = arena.ledger.end_life(
            somebody.address, after=timedelta(seconds=arena.chance_of(SPREAD_SECONDS))
        )
        found.unless_all(arena.crowd.send(requests), 303)
        spent = expect_all_or_nothing(arena, found, somebody.address)
        verified_at = arena.ledger.verified_at(somebody.address)
        found.unless(
            verified_at is None or verified_at < expires_at,
            f"verified at {verified_at}, expired at {expires_at}",
        )
        time.sleep(SPREAD_SECONDS)
        page = somebody.person.submit(somebody.form, code=code)
        if not spent:
            outcome = form_outcome(page)
            found.unless(outcome == "expired", f"the right code afterwards was {outcome}")
        late = expect_all_or_nothing(arena, found, somebody.address)
        found.unless(late == spent, "a code was good after its end")


def code_and_suspension(arena: Arena, found: Violations) -> None:
    """The right code arrives while an operator suspends the account: nobody stays signed in."""
    with arena.before_code() as (somebody, code):
        somebody.person.submit(somebody.form, code=code)
    with arena.before_code(somebody.address) as (again, code):
        requests = [again.sending(code=code)] * arena.at_once(50, least=5)
        moment = arena.chance_of(SPREAD_SECONDS)
        accounts = arena.operator.accounts
        suspending = threading.Timer(moment, accounts.suspend, [somebody.address])
        suspending.start()
        found.unless_all(arena.crowd.send(requests), 303)
        suspending.join()
        story = arena.ledger.story(somebody.address)
        found.unless("account.suspended" in story, f"no suspension: {story}")
        found.unless(story[-1] == "account.suspended", f"after the suspension: {story}")
        again.person.submit(again.form, code=code)
        sessions = arena.ledger.sessions(somebody.address)
        found.unless(sessions == 0, f"{sessions} sessions of a suspended account")
        spent = sum(e.state == "verified" for e in arena.ledger.verifications(somebody.address))
        begun = arena.ledger.sign_ins(somebody.address)
        found.unless(spent == begun, f"{spent} spent codes, {begun} sign-ins")
        late = arena.ledger.story(somebody.address)
        found.unless(late == story, f"{late[len(story) :]} after the suspension")
