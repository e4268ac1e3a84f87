"""The twin against the field: what was fitted, what is predicted, and a constant as control.

Usage: python benchmarks/validation.py [--catalogue FILE] [--hours 24] [--stride 1]
       [--terminals 200] [--fit] [--set FIELD=VALUE] [--plots DIR] [--processes 2]

Ensembles of terminals placed by commercial users in Italy, France and twelve further countries, and
spread over the central and eastern Mediterranean, are planned through a day of the real catalogue:
all 5,760 slots, or with --stride N each Nth and the one after it. Four constants are fitted, to
Italy's median delay, the width between its 20 % tails, and its median rates (`--fit` fits them anew
and goes on with what it found). Everything else is prediction. A constant model - Italy's medians
everywhere, always - is the control in the same run.

Prints one JSON line, and tables on stderr. docs/validation.md explains them.

Exit status 1 if the control wins one of the four contests that count - Italy's tails, its steps
between slots and hours of day, the way from Milan to Lampedusa -, or if what was fitted is off by
more than 2 % (the latter on the catalogue that it was fitted on). The comparisons over further
countries are open: printed beside, won or lost, without a say in the status.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from baluardo.terms import SLOT_SECONDS, slot_at, slot_start
from baluardo.twin.catalogues import load_catalogue
from baluardo.twin.paths.model import PathModel

sys.path.insert(0, str(Path(__file__).parent))
from choices import PUBLISHED as PUBLISHED_CHOICES
from choices import PUBLISHED_RANKS, choices
from contests import (
    ITALY_UTC_OFFSET_H,
    Contest,
    Figures,
    asides,
    contests,
    evening_loads,
    figures,
    fit,
    fitted_misses,
    mean_misses,
    open_contests,
)
from ensembles import check_composition, columns, populations, run
from machine import machine
from published import CONTROL, ITALY, PUBLISHED, Published

REAL = Path(__file__).parents[2] / "shared/data/sky/starlink_2025-05-29.tle"
MOST_MISS = 0.02
"""By how much the fitted figures may be off."""
SLOTS_AN_HOUR = 3_600 // SLOT_SECONDS
CHOICE_STRIDE = 48
"""The choice of satellites is looked at in each so many slots."""


def table(found: Mapping[str, Figures]) -> str:
    """Return the places' figures beside the published ones, as Markdown."""
    lines = [
        "| place | delay p20/p50/p80 ms | published | miss p50 | control | Mbit/s down | published "
        "| miss | up | published | miss | load |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, known in PUBLISHED.items():
        f = found[name]
        lines.append(
            f"| {known.name} | {f.fast_ms:.1f}/{f.median_ms:.1f}/{f.slow_ms:.1f} "
            f"| {_tails(known)} | {round(f.median_ms - known.median_ms, 1) + 0.0:+.1f} "
            f"| {CONTROL.median_ms - known.median_ms:+.1f} "
            f"| {f.down_mbps:.0f} | {known.down_mbps:.0f} | {_part(f.down_mbps, known.down_mbps)} "
            f"| {f.up_mbps:.1f} | {known.up_mbps:.1f} | {_part(f.up_mbps, known.up_mbps)} "
            f"| {f.load:.2f} |"
        )
    return "\n".join(lines)


def _tails(known: Published) -> str:
    fast = "-" if known.fast_ms is None else f"{known.fast_ms:.1f}"
    slow = "-" if known.slow_ms is None else f"{known.slow_ms:.1f}"
    return f"{fast}/{known.median_ms:.1f}/{slow}"


def _part(value: float, known: float) -> str:
    return f"{round(value / known - 1.0, 2) + 0.0:+.0%}"


def contest_table(rows: Sequence[Contest]) -> str:
    """Return the contests as Markdown."""
    lines = [
        "| contest | expected | twin | control | nearer | counts |",
        "|---|---|---|---|---|---|",
    ]
    for c in rows:
        unit = f" {c.unit}" if c.unit else ""
        lines.append(
            f"| {c.name} | {c.expected:.2f}{unit} | {c.twin:.2f} | {c.control:.2f} "
            f"| {'control' if c.lost else 'twin'} | {'yes' if c.counts else 'open'} |"
        )
    return "\n".join(lines)


def slots_of(hours: float, stride: int) -> list[int]:
    """Return the slots that are planned: all, or each so many and the one after it."""
    last = round(hours * SLOTS_AN_HOUR)
    return sorted({s + k for s in range(0, last, stride) for k in (0, 1) if s + k < last})


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--catalogue", default=str(REAL) if REAL.exists() else None)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--terminals", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--fit", action="store_true", help="fit the four constants anew")
    parser.add_argument("--plots", type=Path, help="folder for the plots of docs/validation.md")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="try another constant"
    )
    return parser.parse_args()


def changes_of(settings: Sequence[str]) -> dict[str, Any]:
    """Return the constants that --set names, with their values."""
    changes = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in {field.name for field in fields(PathModel)}:
            raise SystemExit(f"--set {setting}: PathModel has no {name!r}.")
        changes[name] = float(value)
    return changes


def main() -> int:
    """Measure and print; return the exit status."""
    args, begin = arguments(), time.perf_counter()
    changes = changes_of(args.set)
    model = replace(PathModel(), **changes)
    slots = slots_of(args.hours, args.stride)
    catalogue = load_catalogue(args.catalogue).catalogue
    first = slot_at(catalogue.epoch)
    hours = np.array([slot_start(first + s) / 3_600.0 + ITALY_UTC_OFFSET_H for s in slots]) % 24.0
    where, numbers = columns(populations(args.terminals)), np.array(slots, dtype=np.int64)
    apart = check_composition(args.catalogue, args.terminals, model)
    if not apart < 1e-4:
        raise SystemExit(f"Parts and planner differ by {apart}: ensembles.py is out of date.")
    parts = run(args.catalogue, args.terminals, slots, model, args.processes)
    if args.fit:
        model = fit(parts.of(where[ITALY]), model)
    found = {name: figures(parts.of(where[name]), model) for name in PUBLISHED}
    rows = contests(parts, where, model, numbers, hours)
    rows += open_contests(parts, where, model, found)
    beside = asides(parts, where, model, numbers, hours)
    taken = choices(args.catalogue, range(0, round(args.hours * SLOTS_AN_HOUR), CHOICE_STRIDE))
    misses = fitted_misses(found[ITALY])
    line = {
        "benchmark": "validation",
        "slots": len(slots),
        "terminals": args.terminals,
        "catalogue": Path(args.catalogue).name if args.catalogue else "built-in shells",
        "constants": {
            name: getattr(model, name)
            for name in ("base_delay_s", "scheduling_s", "share_down", "share_up", *changes)
        },
        "fitted_misses": {name: round(miss, 4) for name, miss in misses.items()},
        "places": {
            name: {k: round(v, 3) for k, v in asdict(f).items()} for name, f in found.items()
        },
        "mean_misses": mean_misses(found),
        "contests": [asdict(c) | {"lost": c.lost} for c in rows],
        "asides": {name: round(value, 3) for name, value in beside.items()},
        "evening_loads": {
            name: evening_loads(parts.of(where[name]), catalogue.generation, hours)
            for name in (ITALY, "FR")
        },
        "choices": taken,
        "published_choices": PUBLISHED_CHOICES | {"ranks": PUBLISHED_RANKS},
        "seconds": round(time.perf_counter() - begin, 1),
        "machine": machine(),
    }
    sys.stdout.write(json.dumps(line) + os.linesep)
    sys.stderr.write(f"{table(found)}\n\n{contest_table(rows)}\n")
    if args.plots:
        from validation_plots import draw  # noqa: PLC0415 - Matplotlib is of the bench group only

        draw(args.plots, parts, where, model, numbers, hours, found)
    bad = [c.name for c in rows if c.lost and c.counts]
    if args.catalogue and Path(args.catalogue).name == REAL.name:
        bad += [name for name, miss in misses.items() if abs(miss) > MOST_MISS]
    if bad:
        sys.stderr.write(f"Missed: {', '.join(bad)}.\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
