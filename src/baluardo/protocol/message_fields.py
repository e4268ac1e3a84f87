"""Values that several messages and documents carry: counts, lists by issuer, texts, times."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.trust.certificates.dates import LATEST
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject

MOST_LISTS: Final = 128
"""Issuers and roots of which one message speaks."""
LONGEST_SENTENCE: Final = 2_000
LONGEST_NAME: Final = 255

_KEY_ID = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)


def whole(fields: JsonObject, name: str) -> int:
    """Return a whole number."""
    value = fields.fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise fields.wrong(name, "a whole number")
    return value


def texts(fields: JsonObject, name: str, most: int) -> tuple[str, ...]:
    """Return a list of texts."""
    found = []
    for each in fields.items(name, most):
        if not isinstance(each, str):
            raise fields.wrong(name, "a list of texts")
        found.append(each)
    return tuple(found)


def text_map(fields: JsonObject, name: str, most: int) -> dict[str, str]:
    """Return an object whose values are texts; they may be secret, so no sentence shows one."""
    found = {}
    for key, value in _bounded(fields, name, most).items():
        if not isinstance(value, str):
            raise InvalidInputError(f"{fields.what}: {name} must be an object of texts.")
        found[key] = value
    return found


def list_numbers(fields: JsonObject) -> dict[str, int]:
    """Return the field `lists`: which number of each list somebody holds, by issuer's key id."""
    inner = JsonObject(_bounded(fields, "lists", MOST_LISTS), f"{fields.what}: lists")
    return {key_id: whole(inner, key_id) for key_id in inner.fields}


def checked_lists(lists: Mapping[str, int]) -> Mapping[str, int]:
    """Return numbers of lists by key id, fixed; InvalidInputError for what no list has."""
    if len(lists) > MOST_LISTS:
        raise InvalidInputError(f"A message speaks of at most {MOST_LISTS} lists.")
    for key_id, number in lists.items():
        if not _KEY_ID.match(key_id):
            raise InvalidInputError(f"lists: {quoted(key_id)} is no key id in hexadecimal digits.")
        check_count("lists", number)
    return MappingProxyType(dict(lists))


def check_count(field: str, number: int) -> None:
    """Refuse what counts nothing."""
    if not 0 <= number <= LARGEST_NUMBER:
        raise InvalidInputError(f"{field} {quoted(number)}: from 0 to {LARGEST_NUMBER}.")


def check_time(field: str, time: float) -> None:
    """Refuse what is no time; POSIX seconds."""
    if not (math.isfinite(time) and 0.0 <= time <= LATEST):
        raise InvalidInputError(f"{field} {quoted(time)}: a time between 1970 and 9999.")


def check_line(field: str, text: str, most: int) -> None:
    """Refuse what does not fit into one line that can be shown."""
    if not 1 <= len(text) <= most or not text.isprintable():
        raise InvalidInputError(
            f"{field} {quoted(text)}: 1 to {most:,} characters that can be shown."
        )


def _bounded(fields: JsonObject, name: str, most: int) -> dict[str, object]:
    inner = fields.inner(name).fields
    if len(inner) > most:
        raise InvalidInputError(f"{fields.what}: {name} has more than {most} entries.")
    return inner
