"""Admission: who is let in, who yields, and that nobody yields in vain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.calls.admission import (
    Admission,
    AdmissionSettings,
    Decision,
    Request,
    Verdict,
)
from baluardo.calls.call_rate import (
    ESP_LAYER,
    INNER_LAYERS,
    OUTER_LAYERS,
    SiteRate,
    call_rate_bps,
    carried,
    packet_octets,
)
from baluardo.calls.causes import Cause
from baluardo.errors import InvalidInputError
from baluardo.terms import (
    OUT,
    SLOT_SECONDS,
    Direction,
    Path,
    PathSegment,
    Precedence,
    slot_at,
    slot_start,
)

ROME, SHIP, FORT = "office/rome", "ship/bergamini", "office/fort"
SLOT = slot_at(1_790_000_000.0)
NOW = slot_start(SLOT)
RATE = 100.0


class Sky:
    """What each site's path carries, by slot after the first; the last value goes on."""

    def __init__(self, *calls: float, rate: float = RATE) -> None:
        """Begin with so many calls of one rate in each slot."""
        self.calls, self.rate = calls, rate

    def __call__(self, site: str, slot: int) -> SiteRate | None:
        """The rule."""
        if site == FORT:
            return None
        most = self.calls[min(slot - SLOT, len(self.calls) - 1)] * self.rate
        return SiteRate(most, 10 * most)


def admission(sky: Sky, floor: int = 0, ahead: int = 2) -> Admission:
    return Admission(
        sky,
        lambda person: Precedence.FLASH if person == "person/low" else Precedence.FLASH_OVERRIDE,
        AdmissionSettings(floor, ahead, RATE),
    )


def request(number: int, precedence: Precedence = Precedence.ROUTINE, **about: object) -> Request:
    asked = Request(f"{number:032x}", f"person/p{number}", precedence, False, (ROME, SHIP), RATE)
    return replace(asked, **about)  # type: ignore[arg-type]


def numbers(decisions: tuple[Decision, ...] | list[Decision]) -> list[int]:
    return [int(each.request.call, 16) for each in decisions]


def test_the_lowest_yields_first_and_of_equals_the_newest() -> None:
    it = admission(Sky(4))
    for number, precedence in enumerate(
        (Precedence.PRIORITY, Precedence.ROUTINE, Precedence.ROUTINE, Precedence.PRIORITY)
    ):
        assert it.ask(request(number, precedence), NOW).verdict is Verdict.ADMITTED
    order = []
    for number in range(4, 8):
        decision = it.ask(request(number, Precedence.FLASH), NOW)
        order += numbers(decision.yielding)
        assert {each.cause for each in decision.yielding} == {Cause.PREEMPTED_RESERVED}
        assert all("flash" in each.reason.en for each in decision.yielding)
    assert order == [2, 1, 3, 0]
    refused = it.ask(request(8, Precedence.FLASH), NOW)
    assert (refused.verdict, refused.cause, refused.yielding) == (
        Verdict.REFUSED,
        Cause.NO_ROOM,
        (),
    )


def test_nobody_yields_in_vain() -> None:
    it = admission(Sky(3))
    it.ask(request(0, Precedence.FLASH, rate_bps=2 * RATE), NOW)
    it.ask(request(1), NOW)
    refused = it.ask(request(2, Precedence.PRIORITY, rate_bps=2 * RATE), NOW)
    assert refused.verdict is Verdict.REFUSED, "the routine call alone would not make room"
    assert refused.yielding == ()
    assert len(it.requests) == 2


def test_a_small_call_is_spared_where_a_larger_one_must_go_anyway() -> None:
    it = admission(Sky(4))
    it.ask(request(0, Precedence.PRIORITY, rate_bps=3 * RATE), NOW)
    it.ask(request(1), NOW)
    decision = it.ask(request(2, Precedence.FLASH, rate_bps=3 * RATE), NOW)
    assert numbers(decision.yielding) == [0]


def test_a_call_elsewhere_does_not_yield() -> None:
    it = admission(Sky(1))
    it.ask(request(0, sites=(SHIP,)), NOW)
    it.ask(request(1, sites=(ROME,)), NOW)
    decision = it.ask(request(2, Precedence.FLASH, sites=(ROME, FORT)), NOW)
    assert numbers(decision.yielding) == [1]
    assert it.ask(request(3, sites=()), NOW).verdict is Verdict.ADMITTED, "within a site"


def test_flash_override_always_passes_and_says_when_it_is_too_much() -> None:
    it = admission(Sky(1))
    it.ask(request(0, Precedence.FLASH), NOW)
    first = it.ask(request(1, Precedence.FLASH_OVERRIDE), NOW)
    assert numbers(first.yielding) == [0]
    second = it.ask(request(2, Precedence.FLASH_OVERRIDE), NOW)
    assert second.verdict is Verdict.ADMITTED
    assert "above what the path carries" in second.reason.en
    assert it.handle_timer(NOW + SLOT_SECONDS) == []
    assert len(it.requests) == 2


def test_a_floor_is_kept_for_emergencies_and_nobody_displaces_them() -> None:
    it = admission(Sky(3), floor=1)
    verdicts = [it.ask(request(number), NOW).verdict for number in range(3)]
    assert verdicts == [Verdict.ADMITTED, Verdict.ADMITTED, Verdict.REFUSED]
    call = it.ask(request(3, emergency=True), NOW)
    assert (call.verdict, call.yielding) == (Verdict.ADMITTED, ())
    for number in range(4, 8):
        it.ask(request(number, Precedence.FLASH_OVERRIDE), NOW)
    assert 3 in {int(each.call, 16) for each in it.requests}
    beyond = it.ask(request(8, emergency=True), NOW)
    assert beyond.cause is Cause.NO_ROOM, "beyond the floor its precedence counts"


def test_one_person_takes_the_floor_once() -> None:
    it = admission(Sky(9), floor=2)
    it.ask(request(0, emergency=True, person="person/a"), NOW)
    second = it.ask(request(1, emergency=True, person="person/a"), NOW)
    assert second.cause is Cause.SECOND_EMERGENCY
    it.release(f"{0:032x}")
    assert it.ask(request(1, emergency=True, person="person/a"), NOW).cause is None


def test_a_forged_precedence_is_refused_whatever_room_there_is() -> None:
    it = admission(Sky(100))
    decision = it.ask(request(0, Precedence.FLASH_OVERRIDE, person="person/low"), NOW)
    assert (decision.verdict, decision.cause) == (Verdict.REFUSED, Cause.FORBIDDEN_PRECEDENCE)
    assert decision.reason == Cause.FORBIDDEN_PRECEDENCE.sentence
    assert it.requests == ()
    assert it.ask(request(0, Precedence.FLASH, person="person/low"), NOW).cause is None


def test_who_would_have_to_yield_soon_is_not_let_in() -> None:
    it = admission(Sky(3, 3, 1))
    verdicts = [it.ask(request(number), NOW).verdict for number in range(2)]
    assert verdicts == [Verdict.ADMITTED, Verdict.REFUSED]
    decision = it.ask(request(2, Precedence.FLASH), NOW)
    assert decision.verdict is Verdict.ADMITTED, "in that slot the routine call will yield to it"
    assert decision.yielding == (), "and not before"
    assert it.next_timer(NOW) == NOW + SLOT_SECONDS
    assert it.handle_timer(NOW + SLOT_SECONDS) == []
    (yielding,) = it.handle_timer(NOW + 2 * SLOT_SECONDS)
    assert numbers([yielding]) == [0]
    assert (yielding.verdict, yielding.cause) == (Verdict.YIELDS, Cause.PREEMPTED_BY_PATH)
    assert it.handle_timer(NOW + 2 * SLOT_SECONDS) == [], "a slot is judged once"


def test_a_slot_that_nobody_judged_is_judged_before_a_newcomer() -> None:
    it = admission(Sky(3, 2), ahead=0)
    for number in range(3):
        it.ask(request(number), NOW)
    decision = it.ask(request(3, Precedence.FLASH), NOW + SLOT_SECONDS)
    causes = [each.cause for each in decision.yielding]
    assert causes == [Cause.PREEMPTED_BY_PATH, Cause.PREEMPTED_RESERVED]
    assert numbers(decision.yielding) == [2, 1]


asked = st.builds(
    request,
    st.just(0),
    st.sampled_from(Precedence),
    emergency=st.sampled_from([False, False, True]),
    sites=st.sampled_from([(ROME, SHIP), (ROME, FORT), (SHIP, FORT), ()]),
    rate_bps=st.sampled_from([RATE, RATE, 2 * RATE]),
)


def rank(one: Request) -> int:
    return int(one.precedence)


def load(requests: list[Request], site: str) -> float:
    return sum(
        each.rate_bps
        for each in requests
        if site in each.sites and each.precedence is not Precedence.FLASH_OVERRIDE
    )


@settings(max_examples=150, deadline=None)
@given(
    calls=st.lists(asked, max_size=25),
    capacities=st.lists(st.integers(0, 8), min_size=1, max_size=5),
    floor=st.integers(0, 2),
    gone=st.lists(st.integers(0, 25), max_size=8),
)
def test_the_rule_holds_for_any_calls(
    calls: list[Request], capacities: list[int], floor: int, gone: list[int]
) -> None:
    sky = Sky(*capacities)
    it, twin = admission(sky, floor), admission(sky, floor)
    for number, call in enumerate(calls):
        at = NOW + 3.0 * number
        shrunk = it.handle_timer(at)
        assert twin.handle_timer(at) == shrunk
        newcomer = replace(call, call=f"{number:032x}", person=f"person/p{number}")
        before = list(it.requests)
        decision = it.ask(newcomer, at)
        assert twin.ask(newcomer, at) == decision, "the same calls, the same decisions"
        after = list(it.requests)
        yielding = [each.request for each in decision.yielding]
        assert decision.reason.it
        assert decision.reason.en
        if decision.verdict is Verdict.REFUSED:
            assert (after, yielding) == (before, [])
            assert newcomer.precedence is not Precedence.FLASH_OVERRIDE
        else:
            assert set(after) == {*before, newcomer} - set(yielding)
            check_order(before, yielding, newcomer)
        check_room(after, sky, at, floor)
        if number in gone:
            for each in (it, twin):
                each.release(newcomer.call)


def check_room(requests: list[Request], sky: Sky, at: float, floor: int) -> None:
    """Never above what the path carries, flash-override aside; and the floor is free or in use."""
    for site in (ROME, SHIP):
        most = sky(site, slot_at(at))
        assert most is not None
        assert load(requests, site) <= most.up_bps
        there = [each for each in requests if site in each.sites]
        ordinary = [
            each
            for each in there
            if not each.emergency and each.precedence is not Precedence.FLASH_OVERRIDE
        ]
        if ordinary:
            emergencies = sum(
                each.emergency and each.precedence is not Precedence.FLASH_OVERRIDE
                for each in there
            )
            kept = max(0, floor - emergencies) * RATE
            assert sum(each.rate_bps for each in there) + kept <= most.up_bps


def check_order(before: list[Request], yielding: list[Request], newcomer: Request) -> None:
    """Only lower ones yield; of one size and way, the lowest first and the newest of equals."""
    age = {each.call: number for number, each in enumerate(before)}
    for each in yielding:
        assert rank(each) < rank(newcomer) or newcomer.emergency
        assert set(each.sites) & set(newcomer.sites)
        for stays in before:
            same = (stays.sites, stays.rate_bps) == (each.sites, each.rate_bps)
            if stays not in yielding and same and not stays.emergency and not each.emergency:
                assert (rank(stays), -age[stays.call]) > (rank(each), -age[each.call])


@settings(max_examples=80, deadline=None)
@given(calls=st.lists(asked, max_size=12), capacity=st.integers(1, 8))
def test_nobody_could_have_stayed(calls: list[Request], capacity: int) -> None:
    """With any one of those who yield still there, the newcomer finds the path above its rate."""
    it = admission(Sky(capacity))
    for number, call in enumerate(calls):
        newcomer = replace(call, call=f"{number:032x}", person=f"person/p{number}", emergency=False)
        decision = it.ask(newcomer, NOW)
        for each in decision.yielding:
            kept = [*it.requests, each.request]
            assert any(
                sum(one.rate_bps for one in kept if site in one.sites) > capacity * RATE
                for site in (ROME, SHIP)
            )


def test_a_call_is_not_booked_twice() -> None:
    it = admission(Sky(5))
    it.ask(request(0), NOW)
    with pytest.raises(InvalidInputError, match="has its room already"):
        it.ask(request(0), NOW)
    with pytest.raises(InvalidInputError, match="rate_bps"):
        request(1, rate_bps=0.0)


def test_what_a_call_takes_is_the_sum_of_its_layers() -> None:
    inner = 80 + sum(each.octets for each in INNER_LAYERS)
    outer = sum(each.octets for each in OUTER_LAYERS)
    assert (inner, -(-inner // 16) * 16, outer) == (183, 192, 88)
    assert packet_octets() == 192 + 88
    assert call_rate_bps() == pytest.approx(280 * 8 * 50 * 1.05)
    assert call_rate_bps(copies=2) == 2 * call_rate_bps()
    assert packet_octets(two_layers=True) >= packet_octets() + ESP_LAYER.octets - 15
    with pytest.raises(InvalidInputError, match="once or twice"):
        call_rate_bps(copies=3)


def test_what_a_path_carries_in_a_slot_is_its_lowest_rate() -> None:
    def way(rate: float) -> Direction:
        return Direction(0.03, 0.0, 0.0, rate, 0.0)

    path = Path(
        (
            PathSegment(NOW - 10, NOW + 5, way(8e6), way(80e6)),
            PathSegment(NOW + 5, NOW + 15, way(6e6), way(90e6)),
            PathSegment(NOW + 15, NOW + 20, way(6e6), OUT),
            PathSegment(NOW + 20, NOW + 40, way(7e6), way(70e6)),
        )
    )
    assert carried(path, SLOT) == SiteRate(6e6, 80e6)
    assert carried(path, SLOT, 0.5) == SiteRate(3e6, 40e6)
    assert carried(path, SLOT + 1) == SiteRate(6e6, 0.0)
    assert carried(path, SLOT - 1) == carried(path, SLOT + 2) == SiteRate(0.0, 0.0)
    with pytest.raises(InvalidInputError, match="share"):
        carried(path, SLOT, 1.5)
