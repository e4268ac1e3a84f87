"""A square round Norcia, and drafts for it that nothing is wrong with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.cap.alert import Alert
from baluardo.emergency.profile.profile import Profile
from baluardo.emergency.writing.checks import NOTHING_KNOWN, Known, problems_of_draft
from baluardo.emergency.writing.draft import Draft, compose, identifier_for
from baluardo.emergency.writing.templates import Template, Templates
from baluardo.geo.polygons import Polygon

SENT = datetime(2026, 11, 23, 16, 40, tzinfo=UTC)
"""17:40 in Italy."""
SENDER = "warnings@italy.example"
RING = [[13.0, 42.7], [13.2, 42.7], [13.2, 42.9], [13.0, 42.9]]


@cache
def profile() -> Profile:
    return Profile.load("IT")


@cache
def templates() -> Templates:
    return Templates.load("IT")


def square(lon: float = 13.0, lat: float = 42.7, side: float = 0.2) -> WarnedArea:
    ring = np.array([[0.0, 0.0], [side, 0.0], [side, side], [0.0, side]]) + np.array([lon, lat])
    return WarnedArea.of_polygons([Polygon((ring,))])


@cache
def norcia() -> WarnedArea:
    return square()


def until(template: Template) -> str:
    """Return the end that a text must name for the template's own expiry."""
    ends = SENT + timedelta(hours=1, minutes=template.expires_minutes)
    return f"{ends:%H:%M}"


def values(template: Template) -> dict[str, str]:
    """Return examples for every gap, with the end that the alert will have."""
    found = {each.name: each.example for each in template.fields}
    return {**found, "UNTIL": until(template)} if "UNTIL" in found else found


def of_template(template: str, **changes: Any) -> dict[str, Any]:
    """Return the draft of a template, filled, for the square."""
    chosen = templates().get(template)
    return {
        **chosen.filled(values(chosen)),
        "area": {"kind": "polygon", "rings": [RING]},
        "area_name": "Norcia e Castelluccio",
        **changes,
    }


def changed(made: dict[str, Any], language: str, **texts: str) -> dict[str, Any]:
    """Return a draft of which one language says something else."""
    infos = [{**each, **(texts if each["language"] == language else {})} for each in made["infos"]]
    return {**made, "infos": infos}


def composed(made: dict[str, Any], warned: WarnedArea | None = None) -> tuple[Draft, Alert]:
    draft = Draft.of_object(made, "The draft")
    identifier = identifier_for(profile(), draft.channel, SENT, "0a1b2c3d")
    area = norcia() if warned is None else warned
    return draft, compose(draft, area, profile(), SENDER, identifier, SENT)


def found_in(
    made: dict[str, Any], warned: WarnedArea | None = None, known: Known = NOTHING_KNOWN
) -> dict[str, str]:
    """Return what is wrong with a draft: the gravity by code, an error before a warning."""
    draft, alert = composed(made, warned)
    area = norcia() if warned is None else warned
    problems = problems_of_draft(draft, alert, area, profile(), SENT.timestamp(), known)
    for each in problems:
        assert each.text.it.endswith((".", "?")), each
        assert each.text.en.endswith((".", "?")), each
    return {
        each.code: each.gravity.value for each in sorted(problems, key=lambda p: p.gravity)[::-1]
    }
