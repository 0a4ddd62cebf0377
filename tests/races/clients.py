"""Rounds in which a client presents one assertion, or one initial access token, many times."""

import json

import httpx

from tests.races.arena import CALLBACK, Arena
from tests.races.signer import Signer
from tests.races.tokens import new_code
from tests.races.violations import Violations

CROWD = 50
LEAST = 16
USES = (1, 3)


def client_assertion(arena: Arena, found: Violations) -> None:
    """A client presents one assertion many times at once: it is believed in one request alone.

    Each request has a refresh token of its own, so that nothing but the assertion decides.
    """
    signer = arena.signer
    tokens = refresh_tokens(arena, signer, arena.at_once(CROWD, least=LEAST))
    assertion = signer.assertion()
    answers = arena.crowd.send([signer.refreshing(token, assertion) for token in tokens])
    believed = [answer for answer in answers if answer.status_code == httpx.codes.OK]
    refused = [answer for answer in answers if answer.status_code == httpx.codes.UNAUTHORIZED]
    found.unless_all(answers, 200, 401)
    found.unless(len(believed) == 1, f"believed {len(believed)} times")
    errors = {answer.json()["error"] for answer in refused}
    found.unless(errors == {"invalid_client"}, f"refused with {errors}")
    found.unless_all(arena.crowd.send([signer.refreshing(tokens[0], assertion)]), 401)
    # Proven anew, every one of them is good: the one that was spent within its grace.
    proven = [signer.refreshing(token, signer.assertion()) for token in tokens]
    renewed = arena.crowd.send(proven)
    found.unless_all(renewed, 200)
    signer.refresh_tokens = [
        answer.json()["refresh_token"] for answer in renewed if answer.status_code == httpx.codes.OK
    ]


def refresh_tokens(arena: Arena, signer: Signer, number: int) -> list[str]:
    """Return as many refresh tokens of the client, each of an authorization of its own."""
    kept = signer.refresh_tokens[:number]
    fields = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    missing = [
        signer.exchange(signer.assertion(), code=new_code(arena, client_id=signer.id), **fields)
        for _ in range(number - len(kept))
    ]
    answers = arena.crowd.send(missing)
    return [*kept, *(answer.json()["refresh_token"] for answer in answers)]


def registration_token(arena: Arena, found: Violations) -> None:
    """Applications register at once with one token: as many as it has uses, and no more."""
    for uses in USES:
        made = arena.operator.registration_tokens.create(uses=uses)
        # Unlike that of anybody else, so that the clients can be counted.
        name = arena.new_address()
        request = registration(arena, made.token.reveal(), name)
        answers = arena.crowd.send([request] * arena.at_once(CROWD, least=LEAST))
        registered = [answer for answer in answers if answer.status_code == httpx.codes.CREATED]
        refused = [answer for answer in answers if answer.status_code == httpx.codes.UNAUTHORIZED]
        found.unless_all(answers, 201, 401)
        found.unless(len(registered) == uses, f"{len(registered)} registrations for {uses} uses")
        errors = {answer.json()["error"] for answer in refused}
        found.unless(errors == {"invalid_token"}, f"refused with {errors}")
        clients = arena.ledger.clients(name)
        found.unless(clients == uses, f"{clients} clients for {uses} uses")
        found.unless_all(arena.crowd.send([request]), 401)
        found.unless_all(arena.crowd.send(list(map(deletion, registered))), 204)


def registration(arena: Arena, token: str, name: str) -> httpx.Request:
    """Return the request of an application that registers itself (RFC 7591 §3.1)."""
    return httpx.Request(
        "POST",
        f"{arena.endpoint}/oidc/reg",
        content=json.dumps({"redirect_uris": [CALLBACK], "client_name": name}),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )


def deletion(registered: httpx.Response) -> httpx.Request:
    """Return the request by which a client deletes its registration (RFC 7592 §2.3)."""
    told = registered.json()
    headers = {"Authorization": f"Bearer {told['registration_access_token']}"}
    return httpx.Request("DELETE", told["registration_client_uri"], headers=headers)
