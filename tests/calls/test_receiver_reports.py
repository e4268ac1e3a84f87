"""What receivers report, and how a leg has sounded by it: last, worst and mean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.calls.quality import Reception, mos_of, quality
from baluardo.calls.receiver_reports import MOST_MS, MOST_PACKETS, LegQuality, ReceiverReport

PHONE = "person/anna.rossi/phone"
GOOD = ReceiverReport(5.0, 250, 0, 40.0, 1.0, 0.0, 40.0)
POOR = replace(GOOD, received=200, lost=50)

REPORTS = st.builds(
    ReceiverReport,
    st.floats(0.001, 600.0),
    st.integers(0, MOST_PACKETS),
    st.integers(0, MOST_PACKETS),
    st.floats(0.0, MOST_MS),
    st.floats(0.0, MOST_MS),
    st.floats(0.0, 1.0),
    st.floats(0.0, MOST_MS),
)


def test_delay_is_half_a_round_trip_the_buffer_and_the_codec() -> None:
    delay_s = (20.0 + 40.0 + 26.5) / 1_000.0
    assert GOOD.quality == quality(Reception(delay_s), delay_s)


@pytest.mark.parametrize(
    ("received", "lost", "concealed", "loss"),
    [(250, 0, 0.0, 0.0), (200, 50, 0.0, 0.2), (200, 50, 0.3, 0.3), (0, 0, 0.0, 1.0), (1, 0, 1, 1)],
)
def test_lost_and_late_are_one(received: int, lost: int, concealed: float, loss: float) -> None:
    report = replace(GOOD, received=received, lost=lost, concealed=concealed)
    assert report.loss == pytest.approx(loss)


def test_a_leg_keeps_last_worst_and_mean() -> None:
    leg = LegQuality.first(PHONE, GOOD)
    leg = leg.after(replace(POOR, seconds=10.0)).after(GOOD)
    assert (leg.device, leg.reports, leg.seconds) == (PHONE, 3, 20.0)
    assert (leg.last, leg.worst) == (GOOD.quality, POOR.quality)
    assert leg.mean.r == pytest.approx((GOOD.quality.r + POOR.quality.r) / 2)
    assert leg.mean.mos == mos_of(leg.mean.r)
    assert leg.latest == GOOD


@given(st.lists(REPORTS, min_size=1, max_size=8))
def test_whatever_is_reported_the_figures_are_in_order(reports: list[ReceiverReport]) -> None:
    leg = LegQuality.first(PHONE, reports[0])
    for each in reports[1:]:
        leg = leg.after(each)
    found = [each.quality.r for each in reports]
    assert leg.worst.r == min(found)
    assert leg.last.r == found[-1]
    assert min(found) - 1e-6 <= leg.mean.r <= max(found) + 1e-6
    assert all(1.0 <= each.mos <= 4.5 for each in (leg.last, leg.worst, leg.mean))
