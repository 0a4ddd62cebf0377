"""The account page: its use cases and its sections."""

from authserver.composition.factors import Factors
from authserver.composition.foundation import Foundation
from authserver.flows.account_address import AddressSwitch
from authserver.flows.account_code import AccountCodes
from authserver.flows.account_confirmation import IdentityConfirmation
from authserver.flows.account_deletion import AccountDeletion
from authserver.flows.account_export import AccountExport
from authserver.flows.account_interaction import SectionInteractions
from authserver.flows.account_password import OwnPassword
from authserver.flows.account_profile import Profile
from authserver.flows.account_second_factor import OwnSecondFactor
from authserver.flows.account_sessions import OwnSessions
from authserver.flows.completion import Completion
from authserver.flows.sign_in_link import SignInByLink
from authserver.web.account_frame import AccountFrame
from authserver.web.pages.account import AccountPages
from authserver.web.pages.account_code import AccountCodePages
from authserver.web.pages.account_data import DataPages
from authserver.web.pages.account_password import PasswordPages
from authserver.web.pages.account_profile import ProfilePages
from authserver.web.pages.account_second_factor import SecondFactorPages
from authserver.web.pages.account_sessions import SessionPages

SectionPages = (
    AccountPages
    | ProfilePages
    | PasswordPages
    | SecondFactorPages
    | SessionPages
    | DataPages
    | AccountCodePages
)


class AccountSections:
    """The sections in one frame."""

    def __init__(
        self,
        base: Foundation,
        *,
        completion: Completion,
        factors: Factors,
        frame: AccountFrame,
    ) -> None:
        self.base = base
        self.completion = completion
        self.factors = factors
        self.frame = frame
        self.interactions = SectionInteractions(
            randomness=base.randomness, lifetimes=base.lifetimes
        )
        self.codes = AccountCodes(
            storage=base.storage,
            codes=base.email_code,
            interactions=self.interactions,
            confirmation=IdentityConfirmation(
                codes=base.email_code, completion=completion, deriver=base.deriver
            ),
            experience=base.experience,
            switch=AddressSwitch(codes=base.email_code, lifetimes=base.lifetimes),
            clock=base.clock,
        )

    def pages(self) -> tuple[SectionPages, ...]:
        """Return the overview and the pages of every section."""
        codes = AccountCodePages(frame=self.frame, codes=self.codes)
        return (
            self.overview(),
            self.profile(),
            self.password(),
            self.second_factor(),
            self.sessions(),
            self.data(),
            codes,
        )

    def password(self) -> PasswordPages:
        """Return the section about the password."""
        base = self.base
        own = OwnPassword(
            storage=base.storage,
            passwords=self.factors.passwords,
            experience=base.experience,
            clock=base.clock,
            lifetimes=base.lifetimes,
        )
        return PasswordPages(frame=self.frame, codes=self.codes, password=own)

    def overview(self) -> AccountPages:
        """Return the first page, signing out, the language switch and one-time links."""
        base, frame = self.base, self.frame
        return AccountPages(
            frame=frame,
            account=frame.account,
            links=SignInByLink(
                storage=base.storage,
                completion=self.completion,
                clock=base.clock,
                randomness=base.randomness,
            ),
            lane=frame.lane,
            browsers=frame.browsers,
            forms=frame.forms,
            pages=frame.pages,
            errors=frame.errors,
        )

    def profile(self) -> ProfilePages:
        """Return names and language."""
        base = self.base
        profile = Profile(storage=base.storage, clock=base.clock, lifetimes=base.lifetimes)
        return ProfilePages(frame=self.frame, profile=profile)

    def second_factor(self) -> SecondFactorPages:
        """Return the section about the second step."""
        base = self.base
        factor = OwnSecondFactor(
            storage=base.storage,
            interactions=self.interactions,
            recovery_codes=self.factors.recovery_codes,
            deriver=base.deriver,
            clock=base.clock,
        )
        return SecondFactorPages(frame=self.frame, codes=self.codes, factor=factor)

    def sessions(self) -> SessionPages:
        """Return sessions, browsers and applications."""
        base = self.base
        own = OwnSessions(
            storage=base.storage,
            clients=base.clients,
            apis=base.apis,
            clock=base.clock,
            lifetimes=base.lifetimes,
        )
        return SessionPages(frame=self.frame, own=own)

    def data(self) -> DataPages:
        """Return export and deletion."""
        base = self.base
        return DataPages(
            frame=self.frame,
            codes=self.codes,
            export=AccountExport(storage=base.storage, clock=base.clock, lifetimes=base.lifetimes),
            deletion=AccountDeletion(
                storage=base.storage,
                clock=base.clock,
                lifetimes=base.lifetimes,
                randomness=base.randomness,
            ),
        )
