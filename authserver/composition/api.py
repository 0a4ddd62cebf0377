"""The API of this server: what services call with an access token."""

from authserver.composition.foundation import Foundation
from authserver.flows.client_verifications import ClientVerifications
from authserver.oidc.api_access import ApiAccess
from authserver.oidc.presented_tokens import PresentedTokens
from authserver.web.api.verifications import VerificationRoutes
from authserver.web.application import Routes
from authserver.web.client_address import ClientAddresses
from authserver.web.request_form import FormReader


def api_routes(base: Foundation, forms: FormReader, addresses: ClientAddresses) -> Routes:
    """Return the routes below `/api/v1`."""
    return VerificationRoutes(
        access=ApiAccess(
            storage=base.storage,
            clock=base.clock,
            presented=PresentedTokens(base.keys, base.endpoint.issuer),
            indicator=base.apis.own.indicator,
        ),
        verifications=ClientVerifications(
            storage=base.storage,
            codes=base.email_code,
            clock=base.clock,
            randomness=base.randomness,
            lifetimes=base.lifetimes,
        ),
        language_for=lambda wish: base.renderer.negotiate(ui_locales=[wish]),
        addresses=addresses,
        lane=base.lane,
        forms=forms,
    ).routes()
