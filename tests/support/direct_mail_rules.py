"""What Direct Mail asks of a call: its signature and the limits of its parameters."""

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

from authserver.domain.randomness import SystemRandomness

MAX_SUBJECT = 100
MAX_ALIAS = 14
MAX_BODY_PART = 80 * 1024
MANDATORY_HEADERS = frozenset(
    {
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
    }
)
KNOWN_PARAMETERS = frozenset(
    {
        "AccountName",
        "AddressType",
        "ReplyToAddress",
        "ToAddress",
        "Subject",
        "HtmlBody",
        "TextBody",
        "FromAlias",
        "TagName",
        "ClickTrace",
        "ReplyAddress",
        "ReplyAddressAlias",
        "UnSubscribeLinkType",
        "UnSubscribeFilterLevel",
        "Headers",
        "IpPoolId",
    }
)


class Refused(Exception):
    """The call is answered with an error."""

    def __init__(self, status: int, code: str, message: str = "refused") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, kw_only=True)
class ServiceAnswer:
    """Status, content type and body of one answer."""

    status: int
    body: bytes
    content_type: str = "application/json;charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call as it came over the wire; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


def form_of(call: Call, known: frozenset[str] = KNOWN_PARAMETERS) -> dict[str, str]:
    """Return the parameters, of the query as well as of the body."""
    media_type = call.headers.get("content-type", "").partition(";")[0]
    if call.body and media_type != "application/x-www-form-urlencoded":
        raise Refused(400, "InvalidBody")
    query = call.path.partition("?")[2]
    joined = "&".join(part for part in (query, call.body.decode()) if part)
    pairs = parse_qsl(joined, keep_blank_values=True, strict_parsing=True) if joined else []
    parameters = dict(pairs)
    if len(parameters) != len(pairs) or set(parameters) - known:
        raise Refused(400, "InvalidBody")
    return parameters


def check_parameters(parameters: dict[str, str], senders: frozenset[str]) -> None:
    for name in ("AccountName", "AddressType", "ReplyToAddress", "ToAddress", "Subject"):
        if not parameters.get(name):
            raise Refused(400, f"Missing{name}")
    wrong = next((name for name, is_right in RULES.items() if not is_right(parameters)), None)
    if wrong is not None:
        raise Refused(400, wrong)
    if parameters["AccountName"] not in senders:
        raise Refused(404, "InvalidMailAddress.NotFound")


def is_address_list(parameters: dict[str, str]) -> bool:
    addresses = parameters["ToAddress"].split(",")
    return len(addresses) <= 100 and all(
        address.isascii() and address.count("@") == 1 and "." in address.partition("@")[2]
        for address in addresses
    )


RULES: dict[str, Callable[[dict[str, str]], bool]] = {
    "InvalidAddressType": lambda given: given["AddressType"] in {"0", "1"},
    "InvalidReplyToAddress": lambda given: given["ReplyToAddress"].lower() in {"true", "false"},
    "InvalidSubject.Malformed": lambda given: 0 < len(given["Subject"]) <= MAX_SUBJECT,
    "InvalidFromAlias.Malformed": lambda given: (
        len(given.get("FromAlias", "")) <= MAX_ALIAS and given.get("FromAlias", "").isprintable()
    ),
    "InvalidBody": lambda given: (
        any(given.get(name) for name in ("HtmlBody", "TextBody"))
        and all(
            len(given.get(name, "").encode()) <= MAX_BODY_PART for name in ("HtmlBody", "TextBody")
        )
    ),
    "InvalidClickTrace": lambda given: given.get("ClickTrace", "0") in {"0", "1"},
    "InvalidTagName": lambda given: (
        given.get("TagName", "x").replace("-", "x").replace("_", "x").isalnum()
    ),
    "InvalidHeaders": lambda given: has_headers(given.get("Headers", "{}")),
    "InvalidToAddress": is_address_list,
}


def has_headers(text: str) -> bool:
    try:
        headers = json.loads(text)
    except ValueError:
        return False
    return isinstance(headers, dict) and len(headers) <= 10


def parsed_authorization(value: str) -> tuple[str, list[str], str]:
    scheme, _, rest = value.partition(" ")
    parts = dict(part.partition("=")[::2] for part in rest.split(","))
    if scheme != "ACS3-HMAC-SHA256" or set(parts) != {"Credential", "SignedHeaders", "Signature"}:
        raise Refused(400, "IncompleteSignature")
    names = parts["SignedHeaders"].split(";")
    if names != sorted(set(names)):
        raise Refused(400, "IncompleteSignature")
    return parts["Credential"], names, parts["Signature"]


def canonical_text(call: Call, names: list[str]) -> str:
    path, _, query = call.path.partition("?")
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    encoded = "&".join(f"{quote(a, safe='-_.~')}={quote(b, safe='-_.~')}" for a, b in pairs)
    headers = "".join(f"{name}:{call.headers[name].strip()}\n" for name in names)
    body_hash = call.headers["x-acs-content-sha256"]
    return "\n".join(("POST", path, encoded, headers, ";".join(names), body_hash))


def sign(canonical: str, secret: str) -> str:
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    return hmac.new(secret.encode(), to_sign.encode(), "sha256").hexdigest()


def echo(canonical: str, call: Call) -> str:
    """Return the kind of message that gives away what it should not."""
    return (
        "Specified signature is not matched with our calculation. "
        f"server string to sign is:{canonical} body:{call.body.decode()}"
    )


def as_json(**members: object) -> bytes:
    return json.dumps(members).encode()


def request_id() -> str:
    return str(uuid.UUID(bytes=SystemRandomness().draw(16))).upper()
