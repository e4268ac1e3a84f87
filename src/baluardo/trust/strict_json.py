"""JSON from strangers, read in one way only: what two readers could understand differently is out.

The rules are those of I-JSON (RFC 7493): UTF-8, no name twice in an object, no lone surrogate, no
number beyond those that every reader holds exactly. Depth and size are bounded before anything is
built. Signed documents must have one meaning.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.trust.base64_text import of_either_base64

DEEPEST: Final = 16
"""Objects and lists inside each other. Our choice."""
LARGEST_NUMBER: Final = 2**53 - 1
"""RFC 7493 section 2.2: beyond it readers round differently."""

# One pass whatever the text: a string that is never closed is taken to the end.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.?+)*+"?+|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(octets: bytes, most_octets: int, what: str) -> object:
    """Return the value of a JSON text; InvalidInputError, beginning with `what`, for any other."""
    if len(octets) > most_octets:
        raise InvalidInputError(f"{what} is larger than {most_octets:,} octets.")
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        raise InvalidInputError(f"{what} is no UTF-8 text.") from None
    _check_depth(text, what)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_refuse_constant,
        )
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidInputError(f"{what} holds half a character (a lone surrogate).") from None
    except InvalidInputError as problem:
        raise InvalidInputError(f"{what} {problem}") from None
    except (ValueError, RecursionError):
        raise InvalidInputError(f"{what} is no JSON.") from None
    return value


def write_json(value: object) -> bytes:
    """Return the one JSON text of a value: names sorted, no spaces, UTF-8.

    InvalidInputError for values that `parse_json` would refuse.
    """
    try:
        octets = rewrite_json(value)
    except (ValueError, TypeError, RecursionError):
        raise InvalidInputError("This value cannot be written as JSON.") from None
    if parse_json(octets, len(octets), "What is to be written") != value:
        raise InvalidInputError("This value would change on its way through JSON.")
    return octets


def rewrite_json(value: object) -> bytes:
    """Return the same text of what `parse_json` has given, or of fields that were all checked.

    Nothing is read again, which `write_json` does for values of unknown make.
    """
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
    ).encode()


@dataclass(frozen=True, slots=True)
class JsonObject:
    """An object from outside, its fields taken out by kind; `what` begins every sentence."""

    fields: dict[str, object]
    what: str

    @classmethod
    def of(cls, value: object, what: str) -> JsonObject:
        """Cover a parsed value that must be an object."""
        if not isinstance(value, dict):
            raise InvalidInputError(f"{what} is no JSON object.")
        return cls(value, what)

    @classmethod
    def parse(cls, octets: bytes, most_octets: int, what: str) -> JsonObject:
        """Read an object from its octets."""
        return cls.of(parse_json(octets, most_octets, what), what)

    def only(self, names: Iterable[str]) -> None:
        """Refuse fields of any other name: what is not understood must not be signed over."""
        for name in self.fields.keys() - set(names):
            raise InvalidInputError(f"{self.what} has an unknown field {quoted(name)}.")

    def text(self, name: str, most: int) -> str:
        """Return a text of at most so many characters."""
        value = self.fields.get(name)
        if not isinstance(value, str) or len(value) > most:
            raise self.wrong(name, f"a text of at most {most} characters")
        return value

    def number(self, name: str) -> float:
        """Return a number; whole ones too, truth values not."""
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(name, "a number")
        return float(value)

    def octets(self, name: str, most: int) -> bytes:
        """Return the octets written in base64, either alphabet of RFC 4648."""
        try:
            octets = of_either_base64(self.text(name, (most + 2) // 3 * 4))
        except InvalidInputError:
            raise self.wrong(name, f"base64 of at most {most:,} octets") from None
        if len(octets) > most:
            raise self.wrong(name, f"base64 of at most {most:,} octets")
        return octets

    def items(self, name: str, most: int) -> list[object]:
        """Return a list of at most so many values."""
        value = self.fields.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(name, f"a list of at most {most}")
        return value

    def inner(self, name: str) -> JsonObject:
        """Return an object within."""
        return JsonObject.of(self.fields.get(name), f"{self.what}: {name}")

    def wrong(self, name: str, right: str) -> InvalidInputError:
        """Return the sentence for a field that is missing or of the wrong kind."""
        shown = quoted(self.fields[name]) if name in self.fields else "missing"
        return InvalidInputError(f"{self.what}: {name} must be {right}; it is {shown}.")


def _check_depth(text: str, what: str) -> None:
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        first = text[found.start()]
        if first in "[{":
            depth += 1
            if depth > DEEPEST:
                raise InvalidInputError(f"{what} is nested deeper than {DEEPEST} levels.")
        elif first in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InvalidInputError("has a name twice in one object.")
    return fields


def _whole(digits: str) -> int:
    if len(digits) > 17 or abs(value := int(digits)) > LARGEST_NUMBER:
        raise InvalidInputError(f"has a whole number beyond {LARGEST_NUMBER}.")
    return value


def _fraction(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
        raise InvalidInputError(f"has a number beyond {LARGEST_NUMBER}.")
    return value


def _refuse_constant(name: str) -> float:
    raise InvalidInputError(f"has {name}, which is no number of JSON.")
