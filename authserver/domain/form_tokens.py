"""What a form carries to show that its page was made for the browser that sends it."""


class FormToken(str):
    """The token of a page made now; `earlier` are those of pages made under older secret keys."""

    __slots__ = ("earlier",)
    earlier: tuple[str, ...]

    @classmethod
    def of(cls, tokens: list[str]) -> "FormToken":
        """Return the first of the tokens, that of the newest key, with all the others."""
        token = cls(tokens[0])
        token.earlier = tuple(tokens[1:])
        return token
