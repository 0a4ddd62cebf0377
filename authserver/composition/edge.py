"""The HTTP edge: use cases of provider and flows, their routes, and what all requests pass."""

from authserver.composition.account import AccountSections
from authserver.composition.api import api_routes
from authserver.composition.appearance import looks_of
from authserver.composition.authorizing import Authorizing
from authserver.composition.client_endpoints import client_endpoints
from authserver.composition.factors import Factors
from authserver.composition.foundation import Foundation
from authserver.composition.mail_routes import PageParts, mail_routes
from authserver.composition.operating import Operating
from authserver.composition.registration import registration_routes
from authserver.composition.signing_in import SigningIn
from authserver.domain.interactions import KEPT_FOR
from authserver.flows.account import OwnAccount
from authserver.flows.completion import Completion
from authserver.flows.finish_elsewhere import FinishElsewhere
from authserver.oidc.authorization.code_issuer import CodeIssuer
from authserver.oidc.authorization.endpoint import AuthorizationEndpoint
from authserver.oidc.end_session import EndSession
from authserver.web.account_frame import AccountFrame
from authserver.web.application import (
    Application,
    create_application,
    create_management_application,
)
from authserver.web.brand import BrandRoutes
from authserver.web.browser import Browsers
from authserver.web.client_address import ClientAddresses
from authserver.web.client_logos import ClientLogoRoutes
from authserver.web.cross_origin import CrossOrigin
from authserver.web.error_responses import ErrorPages
from authserver.web.flood_guard import FloodGuard
from authserver.web.health import HealthRoutes
from authserver.web.oidc.end_session import EndSessionRoutes
from authserver.web.page_renderer import PageRenderer
from authserver.web.pages.bookmarks import Bookmarks
from authserver.web.pages.finish_elsewhere import FinishElsewherePages
from authserver.web.passage import Passage
from authserver.web.request_form import FormReader


class Edge:
    """The routes of every owner over one set of shared parts."""

    def __init__(self, base: Foundation, operating: Operating) -> None:
        settings = base.settings
        self.base = base
        self.operating = operating
        self.addresses = ClientAddresses(
            settings.trusted_proxies, settings.codes.starts.ipv6_prefix
        )
        self.browsers = Browsers(
            is_secure=base.endpoint.is_secure,
            addresses=self.addresses,
            session_life_seconds=int(base.lifetimes.session_max.total_seconds()),
            device_life_seconds=int(base.policy.device_life.total_seconds()),
            interaction_life_seconds=int(KEPT_FOR.total_seconds()),
        )
        self.looks = looks_of(base, operating.mail.configuration)
        self.pages = PageRenderer(
            renderer=base.renderer,
            browsers=self.browsers,
            endpoint=base.endpoint,
            looks=self.looks,
            form_token=base.deriver.form_token,
            composer=base.composer,
        )
        self.errors = ErrorPages(self.pages)
        self.forms = FormReader(settings.limits.body_bytes, base.endpoint.url)
        self.completion = Completion(
            deriver=base.deriver,
            randomness=base.randomness,
            lifetimes=base.lifetimes,
            policy=base.policy,
        )
        self.factors = Factors(base, self.completion)
        self.codes = CodeIssuer(
            keys=base.keys,
            apis=base.apis,
            clock=base.clock,
            randomness=base.randomness,
            lifetimes=base.lifetimes,
            issuer=base.endpoint.issuer,
        )
        self.account = OwnAccount(
            storage=base.storage,
            clock=base.clock,
            lifetimes=base.lifetimes,
            clients=base.clients,
            issuer=base.endpoint.issuer,
        )
        self.signing_in = SigningIn(
            base,
            factors=self.factors,
            browsers=self.browsers,
            forms=self.forms,
            pages=self.pages,
            errors=self.errors,
        )
        self.authorization = AuthorizationEndpoint(
            storage=base.storage, clients=base.clients, codes=self.codes
        )

    def application(self) -> Passage:
        """Return the whole server as one ASGI application."""
        limits = self.base.settings.limits
        health = [] if self.base.settings.management_bind else self.health().routes()
        routes = [
            *client_endpoints(self.base, self.forms).routes(),
            *registration_routes(self.base, self.forms, self.addresses),
            *api_routes(self.base, self.forms, self.addresses),
            *self.authorizing().routes(),
            *self.end_session_routes().routes(),
            *self.signing_in.routes(),
            *self.finish_elsewhere_pages().routes(),
            *(route for pages in self.account_sections().pages() for route in pages.routes()),
            *self.bookmarks().routes(),
            *mail_routes(base=self.base, operating=self.operating, parts=self.page_parts()),
            *BrandRoutes(self.looks, self.base.brands.image, self.base.lane).routes(),
            *ClientLogoRoutes(self.base.logos.delivery.find, self.base.lane).routes(),
            *health,
        ]
        return Passage(
            application=create_application(routes, self.errors),
            addresses=self.addresses,
            flood_guard=FloodGuard(self.base.clock, limits.requests_per_source_minute),
            guard_of_clients=FloodGuard(self.base.clock, limits.client_requests_per_source_minute),
            cross_origin=CrossOrigin(origins=self.base.clients.origins, lane=self.base.lane),
            observe=self.base.metrics.observe_request,
            renew=self.looks.renew,
            flooded=self.errors.flooded,
            is_secure=self.base.endpoint.is_secure,
        )

    def management_application(self) -> Application:
        """Return the application of the second listener."""
        return create_management_application(self.health().routes())

    def page_parts(self) -> PageParts:
        """Return what pages of every owner are made with."""
        return PageParts(addresses=self.addresses, pages=self.pages, errors=self.errors)

    def health(self) -> HealthRoutes:
        """Return the probes."""
        return HealthRoutes(
            readiness=self.operating.diagnosis.readiness,
            metrics=self.base.metrics.render,
            lane=self.base.lane,
        )

    def authorizing(self) -> Authorizing:
        """Return the authorization endpoint and its question."""
        return Authorizing(
            self.base,
            endpoint=self.authorization,
            browsers=self.browsers,
            forms=self.forms,
            pages=self.pages,
            errors=self.errors,
        )

    def end_session_routes(self) -> EndSessionRoutes:
        """Return RP-initiated logout."""
        base = self.base
        return EndSessionRoutes(
            end_session=EndSession(
                storage=base.storage,
                clients=base.clients,
                keys=base.keys,
                clock=base.clock,
                lifetimes=base.lifetimes,
                issuer=base.endpoint.issuer,
            ),
            lane=base.lane,
            browsers=self.browsers,
            forms=self.forms,
            pages=self.pages,
            errors=self.errors,
        )

    def finish_elsewhere_pages(self) -> FinishElsewherePages:
        """Return the page of the links in mails."""
        base = self.base
        return FinishElsewherePages(
            flow=FinishElsewhere(
                storage=base.storage,
                clients=base.clients,
                codes=base.email_code,
                clock=base.clock,
            ),
            lane=base.lane,
            browsers=self.browsers,
            forms=self.forms,
            pages=self.pages,
            errors=self.errors,
        )

    def bookmarks(self) -> Bookmarks:
        """Return what leads to the account page."""
        return Bookmarks(
            account=self.account,
            authorization=self.authorization,
            lane=self.base.lane,
            browsers=self.browsers,
            pages=self.pages,
            errors=self.errors,
            has_passwords=self.factors.has_passwords,
        )

    def account_frame(self) -> AccountFrame:
        """Return what the sections of the account page share."""
        return AccountFrame(
            account=self.account,
            authorization=self.authorization,
            has_passwords=self.factors.has_passwords,
            lane=self.base.lane,
            browsers=self.browsers,
            forms=self.forms,
            pages=self.pages,
            errors=self.errors,
        )

    def account_sections(self) -> AccountSections:
        """Return the sections of the account page."""
        return AccountSections(
            self.base,
            completion=self.completion,
            factors=self.factors,
            frame=self.account_frame(),
        )
