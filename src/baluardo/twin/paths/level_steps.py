"""When the level of a series jumps: steps found without being told where to look.

A moment is a step where the medians of the seconds before and after it differ by more than chance
allows. Outliers do not move medians; where exactly the step is, is then settled by the place at
which the two levels together fit best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError

Floats = npt.NDArray[np.float64]

WINDOW_S = 6.0
"""Ours: what is looked at before and after a moment; two of them fit into a slot."""
SHORTEST_BIN_S = 0.5
"""Ours: denser samples are put together (their median) in bins of this length."""
LONGEST_STEP_S = 1.5
"""Ours: with samples further apart than this a window holds too few of them."""
LARGEST_GAP_STEPS = 2.5
"""Ours: samples further apart than this many usual steps are not looked at across."""
SMALLEST_STEP_S = 0.001
"""Ours: smaller jumps of the round trip are not told from its drift."""
LEAST_SIGNIFICANCE = 4.0
"""Ours: how many standard errors a step is high; an hour of noise alone has two at most."""
SMALLEST_DEVIATION_S = 5e-5
"""Ours: pings are written to a tenth of a millisecond or so."""
APART_S = 5.0
"""Ours: of steps nearer to each other the clearer one counts."""

_MAD_TO_DEVIATION = 1.4826
"""Of a normal distribution: standard deviation over median absolute deviation."""
_MEDIAN_ERROR = 1.2533
"""Of a normal distribution: standard error of the median over that of the mean, sqrt(pi / 2)."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Steps in order of time; shape (steps,)."""

    times: Floats
    """POSIX seconds, known to half a bin."""
    sizes_s: Floats
    """Level after less level before."""
    bin_s: float


def find_steps(times: npt.ArrayLike, values_s: npt.ArrayLike) -> Steps | None:
    """Return the steps of a series; None where its samples are too far apart to tell any.

    times: growing, POSIX seconds; values_s: round trips, s, finite; both of shape (samples,).
    """
    t, v = np.asarray(times, dtype=np.float64), np.asarray(values_s, dtype=np.float64)
    if t.ndim != 1 or t.shape != v.shape:
        raise InvalidInputError(f"times {t.shape} and values_s {v.shape} are not of one shape.")
    if not (np.isfinite(t).all() and np.isfinite(v).all() and (np.diff(t) > 0.0).all()):
        raise InvalidInputError("times do not grow, or a value is not a finite number.")
    usual = float(np.median(np.diff(t))) if t.size > 1 else np.inf
    if usual > LONGEST_STEP_S:
        return None
    width = max(usual, SHORTEST_BIN_S)
    breaks = np.flatnonzero(np.diff(t) > LARGEST_GAP_STEPS * width) + 1
    found = [
        _steps_of_run(a, b, width)
        for a, b in zip(np.split(t, breaks), np.split(v, breaks), strict=True)
    ]
    return Steps(
        np.concatenate([when for when, _ in found]),
        np.concatenate([size for _, size in found]),
        width,
    )


def _steps_of_run(times: Floats, values: Floats, width: float) -> tuple[Floats, Floats]:
    """Return times and sizes of the steps of samples without a gap."""
    series, start = _binned(times, values, width), times[0] - width / 2.0
    n = round(WINDOW_S / width)
    if len(series) < 2 * n:
        return np.empty(0), np.empty(0)
    medians, deviations = _levels(series, n)
    size = medians[n:] - medians[:-n]
    noise = np.sqrt((deviations[n:] ** 2 + deviations[:-n] ** 2) / 2.0)
    # A few values may lie together by chance: no window is quieter than the usual one.
    least = max(float(np.median(deviations)), SMALLEST_DEVIATION_S)
    error = _MEDIAN_ERROR * np.maximum(noise, least) * np.sqrt(2.0 / n)
    clear = np.abs(size) / error
    candidates = np.flatnonzero((clear >= LEAST_SIGNIFICANCE) & (np.abs(size) >= SMALLEST_STEP_S))
    apart = round(APART_S / width)
    free = np.ones(len(series) + 1, dtype=np.bool_)
    when, sizes = [], []
    for k in candidates[np.argsort(-clear[candidates], kind="stable")].tolist():
        place = k + _split(series[k : k + 2 * n], medians[k], medians[k + n])
        if free[place]:
            free[max(place - apart, 0) : place + apart + 1] = False
            when.append(place)
            sizes.append(float(size[k]))
    order = np.argsort(when, kind="stable")
    return start + width * np.array(when, dtype=np.float64)[order], np.array(sizes)[order]


def _binned(times: Floats, values: Floats, width: float) -> Floats:
    """Return the median of every bin; empty ones lie on the line between their neighbours.

    The first sample stands in the middle of the first bin.
    """
    bins = np.floor((times - times[0]) / width + 0.5).astype(np.int64)
    starts = np.flatnonzero(np.append(True, np.diff(bins) > 0))
    found = np.array([np.median(part) for part in np.split(values, starts[1:])])
    return np.asarray(np.interp(np.arange(bins[-1] + 1), bins[starts], found))


def _levels(series: Floats, n: int) -> tuple[Floats, Floats]:
    """Return median and deviation of every window of n, shape (len(series) - n + 1,)."""
    windows = np.lib.stride_tricks.sliding_window_view(series, n)
    medians = np.median(windows, axis=1)
    away = np.median(np.abs(windows - medians[:, None]), axis=1)
    return medians, _MAD_TO_DEVIATION * away


def _split(window: Floats, before: float, after: float) -> int:
    """Return how many of a window's values belong to the level before rather than after."""
    gain = np.cumsum(np.abs(window - after) - np.abs(window - before))
    return int(np.argmax(gain)) + 1
