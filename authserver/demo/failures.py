"""What can end a request of the shop early; each kind knows the page that explains it."""

from http import HTTPStatus


class BookstoreError(Exception):
    """Ends a request with a page: a heading, a sentence for the person, a note for the log."""

    status = HTTPStatus.BAD_REQUEST
    heading = "That did not work"
    offers_sign_in = False

    def __init__(self, explanation: str, *, detail: str = "") -> None:
        super().__init__(explanation)
        self.explanation = explanation
        self.detail = detail


class NoSuchPageError(BookstoreError):
    """The shop has no such page, or not in the way it was asked for."""

    status = HTTPStatus.NOT_FOUND
    heading = "This shelf is empty"


class OwnFaultError(BookstoreError):
    """The shop itself is broken."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    heading = "Something fell off the shelf"


class BrowserRequestError(BookstoreError):
    """The browser sent something that the shop cannot read."""

    heading = "We could not read that request"


class ForeignRequestError(BookstoreError):
    """A form was not sent from a page of the shop itself."""

    status = HTTPStatus.FORBIDDEN
    heading = "That button was not pressed here"


class SignInError(BookstoreError):
    """A sign-in cannot be completed, or its answer cannot be trusted."""

    heading = "We could not sign you in"
    offers_sign_in = True


class SignInDeniedError(SignInError):
    """The person, or the provider on their behalf, said no."""

    status = HTTPStatus.FORBIDDEN
    heading = "You were not signed in"


class SignInEndedError(BookstoreError):
    """The provider no longer honours the sign-in that the shop holds."""

    heading = "Your sign-in has ended"
    offers_sign_in = True


class ProviderDownError(BookstoreError):
    """The provider cannot be reached, or is in trouble itself."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    heading = "Signing in is taking a short break"
    offers_sign_in = True

    def __init__(self, detail: str) -> None:
        super().__init__(
            "The service that signs people in does not answer just now. "
            "Please try again in a moment; the books will wait.",
            detail=detail,
        )
