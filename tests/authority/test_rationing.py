"""Token buckets: so many at once, then one after the other, and a bounded number of buckets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authority.state import State
from baluardo.authority.doors import rationing
from baluardo.authority.doors.door import CLIENT, EDGE
from baluardo.authority.doors.rationing import Ration
from baluardo.console.client_address import network_of
from baluardo.console.proxy import BehindProxy
from baluardo.trust.one_time import emergency_code


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


def test_one_browser_behind_an_edge_does_not_use_up_what_all_have(state: State) -> None:
    edge, inner, client = state.identity("ship/bergamini"), state.app, ["2001:db8::1"]

    async def forwarded(scope: object, receive: object, send: object) -> None:
        told = {EDGE: edge, CLIENT: client[0]}
        await inner(scope | told, receive, send)  # type: ignore[operator]

    state.app = forwarded  # type: ignore[assignment]
    browser = state.browser()
    answers = [browser.post("sign-in/options").status_code for _ in range(60)]
    assert answers == [200] * 20 + [429] * 40
    client[0] = "2001:db8:0:1::1"
    assert browser.post("sign-in/options").status_code == 200


def test_who_is_not_behind_an_edge_is_not_believed_an_address(state: State) -> None:
    inner, numbers = state.app, iter(range(1_000))

    async def claiming(scope: object, receive: object, send: object) -> None:
        told = {CLIENT: f"198.51.100.{next(numbers)}"}
        await inner(scope | told, receive, send)  # type: ignore[operator]

    state.app = claiming  # type: ignore[assignment]
    answers = [state.browser().post("sign-in/options").status_code for _ in range(30)]
    assert answers == [200] * 20 + [429] * 10


def test_behind_a_proxy_attempts_count_by_its_word_alone(state: State) -> None:
    state.app, state.authority.local = BehindProxy(state.app), False  # type: ignore[assignment]

    def tried(hops: str) -> int:
        told = {"x-forwarded-for": hops, "x-forwarded-proto": "https"}
        browser = state.browser()
        code = emergency_code().typable()
        body = {"person": "anna.rossi", "code": code, "reason": "Fire in the office."}
        return browser.ask("POST", "break-glass", body, headers=told).status_code

    forged = [tried(f"198.51.100.{number}, 192.0.2.7") for number in range(8)]
    assert forged == [401] * 5 + [429] * 3
    assert tried("192.0.2.8") == 401  # an honest officer elsewhere
    assert state.browser().get("state").status_code == 400
