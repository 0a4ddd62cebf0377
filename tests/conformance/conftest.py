"""The provider under test, one process for all modules, and who goes to it."""

from collections.abc import Iterator

import pytest

from tests.conformance.suite.browser import Browser
from tests.conformance.suite.flow import Flow
from tests.conformance.suite.party import SECRET_POST, Party, leaving
from tests.conformance.suite.server import TestedServer, tested_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestedServer]:
    with tested_server(tmp_path_factory.mktemp("conformance")) as running:
        yield running


@pytest.fixture(scope="session")
def static_parties(server: TestedServer) -> dict[str, Party]:
    """Return the clients that the static plans ask for; the second one uses its body, too."""
    return {
        "first": Party.made_by_operator(server),
        "second": Party.made_by_operator(server, SECRET_POST),
    }


@pytest.fixture
def browser(server: TestedServer) -> Iterator[Browser]:
    """Return a browser in which nobody is signed in."""
    opened = Browser(server)
    yield opened
    opened.close()


@pytest.fixture
def party(server: TestedServer) -> Iterator[Party]:
    """Return a client that registered itself for this module."""
    yield from leaving(Party.registered(server))


@pytest.fixture
def flow(party: Party, browser: Browser) -> Flow:
    """Return that client with a browser in front of it."""
    return Flow(party, browser)
