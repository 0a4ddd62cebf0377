"""Every race by its name."""

from tests.races.back_ends import (
    code_and_resend_at_the_api,
    codes_at_the_api,
    right_code_at_the_api,
)
from tests.races.bindings import foreign_codes
from tests.races.budgets import base32_codes, six_digit_codes, six_digit_codes_and_restart
from tests.races.clients import client_assertion, registration_token
from tests.races.codes import right_code, right_code_among_wrong_ones, wrong_codes
from tests.races.endings import (
    code_and_cancel,
    code_and_expiry,
    code_and_replacement,
    code_and_suspension,
)
from tests.races.mails import (
    instance_ceiling,
    one_address,
    one_address_and_restart,
    one_interaction,
)
from tests.races.tokens import authorization_code, refresh_token
from tests.races.violations import Round

ROUNDS: dict[str, Round] = {
    "right code": right_code,
    "wrong codes": wrong_codes,
    "right code among wrong ones": right_code_among_wrong_ones,
    "right code at the API": right_code_at_the_api,
    "codes at the API": codes_at_the_api,
    "code and resend at the API": code_and_resend_at_the_api,
    "foreign codes": foreign_codes,
    "code and cancel": code_and_cancel,
    "code and expiry": code_and_expiry,
    "code and replacement": code_and_replacement,
    "code and suspension": code_and_suspension,
    "authorization code": authorization_code,
    "refresh token": refresh_token,
    "client assertion": client_assertion,
    "registration token": registration_token,
    "one interaction": one_interaction,
    "one address": one_address,
    "one address and restart": one_address_and_restart,
    "six-digit codes": six_digit_codes,
    "six-digit codes and restart": six_digit_codes_and_restart,
    "base32 codes": base32_codes,
}
# These need a server of their own, with a low ceiling of mails.
ROUNDS_UNDER_CEILING: dict[str, Round] = {"instance ceiling": instance_ceiling}
