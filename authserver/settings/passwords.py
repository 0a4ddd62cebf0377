"""Settings of passwords: `AUTHSERVER_PASSWORDS__*`."""

from typing import Annotated

from pydantic import Field

from authserver.settings.codes import Group
from authserver.settings.fields import Number, between


class PasswordGroup(Group):
    """Passwords, where an operator wants them."""

    memory_kib: Annotated[Number, between(7168, 1_048_576)] = Field(
        default=19456, description="memory of one Argon2id hash, in KiB"
    )
    iterations: Annotated[Number, between(1, 20)] = Field(
        default=2, description="passes over this memory"
    )
    parallelism: Annotated[Number, between(1, 16)] = Field(
        default=1, description="lanes of one hash"
    )
    code_first_from: Annotated[Number, between(1, 1000)] = Field(
        default=10,
        description="wrong passwords of strangers for an address in "
        "`AUTHSERVER_CODES__BUDGET__WINDOW` from which a mailed code is asked for first",
    )
    least_length: Annotated[Number, between(8, 64)] = Field(
        default=15,
        description="symbols of a password that signs in alone; beside a second factor 8 are "
        "enough",
    )
