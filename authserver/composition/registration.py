"""Dynamic client registration: no routes unless an operator has switched it on."""

from authserver.composition.foundation import Foundation
from authserver.oidc.client_registration import ClientRegistration
from authserver.oidc.registration_document import RegistrationRules
from authserver.oidc.registration_limits import RegistrationLimits
from authserver.web.application import Routes
from authserver.web.client_address import ClientAddresses
from authserver.web.oidc.registration import RegistrationRoutes
from authserver.web.request_form import FormReader
from authserver.web.sector_identifiers import SectorDocuments


def registration_routes(base: Foundation, forms: FormReader, addresses: ClientAddresses) -> Routes:
    """Return the routes under which clients register themselves."""
    settings = base.settings.registration
    if not settings.is_on:
        return []
    registration = ClientRegistration(
        storage=base.storage,
        keys=base.keys,
        clock=base.clock,
        randomness=base.randomness,
        endpoint=base.endpoint,
        rules=RegistrationRules(requires_pkce=settings.require_pkce),
        limits=RegistrationLimits(
            storage=base.storage,
            per_source_hour=settings.per_source_hour,
            per_day=settings.per_day,
        ),
        is_open=settings.is_open,
    )
    return RegistrationRoutes(
        registration=registration,
        fetch_logo=base.logos.fetch_now,
        sectors=SectorDocuments(caller=lambda: base.client_sites, lane=base.lane),
        addresses=addresses,
        lane=base.lane,
        forms=forms,
    ).routes()
