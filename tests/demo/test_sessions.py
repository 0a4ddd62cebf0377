"""The sessions of the shop, with a clock moved by hand."""

from authserver.demo.oidc_client import PendingSignIn, SignedIn
from authserver.demo.sessions import CAPACITY, MOST_PENDING, Session, Sessions
from authserver.demo.tokens import Tokens

SIGNED_IN = SignedIn(
    tokens=Tokens(
        access_token="a", id_token="i", refresh_token="r", scope="", issued_at=0, expires_at=None
    ),
    id_token="i",
    nonce="n",
    claims={"sub": "s"},
    userinfo={},
)


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_an_unknown_or_missing_cookie_finds_nothing() -> None:
    sessions = Sessions()
    sessions.start()

    assert sessions.find("x") is None
    assert sessions.find(None) is None


def test_a_visitor_is_forgotten_after_an_idle_hour_and_a_reader_after_twelve() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    visitor, reader = sessions.start(), sessions.start(SIGNED_IN)

    clock.time = 3600
    assert sessions.find(visitor.id) is None
    assert sessions.find(reader.id) is reader

    clock.time = 3600 + 12 * 3600
    assert sessions.find(reader.id) is None


def test_a_flood_of_visitors_does_not_push_readers_out() -> None:
    sessions = Sessions(Clock())
    reader = sessions.start(SIGNED_IN)
    first = sessions.start()

    for _ in range(CAPACITY):
        sessions.start()

    assert sessions.find(reader.id) is reader
    assert sessions.find(first.id) is None


def test_the_oldest_of_many_sign_ins_under_way_goes() -> None:
    session = Session(used_at=0)

    for number in range(MOST_PENDING + 1):
        session.remember(PendingSignIn(state=str(number), nonce="n", verifier="v"))

    assert session.take_pending("0") is None
    assert session.take_pending("1") is not None
    assert session.take_pending("1") is None


def test_the_printed_form_of_a_session_shows_no_secret() -> None:
    session = Session(used_at=0, signed_in=SIGNED_IN)

    assert session.id not in repr(session)
    assert session.form_token not in repr(session)
    assert "refresh_token" not in repr(session)
