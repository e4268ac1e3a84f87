"""`baluardo sky d2c`: what it prints is what the pure parts say of the place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from baluardo.cli.main import main
from baluardo.cli.places import find_spot
from baluardo.terms import Mask, slot_at, slot_start
from baluardo.twin.paths.direct import gaps, windows
from baluardo.twin.radio.direct_to_cell import DirectToCell, direct_links
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.sky import Sky

NOON_S = 1_748_520_000.0
NOON = "2025-05-29T12:00:00Z"

OLD_ONES = """\
[[shell]]
inclination_deg = 53
height_km = 550
planes = 20
satellites = 400
generation = "v1"
"""


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["sky", "d2c", *words, "--at", NOON]) == 0
    return capsys.readouterr().out


def test_windows_and_gaps_are_those_of_the_pure_part(
    capsys: pytest.CaptureFixture[str], default_catalogue: Catalogue
) -> None:
    words = ("norcia", "--hours", "0.2", "--min-elevation", "45")
    answer = json.loads(ask(capsys, *words, "--json"))
    spot, slots = find_spot("norcia"), range(slot_at(NOON_S), slot_at(NOON_S) + 48)
    sky, end = Sky(default_catalogue), slot_start(slot_at(NOON_S) + 48)
    mask = Mask(45.0, spot.mask.obstructions)
    found = [w for w in windows(sky, spot.place_at, mask, slots) if w.end > NOON_S]
    assert [w["number"] for w in answer["windows"]] == [
        int(default_catalogue.numbers[w.satellite]) for w in found
    ]
    assert [w["end"] for w in answer["windows"]] == [round(w.end, 2) for w in found]
    assert all(w["rise"] >= NOON_S for w in answer["windows"])
    without = gaps(found, NOON_S, end)
    assert [g["seconds"] for g in answer["gaps"]] == [round(b - a, 1) for a, b in without]
    summary = answer["summary"]
    assert summary["seconds"] == end - NOON_S
    assert summary["seconds_without"] == pytest.approx(sum(b - a for a, b in without), abs=0.05)
    assert summary["longest_gap_s"] == pytest.approx(max(b - a for a, b in without), abs=0.05)
    text = ask(capsys, *words)
    assert f"{summary['windows']} of {summary['satellites']} satellites" in text
    assert f"Without any for {summary['seconds_without']:.1f} s" in text


def test_who_is_in_view_now_has_its_window_open(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(ask(capsys, "rome", "--hours", "0.1", "--json"))
    opened = {w["number"] for w in answer["windows"] if w["rise"] <= NOON_S}
    assert opened == {s["number"] for s in answer["in_view"]}
    for seen in answer["in_view"]:
        link = direct_links(seen["elevation_deg"], seen["range_km"], DirectToCell())
        assert seen["beam_down_bps"] == pytest.approx(float(link.down_bps), rel=1e-3)
        assert seen["footprint_along_km"] == pytest.approx(float(link.along_km), rel=1e-3)
        assert 0.0 < seen["residual_doppler_hz"] < 5_000.0
        assert abs(seen["doppler_hz"]) < 60_000.0
        assert seen["seconds_left"] > 0.0
    assert answer["service"]["lever"] == "contract"


def test_a_narrow_channel_carries_less(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("rome", "--hours", "0.01", "--json")
    wide = json.loads(ask(capsys, *words))["in_view"]
    narrow = json.loads(ask(capsys, *words, "--channel", "1.4", "--beams", "16"))["in_view"]
    assert wide
    for one, other in zip(wide, narrow, strict=True):
        assert other["beam_down_bps"] < one["beam_down_bps"]
        assert (one["beams"], other["beams"]) == (8, 16)


def test_a_catalogue_without_such_satellites_is_an_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shells = tmp_path / "old.toml"
    shells.write_text(OLD_ONES, encoding="utf-8")
    words = ("rome", "--hours", "0.1", "--catalogue", str(shells))
    text = ask(capsys, *words)
    assert "0 of 0 satellites for phones" in text
    assert "None comes in the 357 s asked about." in text
    answer = json.loads(ask(capsys, *words, "--json"))
    assert (answer["in_view"], answer["windows"]) == ([], [])
    assert answer["summary"]["seconds_without"] == answer["summary"]["longest_gap_s"] == 357.0
