"""Hand-overs laid over a path, and what counts as a gap in a tone."""

from __future__ import annotations

import pytest

from baluardo.stage.prove.calls_hand_overs import (
    HAND_OVER_SECONDS,
    HeardOut,
    judge_hand_overs,
    listened,
    with_hand_overs,
)
from baluardo.stage.prove.calls_quality import Leg
from baluardo.terms import Direction, Path, PathSegment
from baluardo.twin.paths.model import PathModel

MODEL = PathModel()
START = 1_000.0
UP, DOWN = Direction(0.030, 1e-4, 0.0, 2e7, 0.0), Direction(0.020, 0.0, 0.0, 2e8, 0.0)
BURST = Direction(0.020, 0.0, 0.0, 2e8, 0.5)


def slot(*parts: PathSegment) -> Path:
    return Path(parts or (PathSegment(START, START + 15.0, UP, DOWN),))


def test_a_path_is_disturbed_every_three_seconds_and_nowhere_else() -> None:
    made = with_hand_overs(slot(), 3.0, MODEL)
    assert (made.start, made.end) == (START, START + 15.0)
    for number in range(5):
        edge = START + 3.0 * number
        head = made.at(edge + 0.001)
        assert head.up.loss == head.down.loss == MODEL.handover_loss
        late = head.up.delay_s - UP.delay_after(head.start - START)
        assert late == pytest.approx(MODEL.handover_delay_s)
        assert head.down.delay_s == DOWN.delay_s
        assert head.up.jitter_s == MODEL.edge_jitter_s
        tail = made.at(edge + 3.0 - 0.001)
        assert tail.up.loss == tail.down.loss == MODEL.edge_loss
        for between in (MODEL.head_s + 0.001, 1.5, 3.0 - MODEL.tail_s - 0.001):
            quiet = made.at(edge + between)
            assert quiet.down == DOWN
            assert (quiet.up.loss, quiet.up.jitter_s) == (0.0, 0.0)
            assert quiet.up.delay_s == pytest.approx(UP.delay_after(quiet.start - START))


def test_what_was_bad_already_stays_so() -> None:
    middle = START + 1.0
    path = slot(
        PathSegment(START, middle, UP, DOWN),
        PathSegment(middle, middle + 4.0, UP, BURST),
        PathSegment(middle + 4.0, START + 15.0, UP, DOWN),
    )
    made = with_hand_overs(path, 3.0, MODEL)
    assert made.at(middle).down.loss == BURST.loss
    assert made.at(START + 3.0 - 0.001).down.loss == BURST.loss
    assert made.at(START + 9.0).down.loss == MODEL.handover_loss


def blocks(pattern: str) -> list[list[float]]:
    """`.` is 10 ms of the tone, `q` a quiet tone, `n` noise, `-` nothing."""
    sounds = {".": (0.35, 1.0), "q": (0.17, 1.0), "n": (0.35, 0.5), "-": (0.0, 0.0)}
    return [[10.0 * at, *sounds[each]] for at, each in enumerate(pattern)]


@pytest.mark.parametrize(
    ("pattern", "gap", "recovery", "gaps"),
    [
        ("." * 50, 0.0, 0.0, 0),
        ("." * 30 + "--" + "." * 30, 20.0, 20.0, 1),
        ("." * 30 + "-qn" + "." * 30, 30.0, 30.0, 1),
        ("." * 30 + "--" + "." * 10 + "-" + "." * 30, 20.0, 130.0, 2),
        ("." * 30 + "--" + "." * 20 + "-" + "." * 30, 20.0, 20.0, 2),
        ("." * 30 + "-" * 5, 50.0, 50.0, 1),
        ("-" * 40, 400.0, 400.0, 1),
    ],
)
def test_gaps_and_recovery_of_a_tone(pattern: str, gap: float, recovery: float, gaps: int) -> None:
    heard = listened(blocks(pattern))
    assert heard.seconds == pytest.approx(len(pattern) / 100)
    assert (heard.longest_gap_ms, heard.longest_recovery_ms, heard.gaps) == (gap, recovery, gaps)


def heard_out(gap_ms: float, gaps: int) -> list[HeardOut]:
    """Return what both ends heard: one of them all, the other so many gaps."""
    return [
        HeardOut(HAND_OVER_SECONDS, 0.0, 0.0, 0),
        HeardOut(HAND_OVER_SECONDS, gap_ms, gap_ms, gaps),
    ]


def test_two_bearers_promise_a_short_gap_and_one_that_copies_help() -> None:
    long_but_few = [heard_out(210.0, 6), heard_out(200.0, 13), heard_out(330.0, 15)]
    legs: list[list[Leg]] = [[], [], []]
    holds = {
        each: [f.holds for f in judge_hand_overs(long_but_few, legs, two_bearers=each)]
        for each in (True, False)
    }
    assert holds == {True: [False, True, True], False: [True, True, True]}
    no_help = [heard_out(20.0, 15), *long_but_few[1:]]
    assert judge_hand_overs(no_help, legs, two_bearers=True)[0].holds
    assert not judge_hand_overs(no_help, legs, two_bearers=False)[0].holds
