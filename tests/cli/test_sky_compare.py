"""`baluardo sky compare` as people and programs use it: what it prints, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from baluardo.cli.main import main
from baluardo.cli.sky import compare as command
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Place, slot_at, slot_start
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.world import World
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.sky import Sky

FIRST = slot_at(1_748_520_000.0)
"""The slot of 2025-05-29T12:00:00Z."""
SLOTS = 24


@pytest.fixture(scope="module")
def levels(default_catalogue: Catalogue) -> list[float]:
    """Return the round trips that the twin forecasts for the middles of slots at 41.9,12.5."""
    terminal = Terminal("41.9,12.5", Place("41.9,12.5", 41.9, 12.5))
    world = World(ComputedEphemeris(Sky(default_catalogue)), subscribers())
    planner = Planner(world.around([41.9], [12.5]))
    paths = [planner.paths(slot, [terminal]) for slot in range(FIRST, FIRST + SLOTS)]
    return [float(p.round_trip_s[0] + 15.0 * p.drift[0]) for p in paths]


def written(path: Path, levels: list[float], ahead_s: float = 0.0) -> Path:
    """Write two pings a second at the slots' levels, with a deviation of 1 ms."""
    random = np.random.default_rng(4)
    lines = ["time,rtt_ms"]
    for k, level in enumerate(levels):
        for second in np.arange(0.25, 15.0, 0.5):
            time = slot_start(FIRST + k) + second + ahead_s
            lines.append(f"{time:.3f},{level * 1e3 + random.normal():.3f}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_what_the_twin_wrote_is_recovered(
    levels: list[float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = written(tmp_path / "pings.csv", levels)
    assert main(["sky", "compare", str(log), "--place", "41.9,12.5", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["place"] == "41.9,12.5"
    assert answer["lever"] == "observed"
    assert answer["log"]["kind"] == "ping CSV"
    assert answer["log"]["lines"] == SLOTS * 30
    assert answer["compared_slots"] == SLOTS
    assert abs(answer["bias_s"]) < 0.0005
    assert answer["skill"]["skill"] > 0.95
    assert answer["spearman"] > 0.95
    assert answer["handovers"]["on_boundary"] > 0.8
    assert abs(answer["handovers"]["clock_offset_s"]) < 0.5
    assert any("pattern" in notice for notice in answer["notices"])


def test_a_clock_ahead_is_taken_off_when_asked(
    levels: list[float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = written(tmp_path / "pings.csv", levels, ahead_s=-4.0)
    words = ["sky", "compare", str(log), "--place", "41.9,12.5"]
    assert main([*words, "--clock-offset", "-4"]) == 0
    assert (
        f"{SLOTS} slots measured, {SLOTS} compared; forecast: observed" in capsys.readouterr().out
    )
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "clock: steps come -4." in told or "clock: steps come -3." in told
    assert "not applied, --clock-offset does" in told


def test_a_constant_log_shows_no_skill(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{slot_start(FIRST) + k:.0f},30" for k in range(90)]
    log = tmp_path / "pings.csv"
    log.write_text("\n".join(["time,rtt_ms", *lines]), encoding="utf-8")
    assert main(["sky", "compare", str(log), "--place", "41.9,12.5"]) == 0
    told = capsys.readouterr()
    assert "skill against persistence: none can be had" in told.out
    assert "steps of the level: 0, - of them" in told.out
    assert "built-in shells are a pattern" in told.err


def test_telemetry_of_a_ship_under_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "dish.json"
    log.write_text(
        "\n".join(
            json.dumps(
                {
                    "timestamp": slot_start(FIRST) + k,
                    "pop_ping_latency_ms": 0.031 if k % 9 else None,
                    "pop_ping_drop_rate": 0.0 if k % 9 else 1.0,
                    "downlink_throughput_bps": 3e6,
                }
            )
            for k in range(45)
        ),
        encoding="utf-8",
    )
    assert main(["sky", "compare", str(log), "--place", "frigate", "--dish", "maritime"]) == 0
    told = capsys.readouterr()
    assert "dish.json, telemetry, 45 lines" in told.out
    assert "lost: measured 11.11%" in told.out
    assert "down: 3.0 Mbit/s used at most" in told.out
    assert "less than light needs" in told.err


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    try:
        status = main(["sky", "compare", *words])
    except SystemExit as end:
        status = int(end.code or 0)
    told = capsys.readouterr()
    assert status in (1, 2)
    assert told.out == ""
    assert "Traceback" not in told.err
    return told.err


def test_what_cannot_be_compared_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "pings.csv"
    place = ["--place", "41.9,12.5"]
    assert "cannot be read" in refused([str(log), *place], capsys)
    log.write_text("time,rtt_ms\nnoon,3", encoding="utf-8")
    assert "pings.csv, line 2: time 'noon'" in refused([str(log), *place], capsys)
    lines = [f"{slot_start(FIRST) + 30 * k:.0f},30" for k in range(3)]
    log.write_text("\n".join(["time,rtt_ms", *lines]), encoding="utf-8")
    assert "--at and --start are not" in refused(
        [str(log), *place, "--at", "2025-05-29T12:00Z"], capsys
    )
    assert "no site" in refused([str(log), "--place", "atlantis"], capsys)
    assert "--clock-offset: clock_offset_s nan" in refused(
        [str(log), *place, "--clock-offset", "nan"], capsys
    )
    assert "no slot has 3 answers" in refused([str(log), *place], capsys)
    monkeypatch.setattr(command, "MOST_SLOTS", 2)
    assert "has 3 slots; at most 2" in refused([str(log), *place], capsys)


def test_a_log_of_another_year_than_the_catalogue_is_refused(
    tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "pings.csv"
    log.write_text("time,rtt_ms\n2026-05-29T12:00:00Z,30\n", encoding="utf-8")
    catalogue = str(shared_data / "sky" / "starlink_2025-05-29.tle")
    told = refused([str(log), "--place", "rome", "--catalogue", catalogue], capsys)
    assert "pings.csv is of 2026-05-29T11:59:57Z, for which most elements of" in told
