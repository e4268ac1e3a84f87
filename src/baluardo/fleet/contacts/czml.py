"""A contact plan as CZML, for a globe: the platform, the satellites that serve it, and when.

As the format's guide has it ("CZML Guide", Analytical Graphics, version 1.0): an array of packets,
the document first; times ISO 8601; positions m, Earth-fixed (`cartesian`), or degrees and m
(`cartographicDegrees`), sampled in seconds after an epoch. A satellite is there only during its
contacts (`availability`); its position is given per contact, so that nothing is interpolated from
one pass to another. Names stand in `name` and `label`, which are plain text; `description`, which
is HTML, is not used.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt

from baluardo.fleet.contacts.moments import iso
from baluardo.fleet.contacts.plan import Contact, ContactPlan, contacts, gaps
from baluardo.terms import SLOT_SECONDS
from baluardo.twin.sky.propagation import positions_at

Packet = dict[str, Any]

VERSION = "1.0"

SERVED_RGBA = [33, 144, 141, 255]
GAP_RGBA = [213, 94, 0, 255]
"""Told apart without telling red from green (Okabe, Ito, 2008)."""

SPEED_UP = 60.0
"""Seconds of the plan that pass in one on the clock at first. Our choice."""

_DEGREE = 3
"""Of the interpolation between slots: 15 s apart, it is right to a metre; a straight line is off by
half a kilometre."""


def as_czml(plan: ContactPlan) -> list[Packet]:
    """Return a plan's packets, values that JSON takes; only the document where it has no slot."""
    span = f"{iso(plan.start)}/{iso(plan.end)}"
    document: Packet = {"id": "document", "name": plan.platform.name, "version": VERSION}
    if not len(plan):
        return [document]
    document["clock"] = {
        "interval": span,
        "currentTime": iso(plan.start),
        "multiplier": SPEED_UP,
        "range": "CLAMPED",
        "step": "SYSTEM_CLOCK_MULTIPLIER",
    }
    by_satellite: defaultdict[int, list[Contact]] = defaultdict(list)
    for contact in contacts(plan):
        by_satellite[contact.number].append(contact)
    packets = [document, _platform(plan, span)]
    for number, found in by_satellite.items():
        packets += _satellite(plan, number, _joined(found))
    return packets


def _platform(plan: ContactPlan, span: str) -> Packet:
    where = plan.where
    after = SLOT_SECONDS * np.arange(len(plan), dtype=np.float64)
    columns = after, where.lon_deg, where.lat_deg, where.height_m
    rows = np.column_stack(columns)
    # Where it is at the very end is not in the plan: it stays for the last slot.
    rows = np.vstack([rows, [after[-1] + SLOT_SECONDS, *rows[-1, 1:]]])
    # A sampled longitude must not run backwards round the Earth at the date line.
    rows[:, 1] = np.degrees(np.unwrap(np.radians(rows[:, 1])))
    colours = [(gap.start, gap.end, GAP_RGBA) for gap in gaps(plan)]
    colours += [(c.start, c.end, SERVED_RGBA) for c in contacts(plan)]
    return {
        "id": _platform_id(plan),
        "name": plan.platform.name,
        "availability": span,
        "position": {
            "epoch": iso(plan.start),
            "interpolationAlgorithm": "LINEAR",
            "interpolationDegree": 1,
            "cartographicDegrees": rows.round(6).ravel().tolist(),
        },
        "point": {
            "pixelSize": 10,
            "color": [
                {"interval": f"{iso(a)}/{iso(b)}", "rgba": rgba} for a, b, rgba in sorted(colours)
            ],
        },
        "label": {
            "text": plan.platform.name,
            "font": "12pt sans-serif",
            "pixelOffset": {"cartesian2": [0, -16]},
        },
        "path": {"width": 2, "material": {"solidColor": {"color": {"rgba": SERVED_RGBA}}}},
    }


def _satellite(plan: ContactPlan, number: int, spans: list[tuple[float, float]]) -> list[Packet]:
    """Return the packets of a satellite and of the line to it."""
    index = plan.sky.catalogue.index_of(number)
    name = plan.sky.catalogue.names[index]
    # A sample beyond either end, so that the first and the last stretch are as good as the others.
    times = [
        np.arange(a - SLOT_SECONDS, b + SLOT_SECONDS + 1.0, float(SLOT_SECONDS)) for a, b in spans
    ]
    keep = np.zeros(len(plan.sky.catalogue), dtype=np.bool_)
    keep[index] = True
    metres = 1_000.0 * positions_at(plan.sky.catalogue.select(keep), np.concatenate(times))[:, 0]
    parts = np.split(metres, np.cumsum([len(t) for t in times])[:-1])
    intervals = [f"{iso(a)}/{iso(b)}" for a, b in spans]
    availability = intervals[0] if len(intervals) == 1 else intervals
    who = f"{_platform_id(plan)}/satellite/{number}"
    return [
        {
            "id": who,
            "name": name,
            "availability": availability,
            "position": [
                {
                    "interval": interval,
                    "epoch": iso(float(moments[0])),
                    "interpolationAlgorithm": "LAGRANGE",
                    "interpolationDegree": _DEGREE,
                    "referenceFrame": "FIXED",
                    "cartesian": _sampled(moments - moments[0], part),
                }
                for interval, moments, part in zip(intervals, times, parts, strict=True)
            ],
            "point": {"pixelSize": 6, "color": {"rgba": SERVED_RGBA}},
            "label": {
                "text": name,
                "font": "10pt sans-serif",
                "pixelOffset": {"cartesian2": [0, 14]},
            },
        },
        {
            "id": f"{who}/line",
            "name": f"{plan.platform.name} - {name}",
            "availability": availability,
            "polyline": {
                "show": [{"interval": each, "boolean": True} for each in intervals],
                "width": 2,
                "arcType": "NONE",
                "material": {"solidColor": {"color": {"rgba": SERVED_RGBA}}},
                "positions": {
                    "references": [
                        f"{_reference(_platform_id(plan))}#position",
                        f"{_reference(who)}#position",
                    ]
                },
            },
        },
    ]


def _joined(found: list[Contact]) -> list[tuple[float, float]]:
    """Return when a satellite serves; contacts that differ in the landing alone are one."""
    spans: list[tuple[float, float]] = []
    for contact in found:
        if spans and spans[-1][1] == contact.start:
            spans[-1] = spans[-1][0], contact.end
        else:
            spans.append((contact.start, contact.end))
    return spans


def _sampled(seconds: npt.NDArray[np.float64], metres: npt.NDArray[np.float64]) -> list[float]:
    rows: list[float] = np.column_stack([seconds, metres]).round(1).ravel().tolist()
    return rows


def _platform_id(plan: ContactPlan) -> str:
    return f"platform/{plan.platform.name}"


def _reference(identity: str) -> str:
    """Return an id as a reference takes it: "#" and "\\" are escaped there."""
    return identity.replace("\\", "\\\\").replace("#", "\\#")
