"""What everything else stands on: storage, keys, clock, lane, and the settings as plain values."""

import ssl
from functools import cached_property
from typing import TYPE_CHECKING, Final

from authserver.background.dispatcher import Bell
from authserver.crypto.argon2_hasher import Argon2Hasher
from authserver.crypto.common_passwords import CommonPasswords
from authserver.crypto.deriver import Deriver
from authserver.crypto.key_ring import KeyRing
from authserver.domain.api_resources import own_api
from authserver.domain.audit_events import AuditEvent
from authserver.domain.clock import Clock
from authserver.domain.endpoint import Endpoint
from authserver.domain.password_policy import PasswordPolicy
from authserver.domain.randomness import Randomness
from authserver.flows.code_demands import CodeDemands
from authserver.flows.email_code import EmailCode
from authserver.flows.judged_codes import JudgedCodes
from authserver.flows.mail_permits import MailPermits
from authserver.lane import Lane
from authserver.mail.composer import Composer
from authserver.oidc.keys import ProviderKeys
from authserver.rendering import Renderer
from authserver.settings.sources import Loaded, packaged
from authserver.storage.brands import StoredBrands
from authserver.storage.configuration_cache import ConfigurationCache
from authserver.storage.database import open_database
from authserver.storage.registered_apis import RegisteredApis
from authserver.storage.registered_clients import RegisteredClients, account_client
from authserver.storage.sign_in_experience import StoredSignInExperience
from authserver.storage.unit_of_work import Notice, Storage, Told
from authserver.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from authserver.background.client_logos import LogoFetcher
    from authserver.outbound.guarded_caller import GuardedCaller

THREADS_BESIDE_CONNECTIONS: Final = 2


class Foundation:
    """The parts that many others are built with, each built once."""

    def __init__(self, loaded: Loaded, clock: Clock, randomness: Randomness) -> None:
        settings = loaded.settings
        self.loaded = loaded
        self.settings = settings
        self.clock = clock
        self.randomness = randomness
        self.endpoint = Endpoint(settings.endpoint)
        self.deriver = Deriver(KeyRing(settings.secret_keys, randomness))
        self.storage = Storage(open_database(settings.database_url))
        self.cache = ConfigurationCache(self.storage, clock)
        self.brands = StoredBrands(self.cache)
        self.experience = StoredSignInExperience(self.cache)
        own_client = account_client(self.endpoint.url, clock.now())
        self.clients = RegisteredClients(self.cache, own_client, self.brands)
        self.apis = RegisteredApis(self.cache, own_api(self.endpoint.url, clock.now()))
        self.keys = ProviderKeys(self.cache, self.deriver.keys)
        self.renderer = Renderer(packaged("templates"), default_locale=settings.fallback_language)
        self.lane = Lane(threads=self.storage.database.connections + THREADS_BESIDE_CONNECTIONS)
        self.lifetimes = settings.lifetimes.lifetimes()
        self.policy = settings.codes.policy()
        self.email_code = EmailCode(
            policy=self.policy,
            permits=MailPermits(policy=self.policy, randomness=randomness),
            demands=CodeDemands(policy=self.policy),
            judged=JudgedCodes(policy=self.policy, randomness=randomness),
            deriver=self.deriver,
            randomness=randomness,
        )
        self.hasher = Argon2Hasher(
            memory_kib=settings.passwords.memory_kib,
            iterations=settings.passwords.iterations,
            parallelism=settings.passwords.parallelism,
        )
        self.password_policy = PasswordPolicy(
            least_length=settings.passwords.least_length, common=CommonPasswords()
        )
        self.metrics = Metrics(loaded.shared_metrics)
        self.bell, self.logout_bell = Bell(), Bell()
        self.storage.on_commit(self.hear)

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """Return the authorities to trust; reading them takes a while, so only when needed."""
        from authserver.outbound.trust import trusting_context

        return trusting_context(self.settings.outgoing.ca_file)

    @cached_property
    def composer(self) -> Composer:
        """Return what composes mails."""
        return Composer(
            self.renderer,
            self.randomness,
            self.clock,
            sender_host=self.endpoint.host,
            code_in_subject=self.settings.codes.mails.code_in_subject,
            fallback_language=self.settings.fallback_language,
        )

    @cached_property
    def client_sites(self) -> "GuardedCaller":
        """Return the one door to addresses that clients registered."""
        # Not at the top: what calls others takes long to import, and few commands do.
        from authserver.outbound.address_guard import AddressGuard
        from authserver.outbound.guarded_caller import GuardedCaller

        return GuardedCaller(AddressGuard(frozenset(self.settings.outgoing.allow)), self.trust)

    @cached_property
    def logos(self) -> "LogoFetcher":
        """Return what fetches the logos that clients name."""
        from authserver.background.client_logos import LogoFetcher
        from authserver.delivery.client_logos import ClientLogoDelivery

        return LogoFetcher(
            delivery=ClientLogoDelivery(storage=self.storage, clock=self.clock),
            caller=lambda: self.client_sites,
            lane=self.lane,
        )

    def hear(self, notices: frozenset[Told], events: tuple[AuditEvent, ...]) -> None:
        """Wake the dispatchers and count what happened, once it is durable."""
        if Notice.MAIL_OWED in notices:
            self.bell.ring()
        if Notice.LOGOUT_OWED in notices:
            self.logout_bell.ring()
        for event in events:
            self.metrics.count_event(event.kind)
