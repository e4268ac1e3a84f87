"""Key rounds over real channels: same keys at both ends, small, healing, and closed to others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from baluardo.network.tunnel.events import Failed
from baluardo.network.tunnel.place import Place
from baluardo.network.tunnel.steps import State
from baluardo.network.tunnel.timers import FIRST_WAIT
from baluardo.trust.certificates.revocation import Reason, Revocation
from baluardo.trust.probe_seal import ProbeSeal
from baluardo.trust.suites import CNSA, EU_HYBRID, AnyProfile
from network.tunnel.edges import HOST, Counting, Site, same_keys, until
from trust.community import TestCommunity, make_community

MOST_OCTETS = {EU_HYBRID.name: 3_200, CNSA.name: 4_200}


@pytest.fixture(scope="module")
def italy() -> TestCommunity:
    """Return a community of this moment."""
    return make_community(now=time.time() - 3_600)


def between(
    italy: TestCommunity, scenario: Callable[[Site, Site], Awaitable[None]], lanes: int = 2
) -> None:
    """Run a scenario between milano, which offers, and roma; neither knows the other yet."""

    async def run() -> None:
        milano = Site(italy, "office/milano", lanes, seed=1)
        roma = Site(italy, "office/roma", lanes, seed=2)
        sites = (milano, roma)
        for site in sites:
            await site.start()
        try:
            await scenario(milano, roma)
        finally:
            for site in sites:
                await site.rounds.close()

    asyncio.run(run())


def acquaint(one: Site, other: Site) -> None:
    """Give each the other's card, the answering end first."""
    other.rounds.set_peers([one.card(), other.card()])
    one.rounds.set_peers([one.card(), other.card()])


@pytest.mark.parametrize("profile", [EU_HYBRID, CNSA], ids=lambda each: each.name)
def test_rounds_are_small_and_give_both_ends_the_same_keys(profile: AnyProfile) -> None:
    """A full round, then resumed ones, counted on real sockets with everything that TLS adds."""

    async def scenario(milano: Site, roma: Site) -> None:
        way = Counting(roma.port)
        port = await way.start()
        roma.rounds.set_peers([milano.card()])
        milano.rounds.set_peers([roma.card(port)])
        await until(lambda: len(roma.accepted) == 1)
        assert same_keys(milano, roma)
        assert not milano.accepted[0].resumed
        first = dict(milano.slots)
        for number in range(2, 4):
            # No traffic for a minute here: the round is asked for from inside.
            await again(milano, roma)
            await until(lambda count=number: len(roma.accepted) == count)
            await until(lambda: len(milano.accepted) == len(roma.accepted))
            assert same_keys(milano, roma)
        assert [each.resumed for each in milano.accepted] == [False, True, True]
        assert [each.resumed for each in roma.accepted] == [False, True, True]
        assert all(milano.slots[slot] != first[slot] for slot in first)
        await until(lambda: len(way.octets) == 3)
        await asyncio.sleep(0.05)
        assert max(way.octets[1:]) <= MOST_OCTETS[profile.name], way.octets
        assert way.octets[0] > 20_000, "the first is a full handshake"
        await way.close()

    between(make_community(profile, now=time.time() - 3_600), scenario)


async def again(milano: Site, roma: Site) -> None:
    """Let the schedule of milano be due by its own rules, as if a minute and a half had passed."""
    loop = asyncio.get_running_loop()
    keys = milano.rounds._peers[roma.identity]
    milano.see_handshake(roma.identity)
    lane = keys._schedule._lanes[0]
    lane.handshake_at = loop.time() - 95.0
    keys._schedule._accepted_at = loop.time() - 200.0
    lane.in_use_since = loop.time() - 90.0
    lane.moved_at = loop.time()
    keys.turn()


def test_probes_of_one_end_open_at_the_other(italy: TestCommunity) -> None:
    async def scenario(milano: Site, roma: Site) -> None:
        acquaint(milano, roma)
        await until(lambda: bool(roma.accepted))
        send, receive, send_tag, receive_tag = milano.probes[roma.identity]
        theirs = roma.probes[milano.identity]
        assert (send_tag, receive_tag) == (theirs[3], theirs[2])
        assert ProbeSeal(theirs[1]).open(ProbeSeal(send).seal(b"ping")) == b"ping"
        assert ProbeSeal(receive).open(ProbeSeal(theirs[0]).seal(b"pong")) == b"pong"
        assert send != receive

    between(italy, scenario)


def test_gates_open_with_the_first_handshake_and_not_before(italy: TestCommunity) -> None:
    async def scenario(milano: Site, roma: Site) -> None:
        acquaint(milano, roma)
        await until(lambda: bool(roma.accepted) and bool(milano.woken))
        assert sorted(milano.woken) == [0, 1]
        assert not milano.gates
        assert milano.rounds.state(roma.identity).state is State.INSTALLED
        for one, other in ((milano, roma), (roma, milano)):
            one.see_handshake(other.identity)
            assert one.gates == {(other.identity, 0): True}
            state = one.rounds.state(other.identity)
            assert state.state is State.CONFIRMED
            assert state.gates == (True, False)
            assert state.epoch == one.epoch_with(other.identity)
            assert state.last_full is not None
            assert state.key_age is not None
            assert not state.problem
        roma.rounds.set_peers([])
        await until(lambda: roma.gates == {(milano.identity, 0): False})

    between(italy, scenario)


def test_a_policy_asks_for_a_full_round_from_either_end(italy: TestCommunity) -> None:
    async def scenario(milano: Site, roma: Site) -> None:
        acquaint(milano, roma)
        await until(lambda: len(roma.accepted) == 1)
        milano.rounds.full_round(roma.identity)
        await until(lambda: len(roma.accepted) == 2)
        roma.rounds._peers[milano.identity]._schedule._late = 0.0
        roma.rounds.full_round(milano.identity)
        await until(lambda: len(milano.accepted) == 3 and len(roma.accepted) == 3)
        assert not any(each.resumed for each in (*milano.accepted, *roma.accepted))
        assert same_keys(milano, roma)
        assert milano.epoch_with(roma.identity) == milano.accepted[-1].epoch

    between(italy, scenario)


@pytest.mark.parametrize("who", [0, 1], ids=["initiator", "responder"])
def test_an_end_that_starts_anew_has_keys_again(italy: TestCommunity, who: int) -> None:
    """It has random keys in its slots and knows no epoch; the other end still has its own."""

    async def scenario(milano: Site, roma: Site) -> None:
        acquaint(milano, roma)
        await until(lambda: len(roma.accepted) == 1)
        before = roma.accepted[-1].epoch
        restarted, other = (milano, roma) if who == 0 else (roma, milano)
        await restarted.restart()
        assert not same_keys(milano, roma)
        restarted.rounds.set_peers([other.card()])
        if who == 1:
            roma.rounds._peers[milano.identity]._schedule._late = 0.0
            roma.rounds._peers[milano.identity].turn()
        await until(lambda: same_keys(milano, roma) and len(other.accepted) == 2)
        assert other.accepted[-1].epoch > before

    between(italy, scenario)


def test_a_cut_after_one_end_has_installed_heals_at_once(italy: TestCommunity) -> None:
    """Cut within the responder's answer, again and again; no key is accepted at one end alone."""

    async def scenario(milano: Site, roma: Site) -> None:
        way = Counting(roma.port)
        port = await way.start()
        roma.rounds.set_peers([milano.card()])
        milano.rounds.set_peers([roma.card(port)])
        await until(lambda: len(roma.accepted) == 1)
        # A resumed answer has 1.4 kB (hybrid share, session, verdict) before the octets of ours.
        for cut in range(1_250, 1_500, 50):
            done = len(roma.accepted)
            way.is_cut_after = cut
            await again(milano, roma)
            await until(lambda count=done: len(roma.accepted) > count, 30.0)
            await until(lambda: same_keys(milano, roma))
        failures = [
            each for site in (milano, roma) for each in site.told if isinstance(each, Failed)
        ]
        assert failures
        accepted = {each.epoch for each in milano.accepted}
        assert {each.epoch for each in roma.accepted} == accepted
        await way.close()

    between(italy, scenario)


def test_a_peer_that_is_away_is_tried_again_and_soon(italy: TestCommunity) -> None:
    async def scenario(milano: Site, roma: Site) -> None:
        card = roma.card()
        await roma.rounds.close()
        milano.rounds.set_peers([card])
        await until(lambda: len(milano.told) >= 1)
        assert "cannot be reached" in milano.rounds.state(roma.identity).problem
        roma.port = card.exchange[0].port
        await roma.restart()
        roma.rounds.set_peers([milano.card()])
        await until(lambda: same_keys(milano, roma), 10 * FIRST_WAIT + 20.0)

    between(italy, scenario)


@pytest.mark.parametrize("dead_first", [True, False])
def test_a_round_leaves_by_the_address_that_works(italy: TestCommunity, dead_first: bool) -> None:
    """Two addresses of ours, one of a bearer that is gone: the next attempt takes the other."""
    dead, alive = "192.0.2.1", "127.0.0.2"

    async def scenario(milano: Site, roma: Site) -> None:
        milano.sources = (dead, alive) if dead_first else (alive, dead)
        roma.rounds.set_peers([milano.card()])
        milano.rounds.set_peers([roma.card()])
        await until(lambda: bool(roma.accepted) and bool(milano.accepted))
        failed = [each.reason for each in milano.told if isinstance(each, Failed)]
        assert bool(failed) is dead_first
        assert all("cannot be reached" in each for each in failed)
        assert same_keys(milano, roma)

    between(italy, scenario)


def test_a_round_leaves_and_arrives_by_its_device_alone(italy: TestCommunity) -> None:
    gone, there = "127.0.0.2", "127.0.0.3"

    async def scenario(milano: Site, roma: Site) -> None:
        roma.devices[HOST] = "gone0"
        with pytest.raises(OSError, match="No such device"):
            await roma.restart()
        roma.devices[HOST] = "lo"
        await roma.restart()
        milano.sources = gone, there
        milano.devices.update({gone: "gone0", there: "lo"})
        roma.rounds.set_peers([milano.card()])
        milano.rounds.set_peers([roma.card()])
        await until(lambda: bool(roma.accepted) and bool(milano.accepted))
        failed = [each.reason for each in milano.told if isinstance(each, Failed)]
        assert failed
        assert all("No such device" in each for each in failed)
        assert same_keys(milano, roma)

    between(italy, scenario)


def test_every_address_of_ours_meets_every_place_of_the_peer(italy: TestCommunity) -> None:
    async def scenario(milano: Site, roma: Site) -> None:
        card = roma.card()
        places = tuple(Place(IPv4Address(f"127.0.0.{n}"), 9) for n in range(1, 4))
        six = Place(IPv6Address("::1"), 9)
        milano.rounds.set_peers([replace(card, exchange=(*places, six))])
        keys = milano.rounds._peers[roma.identity]
        for sources in (("127.0.0.1", "127.0.0.2"), ("127.0.0.1",), ("127.0.0.1", "::1"), ()):
            milano.sources, found = sources, set()
            for keys._attempt in range(12):
                place, source = keys._way()
                assert source is None or ip_address(source).version == place.ip.version
                found.add((place, source))
            four = [each for each in sources if "." in each]
            fitting: list[str | None] = [*four] or [None]
            assert {(place, s) for place in places for s in fitting} <= found
            assert (six, "::1" if "::1" in sources else None) in found
        keys._attempt = 0
        assert keys._way() == (places[0], None)

    between(italy, scenario)


def test_wireguard_that_takes_no_key(italy: TestCommunity) -> None:
    async def scenario(milano: Site, roma: Site) -> None:
        roma.refuses_keys = True
        acquaint(milano, roma)
        await until(lambda: bool(milano.told) and bool(roma.told))
        assert "wg0 is gone" in roma.rounds.state(milano.identity).problem
        assert "did not take" in milano.rounds.state(roma.identity).problem
        assert not milano.slots
        roma.refuses_keys = False
        await until(lambda: same_keys(milano, roma))

    between(italy, scenario)


def test_an_old_card_is_told_apart_and_heals_with_the_new_one(italy: TestCommunity) -> None:
    async def scenario(milano: Site, roma: Site) -> None:
        old = replace(milano.card(), lanes=tuple(reversed(milano.card().lanes)))
        roma.rounds.set_peers([old])
        milano.rounds.set_peers([roma.card()])
        await until(lambda: bool(milano.told))
        assert "old card" in milano.rounds.state(roma.identity).problem
        assert not milano.slots
        assert not roma.slots
        roma.rounds.set_peers([milano.card()])
        await until(lambda: same_keys(milano, roma))

    between(italy, scenario)


def test_a_site_with_one_lane_and_one_with_two_share_one(italy: TestCommunity) -> None:
    async def scenario(milano: Site, roma: Site) -> None:
        roma.keys = roma.keys[:1]
        await roma.restart()
        acquaint(milano, roma)
        await until(lambda: bool(roma.accepted))
        assert list(milano.slots) == [(roma.identity, 0)]
        assert milano.slots[roma.identity, 0] == roma.slots[milano.identity, 0]

    between(italy, scenario)


def test_who_is_not_in_the_directory_is_refused(italy: TestCommunity) -> None:
    async def scenario(milano: Site, roma: Site) -> None:
        milano.rounds.set_peers([roma.card()])
        await until(lambda: bool(milano.told))
        assert "has no tunnel with" in milano.rounds.state(roma.identity).problem
        assert not roma.slots
        assert not milano.slots

    between(italy, scenario)


def test_a_revoked_site_gets_no_further_key_by_resumption_either(italy: TestCommunity) -> None:
    async def scenario(milano: Site, roma: Site) -> None:
        acquaint(milano, roma)
        await until(lambda: len(roma.accepted) == 1)
        assert roma.channels
        assert milano.channels
        slots = dict(roma.slots)
        revoked = Revocation(time.time() - 1, Reason.KEY_COMPROMISE)
        serial = milano.endpoint.credential.chain.leaf.serial
        informed = italy.revoking({serial: revoked}, now=time.time() - 1)
        roma.verifier.revocations = informed.revocations
        await again(milano, roma)
        await until(lambda: isinstance(milano.told[-1], Failed))
        assert "revoked" in milano.rounds.state(roma.identity).problem
        assert roma.slots == slots
        assert len(roma.accepted) == 1

    between(italy, scenario)


def test_both_ends_at_once_make_one_round(italy: TestCommunity) -> None:
    async def scenario(milano: Site, roma: Site) -> None:
        acquaint(milano, roma)
        for site, other in ((milano, roma), (roma, milano)):
            held = site.rounds._peers[other.identity]
            held._schedule._late = 0.0
            held.turn()
        await until(lambda: same_keys(milano, roma) and len(milano.accepted) >= 1)
        await asyncio.sleep(0.3)
        assert same_keys(milano, roma)
        assert [each.epoch for each in milano.accepted] == [each.epoch for each in roma.accepted]

    between(italy, scenario)
