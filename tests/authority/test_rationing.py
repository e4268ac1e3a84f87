"""Token buckets: so many at once, then one after the other, and a bounded number of buckets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authority.state import State
from baluardo.authority.doors import rationing
from baluardo.authority.doors.door import EDGE
from baluardo.authority.doors.rationing import Ration, network_of


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        """Begin somewhere."""
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_bucket_empties_and_fills() -> None:
    time = Time()
    ration = Ration(3, 10.0, time)
    assert [ration.take("a") for _ in range(3)] == [0, 0, 0]
    assert ration.take("a") == pytest.approx(10.0)
    assert ration.take("b") == 0
    time.now += 10.0
    assert ration.take("a") == 0
    assert ration.take("a") > 0
    time.now += 1_000.0
    assert [ration.take("a") for _ in range(4)][:3] == [0, 0, 0]


def test_clock_that_goes_back_gives_nothing() -> None:
    time = Time()
    ration = Ration(1, 10.0, time)
    assert ration.take("a") == 0
    time.now -= 500.0
    assert ration.take("a") > 0


def test_buckets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rationing, "MOST_KEYS", 10)
    ration = Ration(1, 10.0, Time())
    for number in range(100):
        ration.take(str(number))
    assert ration.take("99") > 0
    assert ration.take("0") == 0  # long forgotten


@given(st.lists(st.floats(0, 100), max_size=60))
def test_no_more_than_burst_and_rate(pauses: list[float]) -> None:
    time = Time()
    ration = Ration(5, 7.0, time)
    granted = 0
    for pause in pauses:
        time.now += pause
        granted += ration.take("a") == 0
    assert granted <= 5 + (time.now - 1_000.0) / 7.0 + 1e-6


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::1", "::2", True),
        ("", "testclient", False),
    ],
)
def test_network_counts_as_one(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


def test_people_behind_an_edge_share_more(state: State) -> None:
    edge, inner = state.identity("ship/bergamini"), state.app

    async def forwarded(scope: object, receive: object, send: object) -> None:
        await inner(scope | {EDGE: edge}, receive, send)  # type: ignore[operator]

    state.app = forwarded  # type: ignore[assignment]
    browser = state.browser()
    answers = [browser.post("sign-in/options").status_code for _ in range(60)]
    assert set(answers) == {200}
