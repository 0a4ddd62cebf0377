"""The known answers: the vendor's page, the official client's recording, the minimal set."""

import hashlib

from authserver.domain.secret import Secret
from authserver.mail.acs3_signature import authorization, canonical_request, signature

BODY = (
    b"AccountName=noreply%40mail.example.com&AddressType=1&ClickTrace=0"
    b"&FromAlias=%E9%AA%8C%E8%AF%81+%E7%A0%81"
    b"&HtmlBody=%3Cp%3ECode+%3Cb%3E123456%3C%2Fb%3E%3C%2Fp%3E&ReplyToAddress=False"
    b"&Subject=Your+code%3A+12~34+%2A%26%3D&TagName=otp&TextBody=Code+123456%0Aline2"
    b"&ToAddress=alice%2Bx%40example.org"
)
BODY_HASH = hashlib.sha256(BODY).hexdigest()
MINIMAL_HEADERS = {
    "content-type": "application/x-www-form-urlencoded",
    "host": "dm.aliyuncs.com",
    "x-acs-action": "SingleSendMail",
    "x-acs-content-sha256": BODY_HASH,
    "x-acs-date": "2026-11-22T10:24:31Z",
    "x-acs-signature-nonce": "e57f95e11dedf96f2d54c9888de13829",
    "x-acs-version": "2015-11-23",
}


def hash_of(canonical: str) -> str:
    return hashlib.sha256(canonical.encode()).hexdigest()


def test_the_vendors_own_example_is_signed_as_printed() -> None:
    empty = hashlib.sha256(b"").hexdigest()
    query = {
        "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        "RegionId": "cn-shanghai",
    }
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": empty,
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }

    canonical = canonical_request("POST", query, headers, empty)

    assert hash_of(canonical) == "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259"
    assert signature(canonical, Secret("YourAccessKeySecret")) == (
        "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_a_recorded_call_of_the_official_client_is_signed_as_recorded() -> None:
    headers = MINIMAL_HEADERS | {
        "accept": "application/json",
        "host": "127.0.0.1:18080",
        "user-agent": "AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2",
        "x-acs-credentials-provider": "static_ak",
    }

    canonical = canonical_request("POST", {}, headers, BODY_HASH)

    assert hash_of(canonical) == "fb100e0ab65afe9bf16de3708f5d494139eb6a11563abb6a2089abdbec688e52"
    assert signature(canonical, Secret("testsecret")) == (
        "da542c4b466969cfd91a39093dae95f1d150f7500cc4a2045fcdb8b14aabd4c5"
    )


def test_the_minimal_set_of_headers_is_signed_as_known() -> None:
    canonical = canonical_request("POST", {}, MINIMAL_HEADERS, BODY_HASH)

    assert BODY_HASH == "23ff14cd12a8a43e716ca2634c2c4f42a63e4a912de5423b2162a79ce19e5a81"
    assert hash_of(canonical) == "2e41b99cd29bdb7c05871e8e9b7d93a8747503e8a4ffd0354d80f87fa1c0f5c9"
    assert authorization("testid", Secret("testsecret"), MINIMAL_HEADERS, canonical) == (
        "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=content-type;host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=8b1835560e3f7d609177e0aa790212197a638cf94a5f8fffb3fa157a7d75867f"
    )
