"""Fixtures of the tests of outgoing calls."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
