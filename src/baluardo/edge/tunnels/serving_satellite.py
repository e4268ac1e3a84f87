"""Which satellite serves a bearer now: observed by somebody else, told by a file, true for a slot.

No dish of an operator tells its satellite, so only the stage writes such a file, which sees the sky
that it emulates. Nothing is decided by it; pages show it. A file speaks of one slot at most, so
that what was true once is never taken for true now.
"""

from __future__ import annotations

import logging
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import quoted, read_file
from baluardo.terms import SLOT_SECONDS
from baluardo.trust.strict_json import JsonObject, write_json

LARGEST_FILE: Final = 512
LONGEST_NAME: Final = 64
_NAME: Final = re.compile(r"[!-~]([ -~]{0,62}[!-~])?", re.ASCII)

logger = logging.getLogger("baluardo.network")


@dataclass(frozen=True, slots=True)
class ServingSatellite:
    """What serves a bearer in one slot. Times: POSIX seconds of this machine's community."""

    name: str
    """As the catalogue has it: `STARLINK-1234`; empty where none serves."""
    start: float
    end: float

    def __post_init__(self) -> None:
        """Refuse what no catalogue names, and what speaks of more than a slot."""
        if self.name and not _NAME.fullmatch(self.name):
            raise InvalidInputError(f"satellite {quoted(self.name)}: 1 to 64 characters of ASCII.")
        if not (math.isfinite(self.start) and 0.0 < self.end - self.start <= SLOT_SECONDS + 1e-3):
            raise InvalidInputError(
                f"From {self.start:g} to {self.end:g} is no part of a slot of {SLOT_SECONDS} s."
            )

    def to_octets(self) -> bytes:
        """Return the file's text."""
        return write_json(
            {"satellite": self.name, "start_ms": _ms(self.start), "end_ms": _ms(self.end)}
        )

    @classmethod
    def of_octets(cls, octets: bytes, source: str) -> ServingSatellite:
        """Read a file's text; InvalidInputError for any other."""
        fields = JsonObject.parse(octets, LARGEST_FILE, source)
        fields.only(("satellite", "start_ms", "end_ms"))
        name = fields.text("satellite", LONGEST_NAME)
        start, end = fields.number("start_ms"), fields.number("end_ms")
        return cls(name, start / 1e3, end / 1e3)


class ServingFile:
    """The file of one bearer; it is small, and is read whenever somebody asks."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet."""
        self._path = path
        self._problem = ""

    def at(self, posix: float) -> ServingSatellite | None:
        """Return what is told of a moment; None where nothing is, or what is cannot be read."""
        try:
            octets = read_file(self._path, LARGEST_FILE, "Which satellite serves:")
            told = ServingSatellite.of_octets(octets, "The satellite's file")
        except (SourceError, InvalidInputError) as problem:
            if str(problem) != self._problem:
                logger.warning("%s Until it is whole no satellite is shown.", problem)
            self._problem = str(problem)
            return None
        self._problem = ""
        return told if told.start <= posix < told.end else None


def told_of(file: ServingFile | None, now: float | None) -> dict[str, Any]:
    """Return what a page is told of a bearer by low satellites at a trusted time.

    `told` is false where nobody tells, as in the field; `left_s` is what is left of the slot.
    """
    found = None if file is None or now is None else file.at(now)
    if found is None or now is None:
        return {"told": file is not None, "name": None, "slot": None, "left_s": None}
    return {
        "told": True,
        "name": found.name or None,
        "slot": found.start,
        "left_s": found.end - now,
    }


def _ms(seconds: float) -> int:
    return round(seconds * 1e3)
