"""What is stored comes back as it was, on either database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from authserver.domain.accounts import AccountOrigin, SignInLink
from authserver.domain.clients import ClientSecret
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.interactions import InteractionState
from authserver.domain.signing_keys import SigningAlgorithm, SigningKey, SigningKeyState
from authserver.domain.verifications import Purpose
from authserver.storage.clients import SecretNameTaken
from authserver.storage.signing_keys import CurrentKeyExists
from authserver.storage.unit_of_work import Storage
from tests.storage.samples import (
    ADA,
    AUTHORIZATION,
    CLIENT,
    CODE_DIGEST,
    INTERACTION,
    LATER,
    NOW,
    REFRESH_DIGEST,
    SESSION,
    SUBJECT,
    a_client,
    a_code,
    a_refresh_token,
    a_session,
    a_verification,
    an_account,
    an_authorization,
    an_interaction,
    store_account,
    store_tokens,
    store_verification,
)

KEY = SigningKey(
    kid="key-1",
    algorithm=SigningAlgorithm.RS256,
    state=SigningKeyState.CURRENT,
    public_jwk={"kty": "RSA", "n": "AQ"},
    sealed_private_key="sealed",
    created_at=NOW,
    changed_at=NOW,
)


def test_an_account_comes_back_as_it_was(storage: Storage) -> None:
    account = an_account(
        is_admin=True,
        email_proven_at=NOW + timedelta(microseconds=7),
        claims={"name": "Ada 🧮", "custom_data": {"list": [1, None, True]}},
        origin=AccountOrigin.OPERATOR,
    )

    with storage.writing() as work:
        work.accounts.add(account)
        work.commit()

    with storage.reading() as work:
        assert work.accounts.find(SUBJECT) == account
        assert work.accounts.find_by_address(ADA.canonical) == account
        assert work.accounts.list() == [account]
        assert work.accounts.has_admin()


def test_an_instant_comes_back_in_utc_whatever_its_zone(storage: Storage) -> None:
    elsewhere = datetime(2026, 11, 22, 22, 3, tzinfo=timezone(timedelta(hours=8)))

    store_account(storage, created_at=elsewhere)

    with storage.reading() as work:
        found = work.accounts.find(SUBJECT)
    assert found is not None
    assert (found.created_at, found.created_at.tzinfo) == (NOW, UTC)


def test_an_instant_without_zone_is_not_stored(storage: Storage) -> None:
    with pytest.raises(Exception, match="without a zone"), storage.writing() as work:
        work.accounts.mark_proven(SUBJECT, NOW.replace(tzinfo=None))


def test_the_first_proof_of_a_mailbox_is_kept(storage: Storage) -> None:
    store_account(storage)

    for instant in (NOW, LATER):
        with storage.writing() as work:
            work.accounts.mark_proven(SUBJECT, instant)
            work.commit()

    with storage.reading() as work:
        found = work.accounts.find(SUBJECT)
    assert found is not None
    assert found.email_proven_at == NOW


def test_a_sign_in_link_expires(storage: Storage) -> None:
    store_account(storage)
    link = SignInLink(digest=b"link", subject=SUBJECT, created_at=NOW, expires_at=LATER)

    with storage.writing() as work:
        work.accounts.add_sign_in_link(link)
        late = work.accounts.use_sign_in_link(link.digest, LATER)
        work.commit()

    assert late is None
    with storage.reading() as work:
        assert work.accounts.find_sign_in_link(link.digest) == link


def test_a_client_comes_back_as_it_was_and_as_it_was_changed(storage: Storage) -> None:
    changed = a_client(
        name="Store",
        redirect_uris=("https://a.example/1", "https://a.example/2"),
        post_logout_redirect_uris=("https://a.example/bye",),
        is_exempt_from_pkce=True,
        has_claims_in_id_token=False,
        id_token_algorithm=SigningAlgorithm.ES256,
        updated_at=LATER,
    )
    with storage.writing() as work:
        work.clients.add(a_client())
        first = work.clients.find(CLIENT)
        work.clients.change(changed)
        work.commit()

    with storage.reading() as work:
        assert (first, work.clients.find(CLIENT)) == (a_client(), changed)
        assert work.clients.list() == [changed]


def test_a_client_has_one_secret_of_a_name(storage: Storage) -> None:
    secret = ClientSecret(name="first", digest=b"1", created_at=NOW, expires_at=LATER)
    with storage.writing() as work:
        work.clients.add(a_client())
        work.clients.add_secret(CLIENT, secret)
        work.commit()

    with pytest.raises(SecretNameTaken), storage.writing() as work:
        work.clients.add_secret(CLIENT, secret)

    with storage.writing() as work:
        assert work.clients.secrets(CLIENT) == (secret,)
        assert work.clients.remove_secret(CLIENT, "first")
        assert not work.clients.remove_secret(CLIENT, "first")


def test_a_deleted_client_takes_its_authorizations_along(storage: Storage) -> None:
    store_tokens(storage)

    with storage.writing() as work:
        work.clients.delete(CLIENT)
        work.commit()

    with storage.reading() as work:
        assert work.authorizations.find(AUTHORIZATION) is None
        assert work.sessions.find(SESSION) == a_session()


def test_a_session_comes_back_as_it_was(storage: Storage) -> None:
    store_tokens(storage)

    with storage.reading() as work:
        assert work.sessions.find(SESSION) == a_session()
        assert work.sessions.find_by_digest(b"session") == a_session()
        assert work.sessions.find_by_digest(b"other") is None


def test_a_renewed_session_has_a_new_cookie_and_the_former_is_dead(storage: Storage) -> None:
    store_tokens(storage)

    with storage.writing() as work:
        by_link = a_session(authenticated_at=LATER, last_used_at=LATER, amr=(), browser="Firefox")
        assert work.sessions.renew(SESSION, b"new", by_link)
        work.commit()

    with storage.reading() as work:
        assert work.sessions.find_by_digest(b"session") is None
        assert work.sessions.find_by_digest(b"new") == by_link


def test_an_ended_session_is_neither_held_nor_renewed(storage: Storage) -> None:
    store_tokens(storage)

    with storage.writing() as work:
        outcomes = (
            work.sessions.end(SESSION, NOW),
            work.sessions.end(SESSION, NOW),
            work.sessions.hold(SESSION, NOW),
            work.sessions.renew(SESSION, b"new", a_session()),
        )

    assert outcomes == (True, False, False, False)


def test_an_interaction_comes_back_as_it_was(storage: Storage) -> None:
    interaction = an_interaction(notice={"outcome": "wrong", "tries": 4})
    with storage.writing() as work:
        work.interactions.add(interaction)
        work.interactions.note_verification(INTERACTION, ADA, "verification-1")
        noted = work.interactions.find(INTERACTION)
        work.interactions.forget_address(INTERACTION)
        forgotten = work.interactions.find(INTERACTION)

    expected = an_interaction(address=ADA, verification_id="verification-1")
    assert (noted, forgotten) == (expected, an_interaction())


def test_a_sign_in_is_noted_on_an_open_interaction_only(storage: Storage) -> None:
    with storage.writing() as work:
        work.interactions.add(an_interaction())
        first = work.interactions.note_sign_in(INTERACTION, SUBJECT, SESSION, NOW)
        work.interactions.settle(INTERACTION, InteractionState.REFUSED, LATER)
        second = work.interactions.note_sign_in(INTERACTION, SUBJECT, SESSION, LATER)
        found = work.interactions.find(INTERACTION)

    assert (first, second) == (True, False)
    assert found == an_interaction(
        subject=SUBJECT,
        session_id=SESSION,
        signed_in_at=NOW,
        state=InteractionState.REFUSED,
        completed_at=LATER,
    )


def test_a_verification_comes_back_as_it_was(storage: Storage) -> None:
    verification = store_verification(storage)

    with storage.reading() as work:
        assert work.verifications.find(verification) == a_verification()


def test_an_interaction_may_have_a_live_verification_for_each_purpose(storage: Storage) -> None:
    store_verification(storage)

    with storage.writing() as work:
        other = replace(a_verification(), id=type(a_verification().id)("other"))
        work.verifications.add(replace(other, purpose=Purpose.REGISTER))
        work.commit()


def test_an_authorization_comes_back_as_it_was(storage: Storage) -> None:
    authorization = an_authorization(
        amr=("otp", "mfa"), nonce="n", requested_claims={"userinfo": {"email": None}}
    )
    with storage.writing() as work:
        work.accounts.add(an_account())
        work.clients.add(a_client())
        work.authorizations.add(authorization, LATER)
        work.commit()

    with storage.reading() as work:
        assert work.authorizations.find(AUTHORIZATION) == authorization
        assert work.authorizations.session_holds(SESSION, CLIENT)
        assert not work.authorizations.session_holds(SESSION, type(CLIENT)("other"))


def test_codes_and_tokens_come_back_as_they_were(storage: Storage) -> None:
    store_tokens(storage)

    with storage.reading() as work:
        access = work.tokens.find_access(b"access", NOW)
        assert work.authorization_codes.find(CODE_DIGEST, CLIENT) == a_code()
        assert work.tokens.find_refresh(REFRESH_DIGEST, CLIENT) == a_refresh_token()
        assert work.tokens.find_access(b"access", NOW + timedelta(hours=1)) is None
    assert access is not None
    assert access.account == an_account()


def test_a_revoked_authorization_kills_its_tokens(storage: Storage) -> None:
    store_tokens(storage)

    with storage.writing() as work:
        assert work.authorizations.revoke(AUTHORIZATION, NOW)
        assert not work.authorizations.revoke(AUTHORIZATION, NOW)
        assert work.authorizations.hold_live(AUTHORIZATION, NOW) is None
        assert work.tokens.find_access(b"access", NOW) is None


def test_a_signing_algorithm_has_one_current_key(storage: Storage) -> None:
    with storage.writing() as work:
        work.signing_keys.add(KEY)
        work.commit()

    with pytest.raises(CurrentKeyExists), storage.writing() as work:
        work.signing_keys.add(replace(KEY, kid="key-2"))

    with storage.writing() as work:
        work.signing_keys.supersede(SigningAlgorithm.RS256, LATER)
        work.signing_keys.add(replace(KEY, kid="key-2", created_at=LATER))
        states = {key.kid: key.state for key in work.signing_keys.list()}
    assert states == {"key-2": SigningKeyState.CURRENT, "key-1": SigningKeyState.PREVIOUS}


def test_a_signing_algorithm_has_one_next_key(storage: Storage) -> None:
    following = replace(KEY, kid="key-2", state=SigningKeyState.NEXT)
    with storage.writing() as work:
        work.signing_keys.add(following)
        work.signing_keys.add(replace(following, kid="key-3", algorithm=SigningAlgorithm.ES256))
        assert {key.state for key in work.signing_keys.list()} == {SigningKeyState.NEXT}
        # To a server of the version before: published, and never signing.
        stored = work.connection.execute(text("SELECT DISTINCT state FROM signing_keys"))
        assert stored.scalars().all() == ["previous"]
        work.commit()

    with pytest.raises(CurrentKeyExists), storage.writing() as work:
        work.signing_keys.add(replace(following, kid="key-4"))

    with storage.writing() as work:
        assert work.signing_keys.promote(replace(following, sealed_private_key="anew"))
        assert not work.signing_keys.promote(following)
        keys = {key.kid: key for key in work.signing_keys.list()}
    assert keys["key-2"].state is SigningKeyState.CURRENT
    assert keys["key-2"].sealed_private_key == "anew"


def test_a_document_keeps_its_history_and_shows_the_newest(storage: Storage) -> None:
    kind = ConfigurationKind.MAIL_SENDERS
    for body in ({"n": 1}, {"n": 2}):
        with storage.writing() as work:
            work.configuration.put(kind, "aliyun", body, changed_by="cli", now=NOW)
            work.commit()

    with storage.reading() as work:
        document = work.configuration.find(kind, "aliyun")
        versions = work.configuration.versions()
    assert document is not None
    assert (document.version, document.body) == (2, {"n": 2})
    assert versions == {kind: 2}
