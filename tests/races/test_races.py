"""What holds when requests arrive at the same instant: two rounds of each race, through HTTP.

`dev.py campaign races` runs the same rounds by the hundred.
"""

from tests.races.arena import Arena
from tests.races.budgets import base32_codes, six_digit_codes, six_digit_codes_and_restart
from tests.races.rounds import (
    authorization_code,
    code_and_cancel,
    one_address,
    one_interaction,
    refresh_token,
    right_code,
    right_code_among_wrong_ones,
    wrong_codes,
)
from tests.races.violations import Round


def two_rounds(race: Round, arena: Arena) -> list[str]:
    return race(arena) + race(arena)


def test_a_right_code_sent_by_a_crowd_signs_in_once(arena: Arena) -> None:
    assert two_rounds(right_code, arena) == []


def test_of_five_hundred_wrong_codes_five_are_judged(arena: Arena) -> None:
    assert two_rounds(wrong_codes, arena) == []


def test_a_right_code_among_wrong_ones_gains_no_try(arena: Arena) -> None:
    assert two_rounds(right_code_among_wrong_ones, arena) == []


def test_a_person_who_signs_in_and_gives_up_at_once_has_done_one_of_both(arena: Arena) -> None:
    assert two_rounds(code_and_cancel, arena) == []


def test_an_authorization_code_presented_by_a_crowd_gives_tokens_once_and_they_die(
    arena: Arena,
) -> None:
    assert two_rounds(authorization_code, arena) == []


def test_a_refresh_token_presented_by_a_crowd_has_one_successor(arena: Arena) -> None:
    assert two_rounds(refresh_token, arena) == []


def test_a_page_that_asks_a_hundred_times_gets_one_mail_for_each_wait(arena: Arena) -> None:
    assert two_rounds(one_interaction, arena) == []


def test_a_hundred_browsers_cannot_make_more_mails_than_strangers_may(arena: Arena) -> None:
    assert two_rounds(one_address, arena) == []


def test_strangers_have_twenty_guesses_at_six_digits_also_across_a_restart(arena: Arena) -> None:
    assert six_digit_codes(arena) + six_digit_codes_and_restart(arena) == []


def test_after_any_number_of_wrong_codes_the_right_one_signs_in(arena: Arena) -> None:
    assert two_rounds(base32_codes, arena) == []
