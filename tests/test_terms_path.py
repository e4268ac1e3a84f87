"""A path is made of segments without a gap and knows which of them holds at a time."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.terms import OUT, Direction, Lever, Path, PathSegment

GOOD = Direction(delay_s=0.020, drift=-2e-5, jitter_s=0.002, rate_bps=1e8, loss=0.0)


def segment(start, end, up=GOOD, down=GOOD):
    return PathSegment(start, end, up, down)


def test_a_path_spans_its_segments():
    path = Path((segment(10.0, 12.0), segment(12.0, 12.5, OUT), segment(12.5, 20.0)))
    assert (path.start, path.end) == (10.0, 20.0)
    assert [s.out for s in path.segments] == [False, True, False]
    assert path.at(10.0) is path.segments[0]
    assert path.at(math.nextafter(12.0, 0.0)) is path.segments[0]
    assert path.at(12.0) is path.segments[1]
    assert path.at(math.nextafter(20.0, 0.0)) is path.segments[2]


@pytest.mark.parametrize("time", [9.999, 20.0, -1.0, math.inf, -math.inf, math.nan])
def test_a_moment_outside_the_path_is_refused(time):
    with pytest.raises(InvalidInputError, match=f"time {time} is not between 10.0 and 20.0"):
        Path((segment(10.0, 20.0),)).at(time)


@pytest.mark.parametrize(
    ("segments", "why"),
    [
        ((), "has no segment"),
        ((segment(0.0, 1.0), segment(1.1, 2.0)), "ends at 1.0 and the next begins at 1.1"),
        ((segment(0.0, 1.0), segment(0.9, 2.0)), "ends at 1.0 and the next begins at 0.9"),
        ((segment(1.0, 1.0),), "begins at 1.0 and ends at 1.0"),
        ((segment(0.0, 2.0), segment(2.0, 1.0)), "begins at 2.0 and ends at 1.0"),
        ((segment(math.nan, 1.0),), "begins at nan"),
        ((segment(0.0, math.nan), segment(math.nan, 1.0)), "ends at nan"),
    ],
)
def test_gaps_overlaps_and_empty_segments_are_refused(segments, why):
    with pytest.raises(InvalidInputError, match=why):
        Path(segments)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=40, unique=True), st.data())
def test_at_finds_what_a_walk_finds(marks, data):
    marks = sorted(marks)
    path = Path(tuple(segment(a, b) for a, b in itertools.pairwise(marks)))
    time = data.draw(st.floats(marks[0], marks[-1], exclude_max=True))
    (walked,) = [s for s in path.segments if s.start <= time < s.end]
    assert path.at(time) is walked


def test_a_direction_drifts_in_a_line():
    assert GOOD.delay_after(0.0) == 0.020
    assert GOOD.delay_after(15.0) == pytest.approx(0.0197)
    assert OUT.loss == 1.0
    assert segment(0.0, 1.0, GOOD, OUT).out


def test_levers_are_the_three_words_of_the_docs():
    assert [str(lever) for lever in Lever] == ["ours", "contract", "observed"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("delay_s", -1e-9), ("delay_s", math.inf), ("jitter_s", -1.0), ("rate_bps", math.nan)),
        *(("drift", math.inf), ("loss", 1.001), ("loss", -0.1)),
    ],
)
def test_an_impossible_direction_is_refused_by_its_field(field, value):
    fields = {"delay_s": 0.02, "drift": 0.0, "jitter_s": 0.001, "rate_bps": 1e6, "loss": 0.0}
    with pytest.raises(InvalidInputError, match=field):
        Direction(**(fields | {field: value}))
