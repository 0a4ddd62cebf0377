"""Every message that a template marks is translated, with its placeholders, into every language."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from authserver.domain.languages import Language
from authserver.rendering import Renderer

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
CATALOGS = sorted(TEMPLATES.glob("locale/*/LC_MESSAGES/messages.po"))
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
LONGEST_SUBJECT = 100
TRANSLATED = ["ar", "de", "es", "fr", "ja", "ko", "zh_CN", "zh_TW"]
IS_A_SUBJECT = "a subject"

MessageId = str | tuple[str, ...]


@cache
def marked_messages() -> frozenset[MessageId]:
    """Return the messages that the templates mark, as `pybabel extract` finds them."""
    with (TEMPLATES / "locale" / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]  # by Babel
    found = extract_from_dir(str(TEMPLATES), methods, options)
    return frozenset(
        message if isinstance(message, str) else tuple(map(str, message or ()))
        for _, _, message, _, _ in found
    )


@cache
def catalog(path: Path) -> Catalog:
    """Return a language's catalog."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parents[1].name, abort_invalid=True)


def messages(path: Path) -> list[Message]:
    """Return the messages of a catalog without its header."""
    return [message for message in catalog(path) if message.id]


def sources(message: Message) -> tuple[str, ...]:
    """Return the English forms of a message."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def translations(message: Message) -> tuple[str, ...]:
    """Return the forms of a message in the language of its catalog."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def placeholders(text: str) -> set[str]:
    """Return the names of the places in a message."""
    return set(PLACEHOLDER.findall(text))


every_catalog = pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parents[1].name)


def test_there_are_the_catalogs_and_there_are_messages() -> None:
    assert [path.parents[1].name for path in CATALOGS] == TRANSLATED
    assert "Sign in" in marked_messages()
    assert any("%(code)s" in str(message) for message in marked_messages())


@every_catalog
def test_a_catalog_holds_exactly_the_messages_that_templates_mark(path: Path) -> None:
    held = {
        message.id if isinstance(message.id, str) else sources(message)
        for message in messages(path)
    }

    assert {"missing": marked_messages() - held, "left over": held - marked_messages()} == {
        "missing": set(),
        "left over": set(),
    }
    assert list(catalog(path).obsolete) == []


@every_catalog
def test_every_message_is_translated_in_each_plural_form_and_none_is_a_guess(path: Path) -> None:
    forms = catalog(path).num_plurals

    assert [message.id for message in messages(path) if not all(translations(message))] == []
    assert [message.id for message in messages(path) if message.fuzzy] == []
    assert [
        message.id
        for message in messages(path)
        if len(translations(message)) != (forms if message.pluralizable else 1)
    ] == []


@every_catalog
def test_a_translation_has_the_placeholders_of_its_source(path: Path) -> None:
    different = [
        (source, translation)
        for message in messages(path)
        for source in sources(message)
        for translation in translations(message)
        if placeholders(source) != placeholders(translation)
        or PLACEHOLDER.sub("", translation).replace("%%", "").count("%")
    ]

    assert different == []


@every_catalog
def test_a_subject_leaves_room_for_the_names_in_it(path: Path) -> None:
    values = {"code": "0000-0000-00000", "brand": "B" * 40, "application": "A" * 40}
    too_long = [
        translation
        for message in messages(path)
        if any(IS_A_SUBJECT in comment for comment in message.auto_comments)
        for translation in translations(message)
        if len(PLACEHOLDER.sub(lambda place: values[place[1]], translation)) > LONGEST_SUBJECT
    ]

    assert too_long == []


def test_an_operator_may_choose_among_all_languages() -> None:
    assert sorted(Language) == sorted(Renderer(TEMPLATES).languages)
