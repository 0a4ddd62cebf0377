"""Who may sign in and register, and by what: the sign-in experience that an operator chooses."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from authserver.domain.email_address import EmailAddress

ANY_SUBDOMAIN: Final = "*."


class SignInMode(StrEnum):
    """Whether addresses without an account may register."""

    SIGN_IN = "SignIn"
    SIGN_IN_AND_REGISTER = "SignInAndRegister"


class TermsPolicy(StrEnum):
    """How somebody who registers agrees to the terms: by going on, or by a tick."""

    AUTOMATIC = "Automatic"
    MANUAL_REGISTRATION_ONLY = "ManualRegistrationOnly"


class SignInMethod(StrEnum):
    """What proves that somebody owns an account."""

    CODE = "code"
    PASSWORD = "password"  # noqa: S105 - the name of a method


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInExperience:
    """The choices in force; the identifier is the address, which is always verified.

    `methods` stand in the order in which they are offered. `allowed` and `blocked` are domains
    (`example.com`), all domains below one (`*.example.com`) and single addresses; without any
    `allowed`, all are.
    """

    mode: SignInMode = SignInMode.SIGN_IN_AND_REGISTER
    creates_password: bool = False
    methods: tuple[SignInMethod, ...] = (SignInMethod.CODE,)
    allowed: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    terms: TermsPolicy = TermsPolicy.AUTOMATIC

    @property
    def is_registration_open(self) -> bool:
        """Tell whether there are addresses that may register."""
        return self.mode is SignInMode.SIGN_IN_AND_REGISTER

    @property
    def code_signs_in(self) -> bool:
        """Tell whether a mailed code is enough to sign in."""
        return SignInMethod.CODE in self.methods

    @property
    def password_signs_in(self) -> bool:
        """Tell whether a password is enough to sign in."""
        return SignInMethod.PASSWORD in self.methods

    @property
    def password_comes_first(self) -> bool:
        """Tell whether the password is asked for before a code is offered."""
        return self.methods[:1] == (SignInMethod.PASSWORD,)

    @property
    def terms_are_ticked(self) -> bool:
        """Tell whether who registers must tick that they agree."""
        return self.terms is TermsPolicy.MANUAL_REGISTRATION_ONLY

    def permits(self, address: EmailAddress) -> bool:
        """Tell whether the lists leave the address in, whether registration is open or not."""
        if any(covers(rule, address) for rule in self.blocked):
            return False
        return not self.allowed or any(covers(rule, address) for rule in self.allowed)

    def admits(self, address: EmailAddress) -> bool:
        """Tell whether an account may be made for the address by whoever owns it."""
        return self.is_registration_open and self.permits(address)

    def document(self) -> dict[str, object]:
        """Return all choices, in the words of Logto's sign-in experience."""
        return {
            "signInMode": self.mode.value,
            "signUp": {
                "identifiers": ["email"],
                "password": self.creates_password,
                "verify": True,
            },
            "signIn": {
                "methods": [
                    {
                        "identifier": "email",
                        "password": self.password_signs_in,
                        "verificationCode": self.code_signs_in,
                        "isPasswordPrimary": self.password_comes_first,
                    }
                ]
            },
            "agreeToTermsPolicy": self.terms.value,
            "emailBlocklistPolicy": {
                "customAllowlist": list(self.allowed),
                "customBlocklist": list(self.blocked),
            },
        }


AS_IT_COMES: Final = SignInExperience()


def covers(rule: str, address: EmailAddress) -> bool:
    """Tell whether an entry of a list means the address."""
    domain = address.canonical.rpartition("@")[2]
    if rule.startswith(ANY_SUBDOMAIN):
        return domain.endswith(rule.removeprefix("*"))
    return rule in {domain, address.canonical}
