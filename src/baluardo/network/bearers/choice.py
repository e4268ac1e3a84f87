"""Which bearer traffic takes: a PACE plan (primary, alternate, contingency, emergency), pure.

A dead bearer is left at once. A degraded one is left for a usable one. The way back up the plan is
slow: a better bearer must have been usable for the whole hold-down, which doubles each time it has
disappointed soon after, so no fault that comes and goes makes traffic flap.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.bearer import Health, Standing
from baluardo.terms import Bilingual

CONFIRM_SECONDS: Final = 0.05
"""How long a dead bearer is still taken while no other has been heard since it fell silent: they
are probed urgently by then. 180 + 50 ms leave 70 of the 300 that may be lost."""
FRESH_SECONDS: Final = 0.09
"""One that was heard so shortly before the active one was found dead is known to live."""
SETTLED_PART: Final = 0.25
"""Part of its hold-down that a bearer must have been usable to replace one that is degraded."""
MOST_EVENTS: Final = 1_024

PLACES: Final = ("primary", "alternate", "contingency", "emergency")


@dataclass(frozen=True, slots=True)
class Plan:
    """Bearers in the order in which they are preferred, each by its name."""

    primary: str
    alternate: str | None = None
    contingency: str | None = None
    emergency: str | None = None

    def __post_init__(self) -> None:
        """Refuse a bearer that has two places."""
        if len(set(self.bearers)) != len(self.bearers) or not self.primary:
            raise InvalidInputError("Each bearer has one place in the plan, and one is primary.")

    @property
    def bearers(self) -> tuple[str, ...]:
        """Those that there are, the preferred first."""
        places = (self.primary, self.alternate, self.contingency, self.emergency)
        return tuple(name for name in places if name is not None)


@dataclass(frozen=True, slots=True)
class HoldDown:
    """How slowly traffic comes back up the plan. Our choice."""

    first_s: float = 20.0
    """Longer than a slot: a bearer that comes back has lived through one edge at least."""
    longest_s: float = 600.0
    soon_s: float = 120.0
    """Left again within this, a bearer has disappointed: its hold-down doubles."""
    forgiven_s: float = 1_800.0
    """Taken, and not left, for this long, its hold-down is the first again."""

    def __post_init__(self) -> None:
        """Refuse a hold-down that would let traffic flap."""
        if not 1.0 <= self.first_s <= self.longest_s or self.soon_s < 0.0:
            raise InvalidInputError("first_s and longest_s: at least 1 second, in order.")


@dataclass(frozen=True, slots=True)
class Decision:
    """What traffic takes now."""

    active: str | None
    """None: nothing passes by any bearer, or none may be taken."""
    second: str | None
    """Another warm one, for duplicates of what must not have a gap."""
    why: Bilingual
    since: float
    """When `active` was taken, seconds of the monotonic clock."""


@dataclass(frozen=True, slots=True)
class Switched:
    """Traffic has left one bearer for another."""

    left: str | None
    taken: str | None
    why: Bilingual
    at: float


@dataclass(slots=True)
class _Record:
    """What a choice remembers of one bearer."""

    hold: float
    usable_since: float | None = None
    died_at: float | None = None
    """When traffic left it as dead; from then on only what comes by it proves that it lives."""
    taken_at: float | None = None


class Choice:
    """The choice of bearers to one peer. Every `now`: seconds of the monotonic clock."""

    def __init__(self, plan: Plan, hold: HoldDown | None = None) -> None:
        """Begin without an active bearer."""
        self._plan = plan
        self._hold = hold or HoldDown()
        self._records = {name: _Record(self._hold.first_s) for name in plan.bearers}
        self._decision = Decision(
            None,
            None,
            Bilingual("Non si è ancora scelto nulla.", "Nothing was chosen yet."),
            0.0,
        )
        self._ordered: str | None = None
        self._by = ""
        self._order_is_new = False
        self._dying: float | None = None
        self._due: float | None = None
        self._events: deque[Switched] = deque(maxlen=MOST_EVENTS)

    @property
    def decision(self) -> Decision:
        """What was decided last."""
        return self._decision

    def order(self, bearer: str | None, by: str) -> None:
        """Take a bearer because a person says so; None: choose by the plan again.

        The next `judge` acts on it. A bearer that is dead, or that may not be taken, is left all
        the same, and taken again once it has been usable for a part of its hold-down.
        InvalidInputError for a bearer without a place in the plan.
        """
        if bearer is not None and bearer not in self._records:
            raise InvalidInputError(
                f"{bearer} has no place in the plan: {', '.join(self._plan.bearers)}."
            )
        self._ordered, self._by, self._order_is_new = bearer, by, True

    def judge(self, standings: Sequence[Standing], now: float) -> Decision:
        """Decide by where the bearers stand now; those of the plan that are missing are dead."""
        by_name = {each.name: each for each in standings if each.name in self._records}
        for name, record in self._records.items():
            standing = by_name.get(name)
            if standing is None or standing.health is not Health.USABLE:
                record.usable_since = None
            elif record.usable_since is None:
                record.usable_since = now
            if standing is not None and _heard_after(standing, record.died_at, now):
                record.died_at = None
        self._due = None
        taken, why = self._take(by_name, now)
        if taken != self._decision.active:
            left = by_name.get(self._decision.active or "")
            self._switch(taken, why, Health.DEAD if left is None else left.health, now)
        second = self._second(by_name, taken)
        self._decision = Decision(taken, second, why, self._decision.since)
        return self._decision

    def next_timer(self) -> float | None:
        """When `judge` may decide otherwise by time alone; None: only on news."""
        return self._due

    def next_event(self) -> Switched | None:
        """Return the oldest switch that was not taken yet."""
        return self._events.popleft() if self._events else None

    def _take(self, by_name: dict[str, Standing], now: float) -> tuple[str | None, Bilingual]:
        alive = self._living(by_name)
        ordered, active = self._ordered, self._decision.active
        is_new, self._order_is_new = self._order_is_new, False
        if ordered in alive and (
            is_new or ordered == active or self._proved(ordered, SETTLED_PART, now)
        ):
            self._dying = None
            return ordered, Bilingual(
                f"{ordered}: per ordine di {self._by}.", f"{ordered}: by order of {self._by}."
            )
        if not alive:
            return self._none(by_name, now)
        best = min(alive, key=lambda n: (by_name[n].health, self._plan.bearers.index(n)))
        standing = by_name.get(active) if active is not None else None
        if active is None or standing is None or standing.barred:
            self._dying = None
            return best, self._place(best, by_name[best])
        if active not in alive:
            return self._leave_dead(active, best, by_name, now)
        self._dying = None
        if standing.health is Health.DEGRADED and by_name[best].health is Health.USABLE:
            if self._proved(best, SETTLED_PART, now):
                return best, _left(standing, self._place(best, by_name[best]))
            return active, standing.why
        return self._climb(active, alive, by_name, now)

    def _none(self, by_name: dict[str, Standing], now: float) -> tuple[str | None, Bilingual]:
        """Nothing is alive: stay where one is, unless that may not be taken."""
        active = self._decision.active
        standing = by_name.get(active) if active is not None else None
        whys = [by_name[n].why for n in self._plan.bearers if n in by_name]
        why = Bilingual(
            " ".join(["Nessun collegamento è vivo.", *(w.it for w in whys)]),
            " ".join(["No bearer is alive.", *(w.en for w in whys)]),
        )
        self._dying = self._dying if self._dying is not None else now
        return (active if standing is not None and not standing.barred else None), why

    def _leave_dead(
        self, active: str, best: str, by_name: dict[str, Standing], now: float
    ) -> tuple[str, Bilingual]:
        """Leave for one that is heard; for one that may be dead as well only a little later."""
        self._dying = self._dying if self._dying is not None else now
        since = self._dying - FRESH_SECONDS
        fresh = [n for n in self._living(by_name) if _heard_after(by_name[n], since, now)]
        if not fresh and now - self._dying < CONFIRM_SECONDS - 1e-9:
            self._due = self._dying + CONFIRM_SECONDS
            return active, by_name[active].why
        self._dying = None
        if fresh:
            best = min(fresh, key=lambda n: (by_name[n].health, self._plan.bearers.index(n)))
        return best, _left(by_name[active], self._place(best, by_name[best]))

    def _climb(
        self, active: str, alive: list[str], by_name: dict[str, Standing], now: float
    ) -> tuple[str, Bilingual]:
        """Come back to a bearer with a better place once its hold-down has passed."""
        for name in alive:
            if name == active:
                break
            if self._proved(name, 1.0, now):
                return name, self._place(name, by_name[name])
        return active, self._place(active, by_name[active])

    def _proved(self, name: str, part: float, now: float) -> bool:
        """Whether a bearer has been usable for so much of its hold-down."""
        record = self._records[name]
        if record.usable_since is None:
            return False
        due = record.usable_since + part * record.hold
        if now >= due - 1e-9:
            return True
        self._due = due if self._due is None else min(self._due, due)
        return False

    def _switch(self, taken: str | None, why: Bilingual, health: Health, now: float) -> None:
        left = self._decision.active
        if left is not None and health is not Health.USABLE:
            record = self._records[left]
            record.died_at = now if health is Health.DEAD else None
            held = now - (record.taken_at if record.taken_at is not None else now)
            if held < self._hold.soon_s:
                record.hold = min(2 * record.hold, self._hold.longest_s)
            elif held >= self._hold.forgiven_s:
                record.hold = self._hold.first_s
            record.usable_since = None
        if taken is not None:
            self._records[taken].taken_at = now
        self._events.append(Switched(left, taken, why, now))
        self._decision = Decision(taken, None, why, now)

    def _second(self, by_name: dict[str, Standing], taken: str | None) -> str | None:
        others = [n for n in self._living(by_name) if n != taken]
        order = self._plan.bearers.index
        return min(others, key=lambda n: (by_name[n].health, order(n)), default=None)

    def _living(self, by_name: dict[str, Standing]) -> list[str]:
        """Bearers that traffic may take and can hope to arrive by, the preferred first."""
        return [
            name
            for name, record in self._records.items()
            if (standing := by_name.get(name)) is not None
            and standing.health <= Health.DEGRADED
            and not standing.barred
            and record.died_at is None
        ]

    def _place(self, name: str, standing: Standing) -> Bilingual:
        place = PLACES[self._plan.bearers.index(name)]
        return Bilingual(
            f"{name} ({_ITALIAN[place]}). {standing.why.it}", f"{name} ({place}). {standing.why.en}"
        )


_ITALIAN: Final = {
    "primary": "primario",
    "alternate": "alternativo",
    "contingency": "di riserva",
    "emergency": "di emergenza",
}


def _heard_after(standing: Standing, moment: float | None, now: float) -> bool:
    """Whether anything has come by a bearer since a moment."""
    return moment is None or (standing.age_s is not None and now - standing.age_s > moment)


def _left(left: Standing, taken: Bilingual) -> Bilingual:
    return Bilingual(f"{left.why.it} Ora {taken.it}", f"{left.why.en} Now {taken.en}")
