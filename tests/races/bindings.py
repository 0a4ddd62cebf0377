"""A round in which every code is sent to every place but its own."""

from contextlib import ExitStack
from itertools import product

from tests.races.arena import Arena, Waiting, form_request
from tests.races.violations import Violations

# How a browser comes to a verification of each purpose that strangers can ask for.
BEGINNINGS: tuple[dict[str, str], ...] = ({}, {"first_screen": "register"})


def foreign_codes(arena: Arena, found: Violations) -> None:
    """A code of another purpose, client, browser or address opens nothing and costs a try."""
    address, other_address = arena.new_address(), arena.new_address()
    clients: tuple[dict[str, str], ...] = ({}, {"client_id": arena.other_client})
    with ExitStack() as stack:
        waiting = [
            stack.enter_context(arena.before_code(address, **client, **beginning))
            for client, beginning in product(clients, BEGINNINGS)
        ]
        stranger, foreign = stack.enter_context(arena.before_code(other_address))
        expect_counted(arena, found, address, waiting, foreign)
        expect_uncounted_elsewhere(arena, found, waiting, stranger)
        own = arena.crowd.send([somebody.sending(code=code) for somebody, code in waiting])
        found.unless_all(own, 303)
        states = {each.state for each in arena.ledger.verifications(address)}
        found.unless(states == {"verified"}, f"codes in their own places are {states}")


def expect_counted(
    arena: Arena,
    found: Violations,
    address: str,
    waiting: list[tuple[Waiting, str]],
    foreign: str,
) -> None:
    """Send each code to every other verification and check that each costs a try."""
    codes = [code for _, code in waiting]
    posts = [
        somebody.sending(code=code)
        for somebody, own in waiting
        for code in (*codes, foreign)
        if code != own
    ]
    found.unless_all(arena.crowd.send(posts), 303)
    seen = arena.ledger.verifications(address)
    states, tries = {each.state for each in seen}, sum(each.attempts for each in seen)
    failures = arena.ledger.failures(address)
    found.unless(states == {"live"}, f"foreign codes made a verification {states}")
    found.unless(
        tries == failures == len(posts), f"{tries} tries, {failures} failures of {len(posts)}"
    )


def expect_uncounted_elsewhere(
    arena: Arena, found: Violations, waiting: list[tuple[Waiting, str]], stranger: Waiting
) -> None:
    """Send right codes from a browser that did not ask for them: not even a try is counted."""
    before = arena.ledger.verifications(waiting[0][0].address)
    posts = [
        form_request(stranger.person.http, somebody.form, {"code": code})
        for somebody, code in waiting
    ]
    found.unless_all(arena.crowd.send(posts), 410)
    after = arena.ledger.verifications(waiting[0][0].address)
    found.unless(after == before, f"another browser made {before} into {after}")
