"""Signing in and registering: by a mailed code, by a password, and what follows the proof."""

from authserver.composition.factors import Factors
from authserver.composition.foundation import Foundation
from authserver.domain.verifications import Purpose
from authserver.flows.after_proof import AfterProof
from authserver.flows.email_first import EmailFirst
from authserver.flows.finish_elsewhere import FirstTab
from authserver.flows.new_account import NewAccount
from authserver.flows.other_ways import OtherWays
from authserver.flows.password_sign_in import PasswordSignIn
from authserver.web.browser import Browsers
from authserver.web.email_first_views import EmailFirstViews
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer
from authserver.web.pages.email_first import EmailFirstPages
from authserver.web.pages.forgot_password import ForgotPasswordPages
from authserver.web.pages.second_step import SecondStepPages
from authserver.web.request_form import FormReader
from authserver.web.switch import Routes, Switch


class SigningIn:
    """The paths that begin with an address, over the shared parts of the edge."""

    def __init__(
        self,
        base: Foundation,
        *,
        factors: Factors,
        browsers: Browsers,
        forms: FormReader,
        pages: PageRenderer,
        errors: ErrorPages,
    ) -> None:
        self.base = base
        self.factors = factors
        self.browsers = browsers
        self.forms = forms
        self.pages = pages
        self.errors = errors

    def routes(self) -> Routes:
        """Return the routes of all paths."""
        base = self.base
        passwords = Switch(is_on=self.factors.has_passwords, lane=base.lane, errors=self.errors)
        return [
            *self.email_first_pages(Purpose.SIGN_IN).routes(),
            *self.email_first_pages(Purpose.REGISTER).routes(),
            *self.second_step_pages().routes(),
            *passwords.routes(
                *self.email_first_pages(Purpose.FORGOT_PASSWORD).routes(),
                *self.forgot_password_pages().routes(),
            ),
        ]

    def email_first_pages(self, purpose: Purpose) -> EmailFirstPages:
        """Return the pages of sign-in or of registration."""
        base = self.base
        checks = self.factors.passwords
        flow = EmailFirst(
            purpose=purpose,
            storage=base.storage,
            clients=base.clients,
            experience=base.experience,
            codes=base.email_code,
            after_proof=AfterProof(
                purpose=purpose,
                codes=base.email_code,
                passwords=checks,
                second_step=self.factors.second_step,
                randomness=base.randomness,
            ),
            second_step=self.factors.second_step,
            clock=base.clock,
        )
        first_tab = FirstTab(path=flow)
        return EmailFirstPages(
            flow=flow,
            first_tab=first_tab,
            other_ways=OtherWays(storage=base.storage, lifetimes=base.lifetimes, clock=base.clock),
            new_account=NewAccount(path=flow, passwords=checks),
            password_sign_in=self.password_sign_in() if purpose is Purpose.SIGN_IN else None,
            views=EmailFirstViews(
                purpose=purpose,
                policy=base.policy,
                least_length=checks.rules.least(has_second_factor=False),
                first_tab=first_tab,
                pages=self.pages,
            ),
            client_of=base.clients.client,
            lane=base.lane,
            browsers=self.browsers,
            forms=self.forms,
            pages=self.pages,
            errors=self.errors,
        )

    def password_sign_in(self) -> PasswordSignIn:
        """Return what a password is judged by."""
        return PasswordSignIn(
            storage=self.base.storage,
            experience=self.base.experience,
            passwords=self.factors.passwords,
            second_step=self.factors.second_step,
            policy=self.base.policy,
            clock=self.base.clock,
        )

    def second_step_pages(self) -> SecondStepPages:
        """Return the pages between the first factor and the session."""
        return SecondStepPages(
            step=self.factors.second_step,
            secrets=self.factors.second_step_secrets(),
            client_of=self.base.clients.client,
            lane=self.base.lane,
            browsers=self.browsers,
            forms=self.forms,
            pages=self.pages,
            errors=self.errors,
        )

    def forgot_password_pages(self) -> ForgotPasswordPages:
        """Return the pages that lead to a new password."""
        return ForgotPasswordPages(
            flow=self.factors.forgot_password(),
            client_of=self.base.clients.client,
            lane=self.base.lane,
            browsers=self.browsers,
            forms=self.forms,
            pages=self.pages,
            errors=self.errors,
        )
