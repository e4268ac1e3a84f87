"""Real tracks, see `data/README.md`."""

import csv
from pathlib import Path

from baluardo.fleet.tracks.report import PositionReport, ReportSource

DATA = Path(__file__).parent / "data"


def real_track(name, source=ReportSource.AIS):
    """Return the reports of a file of `data`."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return [
            PositionReport(
                platform=row["platform"],
                time=float(row["seconds"]),
                lat_deg=float(row["lat_deg"]),
                lon_deg=float(row["lon_deg"]),
                speed_m_s=float(row["speed_m_s"]) if row["speed_m_s"] else None,
                course_deg=float(row["course_deg"]) if row["course_deg"] else None,
                source=source,
            )
            for row in csv.DictReader(file)
        ]
