"""A nation of three sites on this machine, through every fault in turn; each is mended after it.

One nation serves all tests, as a machine's does: they run in their order, and the last takes a site
away for good. What steps of the wall clock do is tested in test_stepped_clocks.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import pytest
from staged_nation import (
    PATTERN,
    Staged,
    children,
    kill,
    nothing_clear,
    send_clear,
    shown,
    staged_nation,
    until,
    until_true,
)

from baluardo.edge.configuration import FILE
from baluardo.scenario.bearers import SKY
from baluardo.stage.network.addresses import EXCHANGE, EXCHANGE_ADDRESS
from baluardo.stage.network.paths import Link, Route
from baluardo.stage.network.staged import why_no_tunnels
from baluardo.stage.prove.captures import packets
from baluardo.stage.prove.probing import Pinging
from baluardo.stage.prove.transfer import transfer
from baluardo.terms import SLOT_SECONDS, slot_at, slot_start
from network.places import needs_namespaces

pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(bool(why_no_tunnels()), reason=f"needs tunnels: {why_no_tunnels()}"),
]

MOVED = "100.65.0.77"
"""Where a site's second bearer is once its card has changed."""
CUT_OFF_SECONDS = 15.0
"""`baluardo prove tunnel` holds it to 5 s; other tests may be running here."""


@pytest.fixture(scope="module")
def staged() -> Iterator[Staged]:
    with staged_nation() as staged:
        yield staged


def test_everybody_reaches_everybody_inside_tunnels_and_nothing_clear_is_outside(
    staged: Staged, tmp_path: Path
) -> None:
    nation, file = staged.nation, tmp_path / "wire.pcapng"

    async def reach() -> None:
        async with staged.captured(file):
            for one, other in permutations(nation.sites, 2):
                with staged.hosts(one) as here:
                    pinging = Pinging(here, nation.address(other), 5, 0.1, PATTERN)
                    assert await asyncio.to_thread(pinging.replies), (one.id, other.id)
            for one, other in combinations(nation.sites, 2):
                with staged.hosts(one) as here, staged.hosts(other) as there:
                    address = nation.address(other)
                    assert await asyncio.to_thread(transfer, here, there, address, 300_000)

    staged.do(reach())
    assert nothing_clear(file)
    classes = {each.traffic_class for each in packets(file) if each.kind == "tunnel"}
    assert len(classes) == 1


def test_a_site_tells_which_satellite_serves_it_in_this_slot(staged: Staged) -> None:
    nation, site = staged.nation, staged.rome
    row = [each.id for each in nation.network.plan.sites].index(site.id)

    async def told() -> dict[str, Any]:
        bearers = (await nation.told(site)).get("bearers", ())
        found = next((each["satellite"] for each in bearers if each["name"] == SKY), None)
        return found or {}

    async def look() -> None:
        seen = set()
        async with asyncio.timeout(60.0):
            while len(seen) < 2:  # the next slot is told as well
                satellite = await told()
                if satellite.get("name") is not None:
                    assert 0.0 < satellite["left_s"] <= SLOT_SECONDS
                    ahead = nation.sky.sky_time() - time.time()
                    slot = slot_at(satellite["slot"] + ahead + 1.0)
                    paths = await nation.sky.paths(slot)
                    names = nation.sky.sky.catalogue.names
                    assert satellite["name"] == names[paths.satellite[row]]
                    seen.add(slot)
                await asyncio.sleep(0.2)

    staged.do(look())


def test_a_clear_packet_would_be_seen(staged: Staged, tmp_path: Path) -> None:
    file = tmp_path / "wire.pcapng"

    async def leak() -> None:
        async with staged.captured(file):
            send_clear(staged.nation.network.sites["rome"].namespace, EXCHANGE_ADDRESS)
            await asyncio.sleep(0.5)

    staged.do(leak())
    assert shown(file)["clear"] > 0


def test_hosts_have_no_way_out_but_the_tunnels(staged: Staged) -> None:
    with staged.hosts(staged.rome) as hosts:
        routes = hosts.run("ip", "-6", "route").splitlines() + hosts.run("ip", "route").splitlines()
    assert routes
    assert not [each for each in routes if each.startswith("default") or "lan0" not in each]


def test_a_transfer_over_hand_overs_arrives_whole(staged: Staged) -> None:
    nation = staged.nation
    row = nation.sites.index(staged.milan)

    async def carry() -> tuple[bool, int, int]:
        slot = slot_at(nation.sky.sky_time()) + 1
        while not (await nation.sky.paths(slot)).handover[row]:
            slot += 1
        await asyncio.sleep(max(0.0, slot_start(slot) - nation.sky.sky_time() - 0.5))
        first = slot_at(nation.sky.sky_time())
        with staged.hosts(staged.milan) as here, staged.hosts(staged.rome) as there:
            address = nation.address(staged.rome)
            whole = await asyncio.to_thread(transfer, here, there, address, 4_000_000)
        return whole, first, slot_at(nation.sky.sky_time())

    whole, first, last = staged.do(carry())
    assert whole
    assert last > first


@pytest.mark.skipif(not shutil.which("wireguard-go"), reason="needs wireguard-go")
def test_traffic_comes_back_after_wireguard_was_killed(staged: Staged, tmp_path: Path) -> None:
    file = tmp_path / "wire.pcapng"
    helper = staged.nation.network.sites["milan"].helper

    async def fault() -> bool:
        assert helper.process is not None
        (before,) = children(helper.process.pid, "wireguard-go")
        with staged.flowing((staged.milan, staged.rome), (staged.rome, staged.milan)):
            async with staged.captured(file):
                kill(before)
                await until(lambda: before not in _wireguard_of(staged, "milan"))
                await until(lambda: bool(_wireguard_of(staged, "milan")))
                return await staged.answers(staged.milan, staged.rome)

    assert staged.do(fault())
    assert nothing_clear(file)


@pytest.mark.parametrize("victim", ["helper", "edge"])
def test_traffic_comes_back_after_a_process_was_killed(
    staged: Staged, tmp_path: Path, victim: str
) -> None:
    file = tmp_path / "wire.pcapng"
    site = staged.nation.network.sites["milan"]

    async def fault() -> bool:
        with staged.flowing((staged.milan, staged.rome), (staged.rome, staged.milan)):
            async with staged.captured(file):
                await staged.kill(site.helper if victim == "helper" else site.edge)
                return await staged.answers(staged.rome, staged.milan)

    assert staged.do(fault())
    assert nothing_clear(file)


def test_traffic_comes_back_after_the_wire_was_killed(staged: Staged, tmp_path: Path) -> None:
    file = tmp_path / "wire.pcapng"
    wire = staged.wire

    async def fault() -> bool:
        starts = wire.starts
        with staged.flowing((staged.milan, staged.rome), (staged.rome, staged.milan)):
            kill(wire.process_id)
            await until(lambda: wire.starts > starts)
            async with staged.captured(file):
                return await staged.answers(staged.rome, staged.milan)

    assert staged.do(fault())
    assert nothing_clear(file)


def test_without_an_authority_keys_are_exchanged_and_an_edge_starts_from_its_disk(
    staged: Staged, tmp_path: Path
) -> None:
    file = tmp_path / "wire.pcapng"
    edge = staged.nation.network.sites["milan"].edge

    async def fault() -> tuple[bool, bool, int, int]:
        await staged.open_tunnels()
        before = await staged.epoch(staged.rome, staged.milan)
        with staged.authority_away():
            async with staged.captured(file):
                goes_on = await staged.answers(staged.rome, staged.milan)
                await staged.kill(edge)
                opens = await staged.answers(staged.milan, staged.rome)
            after = await staged.epoch(staged.rome, staged.milan)
        return goes_on, opens, before, after

    goes_on, opens, before, after = staged.do(fault())
    assert goes_on
    assert opens
    assert after > before
    assert nothing_clear(file)
    assert shown(file)["exchange"] > 0
    told = {str(each.source) for each in packets(file) if each.kind == "authority"}
    assert EXCHANGE_ADDRESS not in told


def test_a_cut_bearer_is_left_for_the_other(staged: Staged) -> None:
    async def fault() -> tuple[str, bool]:
        with staged.flowing((staged.rome, staged.norcia)):
            assert await staged.answers(staged.rome, staged.norcia)
            taken = await _active(staged)
            terminals = staged.nation.network.plan.of(staged.norcia)
            (cut,) = (each for each in terminals if each.bearer == taken)
            (other,) = (each.bearer for each in terminals if each.bearer != taken)
            await staged.feed.cut(cut)
            await until_true(lambda: _takes(staged, other))
            answered = await staged.answers(staged.rome, staged.norcia)
            await staged.feed.restore(cut)
            return taken, answered

    taken, answered = staged.do(fault())
    assert taken in {"sky", "mobile"}
    assert answered


def test_a_site_whose_card_changes_is_followed(staged: Staged, tmp_path: Path) -> None:
    network, file = staged.nation.network, tmp_path / "wire.pcapng"
    site, plan = network.sites["norcia"], network.plan
    mobile = next(each for each in plan.of(staged.norcia) if each.bearer == "mobile")
    moved = replace(mobile, address=MOVED)

    async def move() -> bool:
        site.namespace.run("ip", "address", "add", f"{MOVED}/32", "dev", moved.device)
        site.namespace.run("ip", "rule", "add", "from", MOVED, "lookup", "101")
        await staged.wire.route(Route(EXCHANGE, MOVED, Link(EXCHANGE, moved.port)))
        configuration = site.directory / FILE
        text = configuration.read_text()
        configuration.write_text(text.replace(f'"{mobile.address}"', f'"{MOVED}"'))
        await staged.feed.cut(plan.sky(staged.norcia))
        await staged.kill(site.edge)
        answered = await staged.answers(staged.rome, staged.norcia)
        async with staged.captured(file):
            answered = answered and await staged.answers(staged.rome, staged.norcia)
        await staged.feed.restore(plan.sky(staged.norcia))
        return answered

    assert staged.do(move())
    to = {str(each.destination) for each in packets(file) if each.kind == "tunnel"}
    assert MOVED in to


def test_a_revoked_site_is_cut_off(staged: Staged) -> None:
    async def revoke() -> tuple[float, bool]:
        await staged.open_tunnels()
        assert await staged.answers(staged.rome, staged.norcia)
        revoked = last = time.time()
        await staged.nation.revoke(staged.norcia)
        with staged.hosts(staged.rome) as here:
            address = staged.nation.address(staged.norcia)
            while replies := await asyncio.to_thread(Pinging(here, address, 10, 0.1).replies):
                last = replies[-1].received_at
                assert last < revoked + CUT_OFF_SECONDS
        return last - revoked, await staged.answers(staged.rome, staged.milan)

    after, others = staged.do(revoke())
    assert after < CUT_OFF_SECONDS
    assert others


async def _active(staged: Staged) -> str:
    """Return the bearer that Norcia takes to Rome; empty for none."""
    return str((await staged.tunnel(staged.norcia, staged.rome)).get("active") or "")


async def _takes(staged: Staged, bearer: str) -> bool:
    return await _active(staged) == bearer


def _wireguard_of(staged: Staged, identifier: str) -> list[int]:
    process = staged.nation.network.sites[identifier].helper.process
    with contextlib.suppress(ProcessLookupError):
        return [] if process is None else children(process.pid, "wireguard-go")
    return []
