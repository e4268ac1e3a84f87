"""The plots of docs/validation.md, drawn by `validation.py --plots DIR`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from baluardo.terms import SLOT_SECONDS
from baluardo.twin.paths.model import PathModel
from contests import Figures, during
from ensembles import Parts
from published import CONTROL, ITALY, PUBLISHED

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "baluardo",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
}
"""The same octets from the same figures: no random identifiers, text as text."""

Floats = npt.NDArray[np.float64]

TWIN, FIELD, CONSTANT = "#1f5fa8", "#c2410c", "#808080"
MINUTES_SHOWN = 10
SLOTS_A_MINUTE = 60 // SLOT_SECONDS


def draw(
    folder: Path,
    parts: Parts,
    where: Mapping[str, slice],
    model: PathModel,
    slots: npt.NDArray[np.int64],
    hours: Floats,
    found: Mapping[str, Figures],
) -> None:
    """Write validation-delay.svg, -places.svg, -day.svg and -gradient.svg into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mpl.rcParams.update(STYLE)
    _save(folder / "validation-delay.svg", _delays(parts, where, model))
    _save(folder / "validation-places.svg", _places(found))
    _save(folder / "validation-day.svg", _day(parts.of(where[ITALY]), model, hours))
    _save(folder / "validation-gradient.svg", _gradient(parts, where, model, slots, hours))


def _save(path: Path, figure: Figure) -> None:
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _axes(columns: int = 1) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(7.2, 3.2))
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def _delays(parts: Parts, where: Mapping[str, slice], model: PathModel) -> Figure:
    """Distribution of the delay in Italy, in France and at sea, with what is published."""
    figure, (axis,) = _axes()
    share = np.linspace(0.5, 99.5, 100)
    names = {ITALY: ("Italy", "-"), "FR": ("France", "--"), "sea": ("at sea", ":")}
    for key, (name, style) in names.items():
        delay = np.nanpercentile(parts.of(where[key]).round_trip_ms(model), share)
        axis.plot(delay, share, style, color=TWIN, label=f"twin, {name}")
        known = PUBLISHED[key]
        marks = {20.0: known.fast_ms, 50.0: known.median_ms, 80.0: known.slow_ms}
        at = {s: ms for s, ms in marks.items() if ms is not None}
        label = f"published, {name}"
        marker = {ITALY: "o", "FR": "s", "sea": "^"}[key]
        axis.plot(list(at.values()), list(at), marker, color=FIELD, ms=5, ls="none", label=label)
    axis.axvline(CONTROL.median_ms, color=CONSTANT, lw=1, label="constant")
    axis.set(xlabel="delay there and back, ms", ylabel="per cent of slots below", xlim=(20, 70))
    axis.legend(loc="lower right")
    return figure


def _places(found: Mapping[str, Figures]) -> Figure:
    """Medians and tails of every place, twin and published."""
    figure, (left, right) = _axes(2)
    names = list(PUBLISHED)
    rows = np.arange(len(names), 0, -1, dtype=np.float64)
    for y, key in zip(rows.tolist(), names, strict=True):
        known, twin = PUBLISHED[key], found[key]
        left.plot([twin.fast_ms, twin.slow_ms], [y + 0.15] * 2, color=TWIN, lw=1.5)
        left.plot(twin.median_ms, y + 0.15, "o", color=TWIN, ms=4)
        if known.fast_ms is not None and known.slow_ms is not None:
            left.plot([known.fast_ms, known.slow_ms], [y - 0.15] * 2, color=FIELD, lw=1.5)
        left.plot(known.median_ms, y - 0.15, "o", color=FIELD, ms=4)
        right.plot(twin.down_mbps, y + 0.15, "o", color=TWIN, ms=4)
        right.plot(known.down_mbps, y - 0.15, "o", color=FIELD, ms=4)
    left.axvline(CONTROL.median_ms, color=CONSTANT, lw=1)
    right.axvline(CONTROL.down_mbps, color=CONSTANT, lw=1)
    left.set_yticks(rows, ["at sea" if n == "sea" else PUBLISHED[n].name for n in names])
    right.set_yticks(rows, [""] * len(names))
    left.set(xlabel="delay, median and 20 % tails, ms")
    right.set(xlabel="median rate down, Mbit/s", xlim=(0, None))
    for name, colour in (("twin", TWIN), ("published", FIELD), ("constant", CONSTANT)):
        right.plot([], [], "o", color=colour, label=name, ms=4)
    right.legend(loc="upper left")
    return figure


def _day(italy: Parts, model: PathModel, hours: Floats) -> Figure:
    """Italy hour by hour: medians of delay and rate down."""
    figure, (left, right) = _axes(2)
    whole = np.arange(24)
    sets = [during(hours, (h, h + 1.0)) for h in whole.tolist()]
    for axis, values, constant in (
        (left, italy.round_trip_ms(model), CONTROL.median_ms),
        (right, italy.down_mbps(model), CONTROL.down_mbps),
    ):
        bands = np.array(
            [np.nanpercentile(values[s], (20, 50, 80)) if s.any() else [np.nan] * 3 for s in sets]
        )
        axis.fill_between(whole + 0.5, bands[:, 0], bands[:, 2], color=TWIN, alpha=0.15, lw=0)
        axis.plot(whole + 0.5, bands[:, 1], color=TWIN, label="twin, median and 20 % tails")
        axis.axhline(constant, color=CONSTANT, lw=1, label="constant")
        axis.set(xlabel="hour of the day in Italy (standard time)", xlim=(0, 24))
        axis.set_xticks(range(0, 25, 6))
    left.set(ylabel="delay, ms")
    right.set(ylabel="rate down, Mbit/s", ylim=(0, None))
    left.legend(loc="upper left")
    return figure


def _gradient(
    parts: Parts,
    where: Mapping[str, slice],
    model: PathModel,
    slots: npt.NDArray[np.int64],
    hours: Floats,
) -> Figure:
    """Ten minutes of one dish each in Milan and on Lampedusa; medians by hour.

    A slot that was not planned stays empty.
    """
    figure, (left, right) = _axes(2)
    whole = np.arange(24)
    sets = [during(hours, (h, h + 1.0)) for h in whole.tolist()]
    shown = slots < MINUTES_SHOWN * SLOTS_A_MINUTE
    begin = slots[shown] / SLOTS_A_MINUTE
    end = (slots[shown] + 1) / SLOTS_A_MINUTE
    for name, colour in (("Milan", TWIN), ("Lampedusa", FIELD)):
        delay = parts.of(where[name]).round_trip_ms(model)
        left.hlines(delay[shown, 0], begin, end, color=colour, lw=2, label=name)
        medians = [np.nanmedian(delay[s]) if s.any() else np.nan for s in sets]
        right.plot(whole + 0.5, medians, color=colour)
    for axis in (left, right):
        axis.axhline(CONTROL.median_ms, color=CONSTANT, lw=1, label="constant")
    left.set(xlabel="minutes after the catalogue's epoch", ylabel="delay of one dish, ms")
    right.set(xlabel="hour of the day in Italy", ylabel="median delay, ms", xlim=(0, 24))
    right.set_xticks(range(0, 25, 6))
    left.legend(loc="upper right")
    return figure
