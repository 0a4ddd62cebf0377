"""Reads rendered pages strictly, for what stands on them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"img", "meta", "link", "input", "path", "br"}


@dataclass(slots=True)
class Element:
    """A start tag with its attributes, and the text inside it."""

    tag: str
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)
    form: "Element | None" = None


class PageReader(HTMLParser):
    """Reads a page and insists that every tag is closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"repeated attribute: {attrs}"
        form = next((element for element in self._open if element.tag == "form"), None)
        element = Element(tag, {name: value or "" for name, value in attrs}, form=form)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text.append(data)

    def close(self) -> None:
        super().close()
        assert self._open == []


class Page:
    """A rendered page, to be asked for what stands on it."""

    def __init__(self, html: str) -> None:
        self.html = html
        reader = PageReader()
        reader.feed(html)
        reader.close()
        self.elements = reader.elements

    def all(self, tag: str, **attributes: str) -> list[Element]:
        return [
            element
            for element in self.elements
            if element.tag == tag and attributes.items() <= element.attributes.items()
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        [element] = self.all(tag, **attributes)
        return element

    @property
    def words(self) -> str:
        return words_of(self.one("body"))


def words_of(element: Element) -> str:
    """Return the text inside an element, with single spaces."""
    return " ".join("".join(element.text).split())
