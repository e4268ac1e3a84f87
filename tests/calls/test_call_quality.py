"""The E-model against what the recommendations publish."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.calls.quality import (
    G711,
    G711_CONCEALED,
    G729A,
    OPUS,
    Reception,
    Telephony,
    both_ways,
    burst_ratio,
    effective_ie,
    mos_of,
    quality,
    rating,
)
from baluardo.errors import InvalidInputError


def test_defaults_of_the_recommendation() -> None:
    """G.107 (06/2015) clause 7.7: with all parameters at their defaults R = 93.2, MOS 4.41."""
    found = quality(Reception(0.0), 0.0, G711)
    assert round(found.r, 1) == 93.2
    assert round(found.mos, 2) == 4.41


# G.107 table B.1: lower limits of user satisfaction.
@pytest.mark.parametrize(("r", "mos"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)])
def test_scores_of_ratings(r: float, mos: float) -> None:
    assert mos_of(r) == pytest.approx(mos, abs=0.01)
    assert (mos_of(-1), mos_of(3), mos_of(100), mos_of(120)) == (1.0, 1.0, 4.5, 4.5)


# G.113 (2002) appendix I table I.2, which has whole numbers: G.729A with voice activity detection.
@pytest.mark.parametrize(
    ("percent", "ie"),
    [(0, 11), (0.5, 13), (1, 15), (1.5, 17), (2, 19), (3, 23), (4, 26), (8, 36), (16, 49)],
)
def test_impairment_by_loss(percent: float, ie: float) -> None:
    assert effective_ie(Reception(0.1, percent / 100), G729A) == pytest.approx(ie, abs=0.6)


def test_loss_in_bursts_is_worse_and_concealment_better() -> None:
    spread, bursts = Reception(0.1, 0.02), Reception(0.1, 0.02, 2.0)
    for codec in (G711, G711_CONCEALED, G729A, OPUS):
        assert effective_ie(bursts, codec) > effective_ie(spread, codec)
    assert effective_ie(spread, G711) > effective_ie(spread, OPUS)
    assert effective_ie(spread, OPUS) > effective_ie(spread, G711_CONCEALED)


@given(
    delay=st.floats(0, 2),
    more=st.floats(0, 1),
    loss=st.floats(0, 0.5),
    further=st.floats(0, 0.5),
)
def test_more_delay_and_more_loss_are_never_better(
    delay: float, more: float, loss: float, further: float
) -> None:
    here = quality(Reception(delay, loss), delay)
    # The side tone's own term has a ripple of a hundredth at a few milliseconds.
    assert quality(Reception(delay + more, loss), delay).r <= here.r + 0.02
    assert quality(Reception(delay, loss + further), delay).r <= here.r + 1e-9
    assert 1.0 <= here.mos <= 4.5


def test_delay_is_unnoticed_to_100_ms_and_costs_a_class_at_400() -> None:
    """G.114 figure 1: R above 90 (very satisfied) at 100 ms, some 60 to 65 at 400 ms."""
    ratings = {ms: rating(Reception(ms / 1_000), ms / 1_000, G711) for ms in (0, 100, 150, 400)}
    assert ratings[100] > 90
    assert 88 < ratings[150] < 91
    assert 60 < ratings[400] < 65


def test_each_direction_has_its_own_figure() -> None:
    here, there = both_ways(Reception(0.05, 0.05), Reception(0.05))
    assert here.r < there.r
    assert (here, there) == both_ways(Reception(0.05, 0.05), Reception(0.05))


def test_echo_and_advantage_count() -> None:
    far = Reception(0.2)
    assert rating(far, 0.2, OPUS, Telephony(telr=45.0)) < rating(far, 0.2, OPUS) - 10
    assert rating(far, 0.2, OPUS, Telephony(advantage=20.0)) == rating(far, 0.2, OPUS) + 20


def test_burst_ratio_of_counts() -> None:
    chance = random.Random(4)  # noqa: S311 - a sample
    for lost_after_lost, expected in ((0.02, 1.0), (0.51, 2.0)):
        # Two states: G.107 clause 7.5, BurstR = 1 / (p + q).
        p, q = 0.01, 1 - lost_after_lost
        if expected == 1.0:
            p = lost_after_lost
        lost, before = [], False
        for _ in range(200_000):
            before = chance.random() < (1 - q if before else p)
            lost.append(before)
        bursts = sum(b and not a for a, b in zip([False, *lost], lost, strict=False))
        assert burst_ratio(len(lost), sum(lost), bursts) == pytest.approx(1 / (p + q), rel=0.05)
        assert 1 / (p + q) == pytest.approx(expected, rel=0.01)
    assert burst_ratio(100, 0, 0) == burst_ratio(100, 100, 1) == 1.0
    for counts in ((10, 11, 1), (10, 2, 3), (10, 0, 1), (10, 2, 0)):
        with pytest.raises(InvalidInputError, match="cannot have been lost"):
            burst_ratio(*counts)


@pytest.mark.parametrize(
    ("reception", "sentence"),
    [
        ((-1.0,), "delay_s"),
        ((math.inf,), "delay_s"),
        ((0.1, 1.1), "loss"),
        ((0.1, 0.1, 0.0), "burst_ratio"),
    ],
)
def test_what_nobody_receives_is_refused(reception: tuple[float, ...], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        Reception(*reception)
