"""The routes of mail: the developer's inbox, and what providers call."""

from dataclasses import dataclass

from authserver.composition.foundation import Foundation
from authserver.composition.operating import Operating
from authserver.web.application import Routes
from authserver.web.client_address import ClientAddresses
from authserver.web.error_responses import ErrorPages
from authserver.web.mail import InboxRoutes
from authserver.web.mail_hooks import DeliveryHook
from authserver.web.page_renderer import PageRenderer


@dataclass(frozen=True, slots=True, kw_only=True)
class PageParts:
    """What pages are made with."""

    addresses: ClientAddresses
    pages: PageRenderer
    errors: ErrorPages


def mail_routes(*, base: Foundation, operating: Operating, parts: PageParts) -> Routes:
    """Return the developer's inbox and the hook of delivery events."""
    inbox = InboxRoutes(
        outbox=lambda: operating.mail.configuration().outbox,
        timelines=operating.mail.timelines,
        is_open_to_all=base.settings.allow_outbox,
        addresses=parts.addresses,
        endpoint=base.endpoint,
        lane=base.lane,
        pages=parts.pages,
        errors=parts.errors,
    )
    hook = DeliveryHook(
        secret=operating.mail.event_secret,
        note=operating.delivery_reports.note,
        lane=base.lane,
    )
    return [*inbox.routes(), *hook.routes()]
