"""What has to be there before the server serves: schema, administrator, signing key."""

from dataclasses import dataclass
from pathlib import Path

from authserver.administration.diagnosis import schema_finding
from authserver.administration.mistakes import SchemaUnfit
from authserver.administration.signing_keys import SigningKeyAdministration
from authserver.crypto.key_ring import CannotOpen
from authserver.domain.clock import Clock
from authserver.domain.email_address import EmailAddress
from authserver.domain.randomness import Randomness
from authserver.storage.maintenance import (
    AdminSeed,
    SchemaStatus,
    new_admin_seed,
    prepare_sqlite,
    schema_status,
    seed_admin,
    upgrade,
)
from authserver.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Brings the database to where this server can work with it, again and again."""

    storage: Storage
    signing_keys: SigningKeyAdministration
    clock: Clock
    randomness: Randomness
    database_url: str
    alembic_ini: Path
    migrations: Path
    admin: EmailAddress | None

    def run(self) -> None:
        """Make ready to serve; SQLite migrates by itself after a backup copy.

        Raises SchemaUnfit where the schema is not one that this server was made for, and
        CannotOpen where the secret keys do not fit: never a silent new key.
        """
        if self.storage.database.is_sqlite:
            status = prepare_sqlite(
                self.database_url, self.alembic_ini, self.migrations, admin=self._seed()
            )
        else:
            status = self.status()
        if not status.can_serve:
            finding = schema_finding(status)
            raise SchemaUnfit(finding.message, finding.advice or "")
        if self.admin is not None:
            seed_admin(self.storage, self.admin, self.randomness, self.clock)
        self.signing_keys.ensure()
        self.signing_keys.ensure_next_ones()
        sealed = self.signing_keys.sealed_elsewhere()
        if sealed:
            raise CannotOpen(
                f"the secret keys do not open the signing key {sealed[0].kid}: put the secret "
                "key that sealed it back into AUTHSERVER_SECRET_KEYS, after the newest one"
            )

    def status(self) -> SchemaStatus:
        """Return how the schema relates to the one this server was made for."""
        return schema_status(self.storage.database, self.migrations)

    def migrate(self, to: str = "head") -> SchemaStatus:
        """Upgrade the schema to revision `to` and return its new status."""
        upgrade(self.database_url, self.alembic_ini, self.migrations, admin=self._seed(), to=to)
        return self.status()

    def _seed(self) -> AdminSeed | None:
        if self.admin is None:
            return None
        return new_admin_seed(self.admin, self.randomness, self.clock)
