"""What a bearer is expected to give: a file as `baluardo sky contacts PLACE --csv FILE` writes it.

Whoever can write the file can slow the site down, no more: the control takes its changes alone, and
what is measured counts in the end. A file that is broken changes nothing; a sentence says so.
"""

from __future__ import annotations

import csv
import logging
import math
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import numbered_lines, printable, quoted, read_file
from baluardo.network.bearers.rate import FORECAST_AHEAD
from baluardo.terms import Bilingual, slot_at, slot_start

SLOT: Final = "slot"
RATE: Final = "rate_up_bps"
MOST_SLOTS: Final = 11_520
"""Two days. Our choice: by then the elements of low satellites have been measured anew."""
LARGEST_FILE: Final = 4 << 20
LONGEST_LINE: Final = 1_000
LOOK_SECONDS: Final = 5.0
"""Between two looks whether the file was replaced. Our choice: a third of a slot."""

_SLOT = re.compile(r"[0-9]{1,9}", re.ASCII)
_RATE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?", re.ASCII)

logger = logging.getLogger("baluardo.network")

_Stamp: TypeAlias = tuple[int, int, int]
"""Inode, time of change (ns) and size: another file, or the same one written anew."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Rates on the way up, slot after slot."""

    first: int
    """Number of the first slot."""
    up_bps: tuple[float, ...]
    """0 where nothing is expected to pass."""

    @property
    def start(self) -> float:
        """First moment that it speaks of, POSIX seconds."""
        return slot_start(self.first)

    @property
    def end(self) -> float:
        """First moment that it no longer speaks of, POSIX seconds."""
        return slot_start(self.first + len(self.up_bps))

    def of_slot(self, slot: int) -> float | None:
        """Return the rate of a slot, bit/s, 0 where nothing is expected; None outside its span."""
        place = slot - self.first
        return self.up_bps[place] if 0 <= place < len(self.up_bps) else None

    def soon_bps(self, posix: float, ahead: float = FORECAST_AHEAD) -> float | None:
        """Return the least rate (bit/s) from a moment until `ahead` seconds later.

        Slots in which nothing is expected to pass do not count, unless there is no other: 0 then.
        None where it does not speak of that moment.
        """
        if not (math.isfinite(posix) and self.start <= posix < self.end):
            return None
        slots = range(slot_at(posix) - self.first, slot_at(posix + ahead) - self.first + 1)
        near = self.up_bps[slots.start : slots.stop]
        return min((each for each in near if each), default=0.0)


class ForecastFile:
    """A file that is read anew whenever it was replaced, in a thread of its own."""

    def __init__(self, path: Path, look_s: float = LOOK_SECONDS) -> None:
        """Read nothing yet."""
        self._path, self._look_s = path, look_s
        self._stop = threading.Event()
        self._stamp: _Stamp | None = None
        self._told: tuple[Forecast | None, Bilingual | None] = None, None
        self._thread = threading.Thread(target=self._run, name="forecast", daemon=True)

    def start(self) -> None:
        """Begin to look at it."""
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def latest(self) -> Forecast | None:
        """What the last file said that could be read; None before the first."""
        return self._told[0]

    @property
    def problem(self) -> Bilingual | None:
        """What is wrong with the file as it is now; None if nothing is."""
        return self._told[1]

    def look(self) -> None:
        """Read the file if it is another one than at the last look."""
        try:
            found = self._path.stat()
        except OSError as problem:
            self._stamp = None
            name, reason = printable(str(self._path)), problem.strerror or str(problem)
            self._refuse(f"The forecast {name} cannot be read: {reason}.")
            return
        stamp = found.st_ino, found.st_mtime_ns, found.st_size
        if stamp == self._stamp:
            return
        self._stamp = stamp  # taken before it is read: what is written meanwhile is read again
        try:
            octets = read_file(self._path, LARGEST_FILE, "The forecast")
            forecast = read_forecast(octets, f"The forecast {printable(str(self._path))}")
        except (SourceError, InvalidInputError) as problem:
            self._refuse(str(problem))
        else:
            self._told = forecast, None

    def _run(self) -> None:
        self.look()
        while not self._stop.wait(self._look_s):
            self.look()

    def _refuse(self, sentence: str) -> None:
        held, before = self._told
        en = f"{sentence} What was read before it counts until its end; put a whole file there."
        if before is None or before.en != en:
            logger.warning("%s", en)
        it = (
            f"La previsione {printable(str(self._path))} non si può usare: quella letta prima vale "
            "fino alla sua fine. Il registro dice che cosa non va."
        )
        self._told = held, Bilingual(it, en)


def read_forecast(octets: bytes, source: str) -> Forecast:
    """Read a forecast's CSV: the columns `slot` and `rate_up_bps`, whatever else there is.

    Slots follow each other without a gap. InvalidInputError names the line of what is wrong.
    """
    lines = numbered_lines(
        octets,
        source,
        most_bytes=LARGEST_FILE,
        longest_line=LONGEST_LINE,
        most_lines=MOST_SLOTS + 1,
        quotation_marks=True,
    )
    number, line = next(lines)
    names = _fields(line, f"{source}, line {number}")
    if names.count(SLOT) != 1 or names.count(RATE) != 1:
        raise InvalidInputError(
            f"{source}, line {number}: the columns {SLOT} and {RATE} must be there, each once. "
            "Write it with `baluardo sky contacts PLACE --csv FILE`."
        )
    slot_column, rate_column = names.index(SLOT), names.index(RATE)
    first, rates = 0, list[float]()
    for number, line in lines:
        where = f"{source}, line {number}"
        fields = _fields(line, where)
        if len(fields) != len(names):
            raise InvalidInputError(
                f"{where}: {len(fields)} fields, where the first line names {len(names)}."
            )
        slot, rate = fields[slot_column], fields[rate_column]
        if not _SLOT.fullmatch(slot):
            raise InvalidInputError(f"{where}: {SLOT} {quoted(slot)} is no number of a slot.")
        if not _RATE.fullmatch(rate):
            raise InvalidInputError(f"{where}: {RATE} {quoted(rate)} is no rate in bit/s.")
        if not rates:
            first = int(slot)
        elif int(slot) != first + len(rates):
            raise InvalidInputError(
                f"{where}: slot {int(slot)} stands where {first + len(rates)} comes next."
            )
        rates.append(float(rate))
    if not rates:
        raise InvalidInputError(f"{source} names columns and has no slot.")
    return Forecast(first, tuple(rates))


def _fields(line: str, where: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as problem:
        raise InvalidInputError(f"{where}: no CSV: {printable(str(problem))}.") from None
