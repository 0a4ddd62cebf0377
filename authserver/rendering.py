"""Renders pages and mails in the language of the person who reads them."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import Final, Literal

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.bccache import Bucket

SOURCE_LANGUAGE: Final = "en"
CATALOG: Final = Path("LC_MESSAGES", "messages.po")
# The one inline script of the server: a content security policy names it by its hash.
FORM_POST_SCRIPT: Final = (
    'HTMLFormElement.prototype.submit.call(document.getElementById("response"))'
)

LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,8}")
QUALITY: Final = re.compile(r"q\s*=\s*([01](?:\.\d{0,3})?)", re.IGNORECASE)
LONGEST_HEADER: Final = 1000
MOST_WISHES: Final = 30
ANY_LANGUAGE: Final = "*"
TRADITIONAL_REGIONS: Final = frozenset({"tw", "hk", "mo"})

LEFT_TO_RIGHT_ISOLATE: Final = "\N{LEFT-TO-RIGHT ISOLATE}"
POP_ISOLATE: Final = "\N{POP DIRECTIONAL ISOLATE}"

SECONDS_OF_A_MINUTE: Final = 60
SECONDS_OF_AN_HOUR: Final = 3600


class CompiledTemplates(BytecodeCache):
    """Keeps what a template is compiled to, for the environments of all languages.

    Jinja's key has the name and its checksum the text: what is found is never out of date.
    """

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket with what was kept for it, if anything."""
        compiled = self._compiled.get(bucket.key)
        if compiled is not None:
            bucket.bytecode_from_string(compiled)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what the bucket holds."""
        self._compiled[bucket.key] = bucket.bytecode_to_string()


COMPILED: Final = CompiledTemplates()


class Renderer:
    """Holds the templates of one folder, and the catalogs below its `locale/`.

    A catalog is read when its language is first asked for. Safe to share between threads.
    """

    def __init__(self, templates: Path, *, default_locale: str = SOURCE_LANGUAGE) -> None:
        self._templates = templates
        self._catalogs = {
            folder.parents[1].name.replace("_", "-"): folder
            for folder in sorted(templates.glob(f"locale/*/{CATALOG}"))
        }
        self._languages: tuple[str, ...] = (SOURCE_LANGUAGE, *self._catalogs)
        default = self._match(default_locale)
        if default is None:
            raise ValueError(f"there is no catalog for the language {default_locale!r}")
        self._default = default

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the tags of the languages there are, the default one first."""
        others = (language for language in self._languages if language != self._default)
        return (self._default, *others)

    def render(self, template: str, locale: str, context: Mapping[str, object]) -> str:
        """Return a template filled in; a language there is not gives the default one.

        The template also sees `locale`, the tag of the language used, and `direction`.
        """
        language = self._match(locale) or self._default
        environment = environment_of(self._templates, language, self._catalogs.get(language))
        return environment.get_template(template).render(context)

    def negotiate(
        self,
        *,
        ui_locales: Sequence[str] = (),
        cookie: str | None = None,
        accept_language: str | None = None,
    ) -> str:
        """Return the language for somebody who is not signed in, from the first wish we can meet.

        The client's wish goes before the one made by hand earlier, then comes the browser's.
        """
        by_hand = (cookie,) if cookie else ()
        wishes = chain(ui_locales, by_hand, accepted_languages(accept_language or ""))
        for wish in islice(wishes, MOST_WISHES):
            if wish == ANY_LANGUAGE:
                break
            language = self._match(wish)
            if language is not None:
                return language
        return self._default

    def _match(self, tag: str) -> str | None:
        """Return the language that serves readers of `tag` (RFC 4647 §3.4), or None."""
        if not LANGUAGE_TAG.fullmatch(tag):
            return None
        known = {language.lower(): language for language in self._languages}
        subtags = tag.replace("_", "-").lower().split("-")
        if subtags[0] == "zh":
            return known.get(written_chinese(subtags))
        for length in range(len(subtags), 0, -1):
            language = known.get("-".join(subtags[:length]))
            if language is not None:
                return language
        kin = (known[name] for name in known if name.split("-")[0] == subtags[0])
        return next(kin, None)


@cache
def environment_of(templates: Path, language: str, catalog: Path | None) -> Environment:
    """Return what renders the templates of a folder in one language; built once in a process."""
    words = WordsOfTime(Locale.parse(language, sep="-"))
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
        bytecode_cache=COMPILED,
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]  # by the extension
        translations_of(language, catalog), newstyle=True
    )
    environment.globals["locale"] = language
    environment.globals["direction"] = words.locale.text_direction
    environment.globals["form_post_script"] = FORM_POST_SCRIPT
    environment.filters["wait"] = words.wait
    environment.filters["date"] = words.date
    environment.filters["instant"] = words.instant
    return environment


def translations_of(language: str, catalog: Path | None) -> NullTranslations:
    """Return the messages of a catalog, compiled; without one they stay as they are."""
    if catalog is None:
        return NullTranslations()
    with catalog.open("rb") as file:
        messages = read_po(file, locale=language.replace("-", "_"))
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


@cache
def name_of_language(language: str) -> str:
    """Return a language's name in that language, as a language switcher shows it."""
    locale = Locale.parse(language, sep="-")
    with_script = locale.languages.get(f"{locale.language}_{locale.script}")
    name = str(with_script or locale.get_language_name() or language)
    return name[:1].upper() + name[1:]


class WordsOfTime:
    """Says durations and instants in one language, by CLDR."""

    def __init__(self, locale: Locale) -> None:
        self.locale = locale

    def wait(self, wait: timedelta | int) -> str:
        """Return a wait, a duration or seconds, in words; rounded up, so never too short."""
        exact = wait.total_seconds() if isinstance(wait, timedelta) else wait
        seconds = max(1, math.ceil(exact))
        if seconds < 2 * SECONDS_OF_A_MINUTE and seconds != SECONDS_OF_A_MINUTE:
            return self._count(seconds, "second", 1)
        if seconds < 2 * SECONDS_OF_AN_HOUR and seconds != SECONDS_OF_AN_HOUR:
            return self._count(seconds, "minute", SECONDS_OF_A_MINUTE)
        return self._count(seconds, "hour", SECONDS_OF_AN_HOUR)

    def date(self, instant: datetime) -> str:
        """Return the day of an instant in UTC."""
        return format_date(instant.astimezone(UTC), "long", locale=self.locale)

    def instant(self, instant: datetime) -> str:
        """Return day and time of an instant in UTC; the reader's time zone is unknown."""
        pattern = str(self.locale.datetime_formats["medium"])
        time = f"{instant.astimezone(UTC):%H:%M} UTC"
        if self.locale.text_direction == "rtl":
            time = f"{LEFT_TO_RIGHT_ISOLATE}{time}{POP_ISOLATE}"
        return pattern.replace("{0}", time).replace("{1}", self.date(instant))

    def _count(
        self, seconds: int, unit: Literal["second", "minute", "hour"], unit_seconds: int
    ) -> str:
        whole = timedelta(seconds=math.ceil(seconds / unit_seconds) * unit_seconds)
        return format_timedelta(
            whole, granularity=unit, threshold=math.inf, locale=self.locale
        ).replace("\N{NO-BREAK SPACE}", " ")


def written_chinese(subtags: Sequence[str]) -> str:
    """Return the tag of the written Chinese that a tag in lower case stands for."""
    is_traditional = "hant" in subtags or (
        "hans" not in subtags and not TRADITIONAL_REGIONS.isdisjoint(subtags)
    )
    return "zh-tw" if is_traditional else "zh-cn"


def accepted_languages(header: str) -> Iterator[str]:
    """Yield the tags of an `Accept-Language` header, the most wanted first; never fail."""
    weighed = []
    for entry in header[:LONGEST_HEADER].split(",")[:MOST_WISHES]:
        tag, _, parameters = entry.partition(";")
        quality = quality_of(parameters)
        if quality > 0:
            weighed.append((quality, tag.strip()))
    weighed.sort(key=lambda wish: wish[0], reverse=True)
    return (tag for _, tag in weighed)


def quality_of(parameters: str) -> float:
    """Return the weight in a header's parameters (RFC 9110 §12.4.2); one that is none is 0."""
    if not parameters.strip():
        return 1.0
    match = QUALITY.fullmatch(parameters.strip())
    return float(match[1]) if match else 0.0
