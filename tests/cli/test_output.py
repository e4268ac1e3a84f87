"""What commands print, and how they read numbers and times."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.cli import output
from baluardo.cli.arguments import (
    format_time,
    parse_hours,
    parse_latitude,
    parse_longitude,
    parse_moment,
    parse_port,
    parse_time,
)
from baluardo.cli.output import emit_json, jsonable, progress, table

NOON = 1_748_520_000.0


@pytest.mark.parametrize(
    "text",
    [
        "2025-05-29T12:00:00Z",
        "2025-05-29T12:00",
        "2025-05-29 12:00:00",
        "2025-05-29T14:00:00+02:00",
        " 20250529T120000Z ",
    ],
)
def test_times_are_utc_unless_they_say_otherwise(text: str) -> None:
    assert parse_time(text) == NOON
    assert parse_moment(text) == NOON


def test_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOON)
    assert parse_time("now") == NOON
    assert parse_moment("NOW") is None


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "12:00", "2025-13-01", "1971-12-31", "2100-01-01"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        parse_time(text)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    with contextlib.suppress(argparse.ArgumentTypeError):
        assert math.isfinite(parse_time(text))


@given(st.integers(63_072_000, 4_102_444_799))
def test_times_round_trip(posix_s: int) -> None:
    assert parse_time(format_time(posix_s)) == posix_s


@pytest.mark.parametrize(
    ("parse", "good", "bad"),
    [
        (parse_latitude, ["-90", "41.9", "90"], ["-90.1", "nan", "north", "1e3", ""]),
        (parse_longitude, ["-180", "12.5", "360"], ["-181", "361", "inf"]),
        (parse_port, ["0", "8470", "65535"], ["-1", "65536", "80.5", "http"]),
        (parse_hours, ["0.5", "24"], ["0", "-1", "9000", "nan"]),
    ],
)
def test_numbers_have_their_range(parse, good: list[str], bad: list[str]) -> None:  # type: ignore[no-untyped-def]
    assert [parse(text) for text in good] == [float(text) for text in good]
    for text in bad:
        with pytest.raises(argparse.ArgumentTypeError):
            parse(text)


def test_json_has_no_infinities_and_takes_arrays(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json(
        {
            "a": math.nan,
            "b": [math.inf, 1.5, np.float64(2.5), np.int32(3)],
            "c": np.array([[1.0, np.nan]]),
            "d": ("è", None, True, np.bool_(True)),
        }
    )
    assert json.loads(capsys.readouterr().out) == {
        "a": None,
        "b": [None, 1.5, 2.5, 3],
        "c": [[1.0, None]],
        "d": ["è", None, True, True],
    }


def test_what_has_no_form_in_json_is_an_error() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON"):
        jsonable(object())


def test_tables_align() -> None:
    assert table(("name", "km"), [("Roma", 7), ("L'Aquila", 1_234)], "lr") == (
        "name        km\nRoma         7\nL'Aquila  1234"
    )
    assert table(("a",), []) == "a"


def test_no_bar_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    assert list(progress(range(3), "counting")) == [0, 1, 2]
    assert stderr.getvalue() == ""


class Terminal(io.StringIO):
    """A stderr that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("delay_s", "shown"), [(0.0, True), (60.0, False)])
def test_a_bar_is_for_what_takes_long(
    monkeypatch: pytest.MonkeyPatch, delay_s: float, shown: bool
) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(output, "PROGRESS_AFTER_S", delay_s)
    assert list(progress(range(3), "counting")) == [0, 1, 2]
    assert ("counting" in stderr.getvalue()) is shown
