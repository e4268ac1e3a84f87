"""Whom a plan of beams is expected to reach, and when: expectations, no dice.

The model is that of `phones`. For each cell, search period and share of buildings, two numbers are
carried through time: the probability that a phone is outdoors and not reached, and indoors and not
reached. `reach.handsets` throws dice for the same model in another way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numba
import numpy as np

from baluardo.emergency.beams.contacts import Floats
from baluardo.emergency.beams.phones import Phones
from baluardo.emergency.beams.plan import BeamPlan, column
from baluardo.emergency.beams.wanted import CellWarning

BUILDINGS = 64
"""Into so many equal shares buildings are sorted by what they let through: a signal that reaches
part of a share is wrong by 1/128 of those indoors at most."""

GOAL = 0.95


@dataclass(frozen=True, eq=False, slots=True)
class ReachForecast:
    """Expected reach of one warning; times are seconds from the plan's start, one each dwell."""

    times_s: Floats
    """Ends of dwells and the start, shape (dwells + 1,)."""
    share: Floats
    """Share of all people in the area whose phone has shown the warning, shape (dwells + 1,)."""
    by_cell: Floats
    """The same of each of the warning's cells, shape (dwells + 1, cells of the warning)."""
    able: float
    """Share of all people whom it could ever reach: with a working phone that takes warnings, and
    over them a satellite at some time of the plan, or a ground network that warns."""
    time_to_95_s: float | None
    """When 95 % of all people are reached; None if not in this time."""
    time_to_95_of_able_s: float | None
    """When 95 % of those are reached who could be."""


def forecast(
    plan: BeamPlan,
    warning: CellWarning,
    phones: Phones | None = None,
    *,
    octets: Floats | None = None,
    ground_lost: Floats | None = None,
) -> ReachForecast:
    """Return whom a plan reaches with one of the warnings it was made for.

    octets: of all messages of each cell (`Wanted.octets`), where beams carry more than this
    warning; ground_lost: share of each cell's people without a ground network; both shape (cells of
    the plan,). InvalidInputError as `plan` has it.
    """
    phones = phones or Phones()
    cells = warning.cells
    lost = column("ground_lost", ground_lost, plan.cells, 1.0)[cells]
    length = column("octets", octets, plan.cells, warning.octets)[cells]
    in_time = np.array([phones.in_time(n, plan.dwell_s) for n in np.unique(length)])
    decay = np.exp(-plan.dwell_s / phones.moving_s * np.arange(plan.dwells + 1))
    heard = np.zeros((len(cells), plan.dwells + 1))
    _expect(
        plan.lit()[cells],
        in_time[np.unique(length, return_inverse=True)[1]],
        np.array(phones.period_dwells(plan.dwell_s), dtype=np.int64),
        np.array([share for _, share in phones.searches]),
        _buildings(phones),
        phones.outdoors_at_start,
        phones.outdoors,
        decay,
        phones.open_sky,
        phones.least_snr_db,
        heard,
    )
    shown = _shown(heard.T, lost, phones, plan.dwell_s)
    on = phones.working * (1.0 - phones.opted_out)
    grounded = 0.0 if phones.ground_after_s is None else on * (1.0 - lost)
    able = phones.able * lost * plan.seen[cells] + grounded
    people = warning.people / max(float(warning.people.sum()), 1e-300)
    share, could = shown @ people, float(able @ people)
    times = plan.dwell_s * np.arange(plan.dwells + 1.0)
    return ReachForecast(
        times_s=times,
        share=share,
        by_cell=shown,
        able=could,
        time_to_95_s=_when(times, share, GOAL),
        time_to_95_of_able_s=_when(times, share, GOAL * could) if could > 0.0 else None,
    )


def _buildings(phones: Phones) -> Floats:
    """Return the entry loss of each share of buildings, dB, ascending."""
    normal = NormalDist()
    middles = ((k + 0.5) / BUILDINGS for k in range(BUILDINGS))
    return np.array(
        [phones.indoor_loss_db + phones.indoor_deviation_db * normal.inv_cdf(p) for p in middles]
    )


def _shown(heard: Floats, lost: Floats, phones: Phones, dwell_s: float) -> Floats:
    """Return who is shown the warning, (dwells + 1, cells), from who could hear it."""
    wait = math.ceil(phones.position_wait_s / dwell_s)
    later = np.zeros_like(heard)
    later[wait:] = heard[: max(0, len(heard) - wait)]
    shown = phones.able * lost * (phones.positioned * heard + (1.0 - phones.positioned) * later)
    if phones.ground_after_s is not None:
        after = math.ceil(phones.ground_after_s / dwell_s)
        shown[after:] += (1.0 - lost) * phones.working * (1.0 - phones.opted_out)
    return shown


def _when(times: Floats, share: Floats, goal: float) -> float | None:
    there = np.flatnonzero(share >= goal)
    return float(times[there[0]]) if there.size else None


@numba.njit(cache=True, nogil=True)
def _expect(  # type: ignore[no-untyped-def]
    lit,
    in_time,
    periods,
    shares,
    losses,
    at_start,
    tends_to,
    decay,
    open_sky,
    least_snr,
    heard,
):
    """Fill heard, (cells, dwells + 1), with the share of people outdoors or in who have heard.

    lit: (cells, dwells), dB, NaN where dark; decay: of the difference in who is outdoors, by
    dwells. A phone looks in one dwell of its period, each as likely: in how many ways it is not
    reached in a period is its state before, less what each lit dwell took away.
    """
    cells, dwells = lit.shape
    visits = np.empty(dwells, np.int64)
    for c in range(cells):
        count = 0
        for k in range(dwells):
            if not np.isnan(lit[c, k]):
                visits[count] = k
                count += 1
        for g in range(periods.size):
            period = periods[g]
            weight = shares[g] / losses.size
            for b in range(losses.size):
                outdoors, total, since, v = at_start, 1.0, 0, 0
                while v < count:
                    begin = visits[v] // period * period
                    outdoors = (
                        tends_to * total + (outdoors - tends_to * total) * decay[begin - since]
                    )
                    end = v
                    while end < count and visits[end] < begin + period:
                        end += 1
                    since = visits[end - 1]
                    gone_out, gone = 0.0, 0.0
                    for i in range(v, end):
                        k = visits[i]
                        out = tends_to * total + (outdoors - tends_to * total) * decay[k - begin]
                        took_out, took = 0.0, 0.0
                        if lit[c, k] >= least_snr:
                            took_out = out * open_sky * in_time[c] / period
                        if lit[c, k] - losses[b] >= least_snr:
                            took = (total - out) * in_time[c] / period
                        took += took_out
                        heard[c, k + 1] += weight * took
                        # Who heard goes on walking in and out: taken away from where he is when
                        # the period's last beam comes.
                        gone += took
                        gone_out += (
                            tends_to * took + (took_out - tends_to * took) * decay[since - k]
                        )
                    outdoors = (
                        tends_to * total + (outdoors - tends_to * total) * decay[since - begin]
                    )
                    outdoors -= gone_out
                    total -= gone
                    v = end
        for k in range(dwells):
            heard[c, k + 1] += heard[c, k]
