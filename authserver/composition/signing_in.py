"""Signing in and registering: by a mailed code, by a password, and what follows the proof."""

from authserver.composition.foundation import Foundation
from authserver.domain.verifications import Purpose
from authserver.flows.after_proof import AfterProof
from authserver.flows.completion import Completion
from authserver.flows.email_first import EmailFirst
from authserver.flows.finish_elsewhere import FirstTab
from authserver.flows.new_account import NewAccount
from authserver.flows.other_ways import OtherWays
from authserver.flows.password_sign_in import PasswordSignIn
from authserver.flows.passwords import PasswordChecks
from authserver.web.browser import Browsers
from authserver.web.email_first_views import EmailFirstViews
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer
from authserver.web.pages.email_first import EmailFirstPages
from authserver.web.request_form import FormReader


class SigningIn:
    """The paths that begin with an address, over the shared parts of the edge."""

    def __init__(
        self,
        base: Foundation,
        *,
        completion: Completion,
        browsers: Browsers,
        forms: FormReader,
        pages: PageRenderer,
        errors: ErrorPages,
    ) -> None:
        self.base = base
        self.completion = completion
        self.browsers = browsers
        self.forms = forms
        self.pages = pages
        self.errors = errors
        self.passwords = PasswordChecks(
            hasher=base.hasher,
            rules=base.password_policy,
            codes=base.policy,
            brands=base.brands,
            randomness=base.randomness,
        )

    def email_first_pages(self, purpose: Purpose) -> EmailFirstPages:
        """Return the pages of sign-in or of registration."""
        base = self.base
        checks = self.passwords
        flow = EmailFirst(
            purpose=purpose,
            storage=base.storage,
            clients=base.clients,
            experience=base.experience,
            codes=base.email_code,
            completion=self.completion,
            after_proof=AfterProof(
                purpose=purpose,
                codes=base.email_code,
                passwords=checks,
                completion=self.completion,
                randomness=base.randomness,
            ),
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
            passwords=self.passwords,
            completion=self.completion,
            policy=self.base.policy,
            clock=self.base.clock,
        )
