"""Rounds that ask for many mails at once."""

import math
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

import httpx

from tests.races.arena import COOLDOWN_SECONDS, Arena, Newcomer, Pause, Waiting, form_of
from tests.races.violations import Violations

MAILS_OF_STRANGERS = 7
MAILS_OF_ONE_CODE = 5
PATIENCE_SECONDS = 30.0
# The settings of an arena with a low ceiling, and how many of its mails are kept for accounts.
CEILING = 10
KEPT_FOR_ACCOUNTS = 3
LOW_CEILING = {
    "AUTHSERVER_CODES__MAILS__PER_DAY": str(CEILING),
    "AUTHSERVER_CODES__MAILS__KNOWN_SHARE": "0.30",
}


def one_interaction(arena: Arena, found: Violations) -> Iterator[Pause]:
    """One page asks for many mails at once: one verification, one mail for each wait."""
    senders = arena.at_once(100)
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
        yield Pause.COOLDOWN
        before = len(arena.ledger.mails(somebody.address))
        answers = arena.crowd.send([again.sending()] * senders)
        found.unless_all(answers, 303, 429)
        after = len(arena.ledger.mails(somebody.address))
        found.unless(after > before, "no mail although the wait was over")
        expect_mails(arena, found, somebody.address, since=begin)
        settle(arena, somebody.address)
        codes = {mail["code"] for mail in arena.inbox.mails(somebody.address)}
        found.unless(len(codes) == 1, f"{len(codes)} different codes")


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


def settle(arena: Arena, *addresses: str) -> None:
    """Wait until no mail to these addresses is on its way."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while any({"queued", "sending"} & set(arena.ledger.mail_states(each)) for each in addresses):
        assert time.monotonic() < give_up_at, "mails do not leave"
        time.sleep(0.02)


def one_address(arena: Arena, found: Violations) -> None:
    """Many browsers on many machines ask for mails to one address: strangers get their seven."""
    address = arena.new_address()
    browsers = arena.newcomers(arena.at_once(100))
    expect_seven(arena, found, address, ask(arena, browsers, address))


def one_address_and_restart(arena: Arena, found: Violations) -> Iterator[Pause]:
    """The same, and the server is stopped and started in the middle."""
    address = arena.new_address()
    browsers = arena.newcomers(arena.at_once(100))
    early = ask(arena, browsers[: MAILS_OF_STRANGERS - 2], address)
    found.unless_all(early, 303)
    yield Pause.RESTART
    late = ask(arena, browsers[MAILS_OF_STRANGERS - 2 :], address)
    expect_seven(arena, found, address, early + late)


def ask(arena: Arena, browsers: list[Newcomer], address: str) -> list[httpx.Response]:
    """Let every browser ask for a mail to the address at the same instant."""
    return arena.crowd.send([each.sending(email=address) for each in browsers])


def expect_seven(
    arena: Arena, found: Violations, address: str, answers: list[httpx.Response]
) -> None:
    """Check that as many mails are owed as strangers may have, and that the rest were told."""
    found.unless_all(answers, 303, 429)
    accepted = sum(answer.status_code == httpx.codes.SEE_OTHER for answer in answers)
    mails = len(arena.ledger.mails(address))
    found.unless(
        accepted == mails == MAILS_OF_STRANGERS, f"{mails} mails, {accepted} accepted starts"
    )


def instance_ceiling(arena: Arena, found: Violations) -> None:
    """More people than a low ceiling allows ask at once: no mail more, and accounts get theirs."""
    arena.ledger.forget_mails_of_instance()
    known = [arena.new_address() for _ in range(KEPT_FOR_ACCOUNTS)]
    for address in known:
        arena.operator.accounts.create(address)
    unknown = [arena.new_address() for _ in range(arena.at_once(300, least=2 * CEILING))]
    browsers = arena.newcomers(len(known) + len(unknown))
    addresses = arena.shuffled([*known, *unknown])
    asking = dict(zip(addresses, browsers, strict=True))
    answers = ask_for_themselves(arena, asking)
    found.unless_all(answers, 303, 429)
    settle(arena, *addresses)
    # Mails without a seat were counted until the dispatcher dropped them: whoever was told to
    # wait because of them may ask again.
    late = {each: asking[each] for each in known if not arena.ledger.mail_states(each)}
    found.unless_all(ask_for_themselves(arena, late), 303)
    settle(arena, *addresses)
    served = {each for each in addresses if "accepted" in arena.ledger.mail_states(each)}
    found.unless(len(served) <= CEILING, f"{len(served)} mails under a ceiling of {CEILING}")
    lost = len(set(known) - served)
    found.unless(lost == 0, f"{lost} of {len(known)} people with an account got no mail")


def ask_for_themselves(arena: Arena, asking: dict[str, Newcomer]) -> list[httpx.Response]:
    """Let every browser ask for a mail to an address of its own at the same instant."""
    return arena.crowd.send([each.sending(email=to) for to, each in asking.items()])
