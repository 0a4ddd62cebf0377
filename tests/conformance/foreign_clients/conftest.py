"""Both providers, a person with a browser, and the Node packages."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import chromium, open_page
from tests.conformance.foreign_clients.node_scripts import RunScript, script_runner
from tests.conformance.foreign_clients.providers import Provider, RunningServer, StandIn
from tests.support.person import Person
from tests.support.server_process import ServerProcess

__all__ = ["chromium", "open_page"]


@pytest.fixture(scope="session")
def run_script() -> RunScript:
    return script_runner()


@pytest.fixture(scope="session")
def stand_in(run_script: RunScript, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    folder = tmp_path_factory.mktemp("stand-in")
    with run_script("stand_in_provider.mjs", folder) as script:
        yield StandIn(script)


@pytest.fixture(params=["stand_in", "running_server"])
def provider(request: pytest.FixtureRequest) -> Provider:
    """Give the certified provider first: what fails there is the test's own fault."""
    running = request.getfixturevalue(request.param)
    return running if isinstance(running, StandIn) else RunningServer(running)


@pytest.fixture
def person(provider: Provider) -> Iterator[Person]:
    with Person.browsing(provider.endpoint, provider.inbox) as person:
        yield person


@pytest.fixture
def our_server(running_server: ServerProcess) -> RunningServer:
    return RunningServer(running_server)


@pytest.fixture
def our_visitor(our_server: RunningServer) -> Iterator[Person]:
    with Person.browsing(our_server.endpoint, our_server.inbox) as person:
        yield person
