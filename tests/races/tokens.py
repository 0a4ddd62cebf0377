"""Rounds in which a client presents one code, or one token, many times at once."""

import httpx

from authserver.domain.secret import fingerprint
from tests.races.arena import CALLBACK, Arena, code_in
from tests.races.violations import Violations


def authorization_code(arena: Arena, found: Violations) -> None:
    """A client presents one code many times at once: tokens once, and those die of the replay."""
    code = new_code(arena)
    request = arena.exchange(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    answers = arena.crowd.send([request] * arena.at_once(50))
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


def refresh_token(arena: Arena, found: Violations) -> None:
    """A client refreshes many times at once: one successor for all, and all access tokens work."""
    presented = arena.at_once(50)
    wanted = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    tokens = arena.crowd.send([arena.exchange(**wanted, code=new_code(arena))])[0].json()
    first = tokens["refresh_token"]
    request = arena.exchange(grant_type="refresh_token", refresh_token=first)
    answers = arena.crowd.send([request] * presented)
    found.unless_all(answers, 200)
    renewed = [answer.json() for answer in answers if answer.status_code == httpx.codes.OK]
    successors = {each["refresh_token"] for each in renewed}
    found.unless(len(successors) == 1, f"{len(successors)} successors")
    found.unless(first not in successors, "the token is its own successor")
    known = arena.ledger.refresh_tokens(fingerprint(first))
    found.unless(known == (2, 1), f"{known[0]} refresh tokens, {known[1]} of them unused")
    access = {each["access_token"] for each in renewed}
    found.unless(len(access) == presented, f"{len(access)} different access tokens")
    found.unless_all(arena.crowd.send([arena.who_is(each) for each in access]), 200)
    # Nobody is taken for a thief: the successor is good for the next answer.
    onward = [arena.exchange(grant_type="refresh_token", refresh_token=each) for each in successors]
    found.unless_all(arena.crowd.send(onward), 200)


def new_code(arena: Arena, **parameters: str) -> str:
    """Return an authorization code, of an authorization of its own."""
    wanted = {"scope": "openid offline_access", "prompt": "consent", **parameters}
    return code_in(arena.regular.pass_through(arena.authorization_url(**wanted)))
