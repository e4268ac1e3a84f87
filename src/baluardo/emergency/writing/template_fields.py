"""The gaps of a template: what may be written into each, and how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.terms import Bilingual
from baluardo.trust.strict_json import JsonObject

LONGEST_VALUE: Final = 60
"""Characters: with two such values a text for phones keeps to four pages. Our choice."""
LONGEST_LABEL: Final = 80

_NAME: Final = re.compile(r"[A-Z][A-Z_]{1,19}\Z", re.ASCII)
_TIME: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d\Z", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,7}(?:[.,]\d{1,2})?\Z", re.ASCII)
_STRANGE: Final = re.compile(r"[{}<>\[\]|\\_]|https?:|www\.", re.IGNORECASE)


class FieldKind(StrEnum):
    """What a gap is for."""

    TEXT = "text"
    PLACE = "place"
    TIME = "time"
    """Hours and minutes of the day, in local time: 18:05."""
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class TemplateField:
    """A gap to fill, which stands in the texts as {NAME}; the same value in every language."""

    name: str
    label: Bilingual
    kind: FieldKind
    example: str
    """A value that is taken: it shows what is meant."""

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON value. Every gap must be filled."""
        return {
            "name": self.name,
            "label": self.label.by_language(),
            "kind": self.kind.value,
            "required": True,
        }

    def read(self, value: str) -> str:
        """Return what is written into the gap; InvalidInputError says what is taken."""
        found = value.strip()
        if not found:
            raise InvalidInputError(f"{self.label.en} ({self.name}) is empty: fill it in.")
        if self.kind is FieldKind.TIME and not _TIME.match(found):
            raise self._wrong(found, "a time of day such as 18:05")
        if self.kind is FieldKind.NUMBER and not _NUMBER.match(found):
            raise self._wrong(found, "a number such as 6.1")
        if len(found) > LONGEST_VALUE or not found.isprintable() or _STRANGE.search(found):
            raise self._wrong(
                found, f"one line of at most {LONGEST_VALUE} characters, without links or brackets"
            )
        return found

    def _wrong(self, value: str, right: str) -> InvalidInputError:
        return InvalidInputError(
            f"{self.label.en} ({self.name}) must be {right}; it is {quoted(value)}."
        )

    @classmethod
    def of_object(cls, value: object, what: str) -> TemplateField:
        """Read a field of a template: the name of a common one, or a table."""
        if isinstance(value, str):
            if value not in COMMON:
                raise InvalidInputError(
                    f"{what}: {quoted(value)} is none of {', '.join(COMMON)}; describe it in a "
                    "table."
                )
            return COMMON[value]
        fields = JsonObject.of(value, what)
        fields.only(("name", "label", "kind", "example"))
        name = fields.text("name", 20)
        if not _NAME.match(name) or name in COMMON:
            raise fields.wrong("name", "a new name in capital letters, such as DAM")
        try:
            kind = FieldKind(fields.text("kind", 16))
        except ValueError:
            raise fields.wrong("kind", f"one of {', '.join(FieldKind)}") from None
        found = cls(name, bilingual(fields, "label"), kind, fields.text("example", LONGEST_VALUE))
        try:
            found.read(found.example)
        except InvalidInputError as problem:
            raise InvalidInputError(f"{what}: example: {problem}") from None
        return found


def bilingual(fields: JsonObject, name: str) -> Bilingual:
    """Return a field that is there in Italian and in English."""
    inner = fields.inner(name)
    inner.only(("it", "en"))
    found = Bilingual(it=inner.text("it", LONGEST_LABEL), en=inner.text("en", LONGEST_LABEL))
    if not all(text.strip() and text.isprintable() for text in (found.it, found.en)):
        raise fields.wrong(name, "one line in it and one in en")
    return found


COMMON: Final[Mapping[str, TemplateField]] = MappingProxyType(
    {
        each.name: each
        for each in (
            TemplateField(
                "PLACE",
                Bilingual(it="Luogo", en="Place"),
                FieldKind.PLACE,
                "Norcia e Castelluccio",
            ),
            TemplateField("TIME", Bilingual(it="Ora", en="Time"), FieldKind.TIME, "17:40"),
            TemplateField(
                "UNTIL", Bilingual(it="Vale fino alle", en="Holds until"), FieldKind.TIME, "23:40"
            ),
        )
    }
)
"""What nearly every template has."""
