"""What a document of the sign-in experience must be like, with all its faults together."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

from authserver.domain.email_address import parse_email_address
from authserver.domain.sign_in_experience import (
    ANY_SUBDOMAIN,
    AS_IT_COMES,
    SignInExperience,
    SignInMethod,
)

Choice = TypeVar("Choice", bound=StrEnum)

MEMBERS: Final = ("signInMode", "signUp", "signIn", "agreeToTermsPolicy", "emailBlocklistPolicy")
MEMBERS_OF_METHODS: Final = ("identifier", "password", "verificationCode", "isPasswordPrimary")
SOMEBODY: Final = "somebody@"
MOST_ENTRIES: Final = 1000


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the document; faults are noted with its path."""

    members: Mapping[str, object]
    faults: list[str]
    path: str = ""

    def only(self, known: Sequence[str]) -> None:
        """Note every member that there is not, with the nearest that there is."""
        for name in self.members:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1)
                advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
                self.faults.append(f"There is no {self.path}{name}: {advice}")

    def switch(self, name: str, *, default: bool) -> bool:
        """Return a switch."""
        value = self.members.get(name, default)
        if not isinstance(value, bool):
            self.faults.append(f"{self.path}{name} must be true or false.")
            return default
        return value

    def choice(self, name: str, default: Choice) -> Choice:
        """Return one of several words."""
        value = self.members.get(name, default.value)
        words = {member.value: member for member in type(default)}
        if not isinstance(value, str) or value not in words:
            self.faults.append(f"{self.path}{name} must be one of {', '.join(words)}.")
            return default
        return words[value]

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        value = self.members.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.faults.append(f"{self.path}{name} must be a list of texts.")
            return []
        return value

    def table(self, name: str) -> "Table":
        """Return a table inside of this one."""
        value = self.members.get(name, {})
        if not isinstance(value, dict):
            self.faults.append(f"{self.path}{name} must be a table.")
            value = {}
        return Table(value, self.faults, f"{self.path}{name}.")


@dataclass(frozen=True, slots=True)
class ExperienceInvalid(Exception):
    """The document cannot be the sign-in experience; `faults` are all of them."""

    faults: list[str] = field(default_factory=list)


def parse_experience(document: Mapping[str, object]) -> SignInExperience:
    """Return what the document chooses; what it does not name is as it comes.

    Raises ExperienceInvalid.
    """
    faults: list[str] = []
    whole = Table(document, faults)
    whole.only(MEMBERS)
    lists = whole.table("emailBlocklistPolicy")
    lists.only(("customAllowlist", "customBlocklist"))
    experience = SignInExperience(
        mode=whole.choice("signInMode", AS_IT_COMES.mode),
        creates_password=creates_password(whole.table("signUp")),
        methods=methods_of(whole.table("signIn")),
        allowed=rules_of(lists, "customAllowlist"),
        blocked=rules_of(lists, "customBlocklist"),
        terms=whole.choice("agreeToTermsPolicy", AS_IT_COMES.terms),
    )
    faults += contradictions(experience) if not faults else []
    if faults:
        raise ExperienceInvalid(faults)
    return experience


def creates_password(table: Table) -> bool:
    """Return whether sign-up asks for a password."""
    table.only(("identifiers", "password", "verify"))
    if table.texts("identifiers") not in ([], ["email"]):
        table.faults.append('signUp.identifiers must be ["email"].')
    if not table.switch("verify", default=True):
        table.faults.append("signUp.verify must be true: an address is always verified.")
    return table.switch("password", default=AS_IT_COMES.creates_password)


def methods_of(table: Table) -> tuple[SignInMethod, ...]:
    """Return the methods in the order in which they are offered."""
    table.only(("methods",))
    listed = table.members.get("methods")
    if listed is None:
        return AS_IT_COMES.methods
    if not isinstance(listed, list) or len(listed) != 1 or not isinstance(listed[0], dict):
        table.faults.append('signIn.methods must hold one table, for the identifier "email".')
        return AS_IT_COMES.methods
    method = Table(listed[0], table.faults, "signIn.methods.")
    method.only(MEMBERS_OF_METHODS)
    if method.members.get("identifier", "email") != "email":
        table.faults.append('signIn.methods.identifier must be "email".')
    code = method.switch("verificationCode", default=True)
    password = method.switch("password", default=False)
    is_password_first = method.switch("isPasswordPrimary", default=password and not code)
    if is_password_first and not password:
        table.faults.append("signIn.methods.isPasswordPrimary asks for signIn.methods.password.")
    found = [SignInMethod.CODE] * code + [SignInMethod.PASSWORD] * password
    return tuple(reversed(found) if is_password_first else found)


def rules_of(table: Table, name: str) -> tuple[str, ...]:
    """Return the entries of a list of domains and addresses, in their canonical form."""
    entries = table.texts(name)
    if len(entries) > MOST_ENTRIES:
        table.faults.append(f"{table.path}{name} may hold {MOST_ENTRIES} entries at most.")
    rules = [(entry, canonical_rule(entry)) for entry in entries]
    table.faults.extend(
        f"{entry!r} in {table.path}{name} is no domain (example.com, *.example.com) and no address."
        for entry, rule in rules
        if rule is None
    )
    return tuple(dict.fromkeys(rule for _, rule in rules if rule is not None))


def canonical_rule(entry: str) -> str | None:
    """Return the entry as addresses are compared with it, or None where it is none."""
    text = entry.strip()
    if text.startswith(ANY_SUBDOMAIN):
        domain = canonical_rule(text.removeprefix(ANY_SUBDOMAIN))
        return None if domain is None or "@" in domain else f"{ANY_SUBDOMAIN}{domain}"
    is_address = "@" in text[1:]
    address = parse_email_address(text if is_address else SOMEBODY + text.removeprefix("@"))
    if address is None:
        return None
    return address.canonical if is_address else address.canonical.removeprefix(SOMEBODY)


def contradictions(experience: SignInExperience) -> Iterator[str]:
    """Yield what the choices deny one another."""
    if not experience.methods:
        yield "Nobody could sign in: switch the code on, or the password."
    if experience.creates_password and not experience.password_signs_in:
        yield "Sign-up asks for a password that nobody could sign in with: switch it on, too."
    if (
        experience.is_registration_open
        and not experience.code_signs_in
        and not experience.creates_password
    ):
        yield "Who registers could not sign in: ask for a password at sign-up, or allow codes."
