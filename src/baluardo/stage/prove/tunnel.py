"""The proof of the encrypted internet: packets, keys, captures, faults, and who may land where.

Each step measures one claim on a running nation and says what it saw; nothing is assumed of the
step before but that the nation runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from baluardo.errors import BaluardoError, StageError
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.real_time import processors_awake
from baluardo.network.tunnel.addresses import community_network
from baluardo.scenario.bearers import SKY
from baluardo.scenario.nation import Nation, Site
from baluardo.stage.demonstration import COMMUNITY
from baluardo.stage.network.addresses import EXCHANGE_ADDRESS
from baluardo.stage.network.staged import why_no_tunnels
from baluardo.stage.prove.captures import judge_control, judge_outside, packets, send_clear
from baluardo.stage.prove.memory import memory_of_tree
from baluardo.stage.prove.nation import ProvingNation, proving_nation
from baluardo.stage.prove.paths import PathsTaken, ids
from baluardo.stage.prove.probing import Pinging, Reply, longest_gap, percentile
from baluardo.stage.prove.proving_sky import calm
from baluardo.stage.prove.result import Finding, findings_of
from baluardo.stage.prove.transfer import transfer
from baluardo.terms import slot_at, slot_start
from baluardo.trust.randomness import random_octets
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.landing import LandingRule, Lasers

DELAY_LIMIT_S: Final = 0.002
CUT_LIMIT_S: Final = 0.3
REVOKED_LIMIT_S: Final = 5.0
KEY_LIMIT_S: Final = 180.0
PING_ROUNDS: Final = 3
PING_SECONDS: Final = 20.0
PING_EVERY: Final = 0.2
CLEAR_TIMES: Final = 3
"""One datagram may be lost on the sky."""
MEMORY_LIMIT: Final = 3e9
"""Octets, for a nation of five sites on one machine."""
FAST_EVERY: Final = 0.02
SETTLE_SECONDS: Final = 3.0
OCTETS: Final = 100_000
"""Of the TCP transfer between each pair: the thinnest bearer takes seconds for it."""
ALIVE: Final = frozenset({"usable", "degraded"})
"""Of a dish that works again; it counts as degraded while the losses are in its window."""
FORBIDDEN: Final = "Sofia"
FORBIDDEN_COUNTRY: Final = "BG"
INNER: Final = community_network(COMMUNITY).network_address.packed[:6]
"""What addresses inside the tunnels begin with."""


async def prove_tunnel(
    nation: Nation, catalogue: Catalogue, say: Callable[[str], None]
) -> list[Finding]:
    """Run the proof; a StageError or LinkError where this machine cannot stage it."""
    why = why_no_tunnels()
    if why:
        raise StageError(why)
    async with proving_nation(calm(nation), catalogue, say) as proving:
        say("Waiting for every tunnel to open.")
        await proving.wait_open()
        proof = _Proof(proving, say)
        steps = (
            proof.everybody_reaches_everybody,
            proof.pings_take_their_path,
            proof.cut_bearer,
            proof.lost_satellite,
            proof.forbidden_landing,
            proof.memory,
            proof.revoked_site,
        )
        return await findings_of(steps, say)


class _Proof:
    def __init__(self, proving: ProvingNation, say: Callable[[str], None]) -> None:
        self._nation, self._say = proving, say
        feed, wire = proving.network.feed, proving.network.wire
        if feed is None or wire is None:
            raise StageError("The stage's network is not running.")
        self._feed, self._wire = feed, wire
        self._plan = proving.network.plan
        self._paths = PathsTaken(proving, feed, wire)
        self._marker = random_octets(16)
        """What pings carry: it must be seen nowhere outside."""

    # Steps

    async def everybody_reaches_everybody(self) -> list[Finding]:
        """Ping and TCP between every two sites."""
        pairs = list(combinations(self._nation.sites, 2))
        pinged, carried = 0, 0
        for one, other in pairs:
            with self._hosts(one) as here, self._hosts(other) as there:
                address = self._nation.address(other)
                ping = Pinging(here, address, 5, PING_EVERY)
                pinged += bool(await asyncio.to_thread(ping.replies))
                try:
                    carried += await asyncio.to_thread(transfer, here, there, address, OCTETS)
                except BaluardoError as problem:
                    self._say(f"{one.id} to {other.id}: {problem}")
        many = len(pairs)
        return [
            Finding("ping between every pair", f"{pinged} of {many}", f"{many}", pinged == many),
            Finding("TCP between every pair", f"{carried} of {many}", f"{many}", carried == many),
        ]

    async def pings_take_their_path(self) -> list[Finding]:
        """Pings between every two sites, each held against its path; what is outside meanwhile.

        In rounds, of which the middle one counts: a virtual machine's neighbours take it away for
        milliseconds, and what it stands still for is no delay of a path.
        """
        pairs = list(combinations(self._nation.sites, 2))
        offset = self._nation.sky.sky_time() - time.time()
        rounds: list[list[float]] = []
        sent = 0
        with self._capture() as captured:
            await self._wire.capture(captured)
            with processors_awake():
                for _ in range(PING_ROUNDS):
                    async with self._paths.looks() as looks:
                        replies = await self._ping_all(pairs)
                    sent += sum(len(each) for each in replies.values())
                    rounds.append(
                        [
                            abs(error)
                            for pair in pairs
                            for error in self._paths.errors(pair, looks, replies[ids(pair)], offset)
                        ]
                    )
            count = await self._wire.capture(None)
            outside = judge_outside(captured, count, (self._marker, INNER))
            outside.append(await self._clear_on_purpose(captured))
        late = sorted(percentile(errors, 99.0) for errors in rounds)
        errors = [error for each in rounds for error in each]
        all_late = ", ".join(f"{each * 1e3:.2f}" for each in late)
        middle = percentile(errors, 50.0)
        enough = len(errors) >= sent // 2 > 0
        return [
            Finding(
                f"each ping against its path, 99th percentile, middle of {PING_ROUNDS}",
                f"{all_late} ms ({middle * 1e3:.2f} median, {len(errors)} pings)",
                f"{DELAY_LIMIT_S * 1e3:g} ms",
                late[PING_ROUNDS // 2] <= DELAY_LIMIT_S and enough,
            ),
            *outside,
            await self._key_ages(),
        ]

    async def cut_bearer(self) -> list[Finding]:
        """A bearer cut without warning, under traffic."""
        rome, milan = self._nation.sites[0], self._nation.sites[1]
        with self._hosts(rome) as here:
            ping = self._fast(here, milan, 12.0)
            await asyncio.sleep(5.0)
            taken = await self._active(rome, milan)
            await self._feed.cut(self._paths.terminal(rome, taken or SKY))
            replies = await asyncio.to_thread(ping.replies)
        await self._feed.restore(self._paths.terminal(rome, taken or SKY))
        now = await self._active(rome, milan)
        gap = self._gap(replies, 12.0)
        return [
            Finding(
                f"a cut bearer ({taken}), traffic lost",
                f"{gap * 1e3:.0f} ms, then {now}",
                f"{CUT_LIMIT_S * 1e3:g} ms",
                gap <= CUT_LIMIT_S and now != taken,
            )
        ]

    async def lost_satellite(self) -> list[Finding]:
        """The satellite that serves a site fails, under traffic."""
        lampedusa, milan = self._nation.site("lampedusa"), self._nation.site("milan")
        await self._on_sky(lampedusa, milan)
        row = self._nation.sites.index(lampedusa)
        dish = self._plan.sky(lampedusa)
        await self._early_in_slot()
        with self._hosts(lampedusa) as here:
            ping = self._fast(here, milan, 30.0)
            await asyncio.sleep(3.0)
            slot = slot_at(self._nation.sky.sky_time())
            served = int((await self._nation.sky.paths(slot)).satellite[row])
            failure = self._nation.sky.fail_satellite(served, self._nation.sky.sky_time())
            self._nation.sky.disturb((failure,))
            await self._feed.cut(dish)
            await asyncio.sleep(max(0.0, slot_start(slot + 1) - self._nation.sky.sky_time() - 0.05))
            await self._feed.restore(dish)
            replies = await asyncio.to_thread(ping.replies)
            then = int((await self._nation.sky.paths(slot + 1)).satellite[row])
        health = await self._sky_health(lampedusa, milan)
        self._nation.sky.disturb(())
        gap = self._gap(replies, 30.0)
        return [
            Finding(
                "a satellite failure, traffic lost",
                f"{gap * 1e3:.0f} ms; the next slot's satellite is another, its dish {health}",
                f"{CUT_LIMIT_S * 1e3:g} ms",
                gap <= CUT_LIMIT_S and then not in {served, -1} and health in ALIVE,
            )
        ]

    async def forbidden_landing(self) -> list[Finding]:
        """A landing that a rule forbids, and the control without the rule."""
        frigate, rome = self._nation.site("frigate"), self._nation.site("rome")
        landing = next(each for each in self._plan.landings if each.name == FORBIDDEN)
        seen = {}
        for ruled in (True, False):
            countries = frozenset({FORBIDDEN_COUNTRY}) if ruled else frozenset()
            rule = LandingRule(None, countries, Lasers.ANY)
            self._nation.sky.set_rules({frigate.id: rule})
            await self._feed.forget(present=True)
            await asyncio.sleep(SETTLE_SECONDS)
            with self._capture() as captured, self._hosts(frigate) as here:
                await self._wire.capture(captured, [landing.port])
                ping = Pinging(here, self._nation.address(rome), 50, PING_EVERY / 2)
                came = len(await asyncio.to_thread(ping.replies))
                await self._wire.capture(None)
                own = self._plan.sky(frigate).address
                found = sum(
                    own in {str(each.source), str(each.destination)} for each in packets(captured)
                )
            seen[ruled] = found, came
        return [
            Finding(
                f"packets at {FORBIDDEN} with the rule",
                f"{seen[True][0]} ({seen[True][1]} pings came back)",
                "0",
                seen[True][0] == 0 and seen[True][1] > 0,
            ),
            Finding(
                f"packets at {FORBIDDEN} without it (control)",
                f"{seen[False][0]} ({seen[False][1]} pings came back)",
                "above 0",
                seen[False][0] > 0,
            ),
        ]

    async def memory(self) -> list[Finding]:
        """What every process of the nation holds in memory, this one and the wire with it."""
        held = await asyncio.to_thread(memory_of_tree)
        return [
            Finding(
                f"memory of all {held.processes} processes together ({held.measure})",
                f"{held.octets / 1e9:.2f} GB",
                f"{MEMORY_LIMIT / 1e9:g} GB",
                held.octets <= MEMORY_LIMIT,
            )
        ]

    async def revoked_site(self) -> list[Finding]:
        """A site whose certificates are taken back, under traffic."""
        norcia, rome = self._nation.site("norcia"), self._nation.site("rome")
        with self._hosts(rome) as here:
            ping = self._fast(here, norcia, 14.0)
            await asyncio.sleep(3.0)
            before = time.time()
            await self._nation.revoke(norcia)
            replies = await asyncio.to_thread(ping.replies)
        last = max((each.received_at for each in replies), default=0.0)
        first = any(each.received_at < before for each in replies)
        after = last - before
        return [
            Finding(
                "a revoked site is cut off after",
                f"{max(0.0, after):.2f} s",
                f"{REVOKED_LIMIT_S:g} s",
                first and after <= REVOKED_LIMIT_S,
            )
        ]

    # What steps share

    @contextlib.contextmanager
    def _hosts(self, site: Site) -> Iterator[Namespace]:
        with self._nation.hosts(site) as namespace:
            yield namespace

    @contextlib.contextmanager
    def _capture(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="baluardo-capture-") as directory:
            yield Path(directory) / "wire.pcapng"

    def _fast(self, hosts: Namespace, to: Site, seconds: float) -> Pinging:
        count = round(seconds / FAST_EVERY)
        return Pinging(hosts, self._nation.address(to), count, FAST_EVERY)

    def _gap(self, replies: Sequence[Reply], seconds: float) -> float:
        """Return the longest gap; what is missing at either end counts as well."""
        if not replies:
            return float("inf")
        ends = (replies[0].number - 1, round(seconds / FAST_EVERY) - replies[-1].number)
        return max(longest_gap(replies, FAST_EVERY), max(ends) * FAST_EVERY)

    async def _tunnel(self, site: Site, to: Site) -> dict[str, Any]:
        told, path = await self._nation.told(site), self._nation.identity_path(to)
        return next((each for each in told.get("tunnels", ()) if each["peer"] == path), {})

    async def _active(self, site: Site, to: Site) -> str | None:
        active: str | None = (await self._tunnel(site, to)).get("active")
        return active

    async def _sky_health(self, site: Site, to: Site) -> str:
        bearers = (await self._tunnel(site, to)).get("bearers", ())
        return next((each["health"] for each in bearers if each["name"] == SKY), "unknown")

    async def _on_sky(self, site: Site, to: Site) -> None:
        """Wait until a site's traffic to another takes its dish, as its plan prefers."""
        with self._hosts(site) as here:
            for _ in range(20):
                if await self._active(site, to) == SKY and await self._active(to, site) == SKY:
                    return
                ping = Pinging(here, self._nation.address(to), 10, PING_EVERY)
                await asyncio.to_thread(ping.replies)
        raise StageError(f"{site.id} does not come back to its dish.")

    async def _early_in_slot(self) -> None:
        now = self._nation.sky.sky_time()
        await asyncio.sleep(slot_start(slot_at(now) + 1) - now + 0.5)

    async def _ping_all(
        self, pairs: Sequence[tuple[Site, Site]]
    ) -> dict[tuple[str, str], list[Reply]]:
        """Ping between all pairs at once, the marker in every packet."""
        count = round(PING_SECONDS / PING_EVERY)
        pattern = ("-p", self._marker.hex())
        with contextlib.ExitStack() as stack:
            pings = {}
            for one, other in pairs:
                here = stack.enter_context(self._hosts(one))
                address = self._nation.address(other)
                pings[one.id, other.id] = Pinging(here, address, count, PING_EVERY, pattern)
            await asyncio.sleep(PING_SECONDS)
            return {pair: await asyncio.to_thread(each.replies) for pair, each in pings.items()}

    async def _clear_on_purpose(self, captured: Path) -> Finding:
        """Send what must never be seen outside from beside a tunnel, so that it is seen once."""
        rome = self._nation.network.places.of_site(self._nation.sites[0])
        secret = (self._marker, INNER)
        await self._wire.capture(captured)
        for _ in range(CLEAR_TIMES):
            for octets in secret:
                send_clear(rome, EXCHANGE_ADDRESS, octets)
            await asyncio.sleep(PING_EVERY)
        await asyncio.sleep(SETTLE_SECONDS)
        await self._wire.capture(None)
        return judge_control(captured, secret)

    async def _key_ages(self) -> Finding:
        """Where traffic may pass there is a key in use, also while the next one is agreed."""
        tunnels = await self._nation.tunnels()
        ages = [each["key_age_s"] for each in tunnels.values() if each["open"]]
        keyed = [age for age in ages if age is not None]
        oldest = max(keyed, default=float("inf"))
        return Finding(
            "post-quantum keys in use, the oldest",
            f"{len(keyed)} of {len(tunnels)} ends, {oldest:.0f} s",
            f"all, below {KEY_LIMIT_S:g} s",
            len(keyed) == len(tunnels) > 0 and oldest < KEY_LIMIT_S,
        )
