"""Every way through the pages, as one list of walks.

`dev.py campaign screenshots` photographs all of it in several languages, themes and widths;
`tests/browser/test_every_walk.py` walks it with and without JavaScript.
"""

from tests.support.walks.account import ACCOUNT
from tests.support.walks.flows import FLOWS
from tests.support.walks.refusals import DOUBLE_CLICKS, REFUSALS
from tests.support.walks.walk import Walk, by_server, dead_ends

WALKS = (*FLOWS, *ACCOUNT, *DOUBLE_CLICKS, *REFUSALS)

__all__ = [
    "ACCOUNT",
    "DOUBLE_CLICKS",
    "FLOWS",
    "REFUSALS",
    "WALKS",
    "Walk",
    "by_server",
    "dead_ends",
]
