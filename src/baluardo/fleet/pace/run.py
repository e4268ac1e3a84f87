"""Which bearer a platform will take slot by slot, what its flows get of it, and its drills.

A bearer that is unfit is left at once for the best that is fit. The way back up is slow: a better
one must have been fit for the whole hold-down. In a drill bearers are taken to be away; where none
of the others is fit the drill is broken off, for it must not cost what it is to prove.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.fleet.contacts.plan import ContactPlan
from baluardo.fleet.landing.flows import Flow, rule_of
from baluardo.fleet.pace.bearers import SKY, Drill, OtherBearer, PacePlan
from baluardo.terms import SLOT_SECONDS, slot_start
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.sky.landing import LandingRule

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NONE = -1


class Why(StrEnum):
    """Why a bearer is taken, or another than before."""

    PREFERRED = "preferred"
    NOT_FIT = "the better is not fit"
    HELD_DOWN = "the better is held down"
    DRILL = "drill"
    NOTHING = "nothing is fit"


@dataclass(frozen=True, slots=True, eq=False)
class Offers:
    """What each bearer of a plan offers; arrays (slots, bearers), in the plan's order."""

    fit: Bools
    up_bps: Floats
    delay_s: Floats
    """One way up; infinite where nothing passes."""


@dataclass(frozen=True, slots=True, eq=False)
class PaceRun:
    """What a platform takes; arrays (slots,)."""

    pace: PacePlan
    first_slot: int
    taken: npt.NDArray[np.int8]
    """Index into `pace.order`; -1 for none."""
    why: tuple[Why, ...]
    drilled: Bools
    """A drill was on, and held."""
    broken: tuple[str, ...]
    """Drills that had to be broken off."""
    offers: Offers

    def shares(self) -> dict[str | None, float]:
        """Return the share of the time of each bearer, None standing for none."""
        names: tuple[str | None, ...] = (*self.pace.order, None)
        return {name: float(np.mean(self.taken == k)) for k, name in _numbered(names)}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Slots that follow each other with one bearer for one reason. POSIX seconds."""

    start: float
    end: float
    bearer: str | None
    why: Why


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """Which of a platform's flows pass in which slot: (slots, flows), in the order given."""

    flows: tuple[Flow, ...]
    passes: Bools

    def stopped_s(self) -> list[float]:
        """Return how long each flow does not pass, seconds."""
        return [float(np.count_nonzero(~column) * SLOT_SECONDS) for column in self.passes.T]


def offers_of(pace: PacePlan, plan: ContactPlan) -> Offers:
    """Return what the dish offers by its contact plan, and what the others offer where it is."""
    shape = len(plan), len(pace.order)
    up, delay = np.zeros(shape), np.full(shape, np.inf)
    others = {b.name: b for b in pace.others}
    for column, name in enumerate(pace.order):
        if name == SKY:
            served = plan.reason == Reason.SERVED
            up[:, column] = np.where(served, plan.ways.rate_up_bps[:, 0], 0.0)
            delay[:, column] = np.where(served, plan.ways.delay_up_s[:, 0], np.inf)
        else:
            there = _there(others[name], plan)
            up[there, column] = others[name].up_bps
            delay[there, column] = others[name].delay_s
    triggers = pace.triggers
    fit = (up > 0.0) & (up >= triggers.least_up_bps) & (delay <= triggers.most_delay_s)
    return Offers(fit, up, delay)


def run(pace: PacePlan, plan: ContactPlan, drills: Sequence[Drill] = ()) -> PaceRun:
    """Return which bearer the platform of a plan takes in every slot."""
    offers = offers_of(pace, plan)
    slots, count = offers.fit.shape
    mine = [d for d in drills if d.platform == plan.platform.name]
    hold = math.ceil(pace.hold_down_s / SLOT_SECONDS)
    fit_for = np.zeros(count, dtype=np.int64)
    """Slots for which each bearer has been fit; the first slot finds all long fit."""
    taken = np.full(slots, NONE, dtype=np.int8)
    drilled = np.zeros(slots, dtype=np.bool_)
    why: list[Why] = []
    broken: dict[str, None] = {}
    active = NONE
    for k in range(slots):
        really = offers.fit[k]
        fit_for = np.where(really, fit_for + 1, 0) if k else np.where(really, hold + 1, 0)
        away, names = _away(pace, mine, slot_start(plan.first_slot + k), broken)
        usable = really & ~away
        if names and not usable.any() and really.any():
            broken |= dict.fromkeys(names)  # for good: what broke off once is not tried again
            away = np.zeros(count, dtype=np.bool_)
            usable = really
            names = []
        active, reason = _next(active, usable, fit_for, hold)
        if names and away[: active if active != NONE else count].any():
            drilled[k], reason = True, Why.DRILL
        taken[k] = active
        why.append(reason)
    return PaceRun(pace, plan.first_slot, taken, tuple(why), drilled, tuple(broken), offers)


def stretches(found: PaceRun) -> list[Stretch]:
    """Return a run as stretches of one bearer for one reason."""
    out: list[Stretch] = []
    names = found.pace.order
    for k, (index, why) in enumerate(zip(found.taken.tolist(), found.why, strict=True)):
        start = slot_start(found.first_slot + k)
        bearer = None if index == NONE else names[index]
        if out and (out[-1].bearer, out[-1].why) == (bearer, why):
            out[-1] = Stretch(out[-1].start, start + SLOT_SECONDS, bearer, why)
        else:
            out.append(Stretch(start, start + SLOT_SECONDS, bearer, why))
    return out


def carried(found: PaceRun, plan: ContactPlan, flows: Sequence[Flow]) -> Carried:
    """Return which flows pass: the higher precedence first, while what is left of the rate holds.

    By the dish a flow goes where its platform's plan lands, so that only flows whose rule that
    landing keeps pass; by another bearer, where its country and whose gateway it is keep the rule.
    To another platform nothing goes but by the dish.
    """
    mine = [f for f in flows if f.platform == plan.platform.name]
    order = sorted(range(len(mine)), key=lambda i: (-mine[i].precedence, i))
    passes = np.zeros((len(plan), len(mine)), dtype=np.bool_)
    others = {b.name: b for b in found.pace.others}
    left = np.zeros(len(plan))
    for k, index in enumerate(found.taken.tolist()):
        left[k] = found.offers.up_bps[k, index] if index != NONE else 0.0
    for i in order:
        flow, rule = mine[i], rule_of(mine[i], plan.platform)
        may = np.zeros(len(plan), dtype=np.bool_)
        for index, name in enumerate(found.pace.order):
            by = found.taken == index
            if name == SKY:
                may |= by & _lands_right(plan, rule, to_peer=flow.to is not None)
            elif flow.to is None and permits(rule, others[name]):
                may |= by
        passes[:, i] = may & (left >= flow.rate_bps)
        left = np.where(passes[:, i], left - flow.rate_bps, left)
    return Carried(tuple(mine), passes)


def permits(rule: LandingRule, bearer: OtherBearer) -> bool:
    """Tell whether a rule lets traffic take a bearer that is no dish: what is not known is no."""
    if rule.gateways is not None and not bearer.own:
        return False
    if rule.not_in_countries:
        return bearer.country is not None and bearer.country not in rule.not_in_countries
    return True


def _there(bearer: OtherBearer, plan: ContactPlan) -> Bools:
    if not bearer.reach:
        return np.ones(len(plan), dtype=np.bool_)
    found = np.zeros(len(plan), dtype=np.bool_)
    for circle in bearer.reach:
        found |= circle.holds(plan.where.lat_deg, plan.where.lon_deg)
    return found


def _away(
    pace: PacePlan, drills: Sequence[Drill], time: float, broken: dict[str, None]
) -> tuple[Bools, list[str]]:
    on = [d for d in drills if d.start <= time < d.end and d.name not in broken]
    without = {role for d in on for role in d.without}
    return np.array([pace.role(name) in without for name in pace.order]), [d.name for d in on]


def _next(active: int, usable: Bools, fit_for: npt.NDArray[np.int64], hold: int) -> tuple[int, Why]:
    """Return what is taken next, and why."""
    fit = np.flatnonzero(usable)
    if fit.size == 0:
        return NONE, Why.NOTHING
    best = int(fit[0])
    if active == NONE or not usable[active]:
        return best, Why.PREFERRED if best == 0 else Why.NOT_FIT
    if best >= active:
        return active, Why.PREFERRED if active == 0 else Why.NOT_FIT
    settled = [k for k in fit.tolist() if k < active and fit_for[k] > hold]
    if settled:
        return settled[0], Why.PREFERRED if settled[0] == 0 else Why.NOT_FIT
    return active, Why.HELD_DOWN


def _lands_right(plan: ContactPlan, rule: LandingRule, *, to_peer: bool) -> Bools:
    """Tell in which slots the dish's traffic lands as a rule wants; to a peer it need not land."""
    if to_peer:
        return np.asarray(plan.ways.satellite[:, 0] != NONE)
    gateways, points = plan.sky.ground.allowed(rule)
    at, point = plan.ways.gateway[:, 0], plan.ways.point[:, 0]
    landed = (at != NONE) & (point != NONE)
    return np.asarray(landed & gateways[at] & points[point])


def _numbered(names: tuple[str | None, ...]) -> list[tuple[int, str | None]]:
    return [(NONE if name is None else k, name) for k, name in enumerate(names)]


def check(pace: PacePlan, drills: Sequence[Drill]) -> None:
    """Refuse drills that leave a platform with nothing; InvalidInputError names the drill."""
    roles = {pace.role(name) for name in pace.order}
    for drill in drills:
        if roles <= drill.without:
            raise InvalidInputError(f"Drill {drill.name} leaves {drill.platform} without a bearer.")
