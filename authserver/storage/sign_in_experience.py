"""The sign-in experience, as pages, flows and the mail worker look it up."""

from dataclasses import dataclass
from typing import Final

from authserver.domain.configuration import ConfigurationKind
from authserver.domain.sign_in_experience import AS_IT_COMES, SignInExperience
from authserver.domain.sign_in_rules import parse_experience
from authserver.storage.configuration_cache import ConfigurationCache
from authserver.storage.unit_of_work import UnitOfWork

INSTANCE: Final = "instance"


@dataclass(frozen=True, slots=True)
class StoredSignInExperience:
    """Finds the experience, from memory where it has not changed."""

    cache: ConfigurationCache

    def current(self) -> SignInExperience:
        """Return the experience in force; never from within a unit of work."""
        return self.cache.get(ConfigurationKind.SIGN_IN_EXPERIENCE, INSTANCE, chosen_experience)


def chosen_experience(work: UnitOfWork) -> SignInExperience:
    """Return what was chosen, or what holds as it comes."""
    document = work.configuration.find(ConfigurationKind.SIGN_IN_EXPERIENCE, INSTANCE)
    return AS_IT_COMES if document is None else parse_experience(document.body)
