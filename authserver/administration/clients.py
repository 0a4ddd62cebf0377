"""What operators do with clients and their secrets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from itertools import count

from authserver.administration.mistakes import ClientInvalid, ClientUnknown
from authserver.crypto.client_keys import (
    KeySetInvalid,
    has_private_part,
    public_members,
    read_key_set,
)
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.client_metadata import ClientMetadata
from authserver.domain.client_rules import client_faults, secret_name_faults
from authserver.domain.clients import (
    FIRST_SECRET,
    Client,
    ClientId,
    ClientKind,
    ClientSecret,
    new_client_id,
    new_client_secret,
)
from authserver.domain.clock import Clock
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.randomness import Randomness
from authserver.domain.secret import Secret
from authserver.domain.signing_keys import DEFAULT_ALGORITHM, SigningAlgorithm, SigningKeyState
from authserver.storage.clients import SecretNameTaken
from authserver.storage.endings import delete_client
from authserver.storage.registered_clients import RegisteredClient
from authserver.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A client just registered; its secret is shown this once, and public clients have none."""

    client: Client
    secret: Secret | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A secret just added to a client, shown this once."""

    name: str
    secret: Secret
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanges:
    """What to replace of a client; what is None stays."""

    name: str | None = None
    redirect_uris: Sequence[str] | None = None
    post_logout_redirect_uris: Sequence[str] | None = None
    requires_pkce: bool | None = None
    has_claims_in_id_token: bool | None = None
    id_token_algorithm: SigningAlgorithm | None = None
    may_introspect_all: bool | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)

    def apply(self, client: Client, now: datetime) -> Client:
        """Return the client as it is to be."""
        chosen: dict[str, object] = {
            "name": None if self.name is None else self.name.strip(),
            "redirect_uris": each_once(self.redirect_uris),
            "post_logout_redirect_uris": each_once(self.post_logout_redirect_uris),
            "is_exempt_from_pkce": None if self.requires_pkce is None else not self.requires_pkce,
            "has_claims_in_id_token": self.has_claims_in_id_token,
            "id_token_algorithm": self.id_token_algorithm,
        }
        details = dict(self.metadata)
        if self.may_introspect_all is not None:
            details["may_introspect_all"] = self.may_introspect_all
        # The names above and below are those of the fields, which the type checker cannot follow.
        chosen["metadata"] = replace(client.metadata, **details)  # type: ignore[arg-type]  # fields
        given = {name: value for name, value in chosen.items() if value is not None}
        return replace(client, updated_at=now, **given)  # type: ignore[arg-type]  # names of fields


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAdministration:
    """Registers clients; every change reaches all processes within a second."""

    storage: Storage
    clock: Clock
    randomness: Randomness

    def create(
        self,
        *,
        name: str,
        kind: ClientKind,
        redirect_uris: Sequence[str] = (),
        post_logout_redirect_uris: Sequence[str] = (),
        requires_pkce: bool = True,
        metadata: ClientMetadata | None = None,
    ) -> NewClient:
        """Register a client; raises ClientInvalid with all faults together."""
        given = metadata or ClientMetadata()
        choices = ClientChanges(
            name=name,
            redirect_uris=redirect_uris,
            post_logout_redirect_uris=post_logout_redirect_uris,
            requires_pkce=requires_pkce,
            metadata={each.name: getattr(given, each.name) for each in fields(given)},
        )
        return self.create_as(kind, choices)

    def create_as(self, kind: ClientKind, choices: ClientChanges) -> NewClient:
        """Do the same with everything that may be chosen; what is None is as usual."""
        now = self.clock.now()
        new_id = new_client_id(self.randomness)
        blank = Client(id=new_id, name="", kind=kind, created_at=now, updated_at=now)
        client = with_public_keys(choices.apply(blank, now))
        faults = client_faults(client)
        secret = new_client_secret(self.randomness) if client.has_secret else None
        with self.storage.writing() as work:
            refuse([*faults, *algorithm_faults(work, client)])
            work.clients.add(client)
            if secret is not None:
                work.clients.add_secret(client.id, ClientSecret.of(FIRST_SECRET, secret, now, None))
            changed(work, AuditKind.CLIENT_CREATED, client.id, now, of_kind=kind)
            work.commit()
        return NewClient(client=client, secret=secret)

    def list(self) -> list[Client]:
        """Return every client, oldest first; the built-in one is not among them."""
        with self.storage.reading() as work:
            return work.clients.list()

    def show(self, client_id: str) -> RegisteredClient:
        """Return a client with its secrets, of which only digests are known."""
        with self.storage.reading() as work:
            client = wanted(work, client_id)
            return RegisteredClient(client, work.clients.secrets(client.id))

    def update(self, client_id: str, changes: ClientChanges) -> Client:
        """Replace what `changes` names; raises ClientInvalid with all faults together."""
        now = self.clock.now()
        with self.storage.writing() as work:
            client = with_public_keys(changes.apply(wanted(work, client_id), now))
            refuse([*client_faults(client), *algorithm_faults(work, client)])
            work.clients.change(client)
            changed(work, AuditKind.CLIENT_UPDATED, client.id, now)
            work.commit()
        return client

    def judge(self, client: Client) -> Client | None:
        """Return the client that `put` would replace; raises ClientInvalid with all faults."""
        faults = client_faults(with_public_keys(client))
        with self.storage.reading() as work:
            present = work.clients.find(client.id)
            faults += algorithm_faults(work, client)
        if present is not None and present.kind is not client.kind:
            faults.append(f"A client of kind {present.kind} stays one.")
        if present is not None and present.metadata.is_dynamic:
            faults.append("This client has registered itself.")
        refuse(faults)
        return present

    def put(self, client: Client) -> None:
        """Store the client as it is given, without a secret where it is new."""
        self.judge(client)
        now = self.clock.now()
        stored = replace(with_public_keys(client), created_at=now, updated_at=now)
        with self.storage.writing() as work:
            is_known = work.clients.change(stored)
            if not is_known:
                work.clients.add(stored)
            kind = AuditKind.CLIENT_UPDATED if is_known else AuditKind.CLIENT_CREATED
            changed(work, kind, client.id, now)
            work.commit()

    def delete(self, client_id: str) -> None:
        """Delete a client with its authorizations and tokens."""
        now = self.clock.now()
        with self.storage.writing() as work:
            client = wanted(work, client_id)
            delete_client(work, client.id)
            changed(work, AuditKind.CLIENT_DELETED, client.id, now, name=client.name)
            work.commit()

    def add_secret(
        self, client_id: str, name: str | None = None, expires_in: timedelta | None = None
    ) -> NewSecret:
        """Add a secret beside those there are; without a name it is numbered."""
        now = self.clock.now()
        secret = new_client_secret(self.randomness)
        expires_at = lifetime_end(now, expires_in)
        with self.storage.writing() as work:
            client = wanted(work, client_id)
            if not client.has_secret:
                raise ClientInvalid("This client does not authenticate with a secret.")
            chosen = name or free_name(work, client.id)
            refuse(list(secret_name_faults(chosen)))
            try:
                work.clients.add_secret(client.id, ClientSecret.of(chosen, secret, now, expires_at))
            except SecretNameTaken as taken:
                raise ClientInvalid(f"The client has a secret named {chosen!r}.") from taken
            changed(work, AuditKind.CLIENT_SECRET_ADDED, client.id, now, name=chosen)
            work.commit()
        return NewSecret(name=chosen, secret=secret, expires_at=expires_at)

    def remove_secret(self, client_id: str, name: str) -> None:
        """Remove one secret; it authenticates nobody any more."""
        now = self.clock.now()
        with self.storage.writing() as work:
            client = wanted(work, client_id)
            if not work.clients.remove_secret(client.id, name):
                raise ClientUnknown(f"The client has no secret named {name!r}.")
            changed(work, AuditKind.CLIENT_SECRET_REMOVED, client.id, now, name=name)
            work.commit()


def with_public_keys(client: Client) -> Client:
    """Return the client with nothing but public keys; raises ClientInvalid where it has none."""
    jwks = client.metadata.jwks
    if jwks is None:
        return client
    try:
        read_key_set(jwks)
    except KeySetInvalid as fault:
        raise ClientInvalid(f"The key set cannot be used: {fault}.") from fault
    if has_private_part(jwks):
        raise ClientInvalid("The key set holds a private key: keep that, and make a new one.")
    return replace(client, metadata=replace(client.metadata, jwks=public_members(jwks)))


def each_once(uris: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the URIs in order without repetition; None stays None."""
    return None if uris is None else tuple(dict.fromkeys(uris))


def refuse(faults: list[str]) -> None:
    """Raise ClientInvalid where there are faults."""
    if faults:
        raise ClientInvalid(*faults)


def wanted(work: UnitOfWork, client_id: str) -> Client:
    """Return the client with `client_id`, or raise ClientUnknown."""
    client = work.clients.find(client_id)
    if client is None:
        raise ClientUnknown(f"There is no client {client_id!r}; `client list` shows all there are.")
    return client


def algorithm_faults(work: UnitOfWork, client: Client) -> list[str]:
    """Return a sentence for each algorithm by which nothing could be signed for the client."""
    # Every server has a key for the default one.
    given = {client.id_token_algorithm, client.metadata.userinfo_signed_response_alg}
    wanted = given - {None, DEFAULT_ALGORITHM}
    there_are = {
        key.algorithm for key in work.signing_keys.list() if key.state is SigningKeyState.CURRENT
    }
    return [
        f"There is no signing key for {algorithm}: make one with "
        f"`authserver signing-key rotate --algorithm {algorithm}`."
        for algorithm in sorted(map(str, wanted - there_are))
    ]


def lifetime_end(now: datetime, expires_in: timedelta | None) -> datetime | None:
    """Return when something expires that lives for `expires_in`, None for ever."""
    if expires_in is None:
        return None
    if expires_in <= timedelta(0):
        raise ClientInvalid("A secret must live for some time.")
    try:
        return now + expires_in
    except OverflowError as overflow:
        raise ClientInvalid("A secret cannot live that long.") from overflow


def free_name(work: UnitOfWork, client_id: ClientId) -> str:
    """Return the first numbered name that no secret of the client bears."""
    taken = {secret.name for secret in work.clients.secrets(client_id)}
    return next(name for number in count(2) if (name := f"secret-{number}") not in taken)


def changed(
    work: UnitOfWork, kind: AuditKind, client_id: ClientId, now: datetime, **detail: str
) -> None:
    """Record the change and make every process see it."""
    work.configuration_changed(ConfigurationKind.CLIENTS)
    work.record(AuditEvent(kind=kind, client_id=client_id, detail=detail), now)
