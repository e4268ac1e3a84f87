"""The files of contact plans: JSON, CSV, CZML, and a calendar of gaps, four for each platform."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from baluardo.cli.files import write_whole
from baluardo.errors import TargetError
from baluardo.fleet.contacts.as_csv import as_csv
from baluardo.fleet.contacts.as_json import as_json
from baluardo.fleet.contacts.czml import as_czml
from baluardo.fleet.contacts.gap_calendar import gap_calendar
from baluardo.fleet.contacts.plan import ContactPlan

LONGEST_NAME = 60


def check_folder(folder: Path) -> None:
    """Make a folder if there is none, before plans are made for it; TargetError if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise TargetError(f"{folder} cannot be written: {problem.strerror or problem}.") from None


def write_plans(plans: list[ContactPlan], folder: Path, language: str) -> list[Path]:
    """Write each plan's files into a folder and return them; TargetError if one cannot be."""
    written: list[Path] = []
    for plan, stem in zip(plans, _stems([p.platform.name for p in plans]), strict=True):
        octets = {
            "json": _json(as_json(plan)),
            "csv": as_csv(plan).encode(),
            "czml": _json(as_czml(plan)),
            "ics": gap_calendar(plan, time.time(), language),
        }
        for kind, each in octets.items():
            path = folder / f"{stem}.{kind}"
            write_whole(path, each)
            written.append(path)
    return written


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _stems(names: list[str]) -> list[str]:
    """Return a file's name for each platform: small letters and digits, and no two alike."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:LONGEST_NAME] or "platform"
        stem, number = plain, 1
        while stem in found:
            number += 1
            stem = f"{plain}-{number}"
        found.append(stem)
    return found
