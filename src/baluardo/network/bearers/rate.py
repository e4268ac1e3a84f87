"""How fast to send on a bearer: below what it gives now, so that the queue stays in our hands.

A delay-based controller. What a round trip takes beyond the least one seen is queue; beyond 8 ms
the rate is cut to what the queue's growth shows that the bearer gives, less what drains the queue.
A round trip can be late for many reasons and early for none: one in time proves that there is no
queue. So the rate is cut only when none of several in a row is in time, and rises only when the
newest one is: by a step, then no further until a probe that left after the step has come back in
time. Two late ones take it back. A step of a = 0.013 / (rtt + 0.1 s) that goes too far makes
some 13 ms of queue until then. A queue that came at once and does not grow is drained, and the rate
is what it was. What a cut took to be the path's rate is thus soon found wrong where
it was: from a tenth of what a path of 40 ms gives it takes 3 s to be back. Growth is slow only near
a rate at which queues have grown twice.

Every 10 s of pressure the rate is lowered for one round trip, so that the least delay is seen with
an empty queue; delay that stays whatever is sent is the path's own, or a queue that others fill. As
it may be the latter, the rate does not grow for 30 s then, slowly after that, and each time it is
lowered to below what it was before: else a queue that is ours once the others are gone would stay.

What the rate says of the path is another matter: it rises only while traffic waits for it. It is
what the path gives only where traffic has waited for it lately, and has filled the path.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from math import inf, isfinite
from typing import Final

from baluardo.network.bearers.rate_limits import RateLimits
from baluardo.network.bearers.telemetry import Telemetry

TARGET_SECONDS: Final = 0.008
"""Queue from which the rate is cut. Our choice: a quarter of the 30 ms of issue 6."""
SAMPLING_SECONDS: Final = 0.05
"""Between two probes of an active bearer."""
DRAIN_EVERY: Final = 10.0
DRAIN_RATE: Final = 0.75
DRAIN_QUEUE_SECONDS: Final = 0.15
"""Time in which a cut lets the queue drain."""
MOST_LESS: Final = 0.7
"""Part of what passes that a cut gives up at most, so that something still does."""
CLEAR_SECONDS: Final = TARGET_SECONDS / 2
"""A round trip that takes no more beyond the least one proves that there is no queue."""
STEP_QUEUE_SECONDS: Final = 0.013
"""What a step too far may add to the queue until it is noticed."""
SMALLEST_STEP, LARGEST_STEP = 0.02, 0.2
SHOWN: Final = 1.25
"""Times the queue that would go unseen: what has grown so far since a step is seen."""
SLOWEST_GROWTH: Final = 0.04
"""Per second, near a rate at which queues have grown twice; faster the longer it goes well."""
BASE_SECONDS: Final = 30.0
"""For how long the least round trip counts: three drains."""
NEAR: Final = 0.9
"""From this part of the rate at which queues grew growth is slow; within it two rates are the same.
"""
BEYOND: Final = 1.05
"""Up to so many times that rate growth is slow."""
FAR: Final = 1.25
"""Times that rate without a queue: it is not what the path gives."""
AGAIN: Final = 0.95
"""Part of that rate to begin with again once the queue has drained."""
JUMP_SECONDS: Final = 3.0
"""Between two queues that may have come in one jump: one that comes back sooner has a cause."""
DRAINING_SLOPE: Final = -0.1
"""A queue that shrinks faster than this, s per s, needs no further cut."""
STEEPEST_SLOPE: Final = 4.0
EPISODE_CUTS: Final = 3
BELIEVED_SECONDS: Final = 10.0
"""After traffic has waited for the rate last, that is still what the path gives. Our choice."""
FULL_SECONDS: Final = BASE_SECONDS
"""After a queue grew last under pressure: who presses on a path for so long without one has found
more of it."""
FORECAST_AHEAD: Final = 0.3
"""Seconds: who sends at the old rate until a path narrows has a queue at once."""


class RateControl:
    """The rate of one bearer. Every `now`: seconds of the monotonic clock."""

    def __init__(self, limits: RateLimits | None = None, patience: int = 2) -> None:
        """Begin at the start rate.

        `patience`: round trips in a row that must be too long before one is believed. 2 where
        disturbed ones are told, 5 where they are not: the edge of a slot makes 4 of them.
        """
        self._limits = limits or RateLimits()
        self._patience = max(1, patience)
        self._rate = self._limits.start_bps
        self._full = inf
        """Rate at which a queue grew last."""
        self._grew_at = inf
        """Rate at which the queue grew that was the last to begin."""
        self._slow: tuple[float, float] | None = None
        """From which rate to which queues have grown: growth is slow there."""
        self._stepped_at = self._shown_from = -inf
        self._stepped_from: float | None = None
        self._withdrawn: float | None = None
        """A rate that was taken back, and may have been so for nothing."""
        """When the last step was made, or taken back, from when on a queue that it makes shows, and
        the rate before it."""
        self._base: deque[tuple[float, float]] = deque(maxlen=1_024)
        self._least: float | None = None
        """What the least round trip was before."""
        self._trusted = inf
        """The rate when that rose, which may be a queue: drains go below this rate. When it falls
        again, whatever the rate has grown to since is not known to pass."""
        self._capped_until = -inf
        """The rate does not grow until then: what was taken for the path's own may be a queue."""
        self._recent: deque[tuple[float, float]] = deque(maxlen=6)
        """When a probe left and its round trip: the slope is (rate - what passes) / what passes."""
        self._pressed = False
        self._grown_at: float | None = None
        self._hold_until = -inf
        self._cut_at = -inf
        self._drain_until = -inf
        self._drained_at: float | None = None
        self._jumped_at = -inf
        """When the last queue was found that did not grow: it had come in one jump."""
        self._disturbed = False
        self._cuts: list[tuple[float, float]] = []
        self._near_since: float | None = None
        self._forecast: float | None = None
        self._fallen_from: float | None = None
        """What the forecast was before it fell, until it is as much again."""
        self._pressed_at = self._full_at = -inf
        """When traffic waited last, and when a queue grew by it last."""
        self._telemetry: Telemetry | None = None

    def rate_bps(self, now: float) -> float:
        """Return the rate to pace at now, bit/s, as it is on the bearer."""
        if self._is_out(now):
            return self._limits.floor_bps
        if now < self._drain_until:
            return self._bounded(DRAIN_RATE * min(self._rate, self._trusted))
        return self._bounded(self._rate)

    def path_bps(self, now: float, told_bps: float | None = None) -> float | None:
        """Return what the path gives as far as that is known now, bit/s; None where it is not.

        told_bps: what it is said to give, which counts where nothing better is known. A rate that
        nobody has used lately is not known: it stays low after a narrow time, however wide the path
        is again. A fall of the forecast counts as long as it lasts.
        """
        known = told_bps
        if now - self._pressed_at <= BELIEVED_SECONDS and now - self._full_at <= FULL_SECONDS:
            known = self.rate_bps(now)
        elif self._forecast is not None and self._fallen_from is not None:
            fallen = self._limits.start_bps * self._forecast / self._fallen_from
            known = self._bounded(max(fallen, min(self._forecast, self._limits.start_bps)))
        return self._limits.floor_bps if known is not None and self._is_out(now) else known

    def press(self, pressed: bool, now: float) -> None:
        """Say whether traffic waits for the rate: one that nobody uses proves nothing."""
        if pressed and not self._pressed:
            self._grown_at = now
            self._drained_at = now if self._drained_at is None else self._drained_at
        if pressed:
            if now - self._pressed_at > BELIEVED_SECONDS:
                self._full_at = -inf  # how full it was before that pause says nothing of now
            self._pressed_at = now
        self._pressed = pressed

    def measure(self, rtt_s: float, now: float, disturbed: bool = False) -> None:
        """Take a round trip; `disturbed`: it met the edge of a slot, and is no measure."""
        if not (isfinite(rtt_s) and 0.0 < rtt_s < 10.0):
            return
        if disturbed:
            self._disturbed = True
            self._recent.clear()
            self._grown_at = now
            return
        if self._disturbed:  # another satellite: another least delay
            self._disturbed = False
            self._base.clear()
            self._drain(rtt_s, now)
        if self._pressed:
            self._pressed_at = now
        if now - rtt_s >= self._cut_at:  # what left before the last cut tells nothing about it
            self._recent.append((now - rtt_s, rtt_s))
        while self._base and now - self._base[0][0] > BASE_SECONDS:
            self._base.popleft()
        while self._base and self._base[-1][1] >= rtt_s:  # the least ones in order, oldest first
            self._base.pop()
        self._base.append((now, rtt_s))
        self._compare_base()
        self._control(now)

    def forecast(self, bps: float | None, now: float) -> None:
        """Take what is expected of the bearer soon, bit/s; None: nothing is known.

        Only its changes count: when it falls the rate falls by as much, when it rises growth is
        fast up to there. That it is wrong by a factor does not matter. 0, where nothing is expected
        to pass, changes nothing: what comes after it is compared with what was before.
        """
        if bps == 0.0:
            return
        before, self._forecast = self._forecast, bps
        if bps is None or before is None:
            self._fallen_from = None
            return
        if bps < before:
            self._fallen_from = before if self._fallen_from is None else self._fallen_from
            self._rate = self._bounded(self._rate * bps / before)
            self._hold_until = max(self._hold_until, now + self._lag())
        if isfinite(self._full):
            self._full = self._bounded(self._full * bps / before)
        if self._slow is not None:
            self._slow = self._slow[0] * bps / before, self._slow[1] * bps / before
        elif bps < before:  # that the path gives more is seen once it gives less alone
            self._slow = NEAR * self._rate, BEYOND * self._rate
        if self._fallen_from is not None and bps >= self._fallen_from:
            self._fallen_from = None

    def telemetry(self, telemetry: Telemetry | None) -> None:
        """Take what the bearer's device says."""
        self._telemetry = telemetry

    def _compare_base(self) -> None:
        """Notice that the least round trip has risen, perhaps by a queue, or has fallen."""
        least, self._least = self._least, self._base[0][1]
        if least is None or abs(self._least - least) <= CLEAR_SECONDS:
            return
        if self._least > least:
            self._trusted = min(self._trusted, self._rate)
        else:
            self._rate = min(self._rate, self._trusted)
            self._trusted, self._capped_until = inf, -inf

    def _control(self, now: float) -> None:
        if now < self._drain_until or not self._recent:
            self._grown_at = now
            return
        late = [rtt - self._base[0][1] for _, rtt in self._recent][-self._patience :]
        queue = min(late)
        if len(late) == self._patience and queue > TARGET_SECONDS:
            if now >= self._hold_until and _slope(self._recent) > DRAINING_SLOPE:
                self._cut(queue, now)
        elif len(late) > 1 and min(late[-2:]) > TARGET_SECONDS:
            self._step_back(now)
        elif late[-1] < CLEAR_SECONDS:
            if self._cuts:
                again = self._cuts[0][1] if self._jumped_at == self._cut_at else AGAIN * self._full
                self._cuts.clear()
                self._step_to(max(self._rate, again), now)
            elif max(self._hold_until, self._capped_until) <= now and self._pressed:
                self._grow(now)
        self._grown_at = now

    def _cut(self, queue: float, now: float) -> None:
        slope = _slope(self._recent)
        self._cuts.append((queue, self._rate))
        if len(self._cuts) == 1 and self._has_jumped(now):
            self._jumped_at = now
            self._lower(self._rate, queue, now)
            return
        if len(self._cuts) > EPISODE_CUTS and self._is_paths_own():
            self._base.clear()
            self._base.append((now, min(rtt for _, rtt in self._recent)))
            self._trusted = min(self._trusted, self._cuts[0][1])
            self._least = self._base[0][1]
            self._capped_until = now + BASE_SECONDS
            self._rate = self._bounded(NEAR * min(self._trusted, self._cuts[0][1]))
            self._cuts.clear()
            self._hold_until = now + self._lag()
            self._full_at = -inf
            return
        if now - self._pressed_at <= self._lag():  # that long ago it was made
            self._full_at = now
        gives = self._rate / (1.0 + min(max(slope, 0.0), STEEPEST_SLOPE))
        telemetry = self._telemetry
        if telemetry is not None and telemetry.up_bps and telemetry.is_news(now):
            gives = min(gives, max(telemetry.up_bps, gives / 2))
        if len(self._cuts) == 1:
            again = NEAR < gives / self._grew_at < 1.0 / NEAR
            self._slow = (NEAR * gives, BEYOND * self._rate) if again else None
            self._grew_at = gives
        self._full = gives
        self._near_since = self._stepped_from = self._withdrawn = None
        there = queue + max(slope, 0.0) * self._lag()  # it has grown since it was measured
        self._lower(gives, there, now)

    def _lower(self, gives: float, queue: float, now: float) -> None:
        """Send less than a bearer gives for a while, so that its queue drains."""
        less = min(MOST_LESS, queue / DRAIN_QUEUE_SECONDS)
        self._rate = self._bounded(gives * (1.0 - less))
        self._hold_until = now + self._lag()
        self._cut_at = now
        self._recent.clear()

    def _has_jumped(self, now: float) -> bool:
        """Whether a queue came and has not grown since: a stop on the way made it, not the rate."""
        late = list(self._recent)[-self._patience :]
        return now - self._jumped_at > JUMP_SECONDS and _slope(late) <= 0.0

    def _grow(self, now: float) -> None:
        """Raise the rate: the newest round trip shows that there is no queue."""
        if self._recent[-1][0] < self._drain_until:
            return
        if self._withdrawn is not None:
            self._step_to(self._withdrawn, now)
            return
        is_shown = self._recent[-1][0] >= self._shown_from
        if is_shown:
            self._stepped_from = None
            if self._slow is not None and self._rate >= self._slow[1]:
                self._slow, self._near_since = None, None
            if self._rate > FAR * self._grew_at:
                self._grew_at = inf
        near = self._trusted if self._slow is None else min(self._slow[0], self._trusted)
        if self._rate >= near:
            self._creep(now)
        elif is_shown:
            late = self._recent[-1][1] - self._base[0][1]
            room = STEP_QUEUE_SECONDS - 2.0 * late
            step = min(LARGEST_STEP, room / (self._trip() + 2 * SAMPLING_SECONDS))
            self._step_to(min(near, self._rate * (1.0 + step)), now)
        if self._drained_at is not None and now - self._drained_at > DRAIN_EVERY:
            self._drain(self._base[0][1], now)

    def _creep(self, now: float) -> None:
        """Grow slowly to beyond the rate at which queues have grown."""
        since = min(1.0, max(0.0, now - (now if self._grown_at is None else self._grown_at)))
        self._near_since = now if self._near_since is None else self._near_since
        lag = self._lag() + SAMPLING_SECONDS * self._patience
        growth = min(0.012 / lag**2, SLOWEST_GROWTH * (1.0 + max(0.0, now - self._near_since)))
        most = self._limits.ceiling_bps if self._slow is None else self._slow[1]
        rate = min(self._rate * (1.0 + growth * since), most)
        if rate == most > self._rate:
            self._shown_from = now + SHOWN * CLEAR_SECONDS / (BEYOND - 1.0)
        self._rate = self._bounded(max(self._rate, rate))

    def _step_to(self, rate: float, now: float) -> None:
        """Raise the rate at once, until a round trip tells otherwise."""
        rate, self._withdrawn = self._bounded(rate), None
        if rate > self._rate:
            by = rate / self._rate - 1.0
            self._shown_from = now + SHOWN * CLEAR_SECONDS / max(by, SMALLEST_STEP)
            self._stepped_from, self._stepped_at, self._rate = self._rate, now, rate

    def _step_back(self, now: float) -> None:
        """Take back a step that two late round trips speak against, until the next one is in time.

        If that is late too, go back by one more: its queue may not have been seen yet.
        """
        if self._withdrawn is not None:
            self._rate = self._bounded(self._rate * self._rate / self._withdrawn)
            self._withdrawn, self._shown_from = None, now
        elif self._stepped_from is not None and self._recent[-2][0] >= self._stepped_at:
            self._withdrawn = self._rate
            self._rate, self._stepped_from = min(self._rate, self._stepped_from), None

    def _drain(self, rtt: float, now: float) -> None:
        self._drained_at = now
        if self._pressed:
            self._drain_until = now + rtt + 2 * SAMPLING_SECONDS
            self._hold_until = max(self._hold_until, self._drain_until)

    def _is_out(self, now: float) -> bool:
        """Whether the bearer's device says that nothing passes."""
        telemetry = self._telemetry
        return telemetry is not None and telemetry.outage is not None and telemetry.is_news(now)

    def _is_paths_own(self) -> bool:
        """Whether the delay has stayed as it was through cut after cut: a queue would have not."""
        queues = [queue for queue, _ in self._cuts[-EPISODE_CUTS:]]
        return max(queues) - min(queues) < TARGET_SECONDS / 2

    def _lag(self) -> float:
        """From a change of the rate to its first measure, s."""
        return self._trip() + SAMPLING_SECONDS

    def _trip(self) -> float:
        """The least round trip, s."""
        return self._base[0][1] if self._base else 0.05

    def _bounded(self, rate: float) -> float:
        return min(max(rate, self._limits.floor_bps), self._limits.ceiling_bps)


def _slope(points: Collection[tuple[float, float]]) -> float:
    """Return the slope of the line of least squares through (time, delay); 0 without one."""
    if len(points) < 2:
        return 0.0
    time = sum(t for t, _ in points) / len(points)
    mean = sum(delay for _, delay in points) / len(points)
    spread = sum((t - time) ** 2 for t, _ in points)
    return sum((t - time) * (delay - mean) for t, delay in points) / spread if spread else 0.0
