"""When a key round with one peer is due, when its gate is open, when somebody has to be told.

Pure: what WireGuard shows and a steady time in seconds go in; a round that is due, a gate, an alarm
come out. A handshake counts by having changed, never by the wall clock that WireGuard writes it
with: clocks may jump. Without traffic nothing is due, however old the keys are.
"""

from __future__ import annotations

from dataclasses import dataclass

from baluardo.errors import InvalidInputError
from baluardo.network.tunnel.derivation import Role
from baluardo.network.tunnel.timers import (
    ALARM,
    AWAKE,
    FIRST_WAIT,
    FULL_SECONDS,
    LONGEST_IDLE_WAIT,
    LONGEST_WAIT,
    OVERDUE,
    REJECT_AFTER_TIME,
    RESPONDER_WAITS,
    RESPONDER_WAKES,
    ROUND_FROM,
    ROUND_UNTIL,
    TRAFFIC_OCTETS,
    TRAFFIC_SECONDS,
    WAKE_AGAIN,
)


@dataclass(slots=True)
class _Lane:
    """What WireGuard showed of one lane last."""

    shown: int = 0
    """Its latest handshake, as it names it: an identity, not a time."""
    is_keyed: bool = False
    """Whether a key of an exchange is in the slot."""
    is_settled: bool = False
    """Whether it was looked at since: a handshake that comes now was made with the newest key."""
    handshake_at: float | None = None
    """When a handshake with an exchanged key was seen."""
    octets: int = 0
    moved_at: float | None = None
    in_use_since: float = 0.0

    def moved(self, now: float) -> None:
        """Take note of traffic."""
        if not self.is_in_use(now):
            self.in_use_since = now
        self.moved_at = now

    def is_in_use(self, now: float) -> bool:
        """Tell whether there was traffic a little while ago."""
        return self.moved_at is not None and now - self.moved_at < TRAFFIC_SECONDS


class Schedule:
    """The times of one peer; `now` is steady seconds everywhere."""

    def __init__(
        self, role: Role, lanes: int, spread: float, now: float, full_seconds: float = FULL_SECONDS
    ) -> None:
        """Begin; `spread` from 0 to 1 sets this peer's place within the span of ages.

        A first, full round is due at once, to the responder a little later.
        """
        if lanes < 1 or not 0.0 <= spread <= 1.0:
            raise InvalidInputError("A schedule has lanes, and a spread from 0 to 1.")
        self._role = role
        self._late = 0.0 if role is Role.INITIATOR else RESPONDER_WAITS
        self._lanes = [_Lane() for _ in range(lanes)]
        self._age_due = ROUND_FROM + spread * (ROUND_UNTIL - ROUND_FROM)
        self._full_seconds = full_seconds
        self._full_wanted_at: float | None = now
        self._accepted_at: float | None = None
        self._last_full: float | None = None
        self._failures = 0
        self._unanswered = 0
        self._not_before = now
        self._waiting = _Lane()
        """Traffic that waits at the gate, as if it were a lane."""
        self._woken_at: float | None = None
        self._wakings = 0
        self._is_alarmed = False

    # What comes in

    def observe(self, lane: int, latest_handshake: int, octets: int, now: float) -> bool:
        """Take what WireGuard shows of a lane; tell whether it has used the newest key.

        `octets` are those received and sent together. A handshake that may have been made just
        before the newest key was installed opens the gate, but does not count for that key.
        """
        seen = self._lanes[lane]
        is_new = latest_handshake not in {0, seen.shown}
        is_settled, seen.is_settled = seen.is_settled, True
        seen.shown = latest_handshake
        if octets < seen.octets or is_new:  # an interface made anew; or the handshake's own octets
            seen.octets = octets
        elif octets - seen.octets > TRAFFIC_OCTETS:
            seen.octets = octets
            seen.moved(now)
        if not (is_new and seen.is_keyed):
            return False
        seen.handshake_at = now
        self._waiting.moved_at = self._woken_at = None
        self._unanswered = 0
        self._is_alarmed = False
        return is_settled

    def installing(self, lane: int) -> None:
        """Take note that WireGuard is being given an exchanged key, before it is.

        With the random key before the first one no handshake succeeds, so none can be mistaken.
        """
        seen = self._lanes[lane]
        seen.is_settled = not seen.is_keyed
        seen.is_keyed = True

    def accepted(self, resumed: bool, now: float) -> None:
        """Take note of a round that both ends have ended well."""
        self._accepted_at = self._not_before = now
        self._failures = 0
        self._unanswered += 1
        self._woken_at = None
        if not resumed:
            self._last_full = now
            self._full_wanted_at = None
        if all(each.handshake_at is None for each in self._lanes):
            self._waiting.moved(now)  # the first handshake has to be caused

    def failed(self, chance: float, now: float) -> None:
        """Take note of a round that failed; `chance` from 0 to 1 spreads the next attempt."""
        in_use = any(each.is_in_use(now) for each in (*self._lanes, self._waiting))
        most = LONGEST_WAIT if in_use else LONGEST_IDLE_WAIT
        wait = min(most, FIRST_WAIT * 2.0 ** min(self._failures, 16))
        self._failures += 1
        self._not_before = now + wait * (0.5 + chance / 2)

    def want_full(self, now: float) -> None:
        """Ask for a full handshake: a policy has changed."""
        self._full_wanted_at = self._not_before = now

    def want(self, now: float) -> None:
        """Take note that traffic waits at the gate."""
        if not self._waiting.is_in_use(now):  # an idle peer's long wait is over
            self._failures = 0
            self._not_before = min(self._not_before, now)
        self._waiting.moved(now)

    # What comes out

    def is_due(self, now: float) -> bool:
        """Tell whether a round is to begin now."""
        due = self._due_at(now)
        return due is not None and now >= max(due, self._not_before)

    def full(self, now: float) -> bool:
        """Tell whether the next round begins with a full handshake."""
        old = self._last_full is None or now - self._last_full >= self._full_seconds
        return old or self._full_wanted_at is not None

    def gate(self, lane: int, now: float) -> bool:
        """Tell whether traffic may pass: there was a handshake with an exchanged key.

        With traffic it has to be young. At rest the gate stays open: WireGuard itself lets nothing
        pass before a new handshake, with the exchanged key that is still in the slot.
        """
        seen = self._lanes[lane]
        if seen.handshake_at is None:
            return False
        if now - seen.handshake_at < REJECT_AFTER_TIME:
            return True
        is_tried = seen.is_in_use(now) and now - seen.in_use_since >= AWAKE
        return not (is_tried or self._is_alarmed or self._waiting.is_in_use(now))

    def age(self, now: float) -> float | None:
        """Return seconds since the newest handshake with an exchanged key, or None."""
        newest = max(
            (e.handshake_at for e in self._lanes if e.handshake_at is not None), default=None
        )
        return None if newest is None else now - newest

    def alarm(self, now: float) -> bool:
        """Tell whether somebody has to know, until there is a handshake again.

        There has been traffic for a while, and no handshake for 150 s.
        """
        self._is_alarmed = self._is_alarmed or any(now >= at for at in self._alarms(now))
        return self._is_alarmed

    def to_wake(self, now: float) -> tuple[int, ...]:
        """Return the lanes on which to cause a handshake now; they count as woken.

        After the first key until every lane has made its first handshake (what confirms it to one
        end may have been lost), and when traffic waits at a tunnel that has slept. The initiator
        has the first word here too.
        """
        wait = self._wakes_after(now)
        if self._accepted_at is None or wait is None:
            return ()
        if self._woken_at is not None and now - self._woken_at < wait:
            return ()
        if self._role is Role.RESPONDER and now - self._accepted_at < RESPONDER_WAKES:
            return ()
        asleep = tuple(n for n in range(len(self._lanes)) if not self.gate(n, now))
        if asleep:
            self._woken_at = now
            self._wakings += 1
        return asleep

    def next_timer(self, now: float) -> float | None:
        """Return when to ask again, at the latest; None if only something new can change it."""
        times = [
            max(each.handshake_at + REJECT_AFTER_TIME, each.in_use_since + AWAKE)
            for each in self._lanes
            if each.handshake_at is not None and each.is_in_use(now)
        ]
        due = self._due_at(now)
        if due is not None:
            times.append(max(due, self._not_before))
        wait = self._wakes_after(now)
        if wait is not None and (self._accepted_at is not None or self._waiting.is_in_use(now)):
            times.append((self._woken_at or now) + wait)
        times += self._alarms(now)
        return min((each for each in times if each > now), default=None)

    # The steps between

    def _wakes_after(self, now: float) -> float | None:
        """Return seconds between two wakings; None where nothing has to be woken."""
        if self._waiting.is_in_use(now):
            return WAKE_AGAIN
        if all(each.handshake_at is not None for each in self._lanes):
            return None
        return min(LONGEST_IDLE_WAIT, WAKE_AGAIN * 2.0 ** min(self._wakings, 16))

    def _due_at(self, now: float) -> float | None:
        """Return when a round is due, None if it is not without something new."""
        times = [self._due_of(lane) for lane in self._lanes if lane.is_in_use(now)]
        if self._full_wanted_at is not None:
            times.append(self._full_wanted_at + self._late)
        is_woken = self._woken_at is not None and self._waiting.is_in_use(now)
        if is_woken and self._accepted_at is not None:  # the other end may have lost the key
            since = max(self._waiting.in_use_since, self._accepted_at)
            times.append(since + self._patience() + self._late)
        return min((each for each in times if each is not None), default=None)

    def _due_of(self, lane: _Lane) -> float | None:
        """Return when a round is due for a lane in use."""
        at = lane.handshake_at
        if at is None:
            return None
        settled = lane.in_use_since + 2 * WAKE_AGAIN
        """WireGuard itself makes a handshake at once when traffic comes back to an old session."""
        if self._accepted_at is not None and self._accepted_at > at:
            overdue = max(at + OVERDUE + self._late, settled)
            return max(overdue, self._accepted_at + self._patience())
        if self._role is Role.RESPONDER:
            return max(at + OVERDUE + self._late, settled)
        due = at + self._age_due
        return due if lane.in_use_since <= due else settled

    def _patience(self) -> float:
        """Return how long a key that both ends have may wait for its handshake, in seconds."""
        return min(LONGEST_IDLE_WAIT, WAKE_AGAIN * 2.0 ** min(self._unanswered - 1, 16))

    def _alarms(self, now: float) -> list[float]:
        times = [
            max(each.handshake_at + ALARM, each.in_use_since + TRAFFIC_SECONDS)
            for each in self._lanes
            if each.handshake_at is not None and each.is_in_use(now)
        ]
        if self._waiting.is_in_use(now):
            times.append(self._waiting.in_use_since + TRAFFIC_SECONDS)
        return times
