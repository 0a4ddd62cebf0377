"""The one fault that asks the caller to come back: a database or thread that is too busy."""

from datetime import timedelta


class ServiceUnavailable(Exception):
    """Nothing was decided and nothing was written; trying again later may succeed."""

    def __init__(self, reason: str, retry_after: timedelta = timedelta(seconds=2)) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
