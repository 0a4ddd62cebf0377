"""Every kind of mail can be composed."""

from itertools import product

import pytest

from authserver.domain.emails import UsageType
from tests.architecture.sources import PROJECT

PARTS = ("subject.txt", "body.txt", "body.html")


@pytest.mark.parametrize(("usage_type", "part"), [*product(UsageType, PARTS)])
def test_every_mail_has_a_subject_a_text_and_an_html_template(
    usage_type: UsageType, part: str
) -> None:
    template = PROJECT / "templates" / "emails" / usage_type.name.lower() / part

    assert template.read_text("utf-8").strip()


def test_no_folder_of_mail_templates_is_without_its_kind_of_mail() -> None:
    folders = {path.name for path in (PROJECT / "templates" / "emails").iterdir() if path.is_dir()}

    assert folders <= {usage_type.name.lower() for usage_type in UsageType}
