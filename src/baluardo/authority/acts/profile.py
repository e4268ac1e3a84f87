"""What the directory says of a person, checked and folded for searching."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

LONGEST_NAME: Final = 120
LONGEST_REASON: Final = 500
MOST_LANGUAGES: Final = 8
MOST_NUMBERS: Final = 16
LONGEST_SEARCH: Final = 400

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?\Z", re.ASCII)
_KIND = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}\Z", re.ASCII)
_NUMBER = re.compile(r"[+*#]?[0-9](?:[0-9*# -]{0,30}[0-9*#])?\Z", re.ASCII)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a person; the policy says who sees numbers of its kind."""

    kind: str
    """Such as extension, duty or satellite: a name that the policy may speak of."""
    number: str

    def __post_init__(self) -> None:
        """Refuse what cannot be dialled."""
        if not _KIND.match(self.kind):
            raise InvalidInputError(
                f"{quoted(self.kind)} is no kind of number: 1 to 32 small letters, digits, '.', "
                "'-' and '_'."
            )
        if not _NUMBER.match(self.number):
            raise InvalidInputError(
                f"{quoted(self.number)} is no number: up to 32 digits, blanks, '-', '*' and '#', "
                "with '+' in front or not."
            )


@dataclass(frozen=True, slots=True)
class Profile:
    """Name, languages and numbers of a person, or the name alone of a site."""

    display_name: str
    languages: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()

    def __post_init__(self) -> None:
        """Refuse names that are shown as something else, and languages that are none."""
        check_text("display_name", self.display_name, LONGEST_NAME)
        if len(self.languages) > MOST_LANGUAGES or len(self.numbers) > MOST_NUMBERS:
            raise InvalidInputError(
                f"A person has at most {MOST_LANGUAGES} languages and {MOST_NUMBERS} numbers here."
            )
        for language in self.languages:
            if not _LANGUAGE.match(language):
                raise InvalidInputError(
                    f"{quoted(language)} is no language: a tag such as it, de-AT or zh-Hant "
                    "(BCP 47)."
                )
        for values in (self.languages, self.numbers):
            if len(set(values)) != len(values):
                raise InvalidInputError("Each language and each number is named once.")

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "display_name": self.display_name,
            "languages": list(self.languages),
            "numbers": [{"kind": each.kind, "number": each.number} for each in self.numbers],
        }

    @classmethod
    def of_object(cls, value: dict[str, Any]) -> Profile:
        """Read a JSON value of our own writing."""
        return cls(
            value["display_name"], tuple(value["languages"]), numbers_of_rows(value["numbers"])
        )


def numbers_of_rows(rows: list[dict[str, str]]) -> tuple[Number, ...]:
    """Read numbers as the database keeps them."""
    return tuple(Number(each["kind"], each["number"]) for each in rows)


def check_text(field: str, text: str, most: int) -> None:
    """Refuse what is no line of text that shows what it is.

    Control characters, and those that turn the direction of writing around, make one name look like
    another (Unicode UAX 9, section 2).
    """
    if not 0 < len(text) <= most or not text.isprintable() or text != text.strip():
        raise InvalidInputError(
            f"{field} {quoted(text)}: 1 to {most} characters that can be shown, none of them a "
            "control character, no blanks around."
        )


def folded(text: str) -> list[str]:
    """Return a text's words as they are compared: without accents and capitals."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = unicodedata.normalize("NFKD", plain)
    return _WORD.findall("".join(each for each in plain if not unicodedata.combining(each)))


def search_text(name: str, display_name: str) -> str:
    """Return the words of a person's names, a blank before each."""
    return "".join(f" {word}" for word in folded(f"{name} {display_name}"))[:LONGEST_SEARCH]
