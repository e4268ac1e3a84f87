"""`baluardo sky contacts`: its three outputs agree, it follows ships, and it does not wait."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from baluardo.cli.main import main
from baluardo.cli.places import find_spot
from baluardo.cli.sky import contacts
from baluardo.geo.subscribers import subscribers
from baluardo.terms import slot_at, slot_start
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.world import World
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.sky import Sky

START = "2025-05-29T12:00:00Z"
NOON = slot_at(1_748_520_000.0)


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["sky", "contacts", *words]) == 0
    return capsys.readouterr().out


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    return json.loads(ask(capsys, *words, "--json"))


def test_it_says_what_the_planner_says_of_the_whole_world(
    capsys: pytest.CaptureFixture[str], default_catalogue: Catalogue
) -> None:
    """The command plans on a neighbourhood of the place; that must not change the answer."""
    answer = as_json(capsys, "frigate", "--start", START, "--hours", "0.02")
    sky = Sky(default_catalogue)
    planner = Planner(World(ComputedEphemeris(sky), subscribers()))
    spot = find_spot("frigate")
    slots = range(NOON, NOON + 5)
    assert [r["slot"] for r in answer["slots"]] == list(slots)
    for slot, record in zip(slots, answer["slots"], strict=True):
        place = spot.place_at(slot_start(slot))
        terminal = Terminal(place.name, place, spot.mask, spot.rule, DishKind.MARITIME)
        paths = planner.paths(slot, [terminal])
        satellite = int(paths.satellite[0])
        assert record["number"] == int(sky.catalogue.numbers[satellite])
        assert record["satellite"] == sky.catalogue.names[satellite]
        assert record["round_trip_ms"] == round(float(paths.round_trip_s[0]) * 1e3, 3)
        assert record["up_ms"] + record["down_ms"] == pytest.approx(
            record["round_trip_ms"], abs=2e-3
        )
        assert record["rate_down_bps"] == round(float(paths.rate_down_bps[0]))
        assert record["gateway"] == sky.ground.gateways[int(paths.gateway[0])].place.name
        assert (record["lat_deg"], record["lon_deg"]) == (
            round(place.lat_deg, 5),
            round(place.lon_deg, 5),
        )
    assert len({r["lat_deg"] for r in answer["slots"]}) == 5, "a ship moves"


def test_table_json_and_csv_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "rome.csv"
    words = ("rome", "--at", START, "--hours", "0.03", "--rain", "7", "--csv", str(sheet))
    answer = as_json(capsys, *words)
    rows = list(csv.DictReader(io.StringIO(sheet.read_text("utf-8"))))
    assert [row.keys() for row in rows] == [r.keys() for r in answer["slots"]]
    for row, record in zip(rows, answer["slots"], strict=True):
        assert row == {k: "" if v is None else str(v) for k, v in record.items()}
    lines = ask(capsys, *words).splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith("slot begins")) + 1
    for line, record in zip(lines[first : first + 7], answer["slots"], strict=True):
        assert line.startswith(record["time"])
        assert record["satellite"] in line
        assert f"{record['round_trip_ms']:.1f}" in line
        assert f"{record['rate_down_bps'] / 1e6:.1f}" in line
        assert record["gateway"] in line


def test_the_summary_is_that_of_the_slots(capsys: pytest.CaptureFixture[str]) -> None:
    answer = as_json(capsys, "45.5,9.2", "--at", START, "--hours", "0.1")
    slots, summary = answer["slots"], answer["summary"]
    assert summary["slots"] == len(slots) == 24
    for name in ("round_trip_ms", "rate_down_bps", "rate_up_bps"):
        expected = np.percentile([r[name] for r in slots], (20, 50, 80))
        assert list(summary[name].values()) == pytest.approx(expected, abs=1e-3)
    assert summary["outage_share"] == 0.0
    assert summary["handovers_per_hour"] == sum(r["handover"] for r in slots) * 10
    assert [r["lever"] for r in (answer["terminal"], answer["priority"])] == ["ours", "contract"]
    assert answer["slots_lever"] == "observed"


def test_start_is_at(capsys: pytest.CaptureFixture[str]) -> None:
    one = ask(capsys, "rome", "--start", START, "--hours", "0.01")
    assert one == ask(capsys, "rome", "--at", START, "--hours", "0.01")


def test_pieces_of_a_span_are_the_span(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many slots are prepared at once, hand-overs included, and whenever one begins."""
    words = ("frigate", "--hours", "0.04")
    whole = as_json(capsys, *words, "--at", START)["slots"]
    monkeypatch.setattr(contacts, "SLOTS_AT_ONCE", 3)
    assert as_json(capsys, *words, "--at", START)["slots"] == whole
    later = as_json(capsys, *words, "--at", "2025-05-29T12:00:43Z")["slots"]
    assert later[: len(whole) - 3] == whole[3:]


def test_why_nothing_passes_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    answer = as_json(
        capsys, "rome", "--at", START, "--hours", "0.02", "--fail", "position-fix:Rome"
    )
    assert {r["reason"] for r in answer["slots"]} == {"no fix"}
    assert {r["satellite"] for r in answer["slots"]} == {None}
    assert answer["summary"]["outage_share"] == 1.0
    assert set(answer["summary"]["round_trip_ms"].values()) == {None}
    text = ask(capsys, "rome", "--at", START, "--hours", "0.02", "--fail", "position-fix:Rome")
    assert text.count("no fix") == 5
    assert "out for 100.00 % of the time" in text


class _Watched(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.flushed = ""

    def flush(self) -> None:
        self.flushed = self.getvalue()


@pytest.mark.parametrize("form", ["--json", "--seed=0"])
def test_each_slot_is_out_before_the_next_is_planned(
    monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    stdout = _Watched()
    monkeypatch.setattr(sys, "stdout", stdout)
    seen: list[str] = []
    plan = Planner.paths

    def watched(self: Planner, slot: int, terminals: list[Terminal]) -> object:
        seen.append(stdout.flushed)
        return plan(self, slot, terminals)

    monkeypatch.setattr(Planner, "paths", watched)
    assert main(["sky", "contacts", "rome", "--at", START, "--hours", "0.02", form]) == 0
    assert "11:59:57Z" in seen[2]
    assert seen[3].count("2025-05-29T12:00:12Z") == 1
    assert "12:00:57Z" not in seen[5].partition("slot begins")[2]


def test_times_beyond_a_year_are_refused(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue = str(shared_data / "sky" / "starlink_2025-05-29.tle")
    words = ["sky", "contacts", "rome", "--catalogue", catalogue]
    assert main([*words, "--at", "2026-06-01T00:00Z"]) == 1
    sentence = capsys.readouterr().err.splitlines()[-1]
    assert "2026-05-31T23:59:57Z is more than a year from the catalogue's epoch" in sentence
    assert main([*words, "--at", "2026-05-29T00:00Z", "--hours", "8000"]) == 1
    assert "more than a year" in capsys.readouterr().err


def test_a_dish_that_is_named_stands_on_a_ship_too(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("frigate", "--start", START, "--hours", "0.001")
    own, named = as_json(capsys, *words), as_json(capsys, *words, "--dish", "standard")
    assert own["terminal"]["dish"] == "maritime"
    assert named["terminal"]["dish"] == "standard"
    assert own["slots"][0]["number"] == named["slots"][0]["number"]
    assert own["slots"][0]["rate_up_bps"] > named["slots"][0]["rate_up_bps"]


def test_rain_measured_on_another_day_is_no_dry_sky(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "rain.csv"
    record.write_text("time,rate_mm_h\n2025-05-28T12:00:00Z,9\n2025-05-28T12:10:00Z,9\n")
    words = ["sky", "contacts", "rome", "--start", START, "--hours", "0.02"]
    assert main([*words, "--rain-csv", str(record)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "--rain-csv: rain.csv has no rate for any slot from 2025-05-29T11:59:57Z" in told.err
