"""Signed tokens: believed where nothing is wrong with them, and nowhere else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from joserfc.jwk import ECKey

from authserver.crypto.jose import ACCESS_TOKEN_JWT, LOGOUT_TOKEN_JWT, PLAIN_JWT
from authserver.domain.signing_keys import SigningAlgorithm
from tests.properties.forging import FAULTS, LONGEST, Draft, Fault, rewritten
from tests.properties.property import Chance, Property
from tests.properties.world import EXPIRED, LIVE, REVOKED, World
from tests.support.provider import ENDPOINT

NAN, ENDLESS = float("nan"), float("inf")
ODD_VALUES: tuple[object, ...] = (..., None, "", 0, True, [], {}, ["x"], "\x00", "\ud800", NAN)
SOON, LONG = 60, 3600
SHARE_OF_GOOD = 4


@dataclass(frozen=True, slots=True)
class Case:
    """A token, and what was done to it: nothing, where it must be believed."""

    token: str
    faults: tuple[str, ...]


class Tokens:
    """The properties of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = int(world.now.timestamp())
        self.numbers = count()
        current = world.base.keys.load().current[SigningAlgorithm.ES256]
        assert isinstance(current.private_key, EllipticCurvePrivateKey)
        self.server_key = ECKey.import_key(current.private_key)
        self.kid = current.kid

    def properties(self) -> dict[str, Property]:
        """Return each by its name."""
        return {
            "client assertion": Property(
                maker(self.assertion, self.assertion_faults()),
                judge(self.world.believes_assertion),
            ),
            "ID token as a hint at logout": Property(
                maker(self.id_token, self.own_faults(PLAIN_JWT)), judge(self.world.leads_back)
            ),
            "JWT access token": Property(
                maker(self.access_token, self.access_faults()), judge(self.is_active)
            ),
        }

    def is_active(self, token: str) -> bool:
        """Tell whether introspection takes it; userinfo must not, whatever it is."""
        assert not self.world.tells_of_person(token), token
        return self.world.is_active(token)

    def assertion(self, chance: Chance) -> Draft:
        """Return a good client assertion, in one of the ways that there are."""
        client, issuer = self.world.signing_client, self.world.issuer
        audience = chance.choice([issuer, f"{issuer}/token"])
        claims: dict[str, object] = {
            "iss": client,
            "sub": client,
            "aud": chance.choice([audience, [audience], ["https://other.example", audience]]),
            "exp": self.now + chance.choice([1, SOON, LONG, SOON + 0.5]),
            "jti": f"{next(self.numbers)}",
            **chance.choice([{}, {"iat": self.now}, {"nbf": self.now + SOON}, {"extra": [1]}]),
        }
        typ = chance.choice(["JWT", "jwt", "client-authentication+jwt"])
        header = {"alg": "ES256", "kid": "one", "typ": typ}
        return draft(header, claims, self.world.client_key)

    def assertion_faults(self) -> Mapping[str, Fault]:
        """Return what can be wrong with an assertion."""
        issuer, now = self.world.issuer, self.now
        others = [ENDPOINT, issuer + "/", issuer[:-1], issuer.upper(), f"{issuer}/auth", [[issuer]]]
        expiries = [now, now - 1, now + 2 * LONG, f"{now + SOON}", ENDLESS, -ENDLESS, -1]
        return {
            **FAULTS,
            "type": header_fault("typ", ["at+jwt", "logout+jwt", "", 1, ["JWT"], "JWT "]),
            "b64": header_fault("b64", [True, False]),
            "zip": header_fault("zip", ["DEF", ""]),
            "issuer": claim_fault("iss", [*ODD_VALUES, self.world.client, issuer]),
            "subject": claim_fault("sub", [*ODD_VALUES, self.world.client, "nobody"]),
            "audience": claim_fault("aud", [*ODD_VALUES, *others]),
            "expiry": claim_fault("exp", [*ODD_VALUES, *expiries]),
            "not yet": claim_fault("nbf", [now + SOON + 1, now + LONG, "now", NAN, None, []]),
            "issued later": claim_fault("iat", [now + SOON + 1, ENDLESS, f"{now}", True]),
            "id": claim_fault("jti", [..., None, "", 1, ["a"], "x" * 257]),
        }

    def id_token(self, chance: Chance) -> Draft:
        """Return an ID token of the client, expired or not."""
        issued = self.now - chance.choice([0, LONG, 1000 * LONG])
        claims: dict[str, object] = {
            "iss": self.world.issuer,
            "sub": "ada",
            "aud": self.world.client,
            "iat": issued,
            "exp": issued + LONG,
            **chance.choice([{}, {"nonce": "n"}, {"sid": "s", "amr": ["otp"]}]),
        }
        return draft({"alg": "ES256", "kid": self.kid, "typ": PLAIN_JWT}, claims, self.server_key)

    def access_token(self, chance: Chance) -> Draft:
        """Return the access token that is live."""
        token = self.id_token(chance).said(typ=ACCESS_TOKEN_JWT)
        return token.claiming(client_id=self.world.client, jti=LIVE, scope="read")

    def own_faults(self, typ: str) -> Mapping[str, Fault]:
        """Return what can be wrong with a token that is said to be this server's."""
        issuer = self.world.issuer
        others = [issuer + "/", issuer[:-1], issuer[1:], ENDPOINT, issuer.upper(), [issuer]]
        types = {PLAIN_JWT, ACCESS_TOKEN_JWT, LOGOUT_TOKEN_JWT, "jwt", "", "application/at+jwt"}
        missing = {f"no {name}": claim_fault(name, [...]) for name in ("sub", "aud", "iat", "exp")}
        return {
            **FAULTS,
            **missing,
            "type": header_fault("typ", [*sorted(types - {typ}), ..., 1, [typ]]),
            "issuer": claim_fault("iss", [*ODD_VALUES, *others, "https://evil.example"]),
            "audience": claim_fault("aud", ["nobody", self.world.signing_client, ["x"], ""]),
        }

    def access_faults(self) -> Mapping[str, Fault]:
        """Return what can be wrong with an access token; for whom it is says its row."""
        faults = dict(self.own_faults(ACCESS_TOKEN_JWT))
        del faults["audience"]
        others = [EXPIRED, REVOKED, "another", LIVE.upper(), LIVE + " ", [LIVE], *ODD_VALUES]
        return {**faults, "row": claim_fault("jti", others)}


def draft(header: Mapping[str, object], claims: Mapping[str, object], key: object) -> Draft:
    """Return a token before it is written."""
    assert isinstance(key, ECKey)
    return Draft(header=tuple(header.items()), claims=tuple(claims.items()), key=key)


def header_fault(name: str, values: list[object]) -> Fault:
    """Return what sets a member of the header to one of some bad values."""
    return lambda chance, good: good.said(**{name: chance.choice(values)})


def claim_fault(name: str, values: list[object]) -> Fault:
    """Return what sets a claim to one of some bad values."""
    return lambda chance, good: good.claiming(**{name: chance.choice(values)})


def maker(good: Callable[[Chance], Draft], faults: Mapping[str, Fault]) -> Callable[[Chance], Case]:
    """Return what draws good tokens, and others with one fault or two."""
    names = list(faults)

    def make(chance: Chance) -> Case:
        token = good(chance)
        if chance.randrange(SHARE_OF_GOOD) == 0:
            return Case(token.written(), ())
        match chance.randrange(5):
            case 0:
                return Case(rewritten(chance, token.written()), ("writing",))
            case 1 if chance.randrange(4) == 0:
                padded = replace(token, claims=(*token.claims, ("pad", "x" * LONGEST)))
                return Case(padded.written(), ("size",))
        done = [chance.choice(names) for _ in range(chance.randint(1, 2))]
        for name in done:
            token = faults[name](chance, token)
        return Case(token.written(), tuple(done))

    return make


def judge(believes: Callable[[str], bool]) -> Callable[[Case], str]:
    """Return what shows a token to the server, and tells what became of it."""

    def judged(case: Case) -> str:
        believed = believes(case.token)
        assert believed is not bool(case.faults), case
        return "accepted" if believed else "refused"

    return judged
