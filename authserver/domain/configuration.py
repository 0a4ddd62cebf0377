"""What an operator changes while the server runs."""

from enum import StrEnum


class ConfigurationKind(StrEnum):
    """The kinds of configuration; each has a version that every change raises."""

    CLIENTS = "clients"
    SIGNING_KEYS = "signing_keys"
    API_RESOURCES = "api_resources"
    MAIL_SENDERS = "mail_senders"
    MAIL_TEMPLATES = "mail_templates"
    BRANDING = "branding"
    BRAND_FILES = "brand_files"
    SIGN_IN_EXPERIENCE = "sign_in_experience"
