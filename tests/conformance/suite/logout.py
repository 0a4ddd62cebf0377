"""Signing out as relying parties ask for it."""

import string

import httpx

from tests.conformance.suite.flow import Flow

AFTER = "/after-logout"
STATE = "aZ09 \"'<b>&amp;%23%#+=?/\\:;,|~`!@$^*()[]{}-_." + string.digits


def logged_out(flow: Flow, **parameters: str | None) -> httpx.Response:
    """Ask for the end of the session, confirm it where asked, and return what comes of it."""
    page = flow.browser.open(flow.party.logout_url(**parameters))
    return flow.browser.confirmed(page)


def checked_sent_back(flow: Flow, page: httpx.Response, expected: dict[str, str]) -> None:
    """Look at the redirect to the registered address: the state as it was, nothing beside."""
    arrival = flow.browser.arrival(page)
    assert arrival.body is None
    assert arrival.url.partition("?")[0] == flow.server.site.origin + AFTER
    assert arrival.query == expected


def is_signed_in(flow: Flow) -> bool:
    """Tell whether the browser has a session, by a request that shows no page."""
    answer = flow.silent_answer(prompt="none")
    assert answer.error in {None, "login_required"}
    return answer.error is None
