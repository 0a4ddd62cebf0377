"""What an operator asked for and cannot have, in whole sentences."""


class OperatorMistake(Exception):
    """The request cannot be carried out; nothing was changed. `faults` are all of them."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class ClientUnknown(OperatorMistake):
    """There is no such client, or it has no such secret."""


class ClientInvalid(OperatorMistake):
    """A client cannot be registered like this."""


class AccountUnknown(OperatorMistake):
    """There is no such account."""


class AccountInvalid(OperatorMistake):
    """An account cannot be made like this."""


class ApiInvalid(OperatorMistake):
    """An API or a role cannot be made, changed or given like this."""


class ApiUnknown(OperatorMistake):
    """There is no such API or role, or nobody holds it."""


class SigningKeyUnknown(OperatorMistake):
    """There is no such signing key."""


class SigningKeyInUse(OperatorMistake):
    """The signing key cannot change its state now."""


class MailInvalid(OperatorMistake):
    """Mail cannot be configured or sent like this."""


class BrandInvalid(OperatorMistake):
    """A brand cannot look like this."""


class ConfigurationInvalid(OperatorMistake):
    """A file of configuration cannot be applied."""


class SignInExperienceInvalid(OperatorMistake):
    """The sign-in experience cannot be like this."""


class ChainBroken(OperatorMistake):
    """The chain of the audit log does not hold."""


class SchemaUnfit(OperatorMistake):
    """The schema of the database is not one that this server was made for."""
