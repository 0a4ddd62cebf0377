"""The sections of a person's account page, and which of them ask for a fresh sign-in."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from authserver.domain.sessions import AuthenticationContext, AuthenticationMethod, Session

FRESH_FOR: Final = timedelta(minutes=10)


class Section(StrEnum):
    """The sections, as they stand in paths."""

    PROFILE = "profile"
    LANGUAGE = "language"
    ADDRESS = "address"
    PASSWORD = "password"  # noqa: S105 - the name of a section
    SECOND_FACTOR = "second-factor"
    SESSIONS = "sessions"
    BROWSERS = "browsers"
    APPLICATIONS = "applications"
    EXPORT = "export"
    DELETION = "deletion"

    @property
    def is_sensitive(self) -> bool:
        """Tell whether it changes how one signs in, and so needs a fresh sign-in (ASVS 7.5.1)."""
        return self in SENSITIVE


SENSITIVE: Final = frozenset(
    {Section.ADDRESS, Section.PASSWORD, Section.SECOND_FACTOR, Section.DELETION}
)


class Confirmation(StrEnum):
    """What a person still has to do before a sensitive change."""

    NONE = "none"
    CODE = "code"
    SIGN_IN = "sign_in"


def confirmation_due(session: Session, *, has_second_factor: bool, now: datetime) -> Confirmation:
    """Return what makes the sign-in of `session` fresh enough for a sensitive change.

    A mailed code alone is no sign-in of full strength for an account with a second factor, and
    an operator's link, which leaves `amr` empty, proves nothing.
    """
    is_recent = bool(session.amr) and now < session.authenticated_at + FRESH_FOR
    if has_second_factor:
        is_full = is_recent and has_both_factors(session)
        return Confirmation.NONE if is_full else Confirmation.SIGN_IN
    return Confirmation.NONE if is_recent else Confirmation.CODE


def has_both_factors(session: Session) -> bool:
    """Tell whether both steps were taken, also where they count as one factor only."""
    both = {AuthenticationMethod.PASSWORD, AuthenticationMethod.MAILED_CODE}
    return session.acr is AuthenticationContext.TWO_FACTORS or both <= set(session.amr)
