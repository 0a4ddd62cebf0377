"""What each step of the path costs in statements; one too many fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from authserver.administration.clients import NewClient
from tests.flows.browsing import Visit, request_of_client, signed_in, wrong
from tests.flows.statements import statements_of
from tests.flows.with_passwords import GOOD, OTHER, choose, experience, with_password
from tests.support.provider import CALLBACK, Provider

ADA = "ada@example.com"

# Request: statements, without those that frame transactions. Reading the newest versions of
# the configuration, once a second, is extra.
BUDGET = {
    "GET /oidc/auth": 1,
    "GET /sign-in/{interaction}": 1,
    "POST /sign-in/{interaction}": 11,
    "POST …/code, malformed": 4,
    "POST …/code, wrong": 10,
    "POST …/code, right": 15,
    "GET /oidc/auth/{interaction}": 6,
    "POST /oidc/token": 5,
    "GET /oidc/me": 1,
    "GET /oidc/auth, signed in": 4,
    "GET /account": 2,
    "GET /oidc/.well-known/openid-configuration": 0,
    "GET /oidc/jwks": 0,
    "GET /healthz": 0,
}
PASSWORD_BUDGET = {
    "POST /sign-in/{interaction}": 2,
    "GET …/password": 2,
    "POST …/password, wrong": 10,
    "POST …/password, right": 17,
}


class Meter:
    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.spent: dict[str, int] = {}

    @contextmanager
    def of(self, request: str) -> Iterator[None]:
        """Count the statements of the block under the name of a request."""
        with statements_of(self.provider) as statements:
            yield
        self.spent[request] = len(statements)


def signing_in(meter: Meter, request: str) -> tuple[Visit, str]:
    """Sign in for a client; return the browser and the authorization code."""
    with meter.of("GET /oidc/auth"):
        visit = Visit.begin(meter.provider, request)
    with meter.of("GET /sign-in/{interaction}"):
        visit.hidden()
    with meter.of("POST /sign-in/{interaction}"):
        visit.ask(ADA)
    code = meter.provider.code_for(ADA)
    with meter.of("POST …/code, malformed"):
        visit.enter("12")
    with meter.of("POST …/code, wrong"):
        visit.enter(wrong(code))
    with meter.of("POST …/code, right"):
        answer = visit.enter(code)
    with meter.of("GET /oidc/auth/{interaction}"):
        answer = visit.http.get(answer.headers["location"])
    return visit, parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def calling(meter: Meter, made: NewClient, code: str) -> None:
    """Do what a client does with an authorization code."""
    assert made.secret
    browser = meter.provider.http()
    exchanged = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    as_client = (made.client.id, made.secret.reveal())
    with meter.of("POST /oidc/token"):
        answer = browser.post("/oidc/token", data=exchanged, auth=as_client)
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    with meter.of("GET /oidc/me"):
        assert browser.get("/oidc/me", headers=bearer).status_code == 200
    for path in ("/oidc/.well-known/openid-configuration", "/oidc/jwks", "/healthz"):
        with meter.of(f"GET {path}"):
            browser.get(path)


def test_each_request_stays_within_its_statements(either_provider: Provider) -> None:
    made = either_provider.new_client(requires_pkce=False)
    signed_in(either_provider, ADA)
    request = request_of_client(made.client.id)
    for path in (request, "/oidc/jwks"):
        either_provider.http().get(path)  # reads the configuration, so that it is known
    meter = Meter(either_provider)

    visit, code = signing_in(meter, request)
    calling(meter, made, code)
    with meter.of("GET /oidc/auth, signed in"):
        assert CALLBACK in visit.http.get(request).headers["location"]
    with meter.of("GET /account"):
        assert visit.http.get("/account").status_code == 200

    assert meter.spent == BUDGET


def test_passwords_stay_within_their_statements_whosever_they_are(
    either_provider: Provider,
) -> None:
    choose(either_provider, experience())
    with_password(either_provider, ADA)
    request = request_of_client(either_provider.new_client(requires_pkce=False).client.id)
    meter = Meter(either_provider)
    visits = {email: Visit.begin(either_provider, request) for email in ("nobody@example.com", ADA)}
    for email, visit in visits.items():
        visit.hidden()
        with meter.of("POST /sign-in/{interaction}"):
            visit.ask(email)
        with meter.of("GET …/password"):
            visit.http.get(visit.base + "/password")
        with meter.of("POST …/password, wrong"):
            visit.send("/password", password=OTHER)
        assert meter.spent == {key: PASSWORD_BUDGET[key] for key in meter.spent}

    with meter.of("POST …/password, right"):
        visits[ADA].send("/password", password=GOOD)

    assert meter.spent == PASSWORD_BUDGET
