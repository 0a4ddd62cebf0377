"""The languages in which pages and mails speak."""

from enum import StrEnum


class Language(StrEnum):
    """A language that has a catalog, by its tag (BCP 47); English is the source."""

    ENGLISH = "en"
    ARABIC = "ar"
    GERMAN = "de"
    SPANISH = "es"
    FRENCH = "fr"
    JAPANESE = "ja"
    KOREAN = "ko"
    SIMPLIFIED_CHINESE = "zh-CN"
    TRADITIONAL_CHINESE = "zh-TW"
