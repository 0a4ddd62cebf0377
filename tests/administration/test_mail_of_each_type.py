"""Every type of mail with a template of the operator's own, as text and as HTML."""

import anyio
import pytest

from authserver.domain.emails import UsageType
from authserver.domain.mail_template_rules import CODELESS_TYPES, SAMPLE_VALUES
from tests.support.provider import Provider

TO = "anna@example.com"
NAMES = [name for name in SAMPLE_VALUES if name != "code"]


@pytest.mark.parametrize("usage_type", UsageType)
def test_a_mail_of_each_type_is_composed_from_a_template_with_every_placeholder(
    provider: Provider, usage_type: UsageType
) -> None:
    has_code = usage_type not in CODELESS_TYPES
    said = " ".join(f"{{{{{name}}}}}" for name in [*NAMES, *(["code"] if has_code else [])])

    for content in (said, f"<p>{said}</p>"):
        for language in ("en", "ar", "zh-CN"):
            document = {"usageType": str(usage_type), "language": language, "subject": "Hello"}
            provider.server.templates.set(document | {"content": content})
            email = provider.server.mail.test_email(TO, usage_type, language)
            attempts = anyio.run(provider.server.hand_over.send_once, email, ())
            assert [attempt.outcome.result for attempt in attempts] == ["accepted"]

    sent = provider.mails(TO)
    assert len(sent) == 6
    for mail in sent:
        assert "{{" not in mail["text"] + mail["html"] + mail["subject"]
        assert ("000000" in mail["text"]) is has_code
