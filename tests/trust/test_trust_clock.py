"""The clock: signed time, the floor, a clock turned back, an old answer played again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import ClockError, InvalidInputError, SignatureError, SourceError
from baluardo.trust.certificates.dates import SKEW
from baluardo.trust.clock import (
    LATEST,
    LONGEST_JOURNEY,
    Clock,
    Fix,
    Reading,
    judge,
    read_time,
    sign_time,
    time_question,
)
from baluardo.trust.envelope import Envelope, sign
from trust.community import NOW, TestCommunity, make_community

HOUR = 3_600.0


class Machine:
    """A machine whose two clocks the test turns."""

    def __init__(self, wall: float = NOW, steady: float = 1_000.0) -> None:
        self.reading = Reading(wall, steady, steady)

    def __call__(self) -> Reading:
        return self.reading

    def passes(self, seconds: float) -> None:
        before = self.reading
        self.reading = Reading(
            before.wall + seconds, before.steady + seconds, before.unsteered + seconds
        )

    def is_set(self, wall: float) -> None:
        self.reading = replace(self.reading, wall=wall)

    def restarts(self, wall: float) -> None:
        self.reading = Reading(wall, 5.0, 5.0)


@pytest.fixture(scope="module")
def community() -> TestCommunity:
    return make_community()


def told(
    clock: Clock, community: TestCommunity, time: float, asked_at: float | None = None
) -> None:
    """Let the authority tell a clock the time."""
    nonce = time_question()
    authority = community.credential("authority/service", now=time)
    statement = Envelope.of_json(sign_time(nonce, authority, time).to_json())
    asked = clock.steady() if asked_at is None else asked_at
    clock.accept(statement, nonce, asked, community.verifier())


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        (NOW + HOUR, NOW + HOUR),
        (NOW, NOW),
        (NOW - 1.0, NOW),
        (NOW - SKEW, NOW),
    ],
)
def test_without_signed_time_the_machine_rules_but_never_below_the_floor(
    wall: float, expected: float
) -> None:
    assert judge(Reading(wall, 0.0, 0.0), NOW, None) == expected


@pytest.mark.parametrize("wall", [NOW - SKEW - 1.0, 0.0, -1e18, LATEST + 1.0])
def test_a_clock_turned_back_judges_nothing(wall: float) -> None:
    with pytest.raises(ClockError, match="clock says"):
        judge(Reading(wall, 0.0, 0.0), NOW, None)


@given(
    floor=st.floats(NOW, NOW + 1e8),
    wall=st.floats(-1e12, 1e12),
    known=st.none() | st.floats(NOW - 1e8, NOW + 1e8),
    steady=st.floats(0, 1e8),
)
def test_no_time_is_ever_below_the_floor(
    floor: float, wall: float, known: float | None, steady: float
) -> None:
    fix = None if known is None else Fix(known, 0.0)
    try:
        assert judge(Reading(wall, steady, steady), floor, fix) >= floor
    except ClockError:
        assert fix is None


def test_signed_time_rules_over_a_wrong_clock(
    tmp_path: Path, community: TestCommunity, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Machine(wall=NOW - 400 * 86_400.0)
    clock = Clock(tmp_path / "floor", NOW - HOUR, machine)
    with pytest.raises(ClockError, match="turned back"):
        clock()
    told(clock, community, NOW)
    assert clock() == NOW
    assert "off by" in caplog.text
    machine.passes(60.0)
    machine.is_set(0.0)
    assert clock() == NOW + 60.0
    assert clock.deviation() == pytest.approx(-NOW - 60.0)


def test_floor_survives_a_restart_and_holds_a_clock_turned_back(
    tmp_path: Path, community: TestCommunity
) -> None:
    machine = Machine()
    clock = Clock(tmp_path / "floor", 0.0, machine)
    told(clock, community, NOW)
    machine.passes(10 * HOUR)
    assert clock() == NOW + 10 * HOUR
    machine.restarts(wall=NOW + HOUR)
    again = Clock(tmp_path / "floor", 0.0, machine)
    assert NOW + 9.99 * HOUR < again.floor <= NOW + 10 * HOUR
    with pytest.raises(ClockError, match="Set it right, or ask the authority"):
        again()
    told(again, community, NOW + 11 * HOUR)
    assert again() == NOW + 11 * HOUR


def test_a_clock_set_ahead_does_not_raise_the_floor(tmp_path: Path) -> None:
    machine = Machine(wall=NOW + 1e7)
    clock = Clock(tmp_path / "floor", NOW, machine)
    assert clock() == NOW + 1e7
    machine.is_set(NOW + 1.0)
    assert clock() == NOW + 1.0
    assert not (tmp_path / "floor").exists()


def test_a_clock_turned_back_under_a_running_program_is_not_followed(
    tmp_path: Path, community: TestCommunity, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody has signed a time since the start: what was believed goes on by the counter."""
    machine = Machine()
    clock = Clock(tmp_path / "floor", NOW, machine)
    assert clock() == NOW
    right = NOW
    for wrong in (NOW - HOUR, 0.0, LATEST + 1.0):
        machine.is_set(wrong)
        assert clock() == right
        machine.passes(10.0)
        right += 10.0
        assert clock() == right
        machine.is_set(right)
        assert clock() == right
        assert caplog.text.count("cannot be") == 1
        caplog.clear()
    machine.is_set(NOW - HOUR)
    told(clock, community, NOW + 40.0)
    assert clock() == NOW + 40.0


def test_the_floor_rises_while_nobody_signs_the_time(tmp_path: Path) -> None:
    """What has expired meanwhile stays so, however the clock is set."""
    machine = Machine()
    clock = Clock(tmp_path / "floor", NOW, machine)
    clock()
    machine.passes(10 * HOUR)
    clock()
    assert NOW + 9.99 * HOUR < clock.floor < NOW + 10 * HOUR
    machine.is_set(NOW + HOUR)
    assert clock() == NOW + 10 * HOUR
    machine.restarts(wall=NOW + HOUR)
    again = Clock(tmp_path / "floor", NOW, machine)
    with pytest.raises(ClockError, match="turned back"):
        again()


def test_a_fast_counter_does_not_carry_the_floor_past_the_clock(tmp_path: Path) -> None:
    machine = Machine()
    clock = Clock(tmp_path / "floor", NOW, machine)
    for day in range(1, 401):
        counted = 1_000.0 + day * 86_400.0 * 1.0001
        machine.reading = Reading(NOW + day * 86_400.0, counted, counted)
        assert clock() == machine.reading.wall


@pytest.mark.parametrize("is_signed", [False, True])
def test_a_counter_that_is_hastened_does_not_lift_the_floor_above_the_truth(
    tmp_path: Path, community: TestCommunity, is_signed: bool
) -> None:
    """By whoever forges the time of the network; the authority's word must still be taken."""
    machine = Machine()
    clock = Clock(tmp_path / "floor", NOW, machine)
    if is_signed:
        told(clock, community, NOW, clock.steady())
    for hour in range(1, 49):
        passed = hour * HOUR
        machine.reading = Reading(NOW + 1.1 * passed, 1_000.0 + 1.1 * passed, 1_000.0 + passed)
        clock()
    assert clock.floor <= NOW + 48 * HOUR
    told(clock, community, NOW + 48 * HOUR, clock.steady())
    assert clock() == NOW + 48 * HOUR


def test_a_higher_floor_of_another_program_stays_on_the_disk(tmp_path: Path) -> None:
    machine = Machine()
    clock, other = (Clock(tmp_path / "floor", NOW, machine) for _ in range(2))
    other._raise_floor(NOW + 10 * HOUR, machine.reading)
    machine.passes(HOUR)
    clock()
    machine.restarts(NOW)
    with pytest.raises(ClockError, match="turned back"):
        Clock(tmp_path / "floor", NOW, machine)()


def test_half_the_journey_is_added(tmp_path: Path, community: TestCommunity) -> None:
    machine = Machine()
    clock = Clock(tmp_path / "floor", 0.0, machine)
    asked_at = clock.steady()
    machine.passes(2.0)
    told(clock, community, NOW, asked_at)
    assert clock() == NOW + 1.0


def test_an_answer_that_took_too_long_is_refused(tmp_path: Path, community: TestCommunity) -> None:
    machine = Machine()
    clock = Clock(tmp_path / "floor", 0.0, machine)
    asked_at = clock.steady()
    machine.passes(LONGEST_JOURNEY + 1.0)
    with pytest.raises(ClockError, match="on its way"):
        told(clock, community, NOW, asked_at)
    machine.restarts(NOW)
    with pytest.raises(ClockError, match="on its way"):
        told(clock, community, NOW, asked_at)


def test_an_old_answer_played_again_is_refused(tmp_path: Path, community: TestCommunity) -> None:
    clock = Clock(tmp_path / "floor", 0.0, Machine())
    authority = community.credential("authority/service")
    old = sign_time(time_question(), authority, NOW)
    with pytest.raises(ClockError, match="another question"):
        clock.accept(old, time_question(), clock.steady(), community.verifier())
    broadcast = sign_time(b"", authority, NOW)
    with pytest.raises(ClockError, match="another question"):
        clock.accept(broadcast, time_question(), clock.steady(), community.verifier())
    with pytest.raises(ClockError):
        clock.accept(broadcast, b"", clock.steady(), community.verifier())


def test_signed_time_below_the_floor_is_refused(tmp_path: Path, community: TestCommunity) -> None:
    clock = Clock(tmp_path / "floor", NOW + HOUR, Machine(NOW + HOUR))
    with pytest.raises(ClockError, match="known to have passed"):
        told(clock, community, NOW)
    assert clock() == NOW + HOUR


def test_a_broadcast_only_raises_the_floor(tmp_path: Path, community: TestCommunity) -> None:
    machine = Machine(wall=NOW - 2 * HOUR)
    clock = Clock(tmp_path / "floor", 0.0, machine)
    clock.hear(sign_time(b"", community.credential("authority/service"), NOW), community.verifier())
    assert clock.floor == NOW
    with pytest.raises(ClockError, match="turned back"):
        clock()
    clock.hear(
        sign_time(b"", community.credential("authority/service"), NOW - 60.0), community.verifier()
    )
    assert clock.floor == NOW


def test_only_an_authority_signs_time(community: TestCommunity) -> None:
    ship = community.credential("ship/bergamini")
    with pytest.raises(InvalidInputError, match="no authority"):
        sign_time(b"", ship, NOW)
    body = json.dumps({"nonce": "", "time": NOW}).encode()
    forged = sign(body, "application/vnd.baluardo.time+json", ship)
    with pytest.raises(ClockError, match="no authority"):
        read_time(forged, b"", community.verifier())


def test_altered_time_is_refused(community: TestCommunity) -> None:
    statement = sign_time(b"", community.credential("authority/service"), NOW)
    later = Envelope(
        statement.payload.replace(b"1780000000", b"1780000500"),
        statement.payload_type,
        statement.signatures,
    )
    with pytest.raises(SignatureError):
        read_time(later, b"", community.verifier())


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"floor": "x"}', '{"floor": NaN}', '{"floor": 1e99}', "\0" * 2_000]
)
def test_a_floor_that_cannot_be_read_is_not_taken_for_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "floor").write_text(content)
    with pytest.raises(ClockError, match="cannot be read"):
        Clock(tmp_path / "floor", NOW, Machine())


def test_a_floor_that_cannot_even_be_looked_for_is_a_sentence() -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        Clock(Path("f" * 300), NOW)


@given(payload=st.binary(max_size=200))
def test_any_statement_is_refused_with_a_sentence(payload: bytes) -> None:
    community = _SHARED
    statement = sign(payload, "application/vnd.baluardo.time+json", _AUTHORITY)
    with pytest.raises(ClockError, match="Signed time was refused"):
        read_time(statement, b"", community.verifier())


_SHARED = make_community()
_AUTHORITY = _SHARED.credential("authority/service")
