"""Valid things to store; a test says only what it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from authserver.domain.accounts import Account, AccountOrigin, Subject
from authserver.domain.clients import Client, ClientId, ClientKind
from authserver.domain.email_address import EmailAddress
from authserver.domain.emails import UsageType
from authserver.domain.grants import Authorization, AuthorizationId
from authserver.domain.interactions import Interaction, InteractionId
from authserver.domain.outgoing_mail import MailId, OutgoingMail
from authserver.domain.scopes import ScopeSet
from authserver.domain.sessions import AuthenticationMethod, Session, SessionId
from authserver.domain.tokens import AccessToken, AuthorizationCode, RefreshToken
from authserver.domain.verifications import CodeClass, Purpose, Verification, VerificationId
from authserver.storage.unit_of_work import Storage

NOW = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
ADA = EmailAddress(typed="Ada@example.com", canonical="ada@example.com")
SUBJECT = Subject("ada")
CLIENT = ClientId("shop")
SESSION = SessionId("session-1")
INTERACTION = InteractionId("interaction-1")
AUTHORIZATION = AuthorizationId("authorization-1")
CODE_DIGEST = b"code"
REFRESH_DIGEST = b"refresh"


def an_account(**changes: Any) -> Account:
    valid: dict[str, Any] = {
        "subject": SUBJECT,
        "address": ADA,
        "origin": AccountOrigin.REGISTRATION,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Account(**valid | changes)


def a_client(**changes: Any) -> Client:
    valid: dict[str, Any] = {
        "id": CLIENT,
        "name": "Shop",
        "kind": ClientKind.WEB,
        "redirect_uris": ("https://shop.example/callback",),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Client(**valid | changes)


def an_interaction(**changes: Any) -> Interaction:
    valid: dict[str, Any] = {
        "id": INTERACTION,
        "cookie_digest": b"cookie",
        "client_id": CLIENT,
        "parameters": {"scope": "openid"},
        "locale": "en",
        "created_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
    }
    return Interaction(**valid | changes)


def a_verification(**changes: Any) -> Verification:
    valid: dict[str, Any] = {
        "id": VerificationId("verification-1"),
        "interaction_id": INTERACTION,
        "purpose": Purpose.SIGN_IN,
        "address": ADA,
        "client_id": CLIENT,
        "code_class": CodeClass.DIGITS6,
        "key_id": "key-1",
        "label": "4F7",
        "source": "192.0.2.7",
        "browser": "Firefox",
        "attempt_limit": 5,
        "mail_limit": 5,
        "next_mail_at": NOW,
        "created_at": NOW,
        "expires_at": LATER,
    }
    return Verification(**valid | changes)


def a_session(**changes: Any) -> Session:
    valid: dict[str, Any] = {
        "id": SESSION,
        "subject": SUBJECT,
        "authenticated_at": NOW,
        "amr": (AuthenticationMethod.MAILED_CODE,),
        "created_at": NOW,
        "last_used_at": NOW,
    }
    return Session(**valid | changes)


def an_authorization(**changes: Any) -> Authorization:
    valid: dict[str, Any] = {
        "id": AUTHORIZATION,
        "client_id": CLIENT,
        "subject": SUBJECT,
        "session_id": SESSION,
        "scopes": ScopeSet.parse("openid"),
        "authenticated_at": NOW,
        "amr": ("otp",),
        "acr": "urn:authserver:acr:one-factor",
        "created_at": NOW,
    }
    return Authorization(**valid | changes)


def a_code(**changes: Any) -> AuthorizationCode:
    valid: dict[str, Any] = {
        "digest": CODE_DIGEST,
        "authorization_id": AUTHORIZATION,
        "client_id": CLIENT,
        "redirect_uri": "https://shop.example/callback",
        "code_challenge": None,
        "created_at": NOW,
        "expires_at": NOW + timedelta(seconds=60),
    }
    return AuthorizationCode(**valid | changes)


def an_access_token(**changes: Any) -> AccessToken:
    valid: dict[str, Any] = {
        "digest": b"access",
        "client_id": CLIENT,
        "authorization_id": AUTHORIZATION,
        "scope": "openid",
        "created_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
    }
    return AccessToken(**valid | changes)


def a_refresh_token(**changes: Any) -> RefreshToken:
    valid: dict[str, Any] = {
        "digest": REFRESH_DIGEST,
        "authorization_id": AUTHORIZATION,
        "client_id": CLIENT,
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=14),
        "family_expires_at": NOW + timedelta(days=365),
    }
    return RefreshToken(**valid | changes)


def a_mail(**changes: Any) -> OutgoingMail:
    valid: dict[str, Any] = {
        "id": MailId("mail-1"),
        "verification_id": VerificationId("verification-1"),
        "usage_type": UsageType.SIGN_IN,
        "address": ADA.typed,
        "locale": "en",
        "due_at": NOW,
        "created_at": NOW,
    }
    return OutgoingMail(**valid | changes)


def store_account(storage: Storage, **changes: Any) -> None:
    with storage.writing() as work:
        work.accounts.add(an_account(**changes))
        work.commit()


def store_verification(storage: Storage, **changes: Any) -> VerificationId:
    """Store an interaction with a live verification; return the verification's id."""
    verification = a_verification(**changes)
    with storage.writing() as work:
        work.interactions.add(an_interaction())
        work.verifications.add(verification)
        work.commit()
    return verification.id


def store_tokens(storage: Storage) -> None:
    """Store an account, its session and authorization, with a token of each kind."""
    with storage.writing() as work:
        work.accounts.add(an_account())
        work.clients.add(a_client())
        work.sessions.add(a_session(), b"session", NOW + timedelta(days=90))
        work.authorizations.add(an_authorization(), NOW + timedelta(days=365))
        work.authorization_codes.add(a_code())
        work.tokens.add_access(an_access_token())
        work.tokens.add_refresh(a_refresh_token())
        work.commit()
