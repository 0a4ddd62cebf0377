"""The factors by which people sign in, and the ways back for whoever has lost one."""

from authserver.composition.foundation import Foundation
from authserver.flows.completion import Completion
from authserver.flows.factor_secrets import FactorSecrets
from authserver.flows.factor_tries import FactorTries
from authserver.flows.forgot_password import ForgotPassword
from authserver.flows.passwords import PasswordChecks
from authserver.flows.recovery_codes import RecoveryCodes
from authserver.flows.second_step import SecondStep
from authserver.flows.second_step_secrets import SecondStepSecrets


class Factors:
    """Use cases that judge a factor, over one hasher and one count of tries."""

    def __init__(self, base: Foundation, completion: Completion) -> None:
        self.base = base
        self.completion = completion
        self.passwords = PasswordChecks(
            hasher=base.hasher,
            rules=base.password_policy,
            codes=base.policy,
            brands=base.brands,
            randomness=base.randomness,
            code_first_from=base.settings.passwords.code_first_from,
        )
        self.recovery_codes = RecoveryCodes(hasher=base.hasher, randomness=base.randomness)
        self.secrets = FactorSecrets(
            tries=FactorTries(policy=base.policy),
            recovery_codes=self.recovery_codes,
            randomness=base.randomness,
        )
        self.second_step = SecondStep(
            storage=base.storage,
            clients=base.clients,
            codes=base.email_code,
            completion=completion,
            clock=base.clock,
        )

    def has_passwords(self) -> bool:
        """Tell whether people may have passwords here."""
        return self.base.experience.current().password_signs_in

    def second_step_secrets(self) -> SecondStepSecrets:
        """Return the second step by a password or a recovery code."""
        return SecondStepSecrets(
            step=self.second_step, secrets=self.secrets, hasher=self.base.hasher
        )

    def forgot_password(self) -> ForgotPassword:
        """Return the way to a new password."""
        base = self.base
        return ForgotPassword(
            storage=base.storage,
            clients=base.clients,
            codes=base.email_code,
            secrets=self.secrets,
            passwords=self.passwords,
            clock=base.clock,
            randomness=base.randomness,
        )
