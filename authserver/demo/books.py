"""The stock of the shop."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One title; `cover` names its drawing in the style sheet, `read` is in per cent."""

    title: str
    author: str
    blurb: str
    price: str
    cover: str
    read: int = 0


NEW_BOOKS = (
    Book(
        title="The Lighthouse Ledger",
        author="Mara Ellingsen",
        blurb="Forty years of ships, storms and one unsent letter.",
        price="£16",
        cover="lighthouse",
    ),
    Book(
        title="A Field Guide to Rain",
        author="Tomas Whitlock",
        blurb="Drizzle, downpour and everything in between.",
        price="£12",
        cover="rain",
    ),
    Book(
        title="Night Trains North",
        author="Ilse Varga",
        blurb="Seven sleepers, one border, no timetable.",
        price="£14",
        cover="train",
    ),
    Book(
        title="Letters to an Orchard",
        author="Josephine Adeyemi",
        blurb="A year among apple trees, told by post.",
        price="£18",
        cover="orchard",
    ),
    Book(
        title="The Moth Collector",
        author="Henrik Sato",
        blurb="A quiet mystery that only opens after dark.",
        price="£13",
        cover="moth",
    ),
    Book(
        title="Small Hours, Large Rooms",
        author="Odile Marchetti",
        blurb="Stories for people who wake at four.",
        price="£11",
        cover="rooms",
    ),
)

SHELF = (
    Book(
        title="Tea with the Cartographer",
        author="Ruth Okonjo",
        blurb="Maps of places that were never found.",
        price="£15",
        cover="map",
        read=68,
    ),
    Book(
        title="Salt & Cinnamon",
        author="Paolo Lindqvist",
        blurb="Recipes and rumours of an island kitchen.",
        price="£19",
        cover="spice",
        read=35,
    ),
    Book(
        title="The Lighthouse Ledger",
        author="Mara Ellingsen",
        blurb="Forty years of ships, storms and one unsent letter.",
        price="£16",
        cover="lighthouse",
        read=4,
    ),
)
