"""From records to a catalogue, whatever their format was."""

from __future__ import annotations

import pytest

from baluardo.errors import CatalogueError
from baluardo.twin.sky.records import MAX_SATELLITES, ElementRecord, catalogue_of


def record(number: int, day: float) -> ElementRecord:
    return ElementRecord(
        line=1,
        name="A",
        number=number,
        epoch_jd=2_460_824.5 + day,
        epoch_fraction=0.0,
        bstar=0.0,
        ndot=0.0,
        nddot=0.0,
        eccentricity=0.0,
        arg_perigee_deg=0.0,
        inclination_deg=53.0,
        mean_anomaly_deg=0.0,
        mean_motion_rev_day=15.0,
        raan_deg=0.0,
    )


def test_more_satellites_than_can_be_planned_for_are_refused() -> None:
    records = [record(number, 0.0) for number in range(1, MAX_SATELLITES + 2)]
    # Several epochs of one satellite are one satellite.
    assert len(catalogue_of([*records[:-1], record(1, 1.0)], "file")) == MAX_SATELLITES
    with pytest.raises(CatalogueError, match=r"holds 30,001 satellites, more than 30,000; choose"):
        catalogue_of(records, "file")
