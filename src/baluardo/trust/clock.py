"""What time it is, told well enough to judge certificates by: signed time and a floor on disk.

A machine's own clock can be turned back, by a thief who wants an expired certificate to live again
or by a dead battery. So the authority signs its time (over a nonce, so that an old answer cannot be
played again), the clock then runs on the machine's steady counter, and the latest time known for
sure is kept on disk as a floor below which no later time is believed. While a program runs, the
floor rises with a counter that nobody steers, whether an authority is there or not: who forges the
time of a network can hasten the machine's clock, and must not lift the floor above the truth, where
signed time would be refused.

    signed time heard since the program started   it rules, moved on by the steady counter
    none, machine's clock above the floor         the machine's clock rules
    none, at most SKEW below the floor            the floor rules (time does not run backwards)
    none, further below, but believed before      what was believed last, moved on by the counter
    none, further below                           ClockError: nothing is judged until signed time
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from baluardo.durable_files import write_durably
from baluardo.errors import ClockError, InvalidInputError, SourceError, TargetError
from baluardo.foreign_input import quoted, read_file
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import SKEW, Verifier
from baluardo.trust.envelope import Envelope, sign, verify
from baluardo.trust.identity import Kind
from baluardo.trust.primitives.hashing import random_octets
from baluardo.trust.strict_json import JsonObject, write_json

TIME_TYPE: Final = "application/vnd.baluardo.time+json"
NONCE_OCTETS: Final = 16
LONGEST_JOURNEY: Final = 120.0
"""Seconds between question and answer: half of it is the error of a signed time. Our choice."""
KEEP_EVERY: Final = 60.0
"""Seconds by which the floor on disk may lag. Our choice."""
COUNTER_ERROR: Final = 2e-4
"""By so much of what it counts a counter may be fast. Our choice: quartz is off by 1e-4."""
MOST_FLOOR_OCTETS: Final = 1_024
MOST_STATEMENT_OCTETS: Final = 1_024
EARLIEST: Final = 1_735_689_600.0
LATEST: Final = 4_102_444_800.0
"""2025 to 2100: a time outside is no time."""

_log = logging.getLogger("baluardo.trust.clock")


@dataclass(frozen=True, slots=True)
class Reading:
    """The clocks of a machine, read at one moment."""

    wall: float
    """POSIX seconds as the machine believes; anybody may set it."""
    steady: float
    """Seconds of a counter that only runs forward and cannot be set, if steered by its clock."""
    unsteered: float
    """Seconds of one that nobody steers either; while the machine sleeps it may stand."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A time known for sure at one reading of the steady counter."""

    time: float
    steady: float

    def at(self, steady: float) -> float:
        """Return the time at another reading."""
        return self.time + (steady - self.steady)


def judge(reading: Reading, floor: float, fix: Fix | None, believed: Fix | None = None) -> float:
    """Return the time to judge by (POSIX seconds); ClockError if there is none. The table above.

    `believed`: what was returned last without signed time, by this program.
    """
    if fix is not None:
        return max(fix.at(reading.steady), floor)
    if believed is not None and not _is_possible(reading, floor):
        return max(believed.at(reading.steady), floor)
    if reading.wall < floor - SKEW:
        raise ClockError(
            f"This machine's clock says {_shown(reading.wall)}, but {_shown(floor)} is known to "
            "have passed: the clock was turned back or lost its battery. Nothing is judged by it. "
            "Set it right, or ask the authority for signed time."
        )
    if reading.wall > LATEST:
        raise ClockError(f"This machine's clock says {_shown(LATEST)} or later. Set it right.")
    return max(reading.wall, floor)


def _is_possible(reading: Reading, floor: float) -> bool:
    return floor - SKEW <= reading.wall <= LATEST


def time_question() -> bytes:
    """Return a fresh nonce to send to the authority."""
    return random_octets(NONCE_OCTETS)


def sign_time(nonce: bytes, credential: Credential, now: float) -> Envelope:
    """Return the authority's statement of the time, over the nonce of who asks.

    With an empty nonce it is a broadcast, which can only raise floors.
    """
    if len(nonce) not in {0, NONCE_OCTETS}:
        raise InvalidInputError(f"A nonce has {NONCE_OCTETS} octets, this one {len(nonce)}.")
    if credential.identity.kind is not Kind.AUTHORITY:
        raise InvalidInputError(f"{credential.identity} is no authority: it signs no time.")
    return sign(write_json({"nonce": nonce.hex(), "time": now}), TIME_TYPE, credential)


def read_time(statement: Envelope, nonce: bytes, verifier: Verifier) -> float:
    """Return the time that an authority has signed over this nonce.

    Its certificate is judged at the time that it states: a machine that has lost its clock has no
    other. ClockError if the statement answers another question, SignatureError or CertificateError
    if it is no authority's.
    """
    stated = stated_time(statement, nonce)
    verified = verify(statement, verifier, stated, TIME_TYPE)
    if any(signer.identity.kind is not Kind.AUTHORITY for signer in verified.signers):
        raise ClockError("Signed time was refused: its signer is no authority.")
    return stated


def stated_time(statement: Envelope, nonce: bytes) -> float:
    """Return the time that a statement claims: nothing of it is verified, and it is no time yet.

    It is for a machine that has lost its clock and whose roots or issuers were replaced meanwhile:
    with it the machine reads what the authority publishes into a verifier, by which `read_time` or
    `Clock.accept` then judges the statement; nothing is kept unless that succeeds.
    """
    try:
        body = JsonObject.parse(statement.payload, MOST_STATEMENT_OCTETS, "It")
        body.only(("nonce", "time"))
        stated, answered = body.number("time"), body.text("nonce", 2 * NONCE_OCTETS)
    except InvalidInputError as problem:
        raise ClockError(f"Signed time was refused: it states none. {problem}") from None
    if not EARLIEST <= stated <= LATEST:
        raise ClockError(f"Signed time was refused: {quoted(stated)} is not between 2025 and 2100.")
    if answered != nonce.hex():
        raise ClockError("Signed time was refused: it answers another question, or is an old one.")
    return stated


class Clock:
    """The time of one machine; call it for the POSIX seconds to judge by. Safe across threads."""

    def __init__(
        self,
        floor_file: Path,
        at_least: float,
        read: Callable[[], Reading] | None = None,
    ) -> None:
        """Open the floor on disk; `at_least` is a time known otherwise to have passed.

        Use the start of one's own certificate's validity: its issuer has signed it. SourceError if
        the file cannot be read, ClockError if it holds no floor.
        """
        self._file = floor_file
        self._read = read or read_machine
        self._lock = threading.Lock()
        self._fix: Fix | None = None
        self._believed: Fix | None = None
        self._is_astray = False
        """Whether the machine's clock was last seen where it cannot be."""
        self._kept = max(_read_floor(floor_file), at_least)
        """What a later start will know again."""
        self._floor = Fix(self._kept, self._read().unsteered)

    def __call__(self) -> float:
        """Return the time to judge by; ClockError if it cannot be told."""
        with self._lock:
            reading = self._read()
            floor = self._floor_at(reading)
            now = judge(reading, floor, self._fix, self._believed)
            if self._fix is None:
                self._believe(reading, floor, now)
            self._raise_floor(floor, reading)
            return now

    @property
    def floor(self) -> float:
        """The latest time known for sure to have passed."""
        return self._floor_at(self._read())

    def deviation(self) -> float:
        """Return by how much the machine's own clock is ahead of signed time, s; 0 without any."""
        with self._lock:
            reading = self._read()
            return 0.0 if self._fix is None else reading.wall - self._fix.at(reading.steady)

    def steady(self) -> float:
        """Return the steady counter: note it when asking for signed time."""
        return self._read().steady

    def accept(
        self, statement: Envelope, nonce: bytes, asked_at: float, verifier: Verifier
    ) -> None:
        """Take the authority's answer to a question asked when the steady counter said `asked_at`.

        ClockError if it came too late to be of use, states a time before the floor, or is not for
        this question; the clock then goes on as before.
        """
        with self._lock:
            reading = self._read()
            journey = reading.steady - asked_at
            if not nonce or not 0.0 <= journey <= LONGEST_JOURNEY:
                raise ClockError(
                    f"Signed time was refused: it was {journey:.0f} s on its way, and more than "
                    f"{LONGEST_JOURNEY:.0f} s make it useless. Ask again."
                )
            stated = read_time(statement, nonce, verifier)
            floor = self._floor_at(reading)
            if stated < floor - SKEW:
                raise ClockError(
                    f"Signed time was refused: it says {_shown(stated)}, but "
                    f"{_shown(floor)} is known to have passed."
                )
            self._fix = Fix(stated + journey / 2, reading.steady)
            off = reading.wall - self._fix.time
            if abs(off) > SKEW:
                _log.warning("The machine's clock is off by %.0f s; signed time rules now.", off)
            self._raise_floor(self._fix.time, reading)

    def hear(self, broadcast: Envelope, verifier: Verifier) -> None:
        """Take a time that the authority signed for everybody: it can only raise the floor."""
        with self._lock:
            self._raise_floor(read_time(broadcast, b"", verifier), self._read())

    def _believe(self, reading: Reading, floor: float, now: float) -> None:
        """Go on without signed time; so much has passed as the counter has counted, at least."""
        was_astray, self._is_astray = self._is_astray, not _is_possible(reading, floor)
        if self._is_astray and not was_astray:
            _log.warning(
                "The machine's clock was set to %s, which cannot be: the steady counter rules. Set "
                "it right.",
                _shown(reading.wall),
            )
        self._believed = Fix(now, reading.steady)

    def _floor_at(self, reading: Reading) -> float:
        counted = max(0.0, reading.unsteered - self._floor.steady)
        return self._floor.time + counted * (1.0 - COUNTER_ERROR)

    def _raise_floor(self, known: float, reading: Reading) -> None:
        floor = max(self._floor_at(reading), known)
        self._floor = Fix(floor, reading.unsteered)
        if floor < self._kept + KEEP_EVERY:
            return
        try:
            if self._kept_elsewhere() < floor:
                write_durably(self._file, write_json({"floor": floor}))
            self._kept = floor
        except TargetError as problem:  # the time is still right; only a later start knows less
            self._kept = floor
            _log.error("The time's floor could not be kept: %s", problem)

    def _kept_elsewhere(self) -> float:
        """Return what is on the disk: another program of this machine may know more."""
        try:
            return _read_floor(self._file)
        except (ClockError, SourceError):  # damaged since the start: it is written anew
            return EARLIEST


def read_machine() -> Reading:
    """Read the machine's clocks; on Linux the steady one goes on while the machine sleeps."""
    steady = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    unsteered = getattr(time, "CLOCK_MONOTONIC_RAW", time.CLOCK_MONOTONIC)
    return Reading(time.time(), time.clock_gettime(steady), time.clock_gettime(unsteered))


def _read_floor(path: Path) -> float:
    try:
        if not path.exists():
            return EARLIEST
    except OSError as problem:
        raise SourceError(f"The time's floor {path} cannot be read: {problem.strerror}.") from None
    octets = read_file(path, MOST_FLOOR_OCTETS, "The time's floor")
    try:
        floor = JsonObject.parse(octets, MOST_FLOOR_OCTETS, "The floor").number("floor")
    except InvalidInputError:
        floor = math.nan
    if not EARLIEST <= floor <= LATEST:
        raise ClockError(
            f"The time's floor in {path} cannot be read. Put a saved copy back; or remove the "
            "file, and the clock may then go back as far as this machine's certificate."
        )
    return floor


def _shown(posix: float) -> str:
    moment = datetime.fromtimestamp(posix, UTC) if EARLIEST / 2 < posix <= LATEST else None
    return moment.isoformat(timespec="seconds") if moment else quoted(posix)
