"""Front-channel logout: a test for each module of the certification plan."""

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.conformance.suite.flow import Flow
from tests.conformance.suite.logout import AFTER, STATE, is_signed_in, logged_out
from tests.conformance.suite.party import Party, leaving
from tests.conformance.suite.server import TestedServer

FRAME = "/told-in-a-frame"


class LogoutPage(HTMLParser):
    """What a browser without scripts loads and where it goes on to."""

    def __init__(self, page: httpx.Response) -> None:
        super().__init__()
        self.frames: list[str] = []
        self.onward = ""
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "iframe":
            self.frames.append(attributes["src"])
        elif tag == "meta" and attributes.get("http-equiv") == "refresh":
            self.onward = attributes["content"].partition("url=")[2]


@pytest.fixture
def party(server: TestedServer) -> Iterator[Party]:
    yield from leaving(
        Party.registered(
            server,
            post_logout_redirect_uris=[server.site.origin + AFTER],
            frontchannel_logout_uri=server.site.origin + FRAME,
            frontchannel_logout_session_required=True,
        )
    )


def test_oidcc_frontchannel_logout_discovery_endpoint_verification(server: TestedServer) -> None:
    assert server.metadata["frontchannel_logout_supported"] is True
    assert server.metadata["frontchannel_logout_session_supported"] is True
    assert server.metadata["end_session_endpoint"].startswith("https://")


def test_oidcc_frontchannel_rp_initiated_logout(flow: Flow) -> None:
    done = flow.complete()
    back = flow.server.site.origin + AFTER

    answer = logged_out(
        flow, id_token_hint=done.id_token, post_logout_redirect_uri=back, state=STATE
    )

    page = LogoutPage(answer)
    [frame] = page.frames
    parts = urlsplit(frame)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == flow.server.site.origin + FRAME
    assert dict(parse_qsl(parts.query)) == {"iss": flow.server.issuer, "sid": done.claims["sid"]}
    policy = answer.headers["Content-Security-Policy"]
    assert f"frame-src {flow.server.site.origin}" in policy
    assert page.onward.partition("?")[0] == back
    assert dict(parse_qsl(urlsplit(page.onward).query)) == {"state": STATE}
    assert not is_signed_in(flow)
