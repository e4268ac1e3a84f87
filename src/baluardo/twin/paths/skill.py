"""A measured log beside the twin's forecast: bias, quantiles, hand-overs, skill.

The unit is a slot: its measured level is the median of its round trips, its forecast that of its
middle. *Persistence* is the forecast that anybody can make: the level of the slot before. Skill is
1 - (mean square error of the twin) / (that of persistence): 1 is perfect, 0 no better than
persistence. Nothing is applied to the log but the clock offset that is given; the one found in the
log's steps is told. All of the forecast is *observed*: nobody but the operator commands it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.terms import SLOT_PHASE_SECONDS, SLOT_SECONDS
from baluardo.twin.paths.level_steps import Steps, find_steps
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.ping_log import PingLog
from baluardo.twin.paths.planner import SlotPaths

Floats = npt.NDArray[np.float64]
Slots = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

QUANTILES = (0.05, 0.2, 0.5, 0.8, 0.95)
"""Ours; the fifths are those of the operator's own figures (FACTS, Ground)."""

LEAST_SAMPLES = 3
"""Ours: fewer answers in a slot are no level."""

NEAR_BOUNDARY_S = 1.0
"""A step this near to a slot's boundary lies on it; by chance 2 of 15 do."""

_LEAST_STEPS_SQUARED = 3.0
"""Rayleigh's test of a direction: steps times concentration squared above it, 5 % by chance."""


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What the twin says of one terminal; every array has shape (slots,), slots growing."""

    slots: Slots
    rtt_s: Floats
    """Round trip in the middle of the slot, s; infinite where the path is out."""
    handover: Bools
    jitter_s: Floats
    loss: Floats
    """Of a packet and its answer, mean over the slot with its disturbed edges."""
    rate_down_bps: Floats
    rate_up_bps: Floats


@dataclass(frozen=True, slots=True)
class Skill:
    """Errors over slots whose slot before was measured too; None where it cannot be told."""

    slots: int
    twin_rms_s: float
    persistence_rms_s: float
    skill: float | None
    """None where persistence is never wrong: then nothing can be better."""
    skill_without_bias: float | None
    """Likewise with the twin's mean error taken off, as who knows the place could; None with fewer
    than 3 slots too."""


@dataclass(frozen=True, slots=True)
class Handovers:
    """Do the log's steps fall on the boundaries of slots, and on the twin's hand-overs?"""

    steps: int
    on_boundary: float | None
    """Share of the steps within `NEAR_BOUNDARY_S` of a boundary."""
    by_chance: float
    predicted: int
    """Hand-overs that the twin sees between two measured slots."""
    predicted_with_step: float | None
    other: int
    """Boundaries between two measured slots at which the twin sees none."""
    other_with_step: float | None
    clock_offset_s: float | None
    """How much later than a boundary steps come in the log; None where they favour no phase."""
    concentration: float
    """0: steps come at any phase of the slot; 1: always at the same."""
    resolution_s: float


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of UTC: medians over its slots, and how the slots' order agrees."""

    start: float
    slots: int
    measured_s: float
    forecast_s: float
    spearman: float | None


@dataclass(frozen=True, slots=True)
class Rate:
    """What was used, which bounds from below what could be, beside the forecast; bit/s."""

    used_highest: float
    forecast_median: float
    above_forecast: float
    """Share of the measured moments in which more was used than the forecast allows."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole answer. Errors are forecast less measured, s."""

    measured_slots: int
    compared_slots: int
    """Measured, and not out in the forecast."""
    silent_slots: int
    """With at least one ping sent and not one answered."""
    out_in_forecast: int
    silent_and_out: int
    bias_s: float
    mean_absolute_error_s: float
    quantiles: tuple[tuple[float, float, float], ...]
    """(share, measured s, forecast s) of the slots' levels."""
    spread_s: tuple[float, float]
    """Deviation inside a slot, measured and forecast."""
    loss: tuple[float, float] | None
    skill: Skill
    handovers: Handovers | None
    """None where samples are too far apart to see steps."""
    spearman: float | None
    hours: tuple[Hour, ...]
    spearman_of_hours: float | None
    down: Rate | None
    up: Rate | None


def forecast_of(paths: Sequence[SlotPaths], terminal: int, model: PathModel) -> Forecast:
    """Return the forecast of one terminal, by its index, from paths in order of their slots."""
    if not paths:
        raise InvalidInputError("No slot was forecast.")

    def column(name: str) -> Floats:
        return np.array([getattr(p, name)[terminal] for p in paths], dtype=np.float64)

    handover = column("handover") > 0.0
    middle = (SLOT_SECONDS - model.head_s - model.tail_s) / SLOT_SECONDS
    edges = (
        np.where(handover, model.handover_loss, model.edge_loss) * model.head_s
        + model.edge_loss * model.tail_s
    ) / SLOT_SECONDS
    survive = [1.0 - np.minimum(column(f"loss_{way}") * middle + edges, 1.0) for way in _WAYS]
    return Forecast(
        slots=np.array([p.slot for p in paths], dtype=np.int64),
        # Either delay grows at the same pace, hence there and back twice.
        rtt_s=column("round_trip_s") + 2.0 * column("drift") * (SLOT_SECONDS / 2.0),
        handover=handover,
        jitter_s=np.hypot(column("jitter_up_s"), column("jitter_down_s")),
        loss=1.0 - survive[0] * survive[1],
        rate_down_bps=column("rate_down_bps"),
        rate_up_bps=column("rate_up_bps"),
    )


_WAYS = ("up", "down")


def slots_of(log: PingLog, clock_offset_s: float = 0.0) -> Slots:
    """Return the slot of each line, shape (lines,); the offset is taken off the log's times."""
    times = log.times - checked_offset(clock_offset_s)
    return np.floor((times - SLOT_PHASE_SECONDS) / SLOT_SECONDS).astype(np.int64)


def checked_offset(clock_offset_s: float) -> float:
    """Return an offset of a log's clock; InvalidInputError if no clock is that wrong."""
    if not -86_400.0 <= clock_offset_s <= 86_400.0:
        raise InvalidInputError(f"clock_offset_s {clock_offset_s} is not within a day.")
    return clock_offset_s


def compare(log: PingLog, forecast: Forecast, clock_offset_s: float = 0.0) -> Comparison:
    """Return how a log and a forecast agree.

    clock_offset_s: how much the log's clock is ahead, taken off its times. The forecast must have
    every slot of the log. InvalidInputError where it has not, or where no slot can be compared.
    """
    slots = slots_of(log, clock_offset_s)
    row = np.searchsorted(forecast.slots, slots)
    known = row < len(forecast.slots)
    known[known] = forecast.slots[row[known]] == slots[known]
    if not known.all():
        raise InvalidInputError(f"Slot {slots[~known][0]} of the log was not forecast.")
    levels, spread, silent = _levels(log, row, len(forecast.slots))
    measured, served = np.isfinite(levels), np.isfinite(forecast.rtt_s)
    both = measured & served
    if not both.any():
        raise InvalidInputError(
            f"{log.source}: no slot has {LEAST_SAMPLES} answers and a forecast that is not out."
        )
    error = forecast.rtt_s[both] - levels[both]
    hours = _hours(forecast, levels, both)
    return Comparison(
        measured_slots=int(measured.sum()),
        compared_slots=int(both.sum()),
        silent_slots=int(silent.sum()),
        out_in_forecast=int((~served).sum()),
        silent_and_out=int((silent & ~served).sum()),
        bias_s=float(error.mean()),
        mean_absolute_error_s=float(np.abs(error).mean()),
        quantiles=tuple(
            (q, float(a), float(b))
            for q, a, b in zip(
                QUANTILES,
                np.quantile(levels[both], QUANTILES),
                np.quantile(forecast.rtt_s[both], QUANTILES),
                strict=True,
            )
        ),
        spread_s=(float(np.median(spread[both])), float(np.median(forecast.jitter_s[both]))),
        loss=_loss(log, forecast, row),
        skill=_skill(forecast, levels, both),
        handovers=_handovers(log, clock_offset_s, forecast, measured),
        spearman=spearman(levels[both], forecast.rtt_s[both]),
        hours=hours,
        spearman_of_hours=spearman([h.measured_s for h in hours], [h.forecast_s for h in hours]),
        down=_rate(log.down_bps, forecast.rate_down_bps[row]),
        up=_rate(log.up_bps, forecast.rate_up_bps[row]),
    )


def spearman(a: npt.ArrayLike, b: npt.ArrayLike) -> float | None:
    """Return Spearman's rank correlation; None with fewer than 3 values or where one is constant.

    Values that are equal share the mean of their ranks (Kendall, 1945).
    """
    first, second = _ranks(np.asarray(a, np.float64)), _ranks(np.asarray(b, np.float64))
    if len(first) < 3:
        return None
    first, second = first - first.mean(), second - second.mean()
    size = math.sqrt(float(first @ first) * float(second @ second))
    return float(first @ second) / size if size > 0.0 else None


def _ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[inverse])


def _levels(log: PingLog, row: npt.NDArray[np.intp], n: int) -> tuple[Floats, Floats, Bools]:
    """Return each slot's median and deviation, NaN where too few answered, and who was silent."""
    levels, spread, silent = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, dtype=np.bool_)
    starts = np.flatnonzero(np.append(True, np.diff(row) > 0))
    for first, last in zip(starts, np.append(starts[1:], len(row)), strict=True):
        rtt = log.rtt_s[first:last]
        answered = rtt[np.isfinite(rtt)]
        if len(answered) >= LEAST_SAMPLES:
            low, middle, high = np.quantile(answered, (0.1587, 0.5, 0.8413))
            levels[row[first]], spread[row[first]] = middle, (high - low) / 2.0
        silent[row[first]] = bool((log.lost[first:last] == 1.0).all())
    return levels, spread, silent


def _loss(
    log: PingLog, forecast: Forecast, row: npt.NDArray[np.intp]
) -> tuple[float, float] | None:
    told = np.isfinite(log.lost)
    if not told.any():
        return None
    return float(log.lost[told].mean()), float(forecast.loss[row[told]].mean())


def _skill(forecast: Forecast, levels: Floats, both: Bools) -> Skill:
    follows = np.flatnonzero(both[1:] & np.isfinite(levels[:-1]) & (np.diff(forecast.slots) == 1))
    if follows.size == 0:
        return Skill(0, math.nan, math.nan, None, None)
    level = levels[follows + 1]
    twin = forecast.rtt_s[follows + 1] - level
    persistence = float(np.mean((levels[follows] - level) ** 2))
    error, variance = float(np.mean(twin**2)), float(np.var(twin))
    worth = persistence > 0.0
    return Skill(
        slots=len(follows),
        twin_rms_s=math.sqrt(error),
        persistence_rms_s=math.sqrt(persistence),
        skill=1.0 - error / persistence if worth else None,
        skill_without_bias=1.0 - variance / persistence if worth and len(twin) > 2 else None,
    )


def _hours(forecast: Forecast, levels: Floats, both: Bools) -> tuple[Hour, ...]:
    rows = np.flatnonzero(both)
    middles = forecast.slots[rows] * SLOT_SECONDS + SLOT_PHASE_SECONDS + SLOT_SECONDS // 2
    hour = middles // 3_600
    bounds = np.flatnonzero(np.diff(hour)) + 1
    return tuple(
        Hour(
            start=float(hour_rows[0] * 3_600),
            slots=len(some),
            measured_s=float(np.median(levels[some])),
            forecast_s=float(np.median(forecast.rtt_s[some])),
            spearman=spearman(levels[some], forecast.rtt_s[some]),
        )
        for some, hour_rows in zip(np.split(rows, bounds), np.split(hour, bounds), strict=True)
    )


def _handovers(
    log: PingLog, clock_offset_s: float, forecast: Forecast, measured: Bools
) -> Handovers | None:
    answered = np.isfinite(log.rtt_s)
    steps = find_steps(log.times[answered] - clock_offset_s, log.rtt_s[answered])
    if steps is None:
        return None
    phase = (steps.times - SLOT_PHASE_SECONDS + SLOT_SECONDS / 2.0) % SLOT_SECONDS
    phase -= SLOT_SECONDS / 2.0
    on_boundary = np.abs(phase) <= NEAR_BOUNDARY_S
    offset, concentration = _offset(phase)
    begins = np.flatnonzero(measured[1:] & measured[:-1] & (np.diff(forecast.slots) == 1)) + 1
    starts = np.asarray(forecast.slots[begins] * SLOT_SECONDS + SLOT_PHASE_SECONDS, np.float64)
    hit = _near(starts, steps)
    changes = forecast.handover[begins]
    return Handovers(
        steps=len(phase),
        on_boundary=_share(on_boundary),
        by_chance=2.0 * NEAR_BOUNDARY_S / SLOT_SECONDS,
        predicted=int(changes.sum()),
        predicted_with_step=_share(hit[changes]),
        other=int((~changes).sum()),
        other_with_step=_share(hit[~changes]),
        clock_offset_s=offset,
        concentration=concentration,
        resolution_s=steps.bin_s / 2.0,
    )


def _offset(phase: Floats) -> tuple[float | None, float]:
    """Return the mean phase (s) as of a direction, None if chance explains it, and its strength."""
    if len(phase) == 0:
        return None, 0.0
    turn = 2.0 * math.pi / SLOT_SECONDS
    mean = complex(np.mean(np.exp(1j * turn * phase)))
    if len(phase) * abs(mean) ** 2 < _LEAST_STEPS_SQUARED:
        return None, abs(mean)
    return math.atan2(mean.imag, mean.real) / turn, abs(mean)


def _near(boundaries: Floats, steps: Steps) -> Bools:
    """Return at which boundaries there is a step, shape (boundaries,)."""
    after = np.searchsorted(steps.times, boundaries - NEAR_BOUNDARY_S)
    padded = np.append(steps.times, np.inf)
    return np.asarray(padded[after] <= boundaries + NEAR_BOUNDARY_S)


def _share(which: Bools) -> float | None:
    return float(which.mean()) if which.size else None


def _rate(used: Floats, allowed: Floats) -> Rate | None:
    told = np.isfinite(used)
    if not told.any():
        return None
    return Rate(
        used_highest=float(used[told].max()),
        forecast_median=float(np.median(allowed[told])),
        above_forecast=float((used[told] > allowed[told]).mean()),
    )
