"""What pages look like: brands, and the banners about mail."""

from collections.abc import Callable

from authserver.composition.foundation import Foundation
from authserver.delivery.mail_pace import MailPace
from authserver.delivery.open_seats import Registrations
from authserver.domain.mail_configuration import MailConfiguration
from authserver.web.looks import Looks


def looks_of(base: Foundation, mail: Callable[[], MailConfiguration]) -> Looks:
    """Return what every page is rendered with."""
    return Looks(
        brands=base.brands,
        lane=base.lane,
        clock=base.clock,
        pace=MailPace(
            storage=base.storage,
            clock=base.clock,
            mails_to_unknown=base.policy.mails_to_unknown,
        ),
        registrations=Registrations(storage=base.storage, clock=base.clock, policy=base.policy),
        mail=mail,
    )
