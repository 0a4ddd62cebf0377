"""The authorization endpoint, and the question whether a client may have what it asks for."""

from authserver.composition.foundation import Foundation
from authserver.oidc.authorization.consent import ConsentStep
from authserver.oidc.authorization.endpoint import AuthorizationEndpoint
from authserver.oidc.authorization.resumption import Resumption
from authserver.web.application import Routes
from authserver.web.browser import Browsers
from authserver.web.error_responses import ErrorPages
from authserver.web.oidc.authorization import AuthorizationRoutes
from authserver.web.oidc.consent import ConsentRoutes
from authserver.web.page_renderer import PageRenderer
from authserver.web.request_form import FormReader


class Authorizing:
    """The routes of authorization requests, over the shared parts of the edge."""

    def __init__(
        self,
        base: Foundation,
        *,
        endpoint: AuthorizationEndpoint,
        browsers: Browsers,
        forms: FormReader,
        pages: PageRenderer,
        errors: ErrorPages,
    ) -> None:
        resumption = Resumption(
            storage=base.storage,
            clients=base.clients,
            deriver=base.deriver,
            codes=endpoint.codes,
        )
        self.requests = AuthorizationRoutes(
            endpoint=endpoint,
            resumption=resumption,
            client_of=base.clients.client,
            lane=base.lane,
            browsers=browsers,
            forms=forms,
            pages=pages,
            errors=errors,
        )
        self.consent = ConsentRoutes(
            step=ConsentStep(resumption=resumption, endpoint=endpoint, codes=endpoint.codes),
            client_of=base.clients.client,
            lane=base.lane,
            browsers=browsers,
            forms=forms,
            pages=pages,
            errors=errors,
        )

    def routes(self) -> Routes:
        """Return the routes."""
        return [*self.requests.routes(), *self.consent.routes()]
