"""Signed tokens that are good, and what forgers do to them, a fault each."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.oidc.signing_client import Key, new_key, part, signature_of
from tests.properties.property import Chance

FORGERS_KEY = new_key("ES256", "forged")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
FOREIGN = ["=", "==", " ", "\n", "\r\n", "\t", "+", "/", ".", "!", "\x00", "%", "\u00e9", "~"]
ELSEWHERE = "https://evil.example/keys"
LONGEST = 16384

Members = tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A token before it is written; members may be repeated. `None` for `key` leaves it unsigned.

    `secret` is used as that of HMAC instead.
    """

    header: Members
    claims: Members
    key: Key | None
    secret: bytes | None = None

    def said(self, **members: object) -> "Draft":
        """Return it with members of the header set; `...` leaves one out."""
        return replace(self, header=changed(self.header, members))

    def claiming(self, **members: object) -> "Draft":
        """Return it with claims set; `...` leaves one out."""
        return replace(self, claims=changed(self.claims, members))

    def written(self) -> str:
        """Return the token."""
        signing_input = f"{part(as_json(self.header))}.{part(as_json(self.claims))}"
        if self.secret is not None:
            mac = hmac.digest(self.secret, signing_input.encode(), "sha256")
            return f"{signing_input}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        if self.key is None:
            return f"{signing_input}."
        return f"{signing_input}.{signature_of(signing_input, 'ES256', self.key)}"


Fault = Callable[[Chance, Draft], Draft]


def changed(members: Members, changes: dict[str, object]) -> Members:
    """Return the members with some set, or left out."""
    kept = tuple((name, value) for name, value in members if name not in changes)
    return (*kept, *((name, value) for name, value in changes.items() if value is not ...))


def as_json(members: Members) -> str:
    """Return a JSON object whose members may be repeated."""
    written = (f"{json.dumps(name)}:{json.dumps(value)}" for name, value in members)
    return "{" + ",".join(written) + "}"


def unsigned(chance: Chance, draft: Draft) -> Draft:
    """Say that nothing is signed, with or without a signature."""
    name = chance.choice(["none", "None", "NONE", "nOnE", "", ..., None, ["none"], 0])
    key = chance.choice([None, draft.key, FORGERS_KEY])
    return replace(draft, key=key, secret=None).said(alg=name)


def mac_by_public_key(chance: Chance, draft: Draft) -> Draft:
    """Take the published key for a shared secret."""
    key = draft.key or FORGERS_KEY
    public = key.as_dict(private=False)
    secret = chance.choice(
        [
            key.as_pem(private=False),
            key.as_der(private=False),
            json.dumps(public).encode(),
            json.dumps(public, sort_keys=True, separators=(",", ":")).encode(),
            str(public["x"]).encode(),
            b"",
        ]
    )
    return replace(draft, secret=secret).said(alg=chance.choice(["HS256", "HS384", "HS512"]))


def key_in_the_header(chance: Chance, draft: Draft) -> Draft:
    """Bring a key along, or say where it is."""
    brought: dict[str, object] = {
        "jwk": FORGERS_KEY.as_dict(private=False),
        "jku": ELSEWHERE,
        "x5u": ELSEWHERE,
        "x5c": [part("no certificate")],
    }
    name = chance.choice(list(brought))
    kid = chance.choice(["forged", ..., dict(draft.header).get("kid", "forged")])
    return replace(draft, key=FORGERS_KEY).said(**{name: brought[name], "kid": kid})


def signed_by_forger(chance: Chance, draft: Draft) -> Draft:
    """Sign with a key of one's own, whatever it is called."""
    kid = chance.choice(["forged", dict(draft.header).get("kid", "forged")])
    return replace(draft, key=FORGERS_KEY).said(kid=kid)


def other_algorithm(chance: Chance, draft: Draft) -> Draft:
    """Name an algorithm that the key is not for."""
    names = ["RS256", "PS256", "ES384", "ES512", "ES256K", "EdDSA", "es256", "HS256", "dir"]
    return draft.said(alg=chance.choice(names))


def critical(chance: Chance, draft: Draft) -> Draft:
    """Demand that something is understood (RFC 7515 §4.1.11)."""
    crit = chance.choice([["exp"], ["b64"], ["x"], ["alg"], [], "exp", ["http://a.example", "b64"]])
    beside: dict[str, object] = chance.choice([{}, {"b64": False}, {"x": 1}])
    return draft.said(crit=crit, **beside)


def other_key_id(chance: Chance, draft: Draft) -> Draft:
    """Name a key that there is not."""
    return draft.said(kid=chance.choice(["", "unknown", "../keys", "' or 1=1", 1, [], {"a": 1}]))


def last_word_is_bad(chance: Chance, draft: Draft) -> Draft:
    """Say a member twice, and the second time what must not pass (RFC 7515 §4)."""
    alg = chance.choice(["none", "HS256"])
    return replace(draft, header=(*draft.header, ("alg", alg)))


FAULTS: dict[str, Fault] = {
    "unsigned": unsigned,
    "public key as a secret": mac_by_public_key,
    "key in the header": key_in_the_header,
    "signed by the forger": signed_by_forger,
    "another algorithm": other_algorithm,
    "crit": critical,
    "another key id": other_key_id,
    "repeated member": last_word_is_bad,
}


def rewritten(chance: Chance, token: str) -> str:
    """Return the token in writing that differs: nothing of it may pass."""
    at = chance.choice([0, chance.randrange(len(token)), len(token) - 1])
    other = chance.choice([symbol for symbol in ALPHABET if symbol != token[at]])
    foreign = chance.choice(FOREIGN)
    return str(
        chance.choice(
            [
                token + foreign,
                foreign + token,
                token[:at] + foreign + token[at:],
                token[:at] + other + token[at + 1 :],
                token[:at] + token[at + 1 :],
                f"{token}.{part('more')}",
                ".".join(reversed(token.split("."))),
            ]
        )
    )
