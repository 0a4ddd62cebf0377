"""Rounds against the failure budget of one address, over many verifications at once."""

from collections import Counter
from collections.abc import Iterator

from tests.races.arena import Arena, Newcomer, Pause
from tests.races.mails import settle
from tests.races.violations import Violations, form_outcome

TRIES = 5
MAILS_AT_ONCE = 7
SIX_DIGITS_UNTIL = 20
BASE32_FROM = 40
BEFORE_RESTART = 12


def six_digit_codes(arena: Arena, found: Violations) -> None:
    """Many codes of one address are guessed at together: strangers have twenty failures."""
    for _ in besiege(arena, found):
        continue


def six_digit_codes_and_restart(arena: Arena, found: Violations) -> Iterator[Pause]:
    """The same, and the server is stopped and started in the middle."""
    yield from besiege(arena, found, BEFORE_RESTART)


def besiege(arena: Arena, found: Violations, before_restart: int = 0) -> Iterator[Pause]:
    """Guess at six-digit codes; with some guesses before a restart, and all others after it."""
    address = arena.new_address()
    guessers = besiegers(arena, address)
    mailed = (mail["code"] for mail in arena.inbox.mails(address))
    codes = {str(code) for code in mailed if code is not None}
    found.unless({len(code) for code in codes} == {6}, f"codes like {min(codes, key=len)}")
    guesses = [
        each.sending("/code", code=code)
        for each in guessers
        for code in wrong_for_all(arena, codes)
    ]
    guesses.sort(key=lambda _: arena.chance.draw(8))
    if before_restart:
        found.unless_all(arena.crowd.send(guesses[:before_restart]), 303)
        yield Pause.RESTART
    found.unless_all(arena.crowd.send(guesses[before_restart:]), 303)
    expect_judged(arena, found, address, SIX_DIGITS_UNTIL)
    expect_told(arena, found, address, guessers)


def base32_codes(arena: Arena, found: Violations) -> None:
    """Nobody is locked out: after any number of wrong codes the right one signs in."""
    address = arena.new_address()
    with arena.person() as (owner, _), arena.person() as (stranger, _):
        owner.sign_in(arena.authorization_url(), address)
        arena.ledger.add_failures(address, BASE32_FROM)
        guessers = besiegers(arena, address)
        guesses = [
            each.sending("/code", code=f"{number:013}")
            for each in guessers
            for number in range(guesses_each(arena))
        ]
        found.unless_all(arena.crowd.send(guesses), 303)
        expect_judged(arena, found, address, len(guessers) * TRIES, before=BASE32_FROM)
        arena.ledger.forget_mails(address)
        for person, symbols in ((stranger, 13), (owner, 6)):
            reached = person.sign_in(arena.authorization_url(prompt="login"), address)
            mailed = (mail["code"] for mail in arena.inbox.mails(address))
            code = str(next(each for each in mailed if each is not None)).replace("-", "")
            found.unless("code=" in reached, f"the right code led to {reached}")
            found.unless(len(code) == symbols, f"{len(code)} symbols instead of {symbols}")


def besiegers(arena: Arena, address: str) -> list[Newcomer]:
    """Return browsers that wait at the code page, each with a code of its own for the address."""
    browsers = arena.newcomers(arena.at_once(60, least=5))
    for begin in range(0, len(browsers), MAILS_AT_ONCE):
        arena.ledger.forget_mails(address)
        batch = browsers[begin : begin + MAILS_AT_ONCE]
        answers = arena.crowd.send([each.sending(email=address) for each in batch])
        assert {answer.status_code for answer in answers} == {303}
    settle(arena, address)
    # All of these count as read.
    arena.inbox(address)
    return browsers


def guesses_each(arena: Arena) -> int:
    """Return how many guesses are made at each code: more than it has tries."""
    return arena.at_once(10, least=TRIES + 1)


def wrong_for_all(arena: Arena, codes: set[str]) -> list[str]:
    """Return guesses that are right for nobody."""
    wanted = guesses_each(arena)
    return [code for code in arena.wrong_codes(2 * wanted, "") if code not in codes][:wanted]


def expect_judged(
    arena: Arena, found: Violations, address: str, number: int, *, before: int = 0
) -> None:
    """Check how many guesses were compared, by the tries and by the failures."""
    attempts = [each.attempts for each in arena.ledger.verifications(address)]
    failures = arena.ledger.failures(address) - before
    # The owner's own code, if any, is a try without a failure.
    tries = sum(attempts) - arena.ledger.sign_ins(address)
    found.unless(
        tries == failures == number, f"{tries} tries and {failures} failures instead of {number}"
    )
    found.unless(max(attempts) <= TRIES, f"{max(attempts)} tries of one code")


def expect_told(arena: Arena, found: Violations, address: str, guessers: list[Newcomer]) -> None:
    """Check that all pages ask for a longer code, but for codes whose tries are used up."""
    pages = arena.crowd.send([each.opening("/code") for each in guessers])
    told = Counter(form_outcome(page) for page in pages)
    spent = sum(each.attempts == TRIES for each in arena.ledger.verifications(address))
    wanted = Counter({"longer_code_needed": len(guessers) - spent, "exhausted": spent})
    found.unless(told == wanted, f"told {dict(told)} instead of {dict(wanted)}")
