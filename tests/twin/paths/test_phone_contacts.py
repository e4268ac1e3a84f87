"""Contacts of cells with satellites for phones: against windows, and against looking at each."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from baluardo.emergency.beams.contacts import PhoneContacts as EmergencyContacts
from baluardo.errors import InvalidInputError
from baluardo.terms import Mask, Place, slot_at, slot_start
from baluardo.twin.paths import phone_contacts as module
from baluardo.twin.paths.direct import direct_satellites, windows
from baluardo.twin.paths.phone_contacts import PhoneContacts, phone_contacts
from baluardo.twin.radio.direct_to_cell import DirectToCell, direct_links
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.propagation import Propagator
from baluardo.twin.sky.sky import Failures, Sky, SkyOptions
from baluardo.twin.sky.visibility import Observers, sightings

NOON = slot_at(1_748_520_000.0)
START = slot_start(NOON)
LAT_DEG = np.array([37.5, 40.8, 41.9, 42.8, 45.4, 46.5])
LON_DEG = np.array([15.1, 14.3, 12.5, 13.1, 9.2, 11.3])
EDGE_S = 0.2
"""Windows are exact to a tenth of a second."""


@pytest.fixture(scope="module")
def sky(default_catalogue: Catalogue) -> Sky:
    return Sky(default_catalogue)


def by_dwell(found: PhoneContacts) -> list[dict[tuple[int, int], tuple[float, float]]]:
    """Return rate and signal by cell and satellite (index into the catalogue), dwell by dwell."""
    return [
        {
            (int(c), int(found.satellites[s])): (float(rate), float(snr))
            for c, s, rate, snr in zip(
                *(column[a:b] for column in (found.cell, found.satellite)),
                *(column[a:b] for column in (found.rate_bps, found.snr_db)),
                strict=True,
            )
        }
        for a, b in zip(found.first[:-1].tolist(), found.first[1:].tolist(), strict=True)
    ]


@pytest.mark.parametrize("mask_deg", [25.0, 40.0])
def test_contacts_are_the_dwells_that_lie_inside_windows(sky: Sky, mask_deg: float) -> None:
    found = phone_contacts(
        sky, LAT_DEG, LON_DEG, start=START, dwells=120, min_elevation_deg=mask_deg
    )
    pairs = by_dwell(found)
    seen = 0
    for cell, (lat, lon) in enumerate(zip(LAT_DEG, LON_DEG, strict=True)):
        place = Place("cell", float(lat), float(lon))
        open_ = windows(sky, lambda _, p=place: p, Mask(mask_deg), range(NOON, NOON + 40))
        for k, start in enumerate(found.starts.tolist()):
            end = start + 5.0
            surely = {
                w.satellite for w in open_ if w.rise <= start - EDGE_S and w.end >= end + EDGE_S
            }
            maybe = {
                w.satellite for w in open_ if w.rise <= start + EDGE_S and w.end >= end - EDGE_S
            }
            # What is cut at the span's ends is open there.
            surely |= {w.satellite for w in open_ if w.rise <= start and w.end >= end and k == 0}
            mine = {s for c, s in pairs[k] if c == cell}
            assert surely <= mine <= maybe
            seen += len(mine)
    assert seen > 100


def test_contacts_are_what_looking_at_every_satellite_gives(sky: Sky) -> None:
    """By SGP4 and `sightings` at both ends of the dwell, and the link's own formula."""
    start, options = START + 3.3, DirectToCell(channel_hz=1.4e6, beams=5)
    found = phone_contacts(
        sky, LAT_DEG, LON_DEG, start=start, dwells=9, dwell_s=7.5, options=options
    )
    observers = Observers.of(
        [Place("cell", *at) for at in zip(LAT_DEG.tolist(), LON_DEG.tolist(), strict=True)],
        Mask(25.0),
    )
    rows = direct_satellites(sky)
    working = np.zeros(len(sky.catalogue), dtype=np.bool_)
    working[rows] = True
    positions = Propagator(sky.catalogue).positions(start + 7.5 * np.arange(10))
    looks = []
    for moment in positions:
        s = sightings(observers, moment, working)
        cell = np.repeat(np.arange(len(observers)), np.diff(s.starts))
        looks.append(
            dict(
                zip(
                    zip(cell.tolist(), s.satellites.tolist(), strict=True),
                    s.range_km.tolist(),
                    strict=True,
                )
            )
        )
    for k, mine in enumerate(by_dwell(found)):
        both = looks[k].keys() & looks[k + 1].keys()
        assert mine.keys() == both
        for pair, (rate, snr) in mine.items():
            link = direct_links(90.0, max(looks[k][pair], looks[k + 1][pair]), options)
            assert snr == pytest.approx(float(link.snr_down_db), abs=1e-3)
            assert rate == pytest.approx(float(link.down_bps), rel=1e-3)
    assert set(found.beams.tolist()) == {5}
    assert set(found.satellites.tolist()) <= set(rows.tolist())


def test_the_columns_are_those_that_plans_of_beams_take(sky: Sky) -> None:
    found = phone_contacts(sky, LAT_DEG, LON_DEG, start=START, dwells=4)
    taken = EmergencyContacts.of(found)  # which refuses what is not in order
    assert [f.name for f in fields(PhoneContacts)] == [f.name for f in fields(EmergencyContacts)]
    assert taken.cell is found.cell
    for name in ("cell", "satellite"):
        assert getattr(found, name).dtype == np.int32
    for name in ("rate_bps", "snr_db"):
        assert getattr(found, name).dtype == np.float32


def test_satellites_that_failed_light_nothing(sky: Sky, default_catalogue: Catalogue) -> None:
    before = phone_contacts(sky, LAT_DEG, LON_DEG, start=START, dwells=4)
    lost = int(before.satellites[before.satellite[0]])
    number = int(default_catalogue.numbers[lost])
    broken = Sky(default_catalogue, SkyOptions(failures=Failures(frozenset({number}))))
    after = phone_contacts(broken, LAT_DEG, LON_DEG, start=START, dwells=4)
    assert lost not in after.satellites
    for one, other in zip(by_dwell(before), by_dwell(after), strict=True):
        assert other == {pair: link for pair, link in one.items() if pair[1] != lost}


def test_it_does_not_matter_how_many_dwells_are_asked_at_once(
    sky: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = phone_contacts(sky, LAT_DEG, LON_DEG, start=START, dwells=23)
    monkeypatch.setattr(module, "_DWELLS_AT_ONCE", 7)
    pieces = phone_contacts(sky, LAT_DEG, LON_DEG, start=START, dwells=23)
    assert by_dwell(whole) == by_dwell(pieces)


def test_cells_all_round_the_earth_lose_no_contact(sky: Sky) -> None:
    """The sieve needs a middle; where there is none, it lets everything through."""
    lat, lon = np.array([40.0, -40.0, 10.0]), np.array([12.0, -168.0, 100.0])
    together = by_dwell(phone_contacts(sky, lat, lon, start=START, dwells=30))
    alone = [
        by_dwell(phone_contacts(sky, lat[c : c + 1], lon[c : c + 1], start=START, dwells=30))
        for c in range(3)
    ]
    for k, found in enumerate(together):
        assert found.keys() == {(c, s) for c in range(3) for _, s in alone[c][k]}


def test_a_pole_without_satellites_has_no_contact(sky: Sky) -> None:
    found = phone_contacts(sky, [90.0], [0.0], start=START, dwells=3)
    assert found.first.tolist() == [0, 0, 0, 0]
    assert found.satellites.size == 0
    EmergencyContacts.of(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dwells": 0}, "dwells 0"),
        ({"dwell_s": 0.0}, "no span"),
        ({"start": float("nan")}, "no span"),
        ({"min_elevation_deg": 90.0}, "min_elevation_deg"),
        ({"lat_deg": [1.0, 2.0]}, "one and the same length"),
        ({"lat_deg": [float("nan")]}, "not on the Earth"),
    ],
)
def test_impossible_questions_are_refused(sky: Sky, change: dict[str, object], words: str) -> None:
    question = {"lat_deg": [41.9], "lon_deg": [12.5], "start": START, "dwells": 2} | change
    lat, lon = question.pop("lat_deg"), question.pop("lon_deg")
    with pytest.raises(InvalidInputError, match=words):
        phone_contacts(sky, lat, lon, **question)
