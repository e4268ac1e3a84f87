"""Plans as JSON, CSV, CZML and calendars, read back by the libraries that others read them with."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import numpy as np
import pytest
from czml_rules import check_czml, samples_of, spans_of, time_of
from fleet_ground import SLOTS, mission, planner_of

from baluardo.errors import InvalidInputError
from baluardo.fleet.contacts.as_csv import COLUMNS, as_csv
from baluardo.fleet.contacts.as_json import FORMAT, as_json
from baluardo.fleet.contacts.causes import CAUSES, cause_name
from baluardo.fleet.contacts.czml import as_czml
from baluardo.fleet.contacts.gap_calendar import gap_calendar
from baluardo.fleet.contacts.plan import availability, contacts, gaps
from baluardo.geo.ellipsoid import earth_fixed
from baluardo.terms import SLOT_SECONDS, slot_start
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.sky.landing import LandingRule, Lasers
from baluardo.twin.sky.propagation import positions_at

WORDS = Path(__file__).parents[2] / "web/src/words"

MADE = 1_748_000_000.0


@pytest.fixture(scope="module")
def planner(default_catalogue):
    return planner_of(default_catalogue)


def with_gaps(planner, *spans, name="Nave Esempio", **more):
    there = mission(planner, name, **more)
    fix = there.where.fix.copy()
    for first, last in spans:
        fix[first:last] = False
    return planner.plan(replace(there, where=replace(there.where, fix=fix)))


@pytest.fixture(scope="module")
def plan(planner):
    return with_gaps(planner, (4, 7), (30, 31))


@pytest.fixture(scope="module")
def stopped(planner):
    """A plan without any contact."""
    rule = LandingRule(frozenset(), frozenset({"BG"}), Lasers.REQUIRED)
    return with_gaps(planner, rule=rule)


def read_calendar(octets):
    calendar = icalendar.Calendar.from_ical(octets)
    assert str(calendar["method"]) == "PUBLISH"
    return list(calendar.walk("VEVENT"))


def test_every_reason_has_words_and_they_are_the_consoles():
    assert set(CAUSES) == set(Reason)
    for language, prefix in (("it", "Non servita: "), ("en", "Not served: ")):
        told = (WORDS / f"{language}.ts").read_text(encoding="utf-8")
        for reason, cause in CAUSES.items():
            assert f"{cause_name(reason)}" in told
            if reason in (Reason.SERVED, Reason.FADED):
                continue
            words = cause.by_language()[language]
            assert prefix + words[0].lower() + words[1:] in re.sub(r"\s+", " ", told)


def test_json_says_what_the_plan_says(plan):
    told = json.loads(json.dumps(as_json(plan), allow_nan=False))
    assert told["format"] == FORMAT
    assert told["platform"]["name"] == "Nave Esempio"
    assert told["availability"] == pytest.approx(availability(plan), abs=1e-6)
    assert told["slots"] == SLOTS
    assert time_of(told["start"]) == plan.start
    assert time_of(told["end"]) == plan.end
    assert told["levers"]["contacts"] == "observed"
    assert told["levers"]["rule"] == "contract"
    assert len(told["contacts"]) == len(contacts(plan))
    for one, other in zip(told["contacts"], contacts(plan), strict=True):
        assert time_of(one["start"]) == other.start
        assert one["satellite"] == other.satellite
        assert one["round_trip_ms"][0] == pytest.approx(1e3 * other.round_trip_s[0], abs=1e-3)
        assert one["sigma_s"] == pytest.approx(other.sigma_s, abs=1e-3)
        assert one["alternatives"] == list(other.alternatives)
    first, second = told["gaps"]
    assert first["cause"] == "no-fix"
    assert first["seconds"] == 45
    assert second["seconds"] == 15
    assert first["words"] == {
        "it": "L'antenna non conosce la propria posizione.",
        "en": "The dish does not know where it is.",
    }
    assert first["sigma_s"] is not None


def test_json_of_a_plan_without_contact_has_a_gap_and_a_rule(stopped):
    told = json.loads(json.dumps(as_json(stopped), allow_nan=False))
    assert told["contacts"] == []
    assert [gap["cause"] for gap in told["gaps"]] == ["no-landing"]
    assert told["gaps"][0]["sigma_s"] is None
    assert told["availability"] == 0.0
    assert told["gap_s"] == SLOTS * SLOT_SECONDS
    assert told["platform"]["rule"] == {
        "gateways": [],
        "not_in_countries": ["BG"],
        "lasers": "required",
    }


def test_csv_has_a_line_a_slot(plan):
    rows = list(csv.DictReader(io.StringIO(as_csv(plan))))
    assert len(rows) == SLOTS
    assert tuple(rows[0]) == COLUMNS
    for k, row in enumerate(rows):
        assert time_of(row["start"]) == slot_start(plan.first_slot + k)
        assert float(row["lat_deg"]) == pytest.approx(plan.where.lat_deg[k], abs=1e-6)
        served = plan.reason[k] == Reason.SERVED
        assert (row["cause"] == "served") == served
        assert bool(row["gateway"]) == served
        if served:
            assert int(row["number"]) == plan.sky.catalogue.numbers[plan.ways.satellite[k, 0]]
            assert float(row["delay_down_ms"]) == pytest.approx(
                1e3 * plan.ways.delay_down_s[k, 0], abs=1e-4
            )
        else:
            assert row["delay_up_ms"] == row["satellite"] == row["sigma_s"] == ""


def test_no_name_is_taken_for_a_formula(plan):
    names = plan.sky.catalogue.names
    evil = replace(plan.sky.catalogue, names=tuple(f"=cmd|{name}" for name in names))
    sky = type("Sky", (), {"catalogue": evil, "ground": plan.sky.ground})()
    for row in csv.reader(io.StringIO(as_csv(replace(plan, sky=sky)))):
        assert not any(cell.startswith("=") for cell in row)


def test_czml_keeps_the_rules(plan, stopped):
    for each in (plan, stopped):
        check_czml(as_czml(each))


def test_czml_shows_the_platform_and_each_satellite_while_it_serves(plan):
    _, platform, *others = check_czml(as_czml(plan))
    samples = samples_of(platform["position"])
    assert len(samples) == SLOTS + 1
    for k in range(SLOTS):
        time, (lon, lat, height) = samples[k]
        assert time == slot_start(plan.first_slot + k)
        assert (lat, lon) == pytest.approx((plan.where.lat_deg[k], plan.where.lon_deg[k]), abs=2e-6)
        assert height == plan.where.height_m[k]
    satellites = {p["name"]: p for p in others if "position" in p}
    found = contacts(plan)
    assert satellites.keys() == {c.satellite for c in found}
    for contact in found:
        spans = spans_of(satellites[contact.satellite]["availability"])
        assert any(a <= contact.start and contact.end <= b for a, b in spans)
    shown = sum(b - a for p in satellites.values() for a, b in spans_of(p["availability"]))
    assert shown == availability(plan) * SLOTS * SLOT_SECONDS


def test_czml_puts_satellites_where_they_are(plan):
    _, _, *others = as_czml(plan)
    contact = contacts(plan)[0]
    (packet,) = [p for p in others if p["name"] == contact.satellite and "position" in p]
    index = plan.sky.catalogue.index_of(contact.number)
    samples = samples_of(packet["position"][0])
    for time, metres in samples:
        there = 1e3 * positions_at(plan.sky.catalogue, [time])[0, index]
        assert np.linalg.norm(there - metres) < 1.0
    # Between two slots, by the cubic through four samples as a viewer has it.
    times = [time for time, _ in samples]
    time = times[1] + 7.0
    weights = [np.prod([(time - b) / (a - b) for b in times[:4] if b != a]) for a in times[:4]]
    between = sum(w * np.array(m) for w, (_, m) in zip(weights, samples[:4], strict=True))
    there = 1e3 * positions_at(plan.sky.catalogue, [time])[0, index]
    assert np.linalg.norm(there - between) < 1.0
    ship = earth_fixed(plan.where.lat_deg[0], plan.where.lon_deg[0], plan.where.height_m[0])
    apart = np.linalg.norm(np.array(samples[1][1]) / 1e3 - ship)
    assert apart == pytest.approx(plan.ways.range_km[0, 0], rel=0.01)


def test_czml_of_a_platform_whose_name_has_every_character(planner):
    check_czml(as_czml(with_gaps(planner, name='Nave #1 \\ "Elettra" <b>')))


def test_czml_crosses_the_date_line_the_short_way(plan):
    lon = np.linspace(179.9, 180.1, SLOTS)
    where = replace(plan.where, lon_deg=(lon + 180.0) % 360.0 - 180.0)
    _, platform, *_ = as_czml(replace(plan, where=where))
    longitudes = [place[0] for _, place in samples_of(platform["position"])]
    assert np.abs(np.diff(longitudes)).max() < 0.01


@pytest.mark.parametrize("language", ["it", "en"])
def test_a_calendar_has_an_event_a_gap_with_an_alarm_ahead(plan, language):
    events = read_calendar(gap_calendar(plan, MADE, language))
    assert len(events) == len(gaps(plan)) == 2
    for event, gap in zip(events, gaps(plan), strict=True):
        assert event.start == datetime.fromtimestamp(gap.start, UTC)
        assert event.end == datetime.fromtimestamp(gap.end, UTC)
        assert event.stamp == datetime.fromtimestamp(MADE, UTC)
        assert "Nave Esempio" in event["summary"]
        assert event["description"] == CAUSES[gap.cause].by_language()[language]
        (alarm,) = event.walk("VALARM")
        assert alarm["trigger"].dt == -timedelta(minutes=10)
        assert alarm["action"] == "DISPLAY"
    assert ("senza collegamento" in events[0]["summary"]) == (language == "it")


def test_a_calendar_is_utc_and_its_lines_are_folded(plan):
    octets = gap_calendar(plan, MADE)
    assert b"TRIGGER:-PT10M\r\n" in octets
    assert re.search(rb"DTSTART:\d{8}T\d{6}Z\r\n", octets)
    assert all(len(line) <= 75 for line in octets.split(b"\r\n"))


def test_a_new_plan_replaces_the_events_of_the_old(planner, plan):
    old = read_calendar(gap_calendar(plan, MADE))
    assert gap_calendar(plan, MADE) == gap_calendar(plan, MADE)
    newer = with_gaps(planner, (4, 9), (20, 21))
    new = read_calendar(gap_calendar(newer, MADE + 600.0, replaced=gaps(plan)))
    by_uid = {str(event["uid"]): event for event in new}
    assert len(by_uid) == 3
    kept = by_uid[str(old[0]["uid"])]
    assert kept.end > old[0].end
    assert kept["sequence"] > old[0]["sequence"]
    gone = by_uid[str(old[1]["uid"])]
    assert gone["status"] == "CANCELLED"
    assert gone.walk("VALARM") == []
    assert "status" not in kept
    other = with_gaps(planner, (4, 7), name="Another")
    assert {str(e["uid"]) for e in read_calendar(gap_calendar(other, MADE))}.isdisjoint(by_uid)


def test_a_name_cannot_write_lines_of_its_own(planner):
    name = "A\r\nEND:VEVENT\r\nX-EVIL:1;,"
    (event,) = read_calendar(gap_calendar(with_gaps(planner, (4, 7), name=name), MADE))
    assert "X-EVIL" not in event
    with pytest.raises(InvalidInputError, match="language"):
        gap_calendar(with_gaps(planner), MADE, "de")
