import pytest

from authserver.domain.mail_connector import ConnectorInvalid, parse_connector
from authserver.domain.mail_senders import (
    AliyunSettings,
    SmtpSettings,
    SmtpTls,
    aliyun_faults,
    smtp_faults,
)
from authserver.domain.secret import Secret


def connector(**changes: object) -> dict[str, object]:
    return {
        "accessKeyId": "LTAIexample",
        "accessKeySecret": "s3cret-value",
        "accountName": "noreply@mail.example.com",
        "fromAlias": "Example",
        "regionId": "ap-southeast-1",
        "templates": [
            {
                "usageType": usage_type,
                "subject": "Your code",
                "content": "<p>Your code is {{code}}.</p>",
            }
            for usage_type in ("Register", "SignIn", "ForgotPassword", "Generic")
        ],
    } | changes


def aliyun(**changes: object) -> AliyunSettings:
    given = {
        "access_key_id": "LTAIexample",
        "access_key_secret": Secret("s3cret-value"),
        "account_name": "noreply@mail.example.com",
    } | changes
    return AliyunSettings(**given)  # type: ignore[arg-type]  # a builder takes whatever a test gives


def smtp(**changes: object) -> SmtpSettings:
    given = {
        "host": "mail.example.com",
        "port": 465,
        "from_address": "noreply@mail.example.com",
    } | changes
    return SmtpSettings(**given)  # type: ignore[arg-type]  # a builder takes whatever a test gives


def test_the_connector_of_the_tutorial_is_taken_as_it_is() -> None:
    settings, templates = parse_connector(connector(type="aliyun-direct-mail"))

    assert settings == AliyunSettings(
        access_key_id="LTAIexample",
        access_key_secret=Secret("s3cret-value"),
        account_name="noreply@mail.example.com",
        from_alias="Example",
        region_id="ap-southeast-1",
    )
    assert [template.usage_type for template in templates] == [
        "Register",
        "SignIn",
        "ForgotPassword",
        "Generic",
    ]


def test_alias_and_region_may_be_left_out() -> None:
    document = connector()
    del document["fromAlias"], document["regionId"]

    settings, _ = parse_connector(document)

    assert (settings.from_alias, settings.region_id) == (None, "cn-hangzhou")
    assert settings.url == "https://dm.aliyuncs.com/"


def test_all_faults_of_a_connector_are_named_together() -> None:
    document = connector(
        accessKeyId=" ",
        accessKeySecret=5,
        accountName="noreply",
        fromAlias="fifteen letters",
        regionId="mars-1",
        templates=[
            {"usageType": "SignIn", "subject": "Your code", "content": "none"},
            {"usageType": "SignIn", "subject": "Your code", "content": "{{code}}"},
            "Register",
            {"usageType": "Generic", "subject": ["x"], "content": "{{code}}"},
        ],
    )

    with pytest.raises(ConnectorInvalid) as refusal:
        parse_connector(document)

    assert refusal.value.faults == (
        "accessKeySecret: must be text",
        "accessKeyId: must be filled in",
        "accountName: must be the sender address made in the Direct Mail console",
        "fromAlias: must be at most 14 characters",
        (
            "regionId: 'mars-1' is not known; known are cn-hangzhou, ap-southeast-1, "
            "ap-southeast-2, us-east-1, eu-central-1"
        ),
        "templates[0].content: must contain {{code}}, or the mail would bring no code",
        "templates[2]: must be an object",
        "templates[3].subject: must be text",
        "templates: there must be one for Register, ForgotPassword",
        "templates: there is more than one for SignIn",
    )


def test_an_empty_connector_names_everything_that_is_missing() -> None:
    with pytest.raises(ConnectorInvalid) as refusal:
        parse_connector({})

    assert refusal.value.faults == (
        "accessKeyId: must be filled in",
        "accessKeySecret: must be filled in",
        "accountName: must be filled in",
        "templates: must be a list",
    )


def test_a_refused_connector_does_not_tell_its_secret() -> None:
    with pytest.raises(ConnectorInvalid) as refusal:
        parse_connector(connector(accessKeySecret="s3cret value\n", accountName="x"))

    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-hangzhou", "dm.aliyuncs.com"),
        ("ap-southeast-1", "dm.ap-southeast-1.aliyuncs.com"),
        ("us-east-1", "dm.us-east-1.aliyuncs.com"),
        ("eu-central-1", "dm.eu-central-1.aliyuncs.com"),
    ],
)
def test_the_region_gives_the_address(region: str, host: str) -> None:
    assert aliyun(region_id=region).url == f"https://{host}/"


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://dm-vpc.cn-hangzhou.aliyuncs.com",
        "http://127.0.0.1:18080",
        "http://localhost:1/",
        "http://[::1]:1",
    ],
)
def test_an_endpoint_may_be_protected_or_on_this_machine(endpoint: str) -> None:
    assert aliyun_faults(aliyun(endpoint=endpoint)) == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://dm.aliyuncs.com",
        "dm.aliyuncs.com",
        "https://",
        "https://dm.aliyuncs.com/path",
        "https://key@dm.aliyuncs.com",
        "https://dm.aliyuncs.com:99999",
        "http://127.0.0.1.example.com",
        "",
    ],
)
def test_any_other_endpoint_is_refused(endpoint: str) -> None:
    faults = aliyun_faults(aliyun(endpoint=endpoint))

    assert faults
    assert all(fault.startswith("endpoint: ") for fault in faults)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"from_alias": "line\nbreak"}, "fromAlias"),
        ({"calls_per_second": 0}, "callsPerSecond"),
        ({"tag_name": "two words"}, "tagName"),
        ({"access_key_id": "key\r\nx: y"}, "accessKeyId"),
        ({"security_token": Secret("tök")}, "securityToken"),
        ({"account_name": "a@example.com,b@example.com"}, "accountName"),
    ],
)
def test_what_the_service_would_refuse_is_refused_here(
    changes: dict[str, object], field: str
) -> None:
    assert [fault.partition(":")[0] for fault in aliyun_faults(aliyun(**changes))] == [field]


def test_smtp_settings_in_order_have_no_faults() -> None:
    assert smtp_faults(smtp()) == []
    assert smtp_faults(smtp(username="x", password=Secret("y"), tls=SmtpTls.STARTTLS)) == []
    assert smtp_faults(smtp(from_address="Example ID <noreply@mail.example.com>")) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"host": " "}, "host"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"from_address": "noreply"}, "from"),
        ({"from_address": "x <a@example.com>\nBcc: b@example.com"}, "from"),
        ({"username": "x"}, "username, password"),
        ({"username": "x", "password": Secret("y"), "tls": SmtpTls.NONE}, "tls"),
    ],
)
def test_a_fault_of_smtp_settings_names_its_field(changes: dict[str, object], field: str) -> None:
    assert [fault.partition(":")[0] for fault in smtp_faults(smtp(**changes))] == [field]
