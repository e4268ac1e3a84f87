"""The sky that a command opens: which time "now" is, and what is said about it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pytest

from baluardo.cli.arguments import add_sky_arguments, format_time
from baluardo.cli.opening import open_sky

NOON = 1_748_520_000.0
"""2025-05-29T12:00:00Z, hours after the real catalogue's epoch."""


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_sky_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def old(tmp_path: Path, real_tle: bytes) -> str:
    path = tmp_path / "old.tle"
    path.write_bytes(real_tle)
    return str(path)


def test_shells_are_shown_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOON)
    opened = open_sky(arguments())
    assert opened.time == NOON
    assert not opened.replay
    assert opened.notices == ()
    assert opened.preamble()["catalogue"]["satellites"] == 7_500  # type: ignore[index]


def test_now_of_an_old_catalogue_is_its_epoch_and_that_is_said(
    old: str, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = open_sky(arguments("--catalogue", old, "--at", "now"))
    assert opened.replay
    assert opened.time == opened.sky.catalogue.epoch
    (notice,) = opened.notices
    assert notice.startswith("Replay:")
    assert capsys.readouterr().err == notice + "\n"
    assert opened.preamble() == {
        "catalogue": {
            "source": "old.tle",
            "epoch": format_time(opened.sky.catalogue.epoch),
            "satellites": 7_500,
        },
        "time": format_time(opened.time),
        "replay": True,
        "notices": [notice],
    }


def test_a_time_that_is_given_is_that_time(old: str, capsys: pytest.CaptureFixture[str]) -> None:
    opened = open_sky(arguments("--catalogue", old, "--at", "2025-05-29T12:00:00Z"))
    assert opened.time == NOON
    assert opened.replay, "the catalogue is too old to show the present at any time"
    assert opened.notices == ()
    assert capsys.readouterr().err == ""


def test_a_time_far_from_the_elements_is_warned_about(old: str) -> None:
    opened = open_sky(arguments("--catalogue", old, "--at", "2025-06-20T12:00:00Z"))
    (notice,) = opened.notices
    assert "7,500 of 7,500" in notice
