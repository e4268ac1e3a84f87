"""Probes: their octets, what they measure, what they cost, and what hostile ones can do."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from virtual_sites import Access, VirtualSites

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.probe_payload import (
    ANSWER_OCTETS,
    MOST_BEARERS,
    PROBE_OCTETS,
    ProbePayload,
)
from baluardo.network.bearers.probes import (
    Answered,
    BestTold,
    Interest,
    OutgoingProbe,
    Probing,
    Seen,
    Timings,
)

# The octets

BEARERS = st.integers(0, MOST_BEARERS - 1)
SOURCES = st.none() | st.tuples(
    st.ip_addresses().filter(lambda a: int(a) != 0 and not _is_mapped(a)).map(str),
    st.integers(0, 0xFFFF),
)
PAYLOADS = st.builds(
    lambda second, *fields: ProbePayload(
        *fields[:-1],
        source=fields[-1] if fields[-2] is not None else None,
        second=None if fields[4] is None or fields[4] == second else second,
    ),
    st.none() | BEARERS,
    st.booleans(),
    BEARERS,
    BEARERS,
    st.integers(0, 2**32 - 1),
    st.none() | BEARERS,
    st.none() | st.integers(0, 0xFFFE),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
    st.none() | st.integers(0, 2**32 - 1),
    SOURCES,
)


def _is_mapped(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.version == 6 and address.ipv4_mapped is not None


PROBE = ProbePayload(True, 1, 0, 7, 1, 120, 42, 5_000_000, second=3)
ANSWER = ProbePayload(False, 0, 1, 8, None, None, 42, 5_000_000, 90, ("192.0.2.7", 51820))


def test_probe_by_hand() -> None:
    assert PROBE.to_octets().hex() == (
        "21" "01" "01" "00" "00000007" "01" "03" "0078" "0000002a" "00000000004c4b40"
    )  # fmt: skip
    assert ANSWER.to_octets().hex() == (
        "22" "00" "00" "01" "00000008" "ff" "ff" "ffff" "0000002a" "00000000004c4b40"
        "0000005a" "00000000000000000000ffffc0000207" "ca6c"
    )  # fmt: skip
    assert (len(PROBE.to_octets()), len(ANSWER.to_octets())) == (PROBE_OCTETS, ANSWER_OCTETS)


@given(payload=PAYLOADS)
def test_payload_comes_back_as_it_was(payload: ProbePayload) -> None:
    assert ProbePayload.of_octets(payload.to_octets()) == payload


@settings(max_examples=300)
@given(octets=st.binary(min_size=PROBE_OCTETS, max_size=ANSWER_OCTETS) | st.binary(max_size=80))
@example(octets=b"")
@example(octets=b"\x11" + bytes(PROBE_OCTETS - 1))
@example(octets=b"\x21" + bytes(PROBE_OCTETS - 1))
@example(octets=b"\x22" + bytes(ANSWER_OCTETS - 1))
def test_any_octets_are_refused_or_mean_one_thing(octets: bytes) -> None:
    try:
        payload = ProbePayload.of_octets(octets)
    except InvalidInputError as refusal:
        assert str(refusal).isprintable()
    else:
        assert payload.to_octets() == octets


@settings(max_examples=200)
@given(at=st.integers(0, ANSWER_OCTETS - 1), value=st.integers(0, 255), answer=st.booleans())
def test_any_octet_changed_is_refused_or_means_one_thing(at: int, value: int, answer: bool) -> None:
    octets = bytearray((ANSWER if answer else PROBE).to_octets())
    octets[at % len(octets)] = value
    with contextlib.suppress(InvalidInputError):
        assert ProbePayload.of_octets(bytes(octets)).to_octets() == octets


# What they measure


def constant(value: float) -> Callable[[float], float]:
    return lambda _: value


def pair() -> VirtualSites:
    return VirtualSites(
        [Access(constant(0.01)), Access(constant(0.002))],
        [Access(constant(0.01)), Access(constant(0.002))],
    )


def alone(delay: float, loss: float = 0.0) -> VirtualSites:
    """One bearer each: it is not left, whatever it is like."""
    return VirtualSites(
        [Access(constant(delay), constant(loss))], [Access(constant(delay), constant(loss))]
    )


@pytest.mark.parametrize("delay", [0.001, 0.02, 0.15])
def test_round_trip_is_measured_without_the_time_it_was_held(delay: float) -> None:
    sites = alone(delay)
    sites.run(10.0)
    heard = sites.sites[0].probing.heard("other", "sky0", sites.now)
    assert heard.rtt_s == pytest.approx(4 * delay, abs=0.006)  # two steps of the virtual clock
    assert heard.loss == 0.0
    assert heard.samples == 120


def test_loss_is_measured_there_and_back() -> None:
    sites = alone(0.01, 0.05)
    sites.step = 0.010
    sites.run(6.0)
    losses = []
    for _ in range(6):
        sites.run(sites.now + 6.0)
        losses.append(sites.sites[0].probing.heard("other", "sky0", sites.now).loss or 0.0)
    assert sum(losses) / len(losses) == pytest.approx(1 - 0.95**4, abs=0.05)


def test_address_that_the_other_end_saw_is_told() -> None:
    sites = pair()
    sites.run(1.0)
    seen = {(e.bearer, e.address, e.port) for e in sites.sites[0].events if isinstance(e, Seen)}
    assert seen == {("sky0", "10.0.0.1", 51820), ("fibre0", "10.0.0.2", 51820)}


# What they cost


def test_under_traffic_the_active_one_is_probed_every_50_ms_and_others_every_250() -> None:
    """The others: the other bearer, and the pair of ends that second copies take."""
    sites = pair()
    sites.run(5.0)
    before = sites.sites[0].probes
    sites.run(15.0)
    per_second = (sites.sites[0].probes - before) / 10.0
    assert per_second == pytest.approx(
        2 * (20 + 4 + 4), rel=0.06
    )  # its own, and answers to as many


def test_500_idle_sites_cost_less_than_50_kbit_s() -> None:
    """One of them and its hub, of two bearers each; IPv6, UDP, header and seal are 80 octets."""
    sites = pair()
    sites.interests = [Interest.IDLE, Interest.PASSIVE]
    sites.step = 0.1
    sites.run(60.0)
    for site in sites.sites:
        site.probes = site.octets = 0
    sites.run(360.0)
    octets = sum(80 * site.probes + site.octets for site in sites.sites)
    assert 0 < 500 * 8 * octets / 300.0 <= 50_000


def test_idle_peer_that_does_not_answer_is_not_asked_more_often_than_one_that_does() -> None:
    probing = Probing(["sky0"])
    probing.meet("other", 2, 0.0)
    sent = 0
    for tick in range(6_000):
        probing.handle_timer(tick * 0.1)
        sent += len(probing.outgoing(tick * 0.1))
    assert sent <= 3 + 600 / 40


def test_both_ends_probe_fast_when_one_has_traffic() -> None:
    sites = pair()
    sites.interests = [Interest.TRAFFIC, Interest.PASSIVE]
    sites.run(5.0)
    assert sites.sites[1].probing.heard("one", "sky0", sites.now).interval_s == 0.05
    sites.interests = [Interest.IDLE, Interest.PASSIVE]
    sites.run(8.0)
    assert sites.sites[1].probing.heard("one", "sky0", sites.now).interval_s == 40.0


# What is told


def exchange(one: Probing, other: Probing, now: float) -> list[OutgoingProbe]:
    """Carry what `one` sends to `other` at once, and the answers back."""
    sent = one.outgoing(now)
    for each in sent:
        other.receive("one", ("sky0", "fibre0")[each.peer_bearer], each.payload, now)
    for each in other.outgoing(now):
        one.receive("other", ("sky0", "fibre0")[each.peer_bearer], each.payload, now)
    return sent


def two() -> tuple[Probing, Probing]:
    one, other = Probing(["sky0", "fibre0"]), Probing(["sky0", "fibre0"])
    one.meet("other", 2, 0.0)
    other.meet("one", 2, 0.0)
    return one, other


def test_where_one_receives_best_is_told_at_once_by_all_bearers() -> None:
    one, other = two()
    exchange(one, other, 0.0)
    one.set_best("other", "fibre0", 0.1)
    assert {each.bearer for each in exchange(one, other, 0.1)} == {"sky0", "fibre0"}
    assert other.destination("one") == 1
    events = iter(other.next_event, None)
    assert BestTold("one", 1) in list(events)


def test_older_statement_that_comes_late_changes_nothing() -> None:
    one, other = two()
    one.set_best("other", "sky0", 0.0)
    late = one.outgoing(0.0)
    one.set_best("other", "fibre0", 0.1)
    exchange(one, other, 0.1)
    other.receive("one", "sky0", late[0].payload, 0.2)
    assert other.destination("one") == 1


def test_probes_turn_to_the_peers_other_bearers_when_nothing_comes() -> None:
    probing = Probing(["sky0"])
    probing.meet("other", 3, 0.0)
    probing.set_interest("other", Interest.TRAFFIC, 0.0)
    aims = set()
    for tick in range(60):
        probing.handle_timer(tick * 0.05)
        aims.update(each.peer_bearer for each in probing.outgoing(tick * 0.05))
    assert aims == {0, 1, 2}


def test_told_best_bearer_takes_data_once_something_came_from_it() -> None:
    probing = Probing(["sky0", "fibre0"])
    probing.meet("other", 2, 0.0)
    probing.set_interest("other", Interest.TRAFFIC, 0.0)
    aims = []
    for tick in range(1, 200):
        now = tick * 0.05
        said = ProbePayload(True, 0, 0, 1, 1, 0, tick, 1)
        assert probing.receive("other", "sky0", said.to_octets(), now) == said
        probing.handle_timer(now)
        aims += [each.peer_bearer for each in probing.outgoing(now)]
        assert probing.destination("other") == 0
    assert 2 <= aims.count(1) <= 2 * 11  # each of our two, once a second
    assert aims.count(0) > 200
    assert BestTold("other", 1) not in list(iter(probing.next_event, None))
    probing.receive("other", "fibre0", ProbePayload(True, 1, 1, 1, 1, 0, 1, 1).to_octets(), 11.0)
    assert probing.destination("other") == 1
    assert BestTold("other", 1) in list(iter(probing.next_event, None))


def test_addresses_that_never_answered_are_asked_once_a_second() -> None:
    probing = Probing(["sky0"])
    probing.meet("other", 2, 0.0)
    probing.set_interest("other", Interest.TRAFFIC, 0.0)
    sent = []
    for tick in range(200):
        probing.handle_timer(tick * 0.05)
        sent += [each.peer_bearer for each in probing.outgoing(tick * 0.05)]
    assert 5 <= sent.count(0) <= 10
    assert 5 <= sent.count(1) <= 10


def test_traffic_that_is_known_to_be_the_peers_ends_silence() -> None:
    one, other = two()
    exchange(one, other, 0.0)
    assert one.heard("other", "sky0", 5.0).age_s == 5.0
    one.hear_traffic("other", "sky0", 4.9)
    assert one.heard("other", "sky0", 5.0).age_s == pytest.approx(0.1)


def test_traffic_that_is_heard_is_told_though_probes_are_late() -> None:
    """Else the other end leaves a bearer that carries all it sends."""
    one, other = two()
    for each, peer in ((one, "other"), (other, "one")):
        each.set_interest(peer, Interest.TRAFFIC, 0.0)
    exchange(one, other, 0.0)
    one.set_best("other", "sky0", 0.0)
    exchange(one, other, 0.01)
    assert not one.is_silent(0.05)
    assert one.is_silent(0.1)
    one.hear_traffic("other", "sky0", 0.19)
    assert not one.is_silent(0.2)
    told = [ProbePayload.of_octets(each.payload) for each in one.outgoing(0.2)]
    active = [each.heard_ms for each in told if each.bearer == 0]
    assert active
    assert all(ms is not None and ms <= 10 for ms in active)


def test_passive_peer_is_answered_and_not_probed() -> None:
    one, other = two()
    other.set_interest("one", Interest.PASSIVE, 0.0)
    other.set_best("one", "fibre0", 0.0)
    assert other.outgoing(0.0) == []
    exchange(one, other, 0.0)
    exchange(one, other, 0.01)  # told by the answer, and asked there
    assert one.destination("other") == 1
    assert other.next_timer() is None
    one.set_interest("other", Interest.TRAFFIC, 1.0)
    exchange(one, other, 1.0)
    assert other.outgoing(1.06) != []


# What cannot be


def test_nonsense_is_counted_and_dropped() -> None:
    one, _ = two()
    one.outgoing(0.0)
    for octets in (
        b"",
        bytes(PROBE_OCTETS),
        ProbePayload(True, 5, 0, 1, 0, 0, 0, 0).to_octets(),  # a bearer that the peer lacks
        ProbePayload(True, 0, 1, 1, 0, 0, 0, 0).to_octets(),  # sent to another bearer of ours
    ):
        one.receive("other", "sky0", octets, 0.1)
    one.receive("stranger", "sky0", PROBE.to_octets(), 0.1)
    assert one.refused == 5
    assert not one.heard("other", "sky0", 0.1).ever
    assert one.next_event() is None


def test_answers_that_answer_nothing_measure_nothing() -> None:
    one, _ = two()
    one.outgoing(1.0)
    for number, probed, held in ((9, 1_000_000, 0), (0, 999_999, 0), (0, 1_000_000, 2**32 - 1)):
        said = ProbePayload(False, 0, 0, 1, 0, 0, number, probed, held)
        one.receive("other", "sky0", said.to_octets(), 1.05)
    assert not any(isinstance(event, Answered) for event in iter(one.next_event, None))
    assert one.heard("other", "sky0", 1.05).rtt_s is None


@settings(max_examples=80)
@given(
    story=st.lists(
        st.tuples(PAYLOADS, st.sampled_from(["sky0", "fibre0"]), st.floats(0.0, 3.0)), max_size=40
    )
)
def test_whatever_a_peer_says_the_core_goes_on(
    story: list[tuple[ProbePayload, str, float]],
) -> None:
    one, _ = two()
    now = 0.0
    for payload, bearer, seconds in story:
        now += seconds
        one.receive("other", bearer, payload.to_octets(), now)
        one.handle_timer(now)
        for each in one.outgoing(now):
            assert 0 <= each.peer_bearer < 2
            ProbePayload.of_octets(each.payload)
        assert one.destination("other") in (0, 1)
        timer = one.next_timer()
        assert timer is not None
        assert timer <= now + 61.0
        for name in ("sky0", "fibre0"):
            heard = one.heard("other", name, now)
            assert heard.silent_s >= 0.0
            assert heard.unheard_s >= 0.0
            assert heard.loss is None or 0.0 <= heard.loss <= 1.0


def test_settings_that_cost_too_much_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="idle_s"):
        Timings(idle_s=5.0)
    with pytest.raises(InvalidInputError, match="different names"):
        Probing(["sky0", "sky0"])
