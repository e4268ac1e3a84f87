"""Warnings: encoding them, a plan of beams, and a million handsets, each beside its control.

Usage: python benchmarks/emergency.py [--catalogue FILE] [--handsets N] [--minutes N] [--rounds N]

Prints one JSON line:

- `encoding`: see `emergency_encoding.py`.
- `plan`: beams for 5,000 warned cells over 5 minutes of the real sky, after compilation, on one
  core. `plan_ms` is the whole call with the usual load beside the warning. The control is SciPy's
  exact assignment of beams to cells, dwell by dwell, which knows no severity, no fairness and no
  usual load; without SciPy it is a greedy assignment in NumPy, named in `control`. `of_exact` is
  the expected reach of the first dwell, as a part of the exact assignment's. `contacts_ms` is what
  the plan starts from: who can light whom.
- `reach`: the simulated handsets for a whole event on the cores there are, `reach_s` with placing
  and counting them. The control is a plain NumPy job that takes every handset through every dwell;
  it runs on fewer and is scaled. `apart` is how far it ends from ours: both live by one model.

Exit status 1 when fewer than 10,000 warnings a second are encoded, the plan takes over 100 ms, or
the handsets over 10 s.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from baluardo.emergency.beams.contacts import DWELL_S, PhoneContacts
from baluardo.emergency.beams.forecast import forecast
from baluardo.emergency.beams.phones import AFTER_EARTHQUAKE, Phones
from baluardo.emergency.beams.plan import BeamPlan, plan
from baluardo.emergency.beams.wanted import CellWarning, Wanted
from baluardo.emergency.reach.curve import ReachCurve, compare, curve
from baluardo.emergency.reach.handsets import Handsets, populate, simulate
from baluardo.geo.cells import cells_of
from baluardo.geo.polygons import Polygon
from baluardo.geo.regions import Region
from baluardo.twin.catalogues import load_catalogue
from baluardo.twin.paths.phone_contacts import phone_contacts
from baluardo.twin.sky.sky import Sky

sys.path.insert(0, str(Path(__file__).parent))
import emergency_encoding
from machine import machine

Floats = npt.NDArray[np.float64]

REAL = Path(__file__).parents[2] / "shared/data/sky/starlink_2025-05-29.tle"
CELLS = 5_000
PLAN_DWELLS = 60
WEST, SOUTH, EAST, NORTH = 6.0, 35.5, 19.0, 47.5
"""Italy and what lies around it: over 5,000 cells."""
OCTETS = 2_460.0
"""15 pages in each of two languages: the longest that a public warning is."""
CONTROL_DWELLS = 6
CONTROL_HANDSETS = 20_000
SEED = 2_016
LIMITS = {"plan_ms": 100.0, "reach_s": 10.0}


def ground() -> tuple[Floats, Floats, Floats]:
    """Return latitudes, longitudes and people of the cells; people by dice, as uneven as towns."""
    box = np.array([[WEST, SOUTH], [EAST, SOUTH], [EAST, NORTH], [WEST, NORTH]])
    cells = cells_of(Region("box", (Polygon((box,)),)))
    people = np.random.default_rng(SEED).pareto(1.2, CELLS) * 1_000.0
    return cells.lat_deg[:CELLS], cells.lon_deg[:CELLS], people


def timed(call: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Return the median time of a call, seconds, after one that compiles, and its answer."""
    answer, spans = call(), []
    for _ in range(rounds):
        begin = time.perf_counter()
        answer = call()
        spans.append(time.perf_counter() - begin)
    return statistics.median(spans), answer


def worth_of(contacts: PhoneContacts, people: Floats, phones: Phones, dwell: int) -> Floats:
    """Return what a visit is worth at first, people who can hear, (entries of a dwell,)."""
    part = slice(int(contacts.first[dwell]), int(contacts.first[dwell + 1]))
    snr, out = contacts.snr_db[part], phones.outdoors_at_start
    indoors = np.array([phones.indoors_reached(float(s)) for s in snr])
    hear = out * phones.open_sky * (snr >= phones.least_snr_db) + (1.0 - out) * indoors
    return np.asarray(people[contacts.cell[part]] * hear)


def control_plan(contacts: PhoneContacts, worth: Floats, dwell: int) -> tuple[str, float]:
    """Assign the beams of one dwell plainly; return by what, and what that is worth."""
    part = slice(int(contacts.first[dwell]), int(contacts.first[dwell + 1]))
    cell, satellite = contacts.cell[part], contacts.satellite[part]
    try:
        from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - the peer is optional
    except ImportError:
        free, lit, total = contacts.beams.copy(), np.zeros(CELLS, dtype=np.bool_), 0.0
        for e in np.argsort(-worth, kind="stable").tolist():
            if not lit[cell[e]] and free[satellite[e]] > 0:
                lit[cell[e]] = True
                free[satellite[e]] -= 1
                total += float(worth[e])
        return "greedy in NumPy", total
    here = np.unique(satellite)
    beam = np.repeat(here, contacts.beams[here])
    value = np.zeros((CELLS, beam.size))
    for s in here.tolist():
        mine = satellite == s
        value[np.ix_(cell[mine], np.flatnonzero(beam == s))] = worth[mine][:, None]
    rows, columns = linear_sum_assignment(value, maximize=True)
    return "linear_sum_assignment", float(value[rows, columns].sum())


def measure_plan(sky: Sky, phones: Phones, rounds: int) -> dict[str, Any]:
    """Plan the beams of 5,000 cells, beside the control."""
    lat, lon, people = ground()

    def look() -> PhoneContacts:
        start = sky.catalogue.epoch
        return PhoneContacts.of(phone_contacts(sky, lat, lon, start=start, dwells=PLAN_DWELLS))

    contacts_s, contacts = timed(look, 3)
    warning = CellWarning(np.arange(CELLS, dtype=np.int32), people, 3, OCTETS)
    wanted = Wanted.of(CELLS, [warning])
    plan_s, beams = timed(lambda: plan(contacts, wanted, phones, usual=people), rounds)
    alone_s, _ = timed(lambda: plan(contacts, wanted, phones), rounds)
    forecast_s, _ = timed(lambda: forecast(beams, warning, phones), 3)
    spans, name, exact = [], "", 0.0
    for dwell in range(CONTROL_DWELLS):
        begin = time.perf_counter()
        name, worth = control_plan(contacts, worth_of(contacts, people, phones, dwell), dwell)
        spans.append(time.perf_counter() - begin)
        exact = worth if dwell == 0 else exact
    control_s = statistics.median(spans) * PLAN_DWELLS
    return {
        "plan_ms": round(plan_s * 1e3, 1),
        "without_usual_load_ms": round(alone_s * 1e3, 1),
        "control": name,
        "control_ms": round(control_s * 1e3, 1),
        "ratio": round(control_s / plan_s, 1),
        "of_exact": round(first_worth(contacts, beams, people, phones) / exact, 4),
        "cells": CELLS,
        "dwells": PLAN_DWELLS,
        "contacts": len(contacts.cell),
        "satellites": len(contacts.satellites),
        "beams_a_dwell": round(len(beams.cell) / PLAN_DWELLS, 1),
        "contacts_ms": round(contacts_s * 1e3, 1),
        "forecast_ms": round(forecast_s * 1e3, 1),
    }


def first_worth(contacts: PhoneContacts, beams: BeamPlan, people: Floats, phones: Phones) -> float:
    """Return what the plan's first dwell is worth."""
    worth = worth_of(contacts, people, phones, 0)
    part = slice(0, int(contacts.first[1]))
    pairs = contacts.cell[part].astype(np.int64) * len(contacts.satellites)
    mine = slice(0, int(beams.first[1]))
    chosen = beams.cell[mine].astype(np.int64) * len(contacts.satellites) + beams.satellite[mine]
    return float(worth[np.isin(pairs + contacts.satellite[part], chosen)].sum())


def control_reach(beams: BeamPlan, handsets: Handsets, phones: Phones) -> float:
    """Take every handset through every dwell with NumPy; return the share that has shown it."""
    dice = np.random.default_rng(SEED + 1)
    lit, n = beams.lit(), len(handsets)
    periods = np.array(phones.period_dwells(beams.dwell_s))[handsets.period]
    in_time = phones.in_time(OCTETS, beams.dwell_s)
    stays = np.exp(-beams.dwell_s / phones.moving_s)
    outside = dice.random(n) < phones.outdoors_at_start
    looks_in = dice.integers(0, periods)
    able = handsets.working & handsets.capable & ~handsets.opted_out & ~handsets.grounded
    shown = np.full(n, beams.dwells + 1)
    wait = np.where(handsets.positioned, 0, np.ceil(phones.position_wait_s / beams.dwell_s))
    for k in range(beams.dwells):
        if k > 0:
            tends = phones.outdoors * (1.0 - stays)
            outside = dice.random(n) < tends + np.where(outside, stays, 0.0)
            anew = k % periods == 0
            looks_in[anew] = k + dice.integers(0, periods[anew])
        signal = lit[handsets.cell, k]
        with np.errstate(invalid="ignore"):
            loud = signal - np.where(outside, 0.0, handsets.loss_db) >= phones.least_snr_db
        luck = dice.random(n) < in_time * np.where(outside, phones.open_sky, 1.0)
        hears = able & (looks_in == k) & loud & luck
        shown = np.where(hears, np.minimum(shown, k + 1 + wait), shown)
    return float((shown[handsets.inside] <= beams.dwells).mean())


def measure_reach(sky: Sky, phones: Phones, count: int, minutes: float) -> dict[str, Any]:
    """Let handsets live through an event, beside the control and the forecast."""
    lat, lon, people = ground()
    dwells = round(minutes * 60.0 / DWELL_S)
    contacts = PhoneContacts.of(
        phone_contacts(sky, lat, lon, start=sky.catalogue.epoch, dwells=dwells)
    )
    warning = CellWarning(np.arange(CELLS, dtype=np.int32), people, 3, OCTETS)
    wanted = Wanted.of(CELLS, [warning])
    beams = plan(contacts, wanted, phones)
    expected = forecast(beams, warning, phones)

    def event() -> ReachCurve:
        handsets = populate(people, count, SEED, phones)
        return curve(handsets, simulate(beams, handsets, phones, octets=wanted.octets))

    reach_s, counted = timed(event, 3)
    few = populate(people, CONTROL_HANDSETS, SEED, phones)
    begin = time.perf_counter()
    plain = control_reach(beams, few, phones)
    control_s = (time.perf_counter() - begin) * count / CONTROL_HANDSETS
    found = compare(counted, expected, warning.cells)
    return {
        "reach_s": round(reach_s, 3),
        "control_s": round(control_s, 1),
        "ratio": round(control_s / reach_s, 1),
        "handsets": count,
        "minutes": minutes,
        "reached": round(float(counted.share[-1]), 4),
        "forecast": round(float(expected.share[-1]), 4),
        "largest_difference": round(abs(found.share), 5),
        "in_deviations": round(found.deviations, 2),
        "apart": round(abs(plain - float(counted.share[-1])), 4),
    }


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--catalogue", default=str(REAL) if REAL.exists() else None)
    parser.add_argument("--handsets", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=9, help="of the plan; the median counts")
    args = parser.parse_args()
    sky = Sky(load_catalogue(args.catalogue).catalogue)
    encoding = emergency_encoding.measure()
    planned = measure_plan(sky, AFTER_EARTHQUAKE, args.rounds)
    reached = measure_reach(sky, AFTER_EARTHQUAKE, args.handsets, args.minutes)
    line = {
        "benchmark": "emergency",
        "encoding": encoding,
        "plan": planned,
        "reach": reached,
        "catalogue": Path(args.catalogue).name if args.catalogue else "built-in shells",
        "machine": machine(),
    }
    sys.stdout.write(json.dumps(line) + os.linesep)
    figures = planned | reached
    missed = [name for name, limit in LIMITS.items() if float(figures[name]) > limit]
    missed += emergency_encoding.missed(encoding)
    if missed:
        sys.stderr.write(f"Missed: {', '.join(missed)}.\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
