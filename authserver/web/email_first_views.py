"""What the pages of sign-in and registration show, step by step."""

from dataclasses import dataclass

from authserver.domain.sign_in_experience import SignInExperience, SignInMethod
from authserver.domain.verifications import CodePolicy, Purpose, Verification
from authserver.flows.finish_elsewhere import FirstTab
from authserver.flows.steps import Standing, Step
from authserver.flows.visitor import Visitor
from authserver.oidc.authorization.request import read_login_hint
from authserver.web.code_page import lost_proof, numbers_of, shown_notice
from authserver.web.page_renderer import PageRenderer

PATHS = {
    Purpose.SIGN_IN: "/sign-in",
    Purpose.REGISTER: "/register",
    Purpose.FORGOT_PASSWORD: "/forgot-password",
}
SUFFIXES = {
    Step.ADDRESS: "",
    Step.CODE: "/code",
    Step.PROVEN: "/finish",
    Step.CREATE_ACCOUNT: "/create-account",
    Step.EXISTING: "/existing",
    Step.NO_ACCOUNT: "/no-account",
    Step.NEW_PASSWORD: "/new-password",
}
ADDRESS_TEMPLATES = {
    Purpose.SIGN_IN: "pages/sign_in/address.html",
    Purpose.REGISTER: "pages/register/address.html",
    Purpose.FORGOT_PASSWORD: "pages/forgot_password/address.html",
}
TEMPLATES = {
    Step.PROVEN: "pages/proven.html",
    Step.CREATE_ACCOUNT: "pages/sign_in/create_account.html",
    Step.EXISTING: "pages/register/existing.html",
    Step.NO_ACCOUNT: "pages/sign_in/no_account.html",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailFirstViews:
    """Templates and contexts of one purpose."""

    purpose: Purpose
    policy: CodePolicy
    least_length: int
    first_tab: FirstTab
    pages: PageRenderer

    @property
    def path(self) -> str:
        """Return what the paths of this purpose begin with."""
        return PATHS[self.purpose]

    def path_of(self, visitor: Visitor, step: Step) -> str:
        """Return the path of a step; passwords are entered on the path of signing in alone."""
        sign_in = f"{PATHS[Purpose.SIGN_IN]}/{visitor.interaction_id}"
        match step:
            case Step.SIGN_IN_INSTEAD:
                return sign_in
            case Step.PASSWORD:
                return f"{sign_in}/password"
            case Step.SECOND_STEP:
                return f"{sign_in}/second-step"
            case _:
                return f"{self.path}/{visitor.interaction_id}{SUFFIXES[step]}"

    def content(
        self, visitor: Visitor, standing: Standing, step: Step
    ) -> tuple[str, dict[str, object]]:
        """Return template and context of a step."""
        match step:
            case Step.ADDRESS:
                return self.address_page(visitor, standing)
            case Step.CODE:
                return "pages/code.html", self.code_page(visitor, standing)
            case Step.PASSWORD:
                return "pages/sign_in/password.html", self.password_page(visitor, standing)
            case _:
                return self.after_proof(visitor, standing, step)

    def notice(self, standing: Standing, step: Step) -> dict[str, object] | None:
        """Return the message that a step shows."""
        found, verification, now = standing.interaction, standing.verification, standing.now
        asked = verification if step is Step.CODE else None
        shown = shown_notice(found, asked, now, step)
        if shown is None and step in {Step.ADDRESS, Step.PASSWORD}:
            return lost_proof(found, verification, self.policy, now)
        return shown

    def address_page(self, visitor: Visitor, standing: Standing) -> tuple[str, dict[str, object]]:
        """Return template and context of the first step."""
        page = f"{self.path}/{visitor.interaction_id}"
        notice = standing.interaction.notice
        hint = read_login_hint(standing.interaction.parameters.get("login_hint"))
        account = standing.signed_in_as
        verification = standing.verification
        # Nobody types an address twice (WCAG 2.2, SC 3.3.7).
        given = standing.interaction.address or (verification and verification.address)
        context: dict[str, object] = {
            "action": page,
            "email": notice.get("entered") or (given and given.typed) or hint or "",
            "register_action": f"/register/{visitor.interaction_id}"
            if standing.experience.is_registration_open
            else None,
            "other_method": self.other_method(standing.experience),
            "needs_no_password": not standing.experience.creates_password
            and not standing.experience.password_signs_in,
            "sign_in_action": f"/sign-in/{visitor.interaction_id}",
            "cancel_action": self.cancel_action(standing, page),
            "continue_as": account
            and {"email": account.address.typed, "action": f"{page}/continue"},
        }
        return ADDRESS_TEMPLATES[self.purpose], context

    def code_page(self, visitor: Visitor, standing: Standing) -> dict[str, object]:
        """Return the context of the code page."""
        page = f"{self.path}/{visitor.interaction_id}"
        verification = standing.verification
        if verification is None:
            raise AssertionError("the code step has a verification")
        return {
            "purpose": self.purpose.name.lower(),
            "action": f"{page}/code",
            "resend_action": f"{page}/resend",
            "new_code_action": f"{page}/resend",
            "restart_action": f"{page}/restart",
            "cancel_action": self.cancel_action(standing, page),
            "password_url": f"{page}/password" if standing.may_enter_password else None,
            "email": verification.address.typed,
            **self.pages.mail_to_look_for(
                verification, visitor.locale_in(standing.interaction), standing.client
            ),
            "mails_to_unknown": self.policy.mails_to_unknown,
            "symbols": verification.code_class.symbols,
            "request_label": verification.label,
            "sent_again": bool(standing.interaction.notice.get("again")),
            "finish_elsewhere": self.finish_elsewhere(page, verification, standing),
            **numbers_of(verification, standing.now),
        }

    def finish_elsewhere(
        self, page: str, verification: Verification, standing: Standing
    ) -> dict[str, object] | None:
        """Return what the code page needs so that another device can finish it, if any may."""
        number = self.first_tab.number(verification, standing.now)
        if number is None:
            return None
        return {
            "number": number,
            "action": f"{page}/finish",
            "too_early": bool(standing.interaction.notice.get("too_early")),
            "news_url": f"{page}/news",
            "news_seconds": int((verification.expires_at - standing.now).total_seconds()),
        }

    def after_proof(
        self, visitor: Visitor, standing: Standing, step: Step
    ) -> tuple[str, dict[str, object]]:
        """Return template and context of what follows the proof."""
        page = f"{self.path}/{visitor.interaction_id}"
        verification = standing.verification
        context: dict[str, object] = {
            "email": "" if verification is None else verification.address.typed,
            "action": self.path_of(visitor, step),
            "restart_action": f"{page}/restart",
        }
        if step is Step.CREATE_ACCOUNT:
            context |= {
                "asks_for_password": standing.experience.creates_password,
                "least_length": self.least_length,
                "asks_for_terms": standing.experience.terms_are_ticked,
                "has_agreed": bool(standing.interaction.notice.get("has_agreed")),
            }
        if step is Step.EXISTING:
            context["code_signs_in"] = standing.experience.code_signs_in
        return TEMPLATES[step], context

    def password_page(self, visitor: Visitor, standing: Standing) -> dict[str, object]:
        """Return the context of the page for a password."""
        page = f"{self.path}/{visitor.interaction_id}"
        address = standing.interaction.address
        if address is None:
            raise AssertionError("the password is asked for an address")
        return {
            "action": f"{page}/password",
            "email": address.typed,
            "code_comes_first": standing.code_comes_first,
            "code_action": page,
            "offers_code": standing.experience.code_signs_in,
            "forgot_action": f"/forgot-password/{visitor.interaction_id}",
            "restart_action": f"{page}/restart",
            "cancel_action": self.cancel_action(standing, page),
        }

    def cancel_action(self, standing: Standing, page: str) -> str | None:
        """Return where to give up, if a client waits for the answer."""
        client = standing.client
        return None if client is None or client.is_built_in else f"{page}/cancel"

    def other_method(self, experience: SignInExperience) -> SignInMethod | None:
        """Return the second of two methods."""
        is_signing_in = self.purpose is Purpose.SIGN_IN
        return experience.methods[1] if is_signing_in and len(experience.methods) > 1 else None
