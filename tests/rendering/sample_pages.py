"""Every page in every state, with sample values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.rendering.consent_states import MUCH, WORDS_OF_CLIENT, consent_states
from tests.rendering.password_states import password_states

FORM_TOKEN = "f0rm-t0ken"
PERSON = "ada@bookworm.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the last action came to, as pages are given it."""

    outcome: str
    tries_left: int | None = None
    wait_seconds: int | None = None
    entered: str | None = None
    needed: int | None = None
    found: int | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One state of one page."""

    name: str
    template: str
    context: Mapping[str, object] = field(default_factory=dict)


NAMES = {
    "en": "English",
    "ar": "العربية",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "ja": "日本語",
    "ko": "한국어",
    "zh-CN": "简体中文",
    "zh-TW": "繁體中文",
}
LANGUAGES = tuple({"tag": tag, "name": name} for tag, name in NAMES.items())
COMMON: Mapping[str, object] = {
    "brand": "Example ID",
    "host": "id.example.com",
    "client_name": "Bookstore",
    "languages": LANGUAGES,
    "language_action": "/language",
    "return_to": "/sign-in/abc",
    "form_token": FORM_TOKEN,
    "static": "/static",
    "reference": "K7P2-9QXM",
    "notice": None,
}
ADDRESS: Mapping[str, object] = {
    "action": "/sign-in/abc",
    "email": "",
    "register_action": "/register/abc",
    "sign_in_action": "/sign-in/abc",
    "cancel_action": "/sign-in/abc/cancel",
    "continue_as": None,
}
CODE: Mapping[str, object] = {
    "purpose": "sign_in",
    "action": "/sign-in/abc/code",
    "resend_action": "/sign-in/abc/resend",
    "new_code_action": "/sign-in/abc/new-code",
    "restart_action": "/sign-in/abc/restart",
    "cancel_action": "/sign-in/abc/cancel",
    "email": PERSON,
    "life_minutes": 10,
    "resend_wait_seconds": 28,
    "resends_left": 3,
    "request_label": "4F7",
    "sender_name": "Example ID <id@mail.example.com>",
    "mail_subject": "… is your Example ID sign-in code",
    "symbols": 6,
    "code_dead": False,
    "sent_again": False,
}
FACTOR: dict[str, object] = {
    "action": "/sign-in/abc/second-step",
    "email": PERSON,
    "recovery_url": "/sign-in/abc/recovery-code",
    "start_over_action": "/sign-in/abc/restart",
    "cancel_action": "/sign-in/abc/cancel",
    "symbols": 16,
}
RESET: dict[str, object] = {
    "action": "/forgot-password/abc/new-password",
    "email": PERSON,
    "sign_in_action": "/sign-in/abc",
    "least_length": 15,
    "cancel_action": "/forgot-password/abc/cancel",
}
ERROR_STATUSES = {
    "bad_request": 400,
    "client_fault": 400,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "too_large": 413,
    "internal": 500,
    "unavailable": 503,
}
LIMITS = {
    "cooling_down": 28,
    "verification_mails_spent": 2400,
    "address_limited": 2400,
    "source_limited": 600,
    "instance_limited": 600,
    "flood": 60,
}
MOMENT = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


def sample_pages() -> Iterator[Sample]:
    """Yield every page in every state."""
    yield from address_pages()
    yield from code_pages()
    yield from dead_code_pages()
    yield from elsewhere_pages()
    yield from factor_pages()
    yield from reset_pages()
    yield from account_pages()
    for name, template, context in password_states(ADDRESS, Notice):
        yield Sample(name=name, template=template, context=context)
    for name, template, context in consent_states():
        yield Sample(name=name, template=template, context=context)
    yield from sections_of_account()
    yield from ends_and_errors()
    yield from pages_between()


def address_pages() -> Iterator[Sample]:
    invalid = {"email": "ada@bookworm", "notice": Notice(outcome="address_invalid")}
    signed_in = {"email": PERSON, "action": "/sign-in/abc/continue"}
    for name, template in (
        ("sign-in", "pages/sign_in/address.html"),
        ("register", "pages/register/address.html"),
    ):
        yield Sample(name=name, template=template, context=ADDRESS)
        yield Sample(name=f"{name}-invalid", template=template, context={**ADDRESS, **invalid})
        late = {"email": PERSON, "notice": Notice(outcome="proof_ran_out")}
        yield Sample(name=f"{name}-too-late", template=template, context={**ADDRESS, **late})
    template = "pages/sign_in/address.html"
    bare = {"register_action": None, "cancel_action": None, "client_name": None, "email": PERSON}
    yield Sample(name="sign-in-bare", template=template, context={**ADDRESS, **bare})
    again = {"continue_as": signed_in, "mail_is_slow": True}
    yield Sample(name="sign-in-signed-in", template=template, context={**ADDRESS, **again})
    yield from pages_of_known_client()


def pages_of_known_client() -> Iterator[Sample]:
    """Yield pages on the way to a client that has said much of itself, and little."""
    invalid = {"email": "ada@bookworm", "notice": Notice(outcome="address_invalid")}
    much = {**ADDRESS, **invalid, **WORDS_OF_CLIENT, "client_name": "Nachtschwärmerei & Söhne"}
    terms = {"client_tos_url": "https://books.example.com/terms"}
    yield Sample(name="sign-in-client", template="pages/sign_in/address.html", context=much)
    yield Sample(
        name="register-client", template="pages/register/address.html", context={**ADDRESS, **terms}
    )
    yield Sample(
        name="code-client", template="pages/code.html", context={**CODE, **WORDS_OF_CLIENT}
    )


def factor_pages() -> Iterator[Sample]:
    wrong: dict[str, object] = {"notice": Notice(outcome="wrong", tries_left=3)}
    template = "pages/second_step/password.html"
    yield Sample(name="second-step-password", template=template, context=FACTOR)
    yield Sample(name="second-step-password-wrong", template=template, context=FACTOR | wrong)
    template = "pages/second_step/mail.html"
    yield Sample(name="second-step-mail", template=template, context=FACTOR)
    code = {"purpose": "mfa_verification", "restart_action": None}
    yield Sample(
        name="second-step-code",
        template="pages/code.html",
        context=dict(CODE) | FACTOR | code | {"symbols": 6},
    )
    template = "pages/second_step/recovery_code.html"
    other = {"other_way": "/sign-in/abc/second-step"}
    short = Notice(outcome="malformed", entered="ABCD", needed=16, found=4)
    yield Sample(name="recovery-code", template=template, context=FACTOR | other)
    yield Sample(
        name="recovery-code-wrong", template=template, context=FACTOR | wrong | {"other_way": None}
    )
    yield Sample(
        name="recovery-code-short", template=template, context=FACTOR | other | {"notice": short}
    )


def reset_pages() -> Iterator[Sample]:
    template = "pages/forgot_password/address.html"
    yield Sample(name="forgot-password", template=template, context=RESET | {"email": ""})
    invalid = {"notice": Notice(outcome="address_invalid")}
    yield Sample(name="forgot-password-invalid", template=template, context=RESET | invalid)
    late = {"notice": Notice(outcome="proof_ran_out")}
    yield Sample(name="forgot-password-too-late", template=template, context=RESET | late)
    code = {"purpose": "forgot_password"}
    yield Sample(name="forgot-password-code", template="pages/code.html", context={**CODE, **code})
    template = "pages/forgot_password/new_password.html"
    yield Sample(name="new-password", template=template, context=RESET)
    for fault in ("too_short", "too_long", "common", "guessable"):
        context = RESET | {"notice": Notice(outcome=fault, needed=15)}
        yield Sample(name=f"new-password-{fault}", template=template, context=context)
    done = {"sign_in_url": "/sign-in/abc"}
    yield Sample(name="new-password-done", template="pages/forgot_password/done.html", context=done)


def code_pages() -> Iterator[Sample]:
    states: dict[str, dict[str, object]] = {
        "first": {"notice": Notice(outcome="accepted")},
        "register": {"purpose": "register", "cancel_action": None, "resend_wait_seconds": 0},
        "unknown-silent": {"mails_to_unknown": False, "resends_left": 0},
        "sent-again": {"sent_again": True, "life_minutes": 6, "resend_wait_seconds": 120},
        "wrong": {"notice": Notice(outcome="wrong", tries_left=3), "life_minutes": 1},
        "wrong-last": {"notice": Notice(outcome="wrong", tries_left=1), "resends_left": 1},
        "too-short": {
            "notice": Notice(outcome="malformed", entered="12345", needed=6, found=5, tries_left=5)
        },
        "not-digits": {"notice": Notice(outcome="malformed", entered="abc", needed=6, found=0)},
        "8": {"symbols": 8},
        "13": {"symbols": 13},
        "13-too-short": {
            "symbols": 13,
            "notice": Notice(outcome="malformed", entered="ABCD-EF", needed=13, found=6),
        },
        "change-account": {"purpose": "user_permission_validation", "restart_action": None},
        "new-address": {"purpose": "bind_new_identifier", "cancel_action": None},
        "13-foreign": {
            "symbols": 13,
            "notice": Notice(outcome="malformed", entered="U" * 13, needed=13, found=13),
        },
    }
    for state, context in states.items():
        yield Sample(name=f"code-{state}", template="pages/code.html", context={**CODE, **context})


def elsewhere_pages() -> Iterator[Sample]:
    """Yield what concerns a mail that is read on another device."""
    first_tab = {
        "number": "402917",
        "action": "/sign-in/abc/finish",
        "too_early": False,
        "news_url": "/sign-in/abc/news",
        "news_seconds": 600,
    }
    for name, early in (("elsewhere", False), ("elsewhere-too-early", True)):
        context = {**CODE, "finish_elsewhere": {**first_tab, "too_early": early}}
        yield Sample(name=f"code-{name}", template="pages/code.html", context=context)
    proven = {"email": PERSON, "action": "/sign-in/abc/finish", "restart_action": "/sign-in/abc/r"}
    yield Sample(name="proven", template="pages/proven.html", context=proven)
    asked: dict[str, object] = {
        "state": "ask",
        "ended": None,
        "purpose": "sign_in",
        "requested_at": MOMENT,
        "browser": "Firefox on Linux",
        "request_label": "4F7",
        "action": "/finish/abc/def",
    }
    states: dict[str, dict[str, object]] = {
        "first": {},
        "register": {"purpose": "register", "browser": "", "client_name": None},
        "wrong": {"notice": Notice(outcome="wrong", tries_left=3)},
        "too-short": {"notice": Notice(outcome="malformed", needed=6, found=5)},
        "not-digits": {"notice": Notice(outcome="malformed", needed=6)},
        "done": {"state": "done", "ended": "already_used"},
        "expired": {"state": "over", "ended": "expired"},
        "exhausted": {"state": "over", "ended": "exhausted"},
        "replaced": {"state": "over", "ended": "replaced"},
    }
    template = "pages/finish_elsewhere.html"
    for state, context in states.items():
        yield Sample(name=f"finish-{state}", template=template, context={**asked, **context})


def dead_code_pages() -> Iterator[Sample]:
    for outcome in ("exhausted", "expired", "already_used", "replaced", "longer_code_needed"):
        dead = {"code_dead": True, "notice": Notice(outcome=outcome, tries_left=0)}
        yield Sample(name=f"code-{outcome}", template="pages/code.html", context={**CODE, **dead})


def account_pages() -> Iterator[Sample]:
    known = {"email": PERSON, "action": "/sign-in/abc/next", "restart_action": "/sign-in/abc/new"}
    for name, template in (
        ("create-account", "pages/sign_in/create_account.html"),
        ("existing", "pages/register/existing.html"),
        ("existing-with-password", "pages/register/existing.html"),
        ("no-account", "pages/sign_in/no_account.html"),
    ):
        context = {**known, "code_signs_in": name == "existing"}
        yield Sample(name=name, template=template, context=context)
    ask = {
        "action": "/oidc/session/end/sign-out",
        "stay_url": "/account",
        "email": PERSON,
        "fields": {"state": '"><script>'},
    }
    yield Sample(name="sign-out", template="pages/sign_out/ask.html", context=ask)
    back = {"back_url": "https://books.example.com/"}
    yield Sample(name="signed-out", template="pages/sign_out/done.html", context=back)
    alone = {"back_url": None, "client_name": None}
    yield Sample(name="signed-out-alone", template="pages/sign_out/done.html", context=alone)
    telling = {**back, "told": ("https://books.example.com/bye?sid=1",), "onward_seconds": 60}
    yield Sample(name="signed-out-telling", template="pages/sign_out/done.html", context=telling)
    link = {"action": "/sign-in-link", "email_masked": "a…@bookworm.example"}
    yield Sample(name="sign-in-link", template="pages/sign_in_link.html", context=link)


SECTIONS = (
    "profile",
    "language",
    "address",
    "password",
    "second-factor",
    "sessions",
    "browsers",
    "applications",
    "export",
    "deletion",
)
NAMES_OF_PERSON = {"name": "Ada Lovelace", "given_name": "", "family_name": "", "nickname": "A"}
PLACE = {"id": "p1", "browser": "", "name": "Firefox on Linux", "source": "192.0.•.•"}
TIMES = dict.fromkeys(
    ("authenticated_at", "last_used_at", "first_used_at", "since", "created_at"), MOMENT
)
SCOPES = (
    "openid",
    "offline_access",
    "profile",
    "email",
    "phone",
    "address",
    "custom_data",
    "identities",
    "roles",
    "urn:logto:scope:organizations",
)


def section(name: str, state: str = "", /, **context: object) -> Sample:
    """Return one state of one section."""
    known = {"email": PERSON, "sections": SECTIONS, "section": name, "client_name": None}
    template = f"pages/account/{name.replace('-', '_')}.html"
    label = f"account-{name}{'-' if state else ''}{state}"
    return Sample(name=label, template=template, context={**known, **context})


def sections_of_account() -> Iterator[Sample]:
    facts: dict[str, object] = {
        "created_at": MOMENT,
        "signed_in_at": MOMENT,
        "sign_out_action": "/account/sign-out",
    }
    yield section("overview", section=None, name="Ada", **facts)
    names: dict[str, object] = {"names": NAMES_OF_PERSON, "longest": 200}
    yield section("profile", **names)
    yield section("profile", "saved", notice=Notice(outcome="saved"), **names)
    yield section(
        "profile", "invalid", notice=Notice(outcome="name_invalid", field="nickname"), **names
    )
    yield section("language", chosen="de")
    yield section("language", "unknown", chosen="", notice=Notice(outcome="language_unknown"))
    yield from confirmed_sections()
    yield from password_sections()
    yield from second_factor_sections()
    places = [{**PLACE, **TIMES, "is_this": True}, {**PLACE, **TIMES, "is_this": False}]
    yield section("sessions", sessions_shown=places)
    ended = Notice(outcome="session_ended")
    yield section("sessions", "ended", sessions_shown=places[:1], notice=ended)
    yield section("browsers", browsers=places)
    yield section("browsers", "none", browsers=[], notice=Notice(outcome="browsers_forgotten"))
    application = {**PLACE, **TIMES, "scopes": SCOPES, "apis": MUCH["apis"]}
    yield section("applications", applications=[application])
    yield section("applications", "none", applications=[], notice=Notice(outcome="withdrawn"))
    yield section("export", download_url="/account/export/account.json")
    yield Sample(name="account-deleted", template="pages/account/deleted.html")


def password_sections() -> Iterator[Sample]:
    """Yield the section about the password."""
    known: dict[str, object] = {"confirmation": "none", "least_length": 15}
    unset = {**known, "has_password": False, "is_removable": False}
    has = {**known, "has_password": True, "is_removable": True}
    yield section("password", **unset)
    yield section("password", "set", **has)
    yield section("password", "code", **{**has, "confirmation": "code"})
    for outcome in ("too_short", "too_long", "common", "guessable"):
        yield section("password", outcome, notice=Notice(outcome=outcome, needed=15), **has)
    for outcome in ("wrong_present_password", "present_password_missing", "code_comes_first"):
        yield section("password", outcome, notice=Notice(outcome=outcome), **has)
    for outcome in ("password_changed", "password_removed"):
        yield section("password", outcome, notice=Notice(outcome=outcome), **has)


def second_factor_sections() -> Iterator[Sample]:
    """Yield the section about the second step."""
    known: dict[str, object] = {"confirmation": "none", "has_password": True, "codes_left": 0}
    off = {**known, "is_on": False, "codes": ()}
    on = {**known, "is_on": True, "codes": (), "codes_left": 9}
    shown = ("4F7K-2QXM-9ABC-DEFG", "0000-1111-2222-3333")
    yield section("second-factor", **off)
    yield section("second-factor", "no-password", **{**off, "has_password": False})
    yield section("second-factor", "code", **{**off, "confirmation": "code"})
    yield section("second-factor", "sign-in", **{**on, "confirmation": "sign_in"})
    yield section("second-factor", "codes", **{**off, "codes": shown})
    wrong = Notice(outcome="recovery_code_wrong")
    yield section("second-factor", "wrong-code", notice=wrong, **{**off, "codes": shown})
    yield section("second-factor", "new-codes", **{**on, "codes": shown})
    for outcome in ("second_step_on", "codes_replaced"):
        yield section("second-factor", outcome, notice=Notice(outcome=outcome), **on)
    for outcome in ("second_step_off", "password_needed"):
        yield section("second-factor", outcome, notice=Notice(outcome=outcome), **off)


def confirmed_sections() -> Iterator[Sample]:
    """Yield what asks for a fresh sign-in first."""
    for name in ("address", "deletion"):
        yield section(name, confirmation="none")
        yield section(name, "code", confirmation="code")
        yield section(name, "sign-in", confirmation="sign_in")
    for outcome in ("address_invalid", "address_same", "address_taken", "address_refused"):
        notice = Notice(outcome=outcome, entered="ada@bookworm")
        yield section("address", outcome, confirmation="none", notice=notice)
    changed = Notice(outcome="address_changed")
    yield section("address", "changed", confirmation="code", notice=changed)
    meanwhile = Notice(outcome="address_changed_meanwhile")
    yield section("address", "meanwhile", confirmation="code", notice=meanwhile)
    yield section("deletion", "not-sure", confirmation="none", notice=Notice(outcome="not_sure"))


def ends_and_errors() -> Iterator[Sample]:
    for reason in ("expired", "used", "other_browser", "unknown", "link_used"):
        ended = {
            "reason": reason,
            "client_url": "https://books.example.com/" if reason in {"expired", "used"} else None,
            "start_again_url": None if reason == "unknown" else "/sign-in",
            "host": "localhost:3001" if reason == "other_browser" else "id.example.com",
        }
        yield Sample(name=f"ended-{reason}", template="pages/ended.html", context=ended)
    for outcome, wait in LIMITS.items():
        limited = {"outcome": outcome, "wait_seconds": wait, "back_url": "/sign-in/abc"}
        yield Sample(name=f"limited-{outcome}", template="pages/limited.html", context=limited)
    for kind, status in ERROR_STATUSES.items():
        is_fault = kind == "client_fault"
        error = {
            "kind": kind,
            "status": status,
            "detail": "redirect_uri is not registered" if is_fault else None,
            "back_url": "/sign-in/abc" if kind == "forbidden" else None,
            "languages": () if kind == "unavailable" else LANGUAGES,
        }
        yield Sample(name=f"error-{kind}", template="error.html", context=error)


def pages_between() -> Iterator[Sample]:
    answer = {
        "action": "https://books.example.com/callback",
        "fields": {"code": "abc", "state": '"><script>'},
    }
    yield Sample(name="form-post", template="pages/form_post.html", context=answer)
    mail = {
        "to": PERSON,
        "usage_type": "SignIn",
        "subject": "123456 is your Example ID sign-in code",
        "text": "123456\n\nThis is your code to sign in to Bookstore with Example ID.\n",
        "html": "<p>123456</p>",
        "code": "123456",
        "sent_at": "2026-03-14T09:26:53+00:00",
    }
    notice = {**mail, "usage_type": "NoAccount", "code": None, "html_url": "/dev/mail/1.html"}
    wide = {"mails": [mail, notice], "client_name": None}
    yield Sample(name="inbox", template="pages/inbox.html", context=wide)
    yield Sample(name="inbox-empty", template="pages/inbox.html", context={**wide, "mails": ()})
