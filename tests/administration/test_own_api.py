"""An API that was registered under the name of this server's own, before there was one."""

import pytest

from authserver.administration.api_resources import ApiAdministration, ApiChanges
from authserver.administration.mistakes import ApiInvalid
from authserver.domain.api_resources import own_api
from authserver.storage.unit_of_work import Storage
from tests.support.provider import ENDPOINT
from tests.support.stopped_clock import DEFAULT_START, StoppedClock

OWN = own_api(ENDPOINT, DEFAULT_START)


def test_it_gives_way_and_is_seen_no_more(storage: Storage, clock: StoppedClock) -> None:
    elsewhere = own_api("https://other.example", DEFAULT_START)
    before = ApiAdministration(storage=storage, clock=clock, own=elsewhere)
    before.create(OWN.indicator, ApiChanges(name="Mine"))

    apis = ApiAdministration(storage=storage, clock=clock, own=OWN)

    assert apis.list() == [OWN]
    assert apis.show(OWN.indicator) == OWN
    assert apis.registered() == []
    with pytest.raises(ApiInvalid, match="own API"):
        apis.update(OWN.indicator, ApiChanges(name="Mine again"))
