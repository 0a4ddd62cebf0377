"""What people type to prove a mailbox, and how it is refused."""

from dataclasses import dataclass

from authserver.crypto.deriver import Deriver
from authserver.domain.code_entry import MalformedCode, read_code
from authserver.domain.finish_elsewhere import NUMBER_CLASS
from authserver.domain.verifications import CodeOutcome, Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRefused:
    """The code was not accepted; what must be kept of it stands in the unit."""

    outcome: CodeOutcome
    tries_left: int | None = None
    malformed: MalformedCode | None = None


@dataclass(frozen=True, slots=True)
class MailedCode:
    """What was typed as the code of the mail, in the tab that asked for it."""

    typed: str

    def read(self, verification: Verification) -> str | MalformedCode:
        """Return the symbols that were typed."""
        return read_code(self.typed, verification.code_class)

    def matches(self, deriver: Deriver, verification: Verification, entered: str) -> bool:
        """Tell, in constant time, whether `entered` is right."""
        return deriver.code_matches(verification, entered)

    def __repr__(self) -> str:
        return "MailedCode(…)"


@dataclass(frozen=True, slots=True)
class NumberOfTab:
    """What was typed as the number of the first tab, on a page that only its mail leads to."""

    typed: str

    def read(self, verification: Verification) -> str | MalformedCode:
        """Return the digits that were typed."""
        return read_code(self.typed, NUMBER_CLASS)

    def matches(self, deriver: Deriver, verification: Verification, entered: str) -> bool:
        """Tell, in constant time, whether `entered` is right."""
        return deriver.number_matches(verification, entered)

    def __repr__(self) -> str:
        return "NumberOfTab(…)"


Entry = MailedCode | NumberOfTab
