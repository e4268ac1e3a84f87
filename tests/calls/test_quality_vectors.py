"""What the pages' half of the E-model, and of reports, is tested with: figures of ours.

Run as `python -m calls.test_quality_vectors` in tests/ to write the file anew.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from baluardo.calls.quality import Reception, quality
from baluardo.calls.receiver_reports import ReceiverReport
from baluardo.edge.calls.browser_frames import Reported, read_said
from baluardo.errors import InvalidInputError

FILE: Final = Path(__file__).parents[2] / "web/src/calls/qualityVectors.json"
CALL: Final = "0a" * 16

RECEPTIONS: Final = (
    *product((0.0, 0.05, 0.1, 0.15, 0.28, 0.6, 2.0), (0.0, 0.02, 0.3, 1.0), (1.0, 2.5), (0.0, 0.2)),
    (0.0005, 0.0, 1.0, 0.0005),
)
"""Delay, loss, burst ratio and the delay back."""

REPORT: Final = {
    "seconds": 5.0,
    "received": 250,
    "lost": 0,
    "round_trip_ms": 48.5,
    "jitter_ms": 1.25,
    "concealed": 0.0,
    "buffer_ms": 42.0,
}
REPORTS: Final = (
    REPORT,
    REPORT | {"received": 240, "lost": 10},
    REPORT | {"received": 240, "lost": 10, "concealed": 0.2},
    REPORT | {"received": 0, "concealed": 1.0},
    REPORT | {"received": 0},
    REPORT | {"round_trip_ms": 640, "buffer_ms": 180.25},
    REPORT | {"seconds": 600, "received": 100_000, "lost": 100_000},
    REPORT | {"round_trip_ms": 60_000, "jitter_ms": 60_000, "buffer_ms": 60_000, "concealed": 1},
)
REFUSED: Final[tuple[dict[str, Any], ...]] = (
    *({name: REPORT[name] for name in REPORT if name != missing} for missing in REPORT),
    *(REPORT | {name: each} for name in REPORT for each in (-1, 100_001, "5", None, True, [5])),
    *(REPORT | {name: 1.5} for name in ("received", "lost", "concealed")),
    REPORT | {"seconds": 0},
    REPORT | {"seconds": 600.5},
    REPORT | {"round_trip_ms": 60_000.5},
    REPORT | {"more": 1},
)


def frame_of(report: dict[str, Any]) -> str:
    """Return a report as a page says it."""
    return json.dumps({"type": "report", "call": CALL, **report})


def vectors() -> dict[str, Any]:
    """Return receptions and reports, each with its figures, and what is no report."""
    receptions = []
    for delay_s, loss, burst_ratio, back_delay_s in RECEPTIONS:
        found = quality(Reception(delay_s, loss, burst_ratio), back_delay_s)
        receptions.append(
            {
                "delay_s": delay_s,
                "loss": loss,
                "burst_ratio": burst_ratio,
                "back_delay_s": back_delay_s,
                "r": found.r,
                "mos": found.mos,
            }
        )
    reports = []
    for each in REPORTS:
        said = read_said(frame_of(each))
        assert isinstance(said, Reported)
        found = said.report.quality
        reports.append({"report": each, "loss": said.report.loss, "r": found.r, "mos": found.mos})
    numbers = [each for each in REFUSED if set(each) == set(REPORT)]
    return {"receptions": receptions, "reports": reports, "refused": numbers}


def test_the_pages_are_tested_with_these_figures() -> None:
    written = json.loads(FILE.read_text(encoding="utf-8"))
    ours = json.loads(json.dumps(vectors()))
    assert written["refused"] == ours["refused"]
    for name in ("receptions", "reports"):
        assert len(written[name]) == len(ours[name]), "run: python -m calls.test_quality_vectors"
        for theirs, our in zip(written[name], ours[name], strict=True):
            figures = {key: our.pop(key) for key in ("r", "mos")}
            assert {key: theirs.pop(key) for key in figures} == pytest.approx(figures, abs=1e-9)
            assert theirs == our


@pytest.mark.parametrize("report", REFUSED)
def test_what_is_no_report_is_refused(report: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        read_said(frame_of(report))


@pytest.mark.parametrize("call", ["", "0A" * 16, "0a" * 15, None, 7])
def test_a_report_is_of_a_call(call: object) -> None:
    with pytest.raises(InvalidInputError):
        read_said(json.dumps({"type": "report", "call": call, **REPORT}))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "9007199254740992"])
def test_numbers_are_finite(number: str) -> None:
    with pytest.raises(InvalidInputError):
        read_said(frame_of(REPORT).replace("48.5", number))


def test_a_report_is_kept_as_it_was_said() -> None:
    said = read_said(frame_of(REPORT))
    assert said == Reported(CALL, ReceiverReport(5.0, 250, 0, 48.5, 1.25, 0.0, 42.0))


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
