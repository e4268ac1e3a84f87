"""What `baluardo sky contacts` tells: a table that grows, JSON that grows, CSV, and a summary."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from baluardo.cli.arguments import format_time
from baluardo.cli.opening import OpenedSky
from baluardo.cli.output import emit, jsonable
from baluardo.cli.sky.moments import span_text
from baluardo.terms import SLOT_SECONDS, Lever, slot_start
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.sky.landing import LandingRule, Lasers

Record = dict[str, Any]

NAME_WIDTH = 24
"""Satellites' names that are longer push their line to the right."""

SUMMARISED = ("round_trip_ms", "rate_down_bps", "rate_up_bps")
PERCENTILES = (20.0, 50.0, 80.0)
"""Those that the operator tells of its own service (FACTS, Ground)."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What is asked about: the sky, the terminal as it is at first, and the slots."""

    opened: OpenedSky
    terminal: Terminal
    slots: range

    def as_json(self) -> dict[str, object]:
        """Return what the JSON answer begins with."""
        terminal, rule = self.terminal, self.terminal.rule
        return self.opened.preamble() | {
            "start": format_time(slot_start(self.slots.start)),
            "end": format_time(slot_start(self.slots.stop)),
            "terminal": {
                "lever": Lever.OURS,
                "name": terminal.name,
                "dish": terminal.dish.name.lower(),
                "min_elevation_deg": terminal.mask.min_elevation_deg,
                "gso_avoidance_deg": terminal.mask.gso_avoidance_deg,
                "asked_down_bps": terminal.down_bps,
                "asked_up_bps": terminal.up_bps,
            },
            "priority": {"lever": Lever.CONTRACT, "bought": terminal.contract},
            "landing_rule": {
                "lever": Lever.CONTRACT,
                "gateways": None if rule.gateways is None else sorted(rule.gateways),
                "not_in_countries": sorted(rule.not_in_countries),
                "lasers": rule.lasers,
            },
            "slots_lever": Lever.OBSERVED,
        }

    def lines(self) -> list[str]:
        """Return the lines that stand above the table."""
        t, mask = self.terminal, self.terminal.mask
        dish = t.dish.name.lower().replace("_", " ")
        priority = "bought" if t.contract else "not bought"
        return [
            *self.opened.heading(),
            f"place:     {t.name}, {t.place.lat_deg:.4f}, {t.place.lon_deg:.4f}; {dish} dish that "
            f"looks {mask.min_elevation_deg:g}° high and more, {mask.gso_avoidance_deg:g}° off the "
            "geostationary arc (ours)",
            f"asks for:  {t.down_bps / 1e6:g} Mbit/s down, {t.up_bps / 1e6:g} up (ours); priority "
            f"{priority}, landing {_rule(t.rule)} (contract)",
            f"slots:     {span_text(self.slots)}",
            "observed:  all below; down and up are Mbit/s, h is a hand-over, rain is mm/h",
        ]


def _rule(rule: LandingRule) -> str:
    words = ["anywhere" if rule.gateways is None else f"at {', '.join(sorted(rule.gateways))}"]
    if rule.not_in_countries:
        words.append(f"not in {', '.join(sorted(rule.not_in_countries))}")
    if rule.lasers is not Lasers.ANY:
        words.append(f"lasers {rule.lasers}")
    return ", ".join(words)


class Tally:
    """What the summary is made of, slot after slot."""

    def __init__(self, slots: int) -> None:
        """Make room for so many slots."""
        self._columns = np.full((len(SUMMARISED), slots), np.nan)
        self._slots, self._handovers = 0, 0

    def add(self, record: Record) -> None:
        """Take in a slot."""
        if record["reason"] == "served":
            self._columns[:, self._slots] = [record[name] for name in SUMMARISED]
        self._handovers += record["handover"]
        self._slots += 1

    def summary(self) -> dict[str, Any]:
        """Return percentiles over the slots with service, hand-overs an hour, share without."""
        served = self._columns[:, ~np.isnan(self._columns[0])]
        out: dict[str, Any] = {
            "slots": self._slots,
            "handovers_per_hour": round(
                self._handovers * 3_600.0 / (self._slots * SLOT_SECONDS), 2
            ),
            "outage_share": round(1.0 - served.shape[1] / self._slots, 6),
        }
        for name, column in zip(SUMMARISED, served, strict=True):
            values = np.percentile(column, PERCENTILES).round(3) if column.size else (None,) * 3
            keys = (f"{percent:g} %" for percent in PERCENTILES)
            out[name] = dict(zip(keys, jsonable(values), strict=True))
        return out


class Sheet:
    """The slots as CSV, with the JSON's names at the top."""

    def __init__(self) -> None:
        """Begin an empty sheet."""
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._empty = True

    def add(self, record: Record) -> None:
        """Add a line, before the first one the names."""
        if self._empty:
            self._writer.writerow(record)
            self._empty = False
        self._writer.writerow(record.values())

    def octets(self) -> bytes:
        """Return the whole sheet, UTF-8."""
        return self._text.getvalue().encode()


def print_json(heading: Heading, records: Iterator[Record], tally: Tally) -> None:
    """Print one JSON object, a slot a line, each as soon as it is known."""
    opening = json.dumps(jsonable(heading.as_json()), ensure_ascii=False, indent=2)
    emit(f'{opening.removesuffix("}").rstrip()},\n  "slots": [')
    for number, record in enumerate(records):
        line = json.dumps(record, ensure_ascii=False, allow_nan=False)
        sys.stdout.write(f",\n    {line}" if number else f"    {line}")
        sys.stdout.flush()
    emit(f'\n  ],\n  "summary": {json.dumps(tally.summary(), allow_nan=False)}\n}}')


def print_table(heading: Heading, records: Iterator[Record], tally: Tally) -> None:
    """Print a table, line by line: its columns are as wide as they may become."""
    sky = heading.opened.sky
    name = min(max(len(n) for n in sky.catalogue.names), NAME_WIDTH)
    gateway = max(len(g.place.name) for g in sky.ground.gateways)
    point = max(len(p.place.name) for p in sky.ground.points_of_presence)
    for line in (*heading.lines(), ""):
        emit(line)
    emit(
        f"{'slot begins':20}  {'satellite':{name}}  elev °  azim °  RTT ms    down     up  loss %"
        f"  h  rain  view  {'gateway':{gateway}}  {'for':{point}}  out"
    )
    for r in records:
        lost = 100.0 * max(r["loss_down"], r["loss_up"])
        emit(
            (
                f"{r['time']:20}  {r['satellite'] or '-':{name}}  {_number(r['elevation_deg'])}"
                f"  {_number(r['azimuth_deg'])}  {_number(r['round_trip_ms'])}"
                f"  {r['rate_down_bps'] / 1e6:6.1f}  {r['rate_up_bps'] / 1e6:5.1f}  {lost:6.2f}"
                f"  {'h' if r['handover'] else ' '}  {r['rain_mm_h']:4.1f}  {r['in_view']:4d}"
                f"  {r['gateway'] or '-':{gateway}}  {r['point_of_presence'] or '-':{point}}"
                f"  {'' if r['reason'] == 'served' else r['reason']}"
            ).rstrip()
        )
        sys.stdout.flush()
    for line in _closing(tally.summary()):
        emit(line)


def _number(value: float | None) -> str:
    return f"{'-':>6}" if value is None else f"{value:6.1f}"


def _closing(summary: dict[str, Any]) -> list[str]:
    lines = ["", f"{'of the time with service':24}    20 %  median    80 %"]
    for title, name, scale in (
        ("delay there and back, ms", "round_trip_ms", 1.0),
        ("rate down, Mbit/s", "rate_down_bps", 1e6),
        ("rate up, Mbit/s", "rate_up_bps", 1e6),
    ):
        values = (None if v is None else v / scale for v in summary[name].values())
        lines.append("  ".join((f"{title:24}", *(_number(v) for v in values))))
    return [
        *lines,
        f"{summary['handovers_per_hour']:.0f} hand-overs an hour; out for "
        f"{100.0 * summary['outage_share']:.2f} % of the time.",
    ]
