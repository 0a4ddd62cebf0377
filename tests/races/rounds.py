"""One round of each race: it returns what should not have happened, a sentence each."""

import math
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import httpx

from authserver.domain.secret import fingerprint
from tests.races.arena import (
    CALLBACK,
    COOLDOWN_SECONDS,
    Arena,
    Waiting,
    code_in,
    form_of,
)
from tests.races.budgets import base32_codes, six_digit_codes, six_digit_codes_and_restart
from tests.races.violations import Round, Violations, form_outcome

TRIES = 5
MAILS_OF_STRANGERS = 7
MAILS_OF_ONE_CODE = 5


def right_code(arena: Arena, senders: int = 200) -> list[str]:
    """Somebody's browser sends the right code many times: one account, one session."""
    found = Violations()
    with arena.before_code() as (somebody, code):
        answers = arena.crowd.send([somebody.sending(code=code)] * senders)
        expect_one_sign_in(arena, found, somebody, answers, sessions=1)
    with arena.before_code(somebody.address) as (again, code):
        answers = arena.crowd.send([again.sending(code=code)] * senders)
        expect_one_sign_in(arena, found, again, answers, sessions=2)
    return found


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
    live, begun = arena.ledger.sessions(somebody.address), arena.ledger.sign_ins(somebody.address)
    found.unless(live == begun == sessions, f"{live} sessions, {begun} sign-ins, not {sessions}")
    # The browser has followed none of the answers: it holds the interaction's cookie alone.
    onward = answers[-1].headers.get("Location", "/")
    reached = somebody.person.follow(str(answers[-1].url.join(onward)))
    found.unless("code=" in reached.headers.get("Location", ""), f"{onward} led to {reached.url}")


def wrong_codes(arena: Arena, guesses: int = 500) -> list[str]:
    """Many wrong codes at once: as many are judged as there are tries, and then none."""
    found = Violations()
    with arena.before_code() as (somebody, code):
        guessed = arena.wrong_codes(guesses, code)
        answers = arena.crowd.send([somebody.sending(code=each) for each in guessed])
        found.unless_all(answers, 303)
        expect_evaluations(arena, found, somebody, "live", TRIES)
        page = somebody.person.submit(somebody.form, code=code)
        outcome = form_outcome(page)
        found.unless(outcome == "exhausted", f"the right code afterwards was {outcome}")
        expect_evaluations(arena, found, somebody, "live", TRIES)
        sessions = arena.ledger.sessions(somebody.address)
        found.unless(sessions == 0, f"{sessions} sessions without a right code")
    return found


def expect_evaluations(
    arena: Arena, found: Violations, somebody: Waiting, state: str, wrong: int
) -> None:
    """Check what the row and the log say of the only verification of this address."""
    seen = arena.ledger.verifications(somebody.address)[-1]
    judged = arena.ledger.evaluated_as_wrong(somebody.source)
    found.unless(
        (seen.state, seen.attempts, judged) == (state, wrong, wrong),
        f"{seen}, {judged} judged wrong, instead of {state}, {wrong}",
    )


def right_code_among_wrong_ones(arena: Arena, guesses: int = 500) -> list[str]:
    """The right code hides among wrong ones: at most five are judged, at most one signs in."""
    found = Violations()
    with arena.before_code() as (somebody, code):
        guessed = arena.shuffled([*arena.wrong_codes(guesses - 1, code), code])
        answers = arena.crowd.send([somebody.sending(code=each) for each in guessed])
        found.unless_all(answers, 303)
        seen = arena.ledger.verifications(somebody.address)
        wrong = arena.ledger.evaluated_as_wrong(somebody.source)
        verified = [each for each in seen if each.state == "verified"]
        found.unless(len(seen) == 1, f"{len(seen)} verifications")
        found.unless(seen[0].attempts <= TRIES, f"{seen[0].attempts} tries were taken")
        found.unless(
            wrong + len(verified) == seen[0].attempts,
            f"{wrong} wrong and {len(verified)} right of {seen[0].attempts} tries",
        )
        sessions = arena.ledger.sessions(somebody.address)
        found.unless(
            sessions == len(verified), f"{sessions} sessions, {len(verified)} verifications"
        )
    return found


def code_and_cancel(arena: Arena, senders: int = 50) -> list[str]:
    """A browser sends the right code and gives up at once: one of both holds, not half of each."""
    found = Violations()
    with arena.before_code() as (somebody, code):
        page = somebody.person.follow(str(somebody.form.action))
        giving_up = Waiting(
            person=somebody.person,
            form=form_of(page, "", "/cancel"),
            address=somebody.address,
            source=somebody.source,
        )
        both = [somebody.sending(code=code), giving_up.sending()]
        answers = arena.crowd.send(both * senders)
        found.unless_all(answers, 303)
        seen = arena.ledger.verifications(somebody.address)
        spent = sum(each.state == "verified" for each in seen)
        sessions = arena.ledger.sessions(somebody.address)
        begun = arena.ledger.sign_ins(somebody.address)
        found.unless(
            spent == sessions == begun and spent <= 1,
            f"{spent} spent codes, {sessions} sessions, {begun} sign-ins",
        )
        onward = answers[-1].url.join(answers[-1].headers.get("Location", "/"))
        told = somebody.person.follow(str(onward)).headers.get("Location", "")
        denied, signed_in = "error=access_denied" in told, "code=" in told
        found.unless(denied or signed_in, f"{onward} led to '{told}'")
        found.unless(spent or denied, "a client got a code without a sign-in")
    return found


def authorization_code(arena: Arena, presented: int = 50) -> list[str]:
    """A client presents one code many times at once: tokens once, and those die of the replay."""
    found = Violations()
    code = new_code(arena)
    request = arena.exchange(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    answers = arena.crowd.send([request] * presented)
    issued = [answer for answer in answers if answer.status_code == httpx.codes.OK]
    refused = [answer for answer in answers if answer.status_code == httpx.codes.BAD_REQUEST]
    errors = {answer.json()["error"] for answer in refused}
    found.unless_all(answers, 200, 400)
    found.unless(len(issued) == 1, f"{len(issued)} answers with tokens")
    found.unless(errors == {"invalid_grant"}, f"refused with {errors}")
    for tokens in (answer.json() for answer in issued):
        access, refresh = arena.crowd.send(
            [
                arena.who_is(tokens["access_token"]),
                arena.exchange(grant_type="refresh_token", refresh_token=tokens["refresh_token"]),
            ]
        )
        found.unless(access.status_code == 401, f"access token still good: {access.status_code}")
        found.unless(refresh.status_code == 400, f"refresh token: {refresh.status_code}")
    return found


def refresh_token(arena: Arena, presented: int = 50) -> list[str]:
    """A client refreshes many times at once: one successor for all, and all access tokens work."""
    found = Violations()
    first = arena.crowd.send(
        [
            arena.exchange(
                grant_type="authorization_code",
                code=new_code(arena),
                redirect_uri=CALLBACK,
            )
        ]
    )[0].json()["refresh_token"]
    request = arena.exchange(grant_type="refresh_token", refresh_token=first)
    answers = arena.crowd.send([request] * presented)
    found.unless_all(answers, 200)
    tokens = [answer.json() for answer in answers if answer.status_code == httpx.codes.OK]
    successors = {each["refresh_token"] for each in tokens}
    found.unless(len(successors) == 1, f"{len(successors)} successors")
    found.unless(first not in successors, "the token is its own successor")
    known = arena.ledger.refresh_tokens(fingerprint(first))
    found.unless(known == (2, 1), f"{known[0]} refresh tokens, {known[1]} of them unused")
    access = {each["access_token"] for each in tokens}
    found.unless(len(access) == presented, f"{len(access)} different access tokens")
    found.unless_all(arena.crowd.send([arena.who_is(each) for each in access]), 200)
    return found


def one_interaction(arena: Arena, senders: int = 100) -> list[str]:
    """One page asks for many mails at once: one verification, one mail for each wait."""
    found = Violations()
    with arena.before_address() as somebody:
        begin = time.monotonic()
        starts = [somebody.sending(email=somebody.address)] * senders
        found.unless_all(arena.crowd.send(starts), 303)
        expect_mails(arena, found, somebody.address, since=begin)
        page = somebody.person.follow(str(somebody.form.action))
        again = Waiting(
            person=somebody.person,
            form=form_of(page, "", "/resend"),
            address=somebody.address,
            source=somebody.source,
        )
        time.sleep(COOLDOWN_SECONDS)
        before = len(arena.ledger.mails(somebody.address))
        answers = arena.crowd.send([again.sending()] * senders)
        found.unless_all(answers, 303, 429)
        after = len(arena.ledger.mails(somebody.address))
        found.unless(after > before, "no mail although the wait was over")
        expect_mails(arena, found, somebody.address, since=begin)
        codes = {arena.server.inbox(somebody.address)}
        codes |= {str(mail["code"]) for mail in arena.server.inbox.mails(somebody.address)}
        found.unless(len(codes) == 1, f"{len(codes)} different codes")
    return found


def expect_mails(arena: Arena, found: Violations, address: str, *, since: float) -> None:
    """Check that one verification lives and that its mails kept the wait between them."""
    seen = [each.state for each in arena.ledger.verifications(address)]
    found.unless(seen == ["live"], f"verifications: {seen}")
    times = [datetime.fromisoformat(text) for text in arena.ledger.mails(address)]
    gaps = [(b - a).total_seconds() for a, b in pairwise(times)]
    found.unless(all(gap >= COOLDOWN_SECONDS for gap in gaps), f"mails {gaps} seconds apart")
    most = 1 + math.floor((time.monotonic() - since) / COOLDOWN_SECONDS)
    most = min(most, MAILS_OF_ONE_CODE)
    found.unless(1 <= len(times) <= most, f"{len(times)} mails where {most} are allowed")


def one_address(arena: Arena, browsers: int = 100) -> list[str]:
    """Many browsers on many machines ask for mails to one address: strangers get their seven."""
    found = Violations()
    address = arena.new_address()
    requests = [each.sending(email=address) for each in arena.newcomers(browsers)]
    answers = arena.crowd.send(requests)
    found.unless_all(answers, 303, 429)
    accepted = sum(answer.status_code == httpx.codes.SEE_OTHER for answer in answers)
    mails = len(arena.ledger.mails(address))
    found.unless(
        accepted == mails == MAILS_OF_STRANGERS, f"{mails} mails, {accepted} accepted starts"
    )
    return found


def new_code(arena: Arena) -> str:
    """Return an authorization code of somebody who has just signed in."""
    with arena.before_code() as (somebody, code):
        somebody.person.submit(somebody.form, code=code)
        wanted = arena.authorization_url(scope="openid offline_access", prompt="consent")
        return code_in(somebody.person.pass_through(wanted))


ROUNDS: dict[str, Round] = {
    "right code": right_code,
    "wrong codes": wrong_codes,
    "right code among wrong ones": right_code_among_wrong_ones,
    "code and cancel": code_and_cancel,
    "authorization code": authorization_code,
    "refresh token": refresh_token,
    "one interaction": one_interaction,
    "one address": one_address,
    "six-digit codes": six_digit_codes,
    "six-digit codes and restart": six_digit_codes_and_restart,
    "base32 codes": base32_codes,
}
