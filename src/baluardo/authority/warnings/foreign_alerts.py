"""Alerts that feeds of others tell, held in memory and within bounds. Pure: times are passed in.

Each feed is followed by itself: what one tells never ends what another has told, since anybody may
write a sender's name into an alert.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from baluardo.authority.warnings.foreign_areas import ForeignArea
from baluardo.emergency.cap.alert import Alert, Reference, Severity, Status
from baluardo.emergency.cap.chains import Chains, State
from baluardo.errors import ConflictError, InvalidInputError

MOST_ALERTS: Final = 1_000
"""Of one feed."""
MOST_CHARACTERS: Final = 8_000_000
"""Of one feed's alerts, as Python writes them: some tens of MB of memory."""
KEPT_S: Final = 259_200.0
"""How long after it was sent an alert is kept that says of itself no end: three days."""
MOST_LEFT_OUT: Final = 20
"""Sentences kept of one feed."""
LEFT_OUT_S: Final = 86_400.0
"""How long a sentence is told."""
TOO_MUCH: Final = "The feed tells more than can be held: its oldest and least grave alerts went."
GRAVITY: Final = (
    Severity.EXTREME,
    Severity.SEVERE,
    Severity.MODERATE,
    Severity.UNKNOWN,
    Severity.MINOR,
)
"""The gravest first; what nobody has judged stands above what was judged to be small."""


@dataclass(frozen=True, slots=True)
class ForeignAlert:
    """One alert of somebody else."""

    alert: Alert
    areas: tuple[ForeignArea, ...] = ()
    signer: str | None = None
    """Whose signature was verified; None where none was asked for."""

    @property
    def severity(self) -> Severity:
        """The gravest of its texts."""
        found = [info.severity for info in self.alert.infos]
        return min(found, key=GRAVITY.index, default=Severity.UNKNOWN)

    @property
    def order(self) -> tuple[object, ...]:
        """Sorts what matters most to the front: real, grave, new."""
        real = self.alert.status is Status.ACTUAL
        return not real, GRAVITY.index(self.severity), -self.alert.sent.timestamp()


class FollowedFeed:
    """What one feed has told, and how it is with the feed itself."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.looked: float | None = None
        """When it was last asked, POSIX seconds."""
        self.reached: float | None = None
        """When it was last had."""
        self.failure: str | None = None
        """Why the last look failed; None where it did not."""
        self._chains = Chains()
        self._held: dict[Reference, ForeignAlert] = {}
        self._sizes: dict[Reference, int] = {}
        self._left_out: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def fail(self, sentence: str, now: float) -> None:
        """Note that a look has failed; what was told before stands until it ends by itself."""
        self.looked, self.failure = now, sentence
        self._drop_what_is_over(now)

    def take(self, found: Iterable[ForeignAlert], problems: Iterable[str], now: float) -> None:
        """Take what a look has brought; what is wrong is left out, and why is kept."""
        self.looked = self.reached = now
        self.failure = None
        for each in found:
            try:
                new = self._chains.add(each.alert)
            except (ConflictError, InvalidInputError) as problem:
                self._note(str(problem), now)
                continue
            if new:
                name = each.alert.reference
                self._held[name] = each
                outlines = sum(len(repr(area.outline)) for area in each.areas)
                self._sizes[name] = len(repr(each.alert)) + outlines
        for sentence in problems:
            self._note(sentence, now)
        self._drop_what_is_over(now)
        self._drop_what_is_too_much(now)

    def left_out(self, now: float) -> list[tuple[float, str]]:
        """Return what was left out lately and why, the newest first; POSIX seconds."""
        kept = [(at, each) for each, at in self._left_out.items() if now - at < LEFT_OUT_S]
        return kept[::-1]

    def shown(self, now: float) -> list[tuple[ForeignAlert, State]]:
        """Return what holds or will hold at a time: nothing updated, cancelled or expired."""
        found = ((each, self._state(name, now)) for name, each in self._held.items())
        return [(each, state) for each, state in found if state in (State.IN_FORCE, State.WAITING)]

    def _state(self, name: Reference, now: float) -> State:
        return self._chains.standing(name, now).state

    def _note(self, sentence: str, now: float) -> None:
        self._left_out[sentence] = now
        self._left_out.move_to_end(sentence)
        while len(self._left_out) > MOST_LEFT_OUT:
            self._left_out.popitem(last=False)

    def _drop_what_is_over(self, now: float) -> None:
        """Forget what has ended by itself, and never what still ends another: that would return."""
        for name, each in sorted(self._held.items(), key=_oldest):
            ends_others = any(earlier in self._held for earlier in each.alert.references)
            if end_of(each.alert) <= now and not ends_others:
                self._forget(name)

    def _drop_what_is_too_much(self, now: float) -> None:
        """Forget what was ended first, then what speaks of others alone, then the least grave."""
        size = sum(self._sizes.values())
        if len(self._held) <= MOST_ALERTS and size <= MOST_CHARACTERS:
            return
        by_age = sorted(self._held.items(), key=_oldest)
        states = {name: self._state(name, now) for name, _ in by_age}
        ended = [n for n, _ in by_age if states[n] in (State.UPDATED, State.CANCELLED)]
        silent = [n for n, _ in by_age if states[n] in (State.EXPIRED, State.NO_WARNING)]
        holding = [n for n, _ in by_age if states[n] in (State.IN_FORCE, State.WAITING)]
        holding.sort(key=lambda name: self._held[name].order, reverse=True)
        for name in (*ended, *silent, *holding):
            if len(self._held) <= MOST_ALERTS and size <= MOST_CHARACTERS:
                break
            size -= self._sizes[name]
            self._forget(name)
            if name not in ended:
                self._note(TOO_MUCH, now)

    def _forget(self, name: Reference) -> None:
        self._chains.forget(name)
        del self._held[name], self._sizes[name]


class ForeignAlerts:
    """Every feed that is followed, by its name."""

    def __init__(self) -> None:
        """Follow none yet."""
        self._feeds: dict[str, FollowedFeed] = {}

    def feed(self, name: str) -> FollowedFeed:
        """Return what one feed has told; whoever asks names feeds of the settings alone."""
        return self._feeds.setdefault(name, FollowedFeed())


def end_of(alert: Alert) -> float:
    """Return when an alert ends by itself, POSIX seconds; without a word of it after `KEPT_S`."""
    ends = [info.expires.timestamp() for info in alert.infos if info.expires is not None]
    whole = bool(ends) and len(ends) == len(alert.infos)
    return max(ends) if whole else alert.sent.timestamp() + KEPT_S


def _oldest(item: tuple[Reference, ForeignAlert]) -> tuple[object, ...]:
    return item[0].sent, item[0].sender, item[0].identifier
