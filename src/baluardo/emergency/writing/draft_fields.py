"""Fields of drafts and templates, read strictly: one line, a text, one of several words."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import Final, TypeVar

from baluardo.trust.strict_json import JsonObject

LONGEST_LINE: Final = 300
LONGEST_TEXT: Final = 4_000
LATEST: Final = 4_102_444_800.0
"""POSIX seconds, the year 2100."""

Kinds = TypeVar("Kinds", bound=StrEnum)


def one_of(fields: JsonObject, name: str, kinds: type[Kinds]) -> Kinds:
    """Return a field that is one of an enumeration's words."""
    value = fields.text(name, 32)
    try:
        return kinds(value)
    except ValueError:
        raise fields.wrong(name, f"one of {', '.join(kinds)}") from None


def line(fields: JsonObject, name: str, most: int = LONGEST_LINE) -> str:
    """Return a field of one line, without blanks around it."""
    found = fields.text(name, most).strip()
    if not found.isprintable():
        raise fields.wrong(name, "one line of characters that can be shown")
    return found


def maybe_line(fields: JsonObject, name: str, most: int = LONGEST_LINE) -> str | None:
    """Return a field of one line; None where it is absent, null or blank."""
    if fields.fields.get(name) is None:
        return None
    return line(fields, name, most) or None


def text(fields: JsonObject, name: str, most: int = LONGEST_TEXT) -> str:
    """Return a field of several lines that XML can carry, without blanks around it."""
    found = fields.text(name, most).replace("\r\n", "\n").replace("\r", "\n").strip()
    # Half characters and controls would stop an alert only when it is written. Formatting marks
    # (Cf) pass: the linter shows where they are.
    if any(unicodedata.category(c) in ("Cc", "Cs", "Cn") for c in found if c not in "\n\t"):
        raise fields.wrong(name, "a text without control characters")
    return found


def maybe_time(fields: JsonObject, name: str) -> float | None:
    """Return a field in POSIX seconds; None where it is absent or null."""
    if fields.fields.get(name) is None:
        return None
    found = fields.number(name)
    if not 0.0 <= found <= LATEST:
        raise fields.wrong(name, "a time in POSIX seconds")
    return found
