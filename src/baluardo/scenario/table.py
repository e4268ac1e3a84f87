"""A TOML table read strictly: wrong types, missing and unknown keys are named with their place."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, NoReturn

from baluardo.errors import ScenarioError
from baluardo.foreign_input import printable, quoted


class Table:
    """One table of a file; every key that is read is noted, `done` refuses the others.

    `where` tells a person where the table stands, such as "italy.toml, site rome".
    """

    def __init__(self, values: dict[str, Any], where: str) -> None:
        """Take a parsed table and the words for its place."""
        self.where = where
        self._values = values
        self._read: set[str] = set()

    def refuse(self, key: str, reason: str) -> NoReturn:
        """Raise ScenarioError for a key: `reason` completes the sentence "<key> ..."."""
        raise ScenarioError(f"{self.where}: {key} {reason}.")

    def has(self, key: str) -> bool:
        """Tell whether a key is present."""
        return key in self._values

    def text(self, key: str, default: str | None = None) -> str:
        """Return a non-empty text."""
        value = self._take(key, default)
        if not isinstance(value, str) or not value.strip():
            self.refuse(key, f"must be a text, not {quoted(value)}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """Return a finite number."""
        return self._as_number(key, self._take(key, default))

    def truth(self, key: str, default: bool | None = None) -> bool:
        """Return true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            self.refuse(key, f"must be true or false, not {quoted(value)}")
        return value

    def moment(self, key: str) -> datetime:
        """Return a date and time with its zone."""
        value = self._take(key, None)
        if not isinstance(value, datetime):
            self.refuse(key, f"must be a date and time, not {quoted(value)}")
        if value.tzinfo is None:
            self.refuse(key, "has no time zone; end it with Z for UTC")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of texts without repetition."""
        value = self._take(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            self.refuse(key, f"must be a list of texts, not {quoted(value)}")
        if len(set(value)) != len(value):
            self.refuse(key, "names something twice")
        return tuple(value)

    def pairs(self, key: str) -> tuple[tuple[float, float], ...]:
        """Return a list of pairs of finite numbers."""
        value = self._take(key, None)
        if not isinstance(value, list) or not all(
            isinstance(v, list) and len(v) == 2 for v in value
        ):
            self.refuse(key, f"must be a list of pairs of numbers, not {quoted(value)}")
        return tuple((self._as_number(key, a), self._as_number(key, b)) for a, b in value)

    def table(self, key: str, name: str | None = None) -> Table:
        """Return a table inside this one, empty where it is absent; `name` is its place's name."""
        value = self._take(key, {})
        if not isinstance(value, dict):
            self.refuse(key, f"must be a table, not {quoted(value)}")
        return Table(value, f"{self.where}, {name or key}")

    def tables(self, key: str, most: int) -> tuple[Table, ...]:
        """Return a list of tables, each named by its `id` or its position (from 1)."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.refuse(key, f"must be a list of tables, not {quoted(value)}")
        if len(value) > most:
            self.refuse(key, f"has {len(value)} entries; {most} are the most")
        word = key.removesuffix("s")
        return tuple(
            Table(v, f"{self.where}, {word} {_name_of(v) or i}") for i, v in enumerate(value, 1)
        )

    def done(self) -> None:
        """Refuse keys that nobody has read: a misspelt rule must not be a rule that is off."""
        unknown = sorted(set(self._values) - self._read)
        if unknown:
            known = ", ".join(sorted(self._read))
            self.refuse(printable(unknown[0][:40]), f"is not known here; known are {known}")

    def _take(self, key: str, default: Any) -> Any:
        self._read.add(key)
        value = self._values.get(key, default)
        if value is None:
            self.refuse(key, "is missing")
        return value

    def _as_number(self, key: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(key, f"must be a number, not {quoted(value)}")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.refuse(key, f"must be a finite number, not {quoted(value)}")
        return number


def _name_of(values: dict[str, Any]) -> str:
    identifier = values.get("id")
    return printable(identifier[:40]) if isinstance(identifier, str) else ""
