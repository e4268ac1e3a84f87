"""Which calls a site's path may carry, and which must yield: a pure core.

Ranks, from who yields first: routine, priority, immediate, flash, emergency calls of the floor,
flash-override. Within a rank the newest yields first. At every site, in both directions:

- flash-override always passes, also above what the path carries;
- emergency calls of the floor (the oldest so many of a site) have the whole path, whatever
  flash-override takes; no newcomer displaces them;
- all other calls have what those two and the unused part of the floor leave.

A newcomer is let in if it fits, now and in the next slots, beside all that it may not displace. It
displaces only what must go now, and nobody whose going would be in vain. When a slot begins in
which a path carries less, calls yield by the same rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from baluardo.calls.call_rate import SiteRate, call_rate_bps
from baluardo.calls.causes import Cause
from baluardo.calls.decision_reasons import (
    admitted_reason,
    refused_reason,
    shrunk_reason,
    yields_reason,
)
from baluardo.errors import InvalidInputError
from baluardo.terms import Bilingual, Precedence, slot_at, slot_start

CapacityRule = Callable[[str, int], SiteRate | None]
"""What calls may take of a site's path in a slot; None where that is for another edge to judge."""
CeilingRule = Callable[[str], Precedence]
"""The highest precedence that a person (`person/NAME`) may dial with."""

_EMERGENCY_RANK: Final = int(Precedence.FLASH) + 1
_HIGHEST_RANK: Final = _EMERGENCY_RANK + 1
_SLACK_BPS: Final = 1e-3
"""For sums of rates in other orders."""


class Verdict(Enum):
    """What became of a call."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    YIELDS = "yields"


@dataclass(frozen=True, slots=True)
class Request:
    """A call that asks for room."""

    call: str
    person: str
    """Who dials: `person/NAME`."""
    precedence: Precedence
    emergency: bool = False
    sites: tuple[str, ...] = ()
    """Whose paths it goes over; none for a call within a site."""
    rate_bps: float = call_rate_bps()
    """In each direction, at each site."""
    callee: str = ""
    """Who is called, for the record: `person/NAME`; nothing is decided by it."""

    def __post_init__(self) -> None:
        """Refuse what no call takes."""
        if not 0.0 < self.rate_bps < float("inf"):
            raise InvalidInputError(f"rate_bps {self.rate_bps} is not a finite number above 0.")


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, and why: for the log and for the site's page of calls."""

    at: float
    """POSIX seconds."""
    request: Request
    verdict: Verdict
    reason: Bilingual
    cause: Cause | None = None
    """Of the end, unless it was admitted."""
    yielding: tuple[Decision, ...] = ()
    """Of the calls that yield to it, and of those that a new slot has left no room."""


@dataclass(frozen=True, slots=True)
class AdmissionSettings:
    """Our choices."""

    emergency_floor: int = 2
    """Emergency calls for which every site keeps room."""
    slots_ahead: int = 2
    """Slots after this one in which a newcomer must fit too."""
    floor_rate_bps: float = call_rate_bps()
    """Room kept for each of them."""


@dataclass(frozen=True, slots=True)
class _Booked:
    request: Request
    number: int
    """Grows from call to call."""


class Admission:
    """The calls that have room. It reads no clock and draws nothing by chance."""

    def __init__(
        self,
        capacity: CapacityRule,
        ceiling: CeilingRule,
        settings: AdmissionSettings | None = None,
    ) -> None:
        """Begin without calls."""
        self._capacity, self._ceiling = capacity, ceiling
        self._settings = settings or AdmissionSettings()
        self._booked: dict[str, _Booked] = {}
        self._on_paths: dict[str, _Booked] = {}
        """Those of them that are not within a site."""
        self._count = 0
        self._judged_slot: int | None = None

    @property
    def requests(self) -> tuple[Request, ...]:
        """The calls that have room, oldest first."""
        return tuple(each.request for each in self._booked.values())

    def forbidden(self, request: Request) -> Cause | None:
        """Return why a person may not make this call at all, whatever room there is."""
        if request.precedence > self._ceiling(request.person):
            return Cause.FORBIDDEN_PRECEDENCE
        if request.emergency and any(
            each.emergency and each.person == request.person and each.call != request.call
            for each in self.requests
        ):
            return Cause.SECOND_EMERGENCY
        return None

    def ask(self, request: Request, now: float, instead: Collection[str] = ()) -> Decision:
        """Decide on a new call; if it is admitted it has its room, and who yields has none.

        `instead`: calls whose place it takes. Their room is its own if it is admitted, and stays
        theirs if not. A slot that was not judged yet is judged first.
        """
        if request.call in self._booked:
            raise InvalidInputError(f"Call {request.call} has its room already.")
        shrunk = tuple(self.handle_timer(now))
        before = dict(self._booked), dict(self._on_paths)
        for each in instead:
            self.release(each)
        decision = self._decided(request, now, shrunk)
        if decision.verdict is Verdict.REFUSED:
            self._booked, self._on_paths = before
        return decision

    def _decided(self, request: Request, now: float, shrunk: tuple[Decision, ...]) -> Decision:
        cause = self.forbidden(request)
        if cause is not None:
            return self._refuse(request, cause, now, shrunk)
        self._count += 1
        newcomer = _Booked(request, self._count)
        slot = slot_at(now)
        if not self._is_judged(request.sites, slot):
            self._book(newcomer)
            reason = admitted_reason(request.precedence, request.emergency, 0, False)
            return Decision(now, request, Verdict.ADMITTED, reason, yielding=shrunk)
        if not self._lasts(newcomer, slot):
            return self._refuse(request, Cause.NO_ROOM, now, shrunk)
        every = [*self._on_paths.values(), newcomer]
        rank = self._ranks(every)[request.call]
        below = self._displaceable(every, rank)
        yielding = self._yielding(every, below, request.sites, slot)
        decisions = tuple(
            Decision(
                now,
                each.request,
                Verdict.YIELDS,
                yields_reason(each.request.precedence, request.precedence, request.emergency),
                Cause.PREEMPTED_RESERVED,
            )
            for each in yielding
        )
        for each in yielding:
            self.release(each.request.call)
        self._book(newcomer)
        reason = admitted_reason(
            request.precedence,
            request.emergency,
            len(yielding),
            any(self._is_above(site, slot) for site in request.sites),
        )
        return Decision(now, request, Verdict.ADMITTED, reason, yielding=(*shrunk, *decisions))

    def release(self, call: str) -> None:
        """Take note that a call is over."""
        self._booked.pop(call, None)
        self._on_paths.pop(call, None)

    def handle_timer(self, now: float) -> list[Decision]:
        """Judge the slot that has begun; return who yields."""
        slot = slot_at(now)
        if slot == self._judged_slot:
            return []
        self._judged_slot = slot
        every = list(self._on_paths.values())
        sites = tuple(dict.fromkeys(site for each in every for site in each.request.sites))
        ranks = self._ranks(every)
        below = [each for each in every if ranks[each.request.call] < _HIGHEST_RANK]
        yielding = self._yielding(every, below, sites, slot)
        for each in yielding:
            self.release(each.request.call)
        return [
            Decision(
                now,
                each.request,
                Verdict.YIELDS,
                shrunk_reason(each.request.precedence),
                Cause.PREEMPTED_BY_PATH,
            )
            for each in yielding
        ]

    def next_timer(self, now: float) -> float:
        """Return the first moment of the next slot that was not judged."""
        slot = slot_at(now)
        return slot_start(slot + 1) if slot == self._judged_slot else now

    # The rule

    def _book(self, newcomer: _Booked) -> None:
        call = newcomer.request.call
        self._booked[call] = newcomer
        if newcomer.request.sites:
            self._on_paths[call] = newcomer

    def _is_judged(self, sites: tuple[str, ...], slot: int) -> bool:
        """Whether anything is known of these paths, now or in the next slots."""
        slots = range(slot, slot + self._settings.slots_ahead + 1)
        return any(self._capacity(site, each) is not None for site in sites for each in slots)

    def _ranks(self, calls: Iterable[_Booked]) -> dict[str, int]:
        """Return the rank of every call by its id."""
        floors: dict[str, int] = {}
        ranks: dict[str, int] = {}
        for each in calls:
            request = each.request
            ranks[request.call] = int(request.precedence)
            if request.precedence is Precedence.FLASH_OVERRIDE:
                ranks[request.call] = _HIGHEST_RANK
            elif request.emergency and all(
                floors.get(site, 0) < self._settings.emergency_floor for site in request.sites
            ):
                ranks[request.call] = _EMERGENCY_RANK
                for site in request.sites:
                    floors[site] = floors.get(site, 0) + 1
        return ranks

    def _displaceable(self, every: list[_Booked], rank: int) -> list[_Booked]:
        ranks = self._ranks(every)
        lower = min(rank, _EMERGENCY_RANK)
        return [each for each in every if ranks[each.request.call] < lower]

    def _overloaded(self, calls: Iterable[_Booked], sites: Iterable[str], slot: int) -> set[str]:
        """Return the sites whose path has less than these calls may take, flash-override aside.

        A floor's emergency calls answer for themselves alone, the others for everything.
        """
        calls = list(calls)
        ranks = self._ranks(calls)
        found = set()
        for site in sites:
            rate = self._capacity(site, slot)
            if rate is None:
                continue
            most = min(rate.up_bps, rate.down_bps) + _SLACK_BPS
            above = floor = others = 0.0
            kept = self._settings.emergency_floor
            for each in calls:
                if site not in each.request.sites:
                    continue
                if (rank := ranks[each.request.call]) == _HIGHEST_RANK:
                    above += each.request.rate_bps
                elif rank == _EMERGENCY_RANK:
                    floor += each.request.rate_bps
                    kept -= 1
                else:
                    others += each.request.rate_bps
            unused = kept * self._settings.floor_rate_bps
            if floor > most or (others > 0.0 and above + floor + unused + others > most):
                found.add(site)
        return found

    def _lasts(self, newcomer: _Booked, slot: int) -> bool:
        """Whether it fits now and in the next slots beside all that it may not displace."""
        every = [*self._on_paths.values(), newcomer]
        rank = self._ranks(every)[newcomer.request.call]
        below = {each.number for each in self._displaceable(every, rank)}
        stays = [each for each in every if each.number not in below]
        return rank == _HIGHEST_RANK or not any(
            self._overloaded(stays, newcomer.request.sites, each)
            for each in range(slot, slot + self._settings.slots_ahead + 1)
        )

    def _yielding(
        self, every: list[_Booked], below: list[_Booked], sites: tuple[str, ...], slot: int
    ) -> list[_Booked]:
        """Return who of `below` must go so that the rest fits: in order, and nobody in vain."""
        ranks = self._ranks(every)
        stays = {each.number: each for each in every}
        overloaded = self._overloaded(every, sites, slot)
        gone: list[_Booked] = []
        for each in sorted(below, key=lambda one: (ranks[one.request.call], -one.number)):
            if not overloaded:
                break
            if overloaded.intersection(each.request.sites):
                gone.append(stays.pop(each.number))
                overloaded = self._overloaded(stays.values(), sites, slot)
        for each in reversed(gone.copy()):  # a larger one that went later may have been enough
            back = sorted([*stays.values(), each], key=lambda one: one.number)
            if len(self._overloaded(back, sites, slot)) <= len(overloaded):
                stays[each.number] = each
                gone.remove(each)
        return gone

    def _is_above(self, site: str, slot: int) -> bool:
        """Whether calls may take more of a path than it has."""
        rate = self._capacity(site, slot)
        requests = (each.request for each in self._on_paths.values())
        taken = sum(each.rate_bps for each in requests if site in each.sites)
        return rate is not None and taken > min(rate.up_bps, rate.down_bps) + _SLACK_BPS

    def _refuse(
        self, request: Request, cause: Cause, now: float, yielding: tuple[Decision, ...]
    ) -> Decision:
        reason = refused_reason(cause, request.precedence)
        return Decision(now, request, Verdict.REFUSED, reason, cause, yielding)
