"""What receivers of a call report of it, and how it sounds to them by that: nothing of content.

A browser says every few seconds what it has received since it said so last. Delay from mouth to ear
is half a round trip, what waits in the jitter buffer, and the codec; the way back is taken to be as
long. What was not played is the larger of what was lost and what was concealed, as late packets
are concealed too; how losses lie is not reported, so they lie as chance has it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from baluardo.calls.quality import Quality, Reception, mos_of, quality
from baluardo.errors import InvalidInputError

CODEC_DELAY_MS: Final = 26.5
"""Opus: a packet of 20 ms and 6.5 ms of look-ahead, as libopus encodes unless told otherwise."""
MOST_SECONDS: Final = 600.0
"""Of one report: a page in the background may be late with it."""
MOST_PACKETS: Final = 100_000
MOST_MS: Final = 60_000.0


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """What one browser received of one call within some seconds."""

    seconds: float
    received: int
    """RTP packets."""
    lost: int
    round_trip_ms: float
    jitter_ms: float
    """Of RFC 3550 section 6.4.1."""
    concealed: float
    """Of what was played, 0 to 1: made up by the receiver."""
    buffer_ms: float
    """That sound has waited in the jitter buffer."""

    def __post_init__(self) -> None:
        """Refuse what no receiver counts."""
        _check("seconds", self.seconds, MOST_SECONDS)
        _check("received", self.received, MOST_PACKETS)
        _check("lost", self.lost, MOST_PACKETS)
        _check("round_trip_ms", self.round_trip_ms, MOST_MS)
        _check("jitter_ms", self.jitter_ms, MOST_MS)
        _check("concealed", self.concealed, 1.0)
        _check("buffer_ms", self.buffer_ms, MOST_MS)
        if self.seconds == 0.0:
            raise InvalidInputError("seconds of a report are more than 0.")

    @property
    def loss(self) -> float:
        """What was not played, 0 to 1; all of it where nothing has come at all."""
        packets = self.received + self.lost
        if packets == 0:
            return 1.0
        return max(self.lost / packets, self.concealed)

    @property
    def quality(self) -> Quality:
        """How the receiver heard."""
        delay_s = (self.round_trip_ms / 2.0 + self.buffer_ms + CODEC_DELAY_MS) / 1_000.0
        return quality(Reception(delay_s, self.loss), delay_s)


@dataclass(frozen=True, slots=True)
class LegQuality:
    """How one device has heard the other end of a call so far."""

    device: str
    """`person/anna.rossi/phone`."""
    reports: int
    seconds: float
    """That were reported."""
    last: Quality
    worst: Quality
    mean: Quality
    """Of R, by the seconds reported; MOS is of that R."""
    latest: ReceiverReport

    @classmethod
    def first(cls, device: str, report: ReceiverReport) -> LegQuality:
        """Return what one report says."""
        heard = report.quality
        return cls(device, 1, report.seconds, heard, heard, heard, report)

    def after(self, report: ReceiverReport) -> LegQuality:
        """Return it with one report more."""
        heard, seconds = report.quality, self.seconds + report.seconds
        r = (self.mean.r * self.seconds + heard.r * report.seconds) / seconds
        return replace(
            self,
            reports=self.reports + 1,
            seconds=seconds,
            last=heard,
            worst=min(self.worst, heard, key=lambda each: each.r),
            mean=Quality(r, mos_of(r)),
            latest=report,
        )


def _check(field: str, value: float, most: float) -> None:
    if not (math.isfinite(value) and 0.0 <= value <= most):
        raise InvalidInputError(f"{field} {value} of a report is not between 0 and {most:g}.")
