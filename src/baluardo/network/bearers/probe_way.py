"""One of our bearers to one peer: its probes on the way, and what their answers have told.

Silence is counted in both directions. Ours: since anything came by this bearer. Theirs: what the
peer last said about hearing us by it. Neither depends on the round trip, so a bearer over a
geostationary satellite is found dead as fast as a fibre.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Final

from baluardo.network.bearers.pairs import NUMBERS_FROM

WINDOW_PROBES: Final = 120
"""Over which loss and delay are told: 6 s of an active bearer's, 30 s of a warm one's. The
disturbance at a slot's edges (75 ms and 140 ms, FACTS) spoils at most 5 of them, 4 %."""
WINDOW_SECONDS: Final = 30.0
FIRST_DEADLINE: Final = 2.0
LEAST_DEADLINE: Final = 0.3
"""Seconds after which a probe counts as lost, before and after round trips are known."""
UNKNOWN_RTT: Final = 0.7
"""Seconds granted for a first answer: a geostationary round trip is about 0.6."""
MOST_PENDING: Final = 256
STATEMENT_SECONDS: Final = 1.0
"""How long a peer's word about what it hears is news, under traffic."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What probes tell of one bearer to one peer, at one moment."""

    ever: bool
    """Whether anything ever came from the peer by this bearer."""
    age_s: float | None
    """Since anything came."""
    silent_s: float
    """For how long nothing has come that should have."""
    unheard_s: float
    """For how long the peer has not heard us by this bearer, as it said last."""
    interval_s: float
    """Between two probes now."""
    rtt_s: float | None
    """Median there and back over the window; None: no answer in it."""
    loss: float | None
    """Part of the window's probes that got no answer, 0 to 1; None: no probe in it."""
    samples: int
    """Probes in the window."""


class Way:
    """The probes of one bearer to one peer. Times: seconds of the monotonic clock."""

    def __init__(self, interval: float, now: float) -> None:
        """Begin with nothing heard, and a probe due at once."""
        self.interval = interval
        self.due = now
        self.heard_at: float | None = None
        self.missed = 0
        """Probes sent since anything was heard."""
        self._since = now
        self._next_number = 0
        self._pending: dict[int, float] = {}
        self._extra: set[int] = set()
        self._outcomes: deque[tuple[float, float | None]] = deque(maxlen=WINDOW_PROBES)
        self._smoothed: float | None = None
        self._stated: tuple[float, float] | None = None

    def set_interval(self, interval: float, now: float) -> None:
        """Probe at another interval from now on; at once if at a shorter one."""
        if interval < self.interval:
            self._since = now
            self.due = now
        self.interval = interval

    def sent(self, now: float, extra: bool = False) -> int:
        """Return the number of the probe that leaves now.

        `extra`: it leaves because of silence, so it may not count, or loss would look larger.
        """
        number = self._next_number
        self._next_number = (number + 1) % NUMBERS_FROM
        self._pending[number] = now
        if extra:
            self._extra.add(number)
        self.missed += 1
        if len(self._pending) > MOST_PENDING:
            self._decide(next(iter(self._pending)), None)
        return number

    def answered(self, number: int, probed_us: int, held: float, now: float) -> float | None:
        """Return the round trip (s) that an answer proves; None if it answers no probe of ours."""
        at = self._pending.get(number)
        if at is None or int(at * 1e6) != probed_us or now - at - held < 0.0:
            return None
        rtt = now - at - held
        self._decide(number, rtt)
        old = self._smoothed
        self._smoothed = rtt if old is None else old + (rtt - old) / 8  # RFC 6298 section 2.3
        return rtt

    def hear(self, heard_ms: int | None, now: float) -> None:
        """Something came by this bearer; it said when the peer last heard us by it."""
        self.heard_at = now if self.heard_at is None else max(now, self.heard_at)
        self.missed = 0
        age = now - self._since if heard_ms is None else heard_ms / 1e3
        self._stated = (now, min(age, max(0.0, now - self._settled())))

    def hear_traffic(self, at: float) -> None:
        """Something else that is known to be the peer's has come by this bearer."""
        self.heard_at = at if self.heard_at is None else max(at, self.heard_at)

    def expire(self, now: float) -> None:
        """Count as lost what has not been answered in time."""
        smoothed = self._smoothed
        wait = FIRST_DEADLINE if smoothed is None else max(LEAST_DEADLINE, 2 * smoothed + 0.2)
        for number, at in list(self._pending.items()):
            if now - at <= wait:
                break
            self._decide(number, None)

    def forget_window(self) -> None:
        """Begin a new window: the probes go to another place."""
        self._pending.clear()
        self._extra.clear()
        self._outcomes.clear()

    def silent_since(self, woke: float) -> float:
        """From when silence counts: not before answers could come, nor while we slept."""
        return max(self._since if self.heard_at is None else self.heard_at, self._settled(), woke)

    def heard(self, now: float, woke: float) -> Heard:
        """Return what is known now; `woke`: when we last noticed that we had slept."""
        self.expire(now)
        window = [rtt for at, rtt in self._outcomes if now - at <= WINDOW_SECONDS]
        answers = [rtt for rtt in window if rtt is not None]
        stated_at, unheard = self._stated or (now, 0.0)
        if now - stated_at > max(STATEMENT_SECONDS, 3 * self.interval):
            unheard = 0.0
        # What the peer says now is about what left a round trip ago: after we woke, or before?
        unheard = min(unheard, max(0.0, stated_at - woke - (self._smoothed or UNKNOWN_RTT)))
        return Heard(
            self.heard_at is not None,
            None if self.heard_at is None else now - self.heard_at,
            max(0.0, now - self.silent_since(woke)),
            unheard,
            self.interval,
            median(answers) if answers else None,
            1.0 - len(answers) / len(window) if window else None,
            len(window),
        )

    def _settled(self) -> float:
        """From when the present interval shows in what arrives."""
        rtt = UNKNOWN_RTT if self._smoothed is None else self._smoothed
        return self._since + rtt + min(self.interval, 1.0)

    def _decide(self, number: int, rtt: float | None) -> None:
        at = self._pending.pop(number)
        if number in self._extra:
            self._extra.remove(number)
        else:
            self._outcomes.append((at, rtt))
