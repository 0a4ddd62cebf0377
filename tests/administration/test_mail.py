"""Senders from settings and from the database, test mails, and the timeline."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from authserver.administration.mail import FixedMail, MailAdministration
from authserver.administration.mistakes import MailInvalid
from authserver.crypto.key_ring import CannotOpen, KeyRing
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.emails import UsageType
from authserver.domain.mail_configuration import OutboxSettings
from authserver.domain.mail_senders import AliyunSettings, SmtpSettings
from authserver.domain.outgoing_mail import MailId, OutgoingMail
from authserver.domain.secret import Secret
from authserver.domain.verifications import VerificationId
from authserver.storage.configuration_cache import ConfigurationCache
from authserver.storage.unit_of_work import Storage
from tests.support.known_randomness import KnownRandomness
from tests.support.stopped_clock import StoppedClock

CONNECTOR = {
    "accessKeyId": "LTAI-test",
    "accessKeySecret": "the secret of the key",
    "accountName": "noreply@mail.example",
    "fromAlias": "Example",
    "regionId": "cn-hangzhou",
    "templates": [
        {"usageType": usage_type, "subject": "Your code", "content": "It is {{code}}."}
        for usage_type in ("SignIn", "Register", "ForgotPassword", "Generic")
    ],
}
SMTP = SmtpSettings(host="mail.example", port=465, from_address="noreply@mail.example")
OUTBOX = Path("outbox")


def test_a_connector_is_in_force_at_once_with_its_templates(mail: MailAdministration) -> None:
    assert mail.configuration().senders == ()

    mail.configure(CONNECTOR)

    configuration = mail.configuration()
    [sender] = configuration.senders
    assert isinstance(sender, AliyunSettings)
    assert sender.access_key_secret.reveal() == "the secret of the key"
    assert sender.account_name == "noreply@mail.example"
    assert [template.usage_type for template in configuration.templates] == [
        "SignIn",
        "Register",
        "ForgotPassword",
        "Generic",
    ]
    assert not configuration.is_fixed


def test_the_secret_of_a_sender_is_stored_sealed(
    mail: MailAdministration, storage: Storage
) -> None:
    mail.configure(CONNECTOR)

    with storage.reading() as work:
        document = work.configuration.find(ConfigurationKind.MAIL_SENDERS, "aliyun")
    assert document is not None
    assert "the secret of the key" not in str(document.body)


def test_a_connector_with_faults_changes_nothing_and_names_all_of_them(
    mail: MailAdministration,
) -> None:
    with pytest.raises(MailInvalid) as refusal:
        mail.configure({**CONNECTOR, "accountName": "nobody", "regionId": "moon"})

    assert len(refusal.value.faults) == 2
    assert mail.configuration().senders == ()


def test_a_sender_of_the_settings_wins_over_a_configured_one_whose_templates_stay(
    mail: MailAdministration, storage: Storage, clock: StoppedClock
) -> None:
    mail.configure(CONNECTOR)
    fixed = replace(
        mail, cache=ConfigurationCache(storage, clock), fixed=FixedMail(senders=(SMTP,))
    )

    configuration = fixed.configuration()

    assert configuration.senders == (SMTP,)
    assert configuration.is_fixed
    assert len(configuration.templates) == 4


def test_the_default_outbox_gives_way_to_a_configured_sender(
    mail: MailAdministration, storage: Storage, clock: StoppedClock
) -> None:
    beginner = replace(
        mail, cache=ConfigurationCache(storage, clock), fixed=FixedMail(default_outbox=OUTBOX)
    )
    before = beginner.configuration()

    after = beginner.configure(CONNECTOR)

    assert before.senders == (OutboxSettings(folder=OUTBOX),)
    assert before.outbox == OUTBOX
    assert isinstance(after.senders[0], AliyunSettings)
    assert after.outbox is None


def test_the_address_of_direct_mail_in_the_settings_counts_for_a_configured_sender_too(
    mail: MailAdministration, storage: Storage, clock: StoppedClock
) -> None:
    fixed = FixedMail(aliyun_endpoint="https://dm.internal.example")
    inside = replace(mail, cache=ConfigurationCache(storage, clock), fixed=fixed)

    [sender] = inside.configure(CONNECTOR).senders

    assert isinstance(sender, AliyunSettings)
    assert sender.url == "https://dm.internal.example/"
    assert sender.account_name == "noreply@mail.example"


def test_a_sender_sealed_under_a_lost_secret_key_cannot_be_read(
    mail: MailAdministration, storage: Storage, clock: StoppedClock
) -> None:
    mail.configure(CONNECTOR)
    others = KeyRing([Secret("another secret key, as long as needed")], KnownRandomness(9))
    elsewhere = replace(mail, cache=ConfigurationCache(storage, clock), key_ring=others)

    with pytest.raises(CannotOpen):
        elsewhere.configuration()


def test_a_test_mail_carries_a_code_that_opens_nothing(mail: MailAdministration) -> None:
    email = mail.test_email("ada@example.com", UsageType.SIGN_IN, "de")

    assert email.code is not None
    assert email.code.reveal() == "000000"
    assert (email.to, email.locale, email.brand) == ("ada@example.com", "de", "Example")
    assert mail.test_email("ada@example.com", UsageType.NO_ACCOUNT).code is None


def test_at_most_ten_test_mails_leave_in_an_hour(
    mail: MailAdministration, clock: StoppedClock
) -> None:
    for _ in range(10):
        mail.test_email("ada@example.com")

    with pytest.raises(MailInvalid, match="the next one can in"):
        mail.test_email("ada@example.com")

    clock.advance(timedelta(minutes=66))
    assert mail.test_email("ada@example.com").to == "ada@example.com"


def test_an_address_that_is_none_is_refused(mail: MailAdministration) -> None:
    for refused in (mail.test_email, mail.log):
        with pytest.raises(MailInvalid, match="not one plain e-mail address"):
            refused("ada@example.com, eve@example.com")


def test_the_timeline_shows_the_mails_to_one_address(
    mail: MailAdministration, storage: Storage, clock: StoppedClock
) -> None:
    for name in ("ada", "eve"):
        with storage.writing() as work:
            work.outgoing_mails.add(
                OutgoingMail(
                    id=MailId(name),
                    verification_id=VerificationId(name),
                    usage_type=UsageType.SIGN_IN,
                    address=f"{name}@example.com",
                    locale="en",
                    due_at=clock.now(),
                    created_at=clock.now(),
                )
            )
            work.commit()

    assert [story.mail.id for story in mail.log("Ada@Example.com")] == ["ada"]
    assert {story.mail.id for story in mail.log()} == {"ada", "eve"}


def test_the_secret_of_delivery_events_is_stored_sealed_and_may_be_missing(
    mail: MailAdministration, storage: Storage
) -> None:
    mail.configure(CONNECTOR)
    without = mail.event_secret()

    mail.configure(CONNECTOR | {"eventSecret": "a secret of delivery events"})

    with storage.reading() as work:
        document = work.configuration.find(ConfigurationKind.MAIL_SENDERS, "aliyun")
    assert without is None
    assert mail.event_secret() == Secret("a secret of delivery events")
    assert document is not None
    assert "delivery events" not in str(document.body)


@pytest.mark.parametrize("secret", ["too short", "ümlaute " * 5, " blanks around this secret "])
def test_a_secret_of_delivery_events_that_cannot_serve_is_refused(
    mail: MailAdministration, secret: str
) -> None:
    with pytest.raises(MailInvalid, match="eventSecret"):
        mail.configure(CONNECTOR | {"eventSecret": secret})


def test_secret_keys_that_do_not_fit_close_the_hook_of_delivery_events(
    mail: MailAdministration,
) -> None:
    mail.configure(CONNECTOR | {"eventSecret": "a secret of delivery events"})
    other = KeyRing([Secret("another secret key of the tests, long enough")], KnownRandomness(9))
    elsewhere = replace(mail, key_ring=other, cache=ConfigurationCache(mail.storage, mail.clock))

    assert elsewhere.event_secret() is None
