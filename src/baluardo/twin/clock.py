"""The sky's clock: now, or a replay at some rate. Pure: readings of two clocks in, sky time out.

The machine's monotonic clock carries the time from reading to reading. Its wall clock only says
what "now" is, so a wall clock that is set while we run moves a replay not at all and the present
once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from baluardo.errors import InvalidInputError

RATES = (1.0, 10.0, 60.0, 300.0)
"""Sky seconds per real second that can be chosen."""

REPLAY_AFTER_S = 14 * 86_400.0
"""A catalogue further than this from the present is replayed from its own epoch."""

EARLIEST_S = 63_072_000.0
"""1972-01-01, where UTC in its present form begins."""
LATEST_S = 4_102_444_800.0
"""2100-01-01; a replay that gets there stands still."""

JUMP_S = 1.0
"""A wall clock this far off has been set: follow at once. Below it, slew."""

SLEW = 0.1
"""Part of a small difference to the wall clock that is taken back at each reading."""


class Mode(StrEnum):
    """Whether the sky shown is the present one."""

    NOW = "now"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Readings:
    """What the machine's two clocks say at one moment, seconds."""

    monotonic: float
    wall: float
    """POSIX, UTC."""


@dataclass(frozen=True, slots=True)
class Dated:
    """What a clock has to know about a catalogue."""

    epoch: float
    """POSIX seconds."""
    ageless: bool = False

    def can_now(self, wall: float) -> bool:
        """Tell whether the catalogue describes the present well enough to be shown as now."""
        return self.ageless or abs(wall - self.epoch) <= REPLAY_AFTER_S


@dataclass(frozen=True, slots=True)
class SkyClock:
    """A running clock as a value: every change makes a new one."""

    dated: Dated
    mode: Mode
    anchor_sky: float
    """Sky time at the monotonic reading `anchor_monotonic`."""
    anchor_monotonic: float
    rate: float = 1.0
    paused: bool = False
    forced: bool = False
    """True for a replay that nobody chose or changed: the catalogue allows nothing else."""

    @classmethod
    def started(cls, dated: Dated, readings: Readings) -> SkyClock:
        """Start at the present if the catalogue allows it, at its epoch otherwise."""
        if dated.can_now(readings.wall):
            return cls(dated, Mode.NOW, readings.wall, readings.monotonic)
        return cls(dated, Mode.REPLAY, dated.epoch, readings.monotonic, forced=True)

    def sky_time(self, readings: Readings) -> float:
        """Return the sky time, POSIX seconds."""
        elapsed = 0.0 if self.paused else max(0.0, readings.monotonic - self.anchor_monotonic)
        return min(max(self.anchor_sky + self.rate * elapsed, EARLIEST_S), LATEST_S)

    @property
    def speed(self) -> float:
        """Sky seconds per real second, 0 while paused."""
        return 0.0 if self.paused else self.rate

    def followed(self, readings: Readings) -> SkyClock:
        """Return the clock after looking at the machine's clocks; call it about once a second.

        In mode now a small difference to the wall clock is slewed away, a large one is followed at
        once (the wall clock was set, or the machine slept). A catalogue that has meanwhile become
        too old falls back to its replay.
        """
        if self.mode is Mode.REPLAY:
            return self
        if not self.dated.can_now(readings.wall):
            return SkyClock.started(self.dated, readings)
        sky = self.sky_time(readings)
        off = readings.wall - sky
        step = off if abs(off) > JUMP_S else SLEW * off
        return replace(self, anchor_sky=sky + step, anchor_monotonic=readings.monotonic)

    def changed(
        self,
        readings: Readings,
        mode: Mode | None = None,
        rate: float | None = None,
        paused: bool | None = None,
        sky_time: float | None = None,
    ) -> SkyClock:
        """Return the clock after a person's wish; InvalidInputError where it cannot be.

        Mode now goes alone. A pause, a rate above 1 or a jump leaves the present: what follows is
        a replay from there. Mode replay from the present begins at the catalogue's epoch unless a
        sky time is given.
        """
        self._check(readings, mode, rate, paused, sky_time)
        if mode is Mode.NOW:
            return SkyClock(self.dated, Mode.NOW, readings.wall, readings.monotonic)
        leaves_now = (
            mode is Mode.REPLAY
            or sky_time is not None
            or bool(paused)
            or (rate is not None and rate != 1.0)
        )
        if self.mode is Mode.NOW and not leaves_now:
            return self
        start = self.sky_time(readings)
        if sky_time is not None:
            start = sky_time
        elif self.mode is Mode.NOW and mode is Mode.REPLAY:
            start = self.dated.epoch
        return SkyClock(
            dated=self.dated,
            mode=Mode.REPLAY,
            anchor_sky=start,
            anchor_monotonic=readings.monotonic,
            rate=self.rate if rate is None else rate,
            paused=self.paused if paused is None else paused,
        )

    def with_catalogue(self, dated: Dated, readings: Readings) -> SkyClock:
        """Return the clock for a catalogue that was read again, which may be another one.

        What a person chose goes on. A forced replay ends where the new catalogue allows the
        present, and begins again where its epoch is another; the present ends where it has to.
        """
        fresh = SkyClock.started(dated, readings)
        if self.forced:
            restart = fresh.mode is Mode.NOW or dated.epoch != self.dated.epoch
        else:
            restart = self.mode is Mode.NOW and fresh.mode is Mode.REPLAY
        return fresh if restart else replace(self, dated=dated)

    def _check(
        self,
        readings: Readings,
        mode: Mode | None,
        rate: float | None,
        paused: bool | None,
        sky_time: float | None,
    ) -> None:
        if rate is not None and rate not in RATES:
            rates = ", ".join(f"{r:g}" for r in RATES)
            raise InvalidInputError(f"rate {rate} is none of {rates}.")
        if sky_time is not None and not EARLIEST_S <= sky_time < LATEST_S:
            raise InvalidInputError(f"sky_time {sky_time} is not between the years 1972 and 2100.")
        if mode is not Mode.NOW:
            return
        if sky_time is not None or paused or rate not in {None, 1.0}:
            raise InvalidInputError(
                "Mode now has no other time, rate or pause; ask for mode replay to set them."
            )
        if not self.dated.can_now(readings.wall):
            raise InvalidInputError(
                "The catalogue is more than 14 days away from the present, so it can only be "
                "replayed. Load a newer one to see the sky of now."
            )


ReadClocks = Callable[[], Readings]
"""The driver's eyes; a test hands in its own."""
