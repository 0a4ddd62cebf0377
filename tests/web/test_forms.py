from collections.abc import Callable

import httpx
import pytest

from tests.flows.browsing import OWN_FORM, Visit, path_of, signed_in
from tests.support.person import forms_of
from tests.support.provider import Provider

ADA = "ada@example.com"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
STEPS = ["", "/code", "/resend", "/restart", "/cancel", "/continue", "/create-account"]
# What a browser says of a form that another site, or another origin of this site, made it send.
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:3001"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "http://localhost:3001.evil.example"},
]


@pytest.mark.parametrize("token", [None, "", "x" * 43, "of another visit"])
def test_a_form_without_its_own_token_is_refused(provider: Provider, token: str | None) -> None:
    visit = Visit.begin(provider)
    if token == "of another visit":
        token = Visit.begin(provider, http=visit.http).hidden()["form_token"]
    fields = {"email": ADA} | ({} if token is None else {"form_token": token})

    for suffix in STEPS:
        answer = visit.http.post(visit.base + suffix, data=fields, headers=OWN_FORM)
        assert answer.status_code == 403
        assert "This form was not accepted" in answer.text

    assert provider.mails(ADA) == []


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_form_sent_by_another_site_is_refused_even_with_its_token(
    provider: Provider, headers: dict[str, str]
) -> None:
    visit = Visit.begin(provider)

    for suffix in STEPS:
        answer = visit.http.post(visit.base + suffix, data=visit.hidden(), headers=headers)
        assert answer.status_code == 403


@pytest.mark.parametrize("headers", FOREIGN)
def test_signing_out_language_and_links_are_held_against_other_sites_too(
    provider: Provider, headers: dict[str, str]
) -> None:
    visit = signed_in(provider, ADA)
    link = f"/sign-in-link/{provider.server.accounts.make_sign_in_link(ADA).token.reveal()}"
    own = forms_of(visit.http.get("/account"))
    sign_out = next(form for form in own if form.action.path.endswith("/sign-out")).fields
    use_link = forms_of(visit.http.get(link))[0].fields
    ask = forms_of(visit.http.get("/oidc/session/end"))[0]

    for path, fields in (
        ("/account/sign-out", sign_out),
        ("/language", {"language": "zh-CN", "return_to": "/account"}),
        (link, use_link),
        (ask.action.path, ask.fields),
    ):
        assert visit.http.post(path, data=fields, headers=headers).status_code == 403
    assert visit.http.get("/account").status_code == 200
    assert visit.http.get(link).status_code == 200


@pytest.mark.parametrize("path", ["/account/sign-out", "/oidc/session/end/confirm"])
def test_nobody_is_signed_out_without_the_token_of_the_page(provider: Provider, path: str) -> None:
    visit = signed_in(provider, ADA)

    for fields in ({"form_token": ""}, {"form_token": "x" * 43}, {"other": "1"}):
        assert visit.http.post(path, data=fields, headers=OWN_FORM).status_code == 403

    assert visit.http.get("/account").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost:3001"},
    ],
)
def test_a_form_of_our_own_is_taken(provider: Provider, headers: dict[str, str]) -> None:
    visit = Visit.begin(provider)

    answer = visit.http.post(visit.base, data={**visit.hidden(), "email": ADA}, headers=headers)

    assert path_of(answer) == visit.base + "/code"


def send_body(visit: Visit, body: bytes, headers: dict[str, str]) -> httpx.Response:
    """Send a body as it is, after the hidden fields."""
    hidden = "&".join(f"{name}={text}" for name, text in visit.hidden().items()).encode()
    return visit.http.post(
        visit.base, content=hidden + b"&" + body, headers={**OWN_FORM, **headers}
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"email=ada@example.com", 303),
        (b"email=ada%40example.com&unknown=1", 303),
        (b"email=ada@example.com&email=bob@example.com", 400),
        (b"email=ada@example.com&form_token=x", 400),
        (b"email=ada%00@example.com", 400),
        (b"email=ada%ff@example.com", 400),
        (b"email=\xff", 400),
        (b"email=%ed%a0%80", 400),
        (b"em%00ail=ada@example.com", 400),
        (b"&".join(b"f%d=1" % number for number in range(200)), 400),
        (b"email=" + b"a" * 17_000, 413),
    ],
)
def test_a_body_is_read_strictly(provider: Provider, body: bytes, status: int) -> None:
    visit = Visit.begin(provider)

    assert send_body(visit, body, FORM).status_code == status
    assert provider.http().get(visit.base).status_code == 410


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded-not",
    ],
)
def test_only_urlencoded_forms_are_read(provider: Provider, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}

    assert send_body(Visit.begin(provider), b"email=ada@example.com", headers).status_code == 415


def test_the_content_type_may_name_a_charset(provider: Provider) -> None:
    headers = {"Content-Type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"}

    assert send_body(Visit.begin(provider), b"email=ada@example.com", headers).status_code == 303


def test_the_size_of_a_body_is_a_setting(provider_with: Callable[..., Provider]) -> None:
    provider = provider_with(LIMITS__BODY_BYTES=1024)

    assert send_body(Visit.begin(provider), b"email=" + b"a" * 1024, FORM).status_code == 413


@pytest.mark.parametrize("path", ["/oidc/token", "/oidc/token/revocation"])
@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"grant_type=%00", FORM["Content-Type"], 400),
        (b"grant_type=%ff", FORM["Content-Type"], 400),
        (b"grant_type=" + b"x" * 20_000, FORM["Content-Type"], 413),
        (b"{}", "application/json", 415),
    ],
)
def test_a_client_is_told_in_json_what_cannot_be_read(
    provider: Provider, path: str, body: bytes, content_type: str, status: int
) -> None:
    answer = provider.http().post(path, content=body, headers={"Content-Type": content_type})

    assert answer.status_code == status
    assert answer.json()["error"] == "invalid_request"
