"""What a person may do instead of going on: begin anew, give up, or use the session there is."""

from dataclasses import dataclass

from authserver.domain.clock import Clock
from authserver.domain.interactions import Interaction, InteractionState
from authserver.domain.lifetimes import Lifetimes
from authserver.flows.steps import Proceed, Step, may_continue
from authserver.flows.visitor import GoOn, InteractionGone, Visitor, find_interaction
from authserver.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWays:
    """The same for every path that begins with an address."""

    storage: Storage
    lifetimes: Lifetimes
    clock: Clock

    def restart(self, visitor: Visitor) -> Proceed | InteractionGone | GoOn:
        """Lead back to the first step, to use another address."""
        with self.storage.writing() as work:
            found = find_interaction(work, visitor, self.clock.now())
            if not isinstance(found, Interaction):
                return found
            if found.verification_id is not None:
                work.verifications.replace(found.verification_id)
            work.interactions.forget_address(found.id)
            work.commit()
        return Proceed(interaction_id=found.id, step=Step.ADDRESS)

    def cancel(self, visitor: Visitor) -> InteractionGone | GoOn:
        """Refuse the client's request on behalf of the person."""
        now = self.clock.now()
        with self.storage.writing() as work:
            found = find_interaction(work, visitor, now)
            if not isinstance(found, Interaction):
                return found
            work.interactions.settle(found.id, InteractionState.REFUSED, now)
            work.commit()
        return GoOn(interaction_id=found.id)

    def continue_as(self, visitor: Visitor) -> Proceed | InteractionGone | GoOn:
        """Go on with the session that this browser has already."""
        now = self.clock.now()
        with self.storage.writing() as work:
            found = find_interaction(work, visitor, now)
            if not isinstance(found, Interaction):
                return found
            session = work.sessions.find_live(visitor.session_secret, now, self.lifetimes)
            if session is None or not may_continue(found):
                return Proceed(interaction_id=found.id, step=Step.ADDRESS)
            work.interactions.note_choice(found.id, session.id)
            work.commit()
        return GoOn(interaction_id=found.id)
