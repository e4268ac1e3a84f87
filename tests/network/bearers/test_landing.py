"""Where traffic lands: what shows it, what contradicts it, and what the way looks like."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.landing import (
    Egress,
    Finding,
    Landing,
    LandingRule,
    Observations,
    RoundTrip,
    chord_km,
    judge_landing,
    least_round_trip,
)
from baluardo.network.bearers.trace import Trace, read_extended_error, trace
from baluardo.terms import SPEED_OF_LIGHT_KM_S, Place

ROME = Place("Roma", 41.9, 12.5)
MILAN = Landing("Milano", "IT", Place("Milano", 45.478, 9.102), ("198.51.100.0/24",))
FRANKFURT = Landing("Francoforte", "DE", Place("Francoforte", 50.118, 8.683), ("203.0.113.0/24",))
NARROW = Landing("Foggia", "IT", Place("Foggia", 41.5, 15.6), ("203.0.113.128/25",))
LANDINGS = (MILAN, FRANKFURT, NARROW)
ITALY = LandingRule(frozenset({"IT"}))
AT_MILAN = Observations((Egress("198.51.100.7", "hub", 990.0),), site=ROME)
NOW = 1_000.0


def test_address_of_a_permitted_landing_shows_it() -> None:
    verdict = judge_landing(ITALY, LANDINGS, AT_MILAN, NOW)
    assert verdict.passes
    assert verdict.landing == "Milano"
    assert judge_landing(LandingRule(frozenset({"Milano"})), LANDINGS, AT_MILAN, NOW).passes


def test_address_of_another_landing_is_forbidden() -> None:
    seen = replace(AT_MILAN, egresses=(Egress("203.0.113.5", "hub", 990.0),))
    verdict = judge_landing(ITALY, LANDINGS, seen, NOW)
    assert verdict.finding is Finding.FORBIDDEN
    assert "Francoforte (DE, 203.0.113.5)" in verdict.why.en


def test_one_forbidden_address_among_several_is_enough() -> None:
    both = (*AT_MILAN.egresses, Egress("203.0.113.5", "authority", 995.0))
    verdict = judge_landing(ITALY, LANDINGS, replace(AT_MILAN, egresses=both), NOW)
    assert verdict.finding is Finding.FORBIDDEN


def test_without_the_rule_the_same_address_passes() -> None:
    """The control: it is the rule that stops."""
    seen = replace(AT_MILAN, egresses=(Egress("203.0.113.5", "hub", 990.0),))
    assert judge_landing(LandingRule(), LANDINGS, seen, NOW).passes


def test_narrowest_network_decides() -> None:
    seen = replace(AT_MILAN, egresses=(Egress("203.0.113.200", "hub", 990.0),))
    assert judge_landing(ITALY, LANDINGS, seen, NOW).landing == "Foggia"


@pytest.mark.parametrize(
    "egresses",
    [
        (),
        (Egress("198.51.100.7", "hub", 800.0),),
        (Egress("198.51.100.7", "hub", 1_001.0),),
        (Egress("192.0.2.1", "hub", 990.0),),
        (Egress("2001:db8::1", "hub", 990.0),),
        (*AT_MILAN.egresses, Egress("192.0.2.1", "authority", 990.0)),
    ],
    ids=["none", "old", "of the future", "unknown", "of another version", "known and unknown"],
)
def test_what_is_not_shown_does_not_pass(egresses: tuple[Egress, ...]) -> None:
    verdict = judge_landing(ITALY, LANDINGS, replace(AT_MILAN, egresses=egresses), NOW)
    assert verdict.finding is Finding.NOT_SHOWN
    assert "stopped" in verdict.why.en
    assert "fermo" in verdict.why.it


def test_round_trip_faster_than_light_contradicts() -> None:
    fast = replace(AT_MILAN, round_trips=(RoundTrip(ROME, 0.005, 990.0),))
    verdict = judge_landing(ITALY, LANDINGS, fast, NOW)
    assert verdict.finding is Finding.NOT_SHOWN
    assert "Roma answers in 5.0 ms" in verdict.why.en
    for harmless in (RoundTrip(ROME, 0.030, 990.0), RoundTrip(ROME, 0.005, 50.0)):
        assert judge_landing(ITALY, LANDINGS, replace(fast, round_trips=(harmless,)), NOW).passes


def test_forbidden_router_on_the_way_contradicts() -> None:
    way = Trace("192.0.2.9", (None, "100.64.0.1", "203.0.113.1"), True, 900.0)
    verdict = judge_landing(ITALY, LANDINGS, replace(AT_MILAN, traces=(way,)), NOW)
    assert verdict.finding is Finding.FORBIDDEN
    old = replace(way, at=50.0)
    assert judge_landing(ITALY, LANDINGS, replace(AT_MILAN, traces=(old,)), NOW).passes


UNTRANSLATED = (
    Landing("Milano", "IT", MILAN.place, (), ("100.127.1.1",)),
    Landing("Francoforte", "DE", FRANKFURT.place, (), ("100.127.1.2",)),
)
"""Where dishes keep their addresses, as in the stage."""
BY_MILAN = Trace("192.0.2.9", ("100.127.1.1", "192.0.2.9"), True, 990.0, (0.03, 0.05))
OWN = (Egress("100.64.0.7", "hub", 990.0),)


def test_a_trace_alone_shows_a_landing_whose_addresses_tell_nothing() -> None:
    for egresses in ((), OWN):
        seen = Observations(egresses, traces=(BY_MILAN,))
        verdict = judge_landing(ITALY, UNTRANSLATED, seen, NOW)
        assert verdict.passes
        assert "a trace alone, which whoever is on the way can forge" in verdict.why.en
    old = replace(BY_MILAN, at=NOW - 121.0)
    verdict = judge_landing(ITALY, UNTRANSLATED, Observations(OWN, traces=(old,)), NOW)
    assert verdict.finding is Finding.NOT_SHOWN
    assert "no trace of the last two minutes names one" in verdict.why.en


def test_a_trace_never_shows_a_landing_whose_addresses_are_known() -> None:
    known = replace(MILAN, hops=("100.127.1.1",))
    for egresses in ((), OWN):
        seen = Observations(egresses, traces=(BY_MILAN,))
        assert not judge_landing(ITALY, (known, FRANKFURT), seen, NOW).passes
    # Nor where some neighbours see us come from another landing's address, and some do not.
    mixed = Observations((*AT_MILAN.egresses, *OWN), traces=(BY_MILAN,))
    assert not judge_landing(ITALY, (MILAN, *UNTRANSLATED[1:]), mixed, NOW).passes


def test_what_comes_behind_the_first_landing_is_the_way_on_the_ground() -> None:
    on = replace(BY_MILAN, hops=("100.127.1.1", "100.127.1.2", "192.0.2.9"))
    assert judge_landing(ITALY, UNTRANSLATED, Observations(OWN, traces=(on,)), NOW).passes
    back = replace(BY_MILAN, hops=(None, "100.127.1.2", "100.127.1.1"))
    verdict = judge_landing(ITALY, UNTRANSLATED, Observations(OWN, traces=(back,)), NOW)
    assert verdict.finding is Finding.FORBIDDEN


def test_the_newest_trace_that_names_a_landing_decides() -> None:
    silent = Trace("192.0.2.9", (None, None), False, 999.0)
    seen = Observations(OWN, traces=(BY_MILAN, silent))
    assert judge_landing(ITALY, UNTRANSLATED, seen, NOW).passes, "silence undoes nothing"
    moved = replace(BY_MILAN, hops=("100.127.1.2",), at=995.0)
    seen = Observations(OWN, traces=(moved, BY_MILAN, silent))
    assert judge_landing(ITALY, UNTRANSLATED, seen, NOW).finding is Finding.FORBIDDEN


def test_least_round_trip_by_hand() -> None:
    """Straight up 340 km and down again, twice, with everything at one place."""
    here = Place("x", 45.0, 9.0)
    expected = 4 * 340.0 / SPEED_OF_LIGHT_KM_S
    assert least_round_trip(here, here, here, by_satellite=True) == pytest.approx(expected)
    assert least_round_trip(here, here, here, by_satellite=False) == 0.0


def test_least_round_trip_is_below_every_measured_one() -> None:
    """Median in Italy: 32.8 ms (the operator's own figures, FACTS), to Milan."""
    least = least_round_trip(MILAN.place, MILAN.place, ROME, by_satellite=True)
    assert 0.004 < least < 0.0328


PLACES = st.builds(Place, st.just("p"), st.floats(-90, 90), st.floats(-180, 180))


@given(one=PLACES, other=PLACES, third=PLACES)
def test_bounds_grow_with_what_is_known(one: Place, other: Place, third: Place) -> None:
    known = least_round_trip(one, other, third, by_satellite=True)
    assert known >= least_round_trip(one, other, None, by_satellite=True) > 0.0
    assert chord_km(one, other) == pytest.approx(chord_km(other, one), abs=1e-6)
    assert chord_km(one, other) <= 2 * 6_356.753


@given(
    address=st.ip_addresses(),
    age=st.floats(-10.0, 1_000.0),
    allowed=st.frozensets(st.sampled_from(["IT", "DE", "Milano"]), min_size=1),
)
def test_only_a_fresh_address_of_a_permitted_landing_passes(
    address: ipaddress.IPv4Address, age: float, allowed: frozenset[str]
) -> None:
    seen = Observations((Egress(str(address), "hub", NOW - age),))
    verdict = judge_landing(LandingRule(allowed), LANDINGS, seen, NOW)
    of = [one for one in LANDINGS if one.prefix_of(str(address)) is not None]
    if verdict.passes:
        assert -1e-6 <= age <= 120.0  # what is less is no age by this clock
        assert any({one.name, one.country} & allowed for one in of)


def test_landing_of_no_network_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no network such as"):
        Landing("x", "IT", ROME, ("198.51.100.7/24",))
    with pytest.raises(InvalidInputError, match="no address such as"):
        Landing("x", "IT", ROME, (), ("milano.example",))


# The way itself, on this machine's loopback.


@pytest.mark.parametrize("target", ["127.0.0.1", "127.9.9.9"])
def test_trace_reaches_the_target_at_the_first_hop(target: str) -> None:
    way = trace(target, most_hops=4, timeout_s=5.0)
    assert way.reached
    assert way.hops == (target,)
    assert len(way.round_trips_s) == 1
    assert 0.0 < (way.round_trips_s[0] or 0.0) < 5.0


def test_trace_by_a_named_interface() -> None:
    assert trace("127.0.0.1", "lo", most_hops=2, timeout_s=5.0).reached


def test_trace_of_no_address_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="is no IP address"):
        trace("example.org; rm -rf /")


@given(octets=st.binary(max_size=64))
def test_any_extended_error_is_read_or_dropped(octets: bytes) -> None:
    answer = read_extended_error(octets)
    assert answer is None or ipaddress.ip_address(answer[0])


def test_router_on_the_way_is_told_from_the_target() -> None:
    router = struct.pack("=IBBBBII", 113, 2, 11, 0, 0, 0, 0) + struct.pack(
        "=HH4s8x", 2, 0, b"\n\0\0\1"
    )
    assert read_extended_error(router) == ("10.0.0.1", False)
    local = struct.pack("=IBBBBII", 113, 1, 11, 0, 0, 0, 0) + router[16:]
    assert read_extended_error(local) is None
