"""Passwords as they are kept; the rules for choosing one."""

from dataclasses import dataclass
from datetime import datetime

from authserver.domain.accounts import Subject
from authserver.domain.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPassword:
    """The hash of an account's password, in the PHC string format.

    `rests_on_mail` says that nothing but a mailed code stood behind its last change: then it
    counts as mail, and with a mailed code beside it as one factor, until another kind of factor
    has confirmed it.
    """

    subject: Subject
    hash: Secret
    rests_on_mail: bool
    changed_at: datetime
