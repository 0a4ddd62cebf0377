"""Browsers that have signed in to an account before; being recognised grants nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from authserver.domain.accounts import Subject

RecognisedBrowserId = NewType("RecognisedBrowserId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedBrowser:
    """One browser that holds a device cookie of the account that owns the address.

    It only chooses which failure budget counts and which share of the mails: so nobody who
    fails on purpose elsewhere can keep the owner from signing in here.
    """

    id: RecognisedBrowserId
    subject: Subject
    canonical_address: str
    name: str
    first_used_at: datetime
    last_used_at: datetime
    expires_at: datetime
