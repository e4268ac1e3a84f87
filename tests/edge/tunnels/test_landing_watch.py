"""When a landing is looked for, what is believed, and what is barred: on a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from baluardo.edge.configuration import Bearer, BearerKind
from baluardo.edge.tunnels.landing_watch import LandingWatch
from baluardo.errors import SourceError
from baluardo.network.bearers.landing import Egress, Landing
from baluardo.network.bearers.trace import Trace
from baluardo.protocol.network_policy import LandingRule
from baluardo.terms import Bilingual, Place, Role

DISH = Bearer("dish", BearerKind.STARLINK, "eth1", Role.PRIMARY, dish="d:1", lands=True)
FIBRE = Bearer("fibre", BearerKind.INTERFACE, "eth2", Role.ALTERNATE)
MILAN, SOFIA = Place("Milano", 45.478, 9.102), Place("Sofia", 42.698, 23.322)
TRANSLATED = (
    Landing("Milano", "IT", MILAN, ("198.51.100.0/24",), ("100.64.7.1",)),
    Landing("Sofia", "BG", SOFIA, ("203.0.113.0/24",), ("100.64.7.2",)),
)
UNTRANSLATED = (
    Landing("Milano", "IT", MILAN, (), ("100.64.7.1",)),
    Landing("Sofia", "BG", SOFIA, (), ("100.64.7.2",)),
)
NOT_BULGARIA = LandingRule(countries_forbidden=frozenset({"BG"}))
AUTHORITY = "192.0.2.9"


class Watched:
    """A watch whose clock, rule and ways a test sets."""

    def __init__(self, landings: tuple[Landing, ...] = UNTRANSLATED) -> None:
        self.now = 1_000.0
        self.rule: LandingRule | None = NOT_BULGARIA
        self.hops: tuple[str | None, ...] | None = ("100.64.7.1", AUTHORITY)
        self.took_s = 0.03
        self.targets = ["authority.example", AUTHORITY, "2001:db8::9"]
        self.egresses: dict[str, dict[str, Egress]] = {}
        self.traced: list[tuple[float, str, str]] = []
        self.barred: dict[str, Bilingual] = {}
        self.watch = LandingWatch(
            (DISH, FIBRE),
            landings,
            self.barred,
            lambda: self.rule,
            lambda: self.targets,
            self._trace,
            lambda: self.now,
        )

    def see(self, **addresses: str) -> None:
        """Let neighbours see us come from addresses now."""
        self.egresses["dish"] = {
            peer: Egress(address, peer, self.now) for peer, address in addresses.items()
        }

    async def after(self, seconds: float = 0.0) -> Mapping[str, Bilingual]:
        """Look every second for so long, each trace at its end when the next look comes."""
        end = self.now + seconds
        while True:
            self.watch.look(self.egresses)
            await self.watch.close()
            if self.now >= end:
                self.watch.look(self.egresses)
                return self.barred
            self.now += 1.0

    def _trace(self, target: str, device: str) -> Trace:
        self.traced.append((self.now, target, device))
        if self.hops is None:
            raise SourceError("The way cannot be traced.")
        times = tuple(None if hop is None else self.took_s for hop in self.hops)
        return Trace(target, self.hops, True, self.now, times)


def test_without_a_rule_nothing_is_barred_or_traced() -> None:
    async def run() -> None:
        watched = Watched()
        watched.rule = None
        assert not await watched.after(600.0)
        assert watched.traced == []

    asyncio.run(run())


def test_what_is_not_shown_yet_is_barred_before_anything_is_sent() -> None:
    async def run() -> None:
        watched = Watched()
        assert watched.watch.look({})
        assert set(watched.barred) == {"dish"}, "a fibre lands nowhere"
        assert "dish: The landing that is demanded is not shown" in watched.barred["dish"].en
        assert "dish: L'approdo prescritto non è dimostrato" in watched.barred["dish"].it
        await watched.watch.close()
        assert watched.watch.look({}), "the first trace has shown it"
        assert not watched.barred
        assert not watched.watch.look({})

    asyncio.run(run())


def test_traces_are_rare_and_go_to_addresses_by_the_bearer_itself() -> None:
    async def run() -> None:
        watched = Watched()
        await watched.after(90.0)
        assert [at for at, _, _ in watched.traced] == [1_000.0, 1_030.0, 1_060.0, 1_090.0]
        assert {(to, by) for _, to, by in watched.traced} == {
            (AUTHORITY, "eth1"),
            ("2001:db8::9", "eth1"),
        }
        translated = Watched(TRANSLATED)
        for _ in range(18):
            translated.see(milan="198.51.100.7")
            assert not await translated.after(20.0)
        assert [at for at, _, _ in translated.traced] == [1_000.0, 1_180.0, 1_360.0]
        translated.see(milan="198.51.100.8")
        await translated.after(1.0)
        assert len(translated.traced) == 4, "and when the address changes"

    asyncio.run(run())


def test_a_way_that_cannot_be_traced_shows_nothing_and_is_tried_again() -> None:
    async def run() -> None:
        watched = Watched()
        watched.hops = None
        assert await watched.after(30.0)
        assert len(watched.traced) == 4
        watched.hops = (None, AUTHORITY)
        assert await watched.after(30.0)
        watched.hops = ("100.64.7.1",)
        assert not await watched.after(10.0)
        watched.hops = (None, None)
        assert not await watched.after(100.0)
        assert await watched.after(60.0), "two minutes of silence"

    asyncio.run(run())


@pytest.mark.parametrize(
    "addresses", [{"milan": "203.0.113.5"}, {"a": "198.51.100.7", "b": "203.0.113.5"}]
)
def test_one_neighbour_that_sees_a_forbidden_address_is_enough(addresses: dict[str, str]) -> None:
    async def run() -> None:
        watched = Watched(TRANSLATED)
        watched.see(milan="198.51.100.7")
        assert not await watched.after(1.0)
        watched.see(**addresses)
        barred = await watched.after(1.0)
        assert "Traffic passes Sofia (BG, 203.0.113.5)" in barred["dish"].en
        watched.rule = None
        assert not await watched.after(1.0), "the control: it is the rule that bars"

    asyncio.run(run())


def test_a_trace_alone_is_no_proof_where_addresses_tell_landings() -> None:
    async def run() -> None:
        watched = Watched(TRANSLATED)
        assert await watched.after(60.0)
        watched.see(milan="100.64.0.7")
        assert "100.64.0.7 is of no known landing" in (await watched.after(1.0))["dish"].en

    asyncio.run(run())


def test_a_router_that_answers_faster_than_light_contradicts() -> None:
    async def run() -> None:
        watched = Watched(TRANSLATED)
        watched.took_s = 0.004
        watched.see(milan="198.51.100.7")
        assert "Milano answers in 4.0 ms" in (await watched.after(1.0))["dish"].en

    asyncio.run(run())


def test_a_rule_that_permits_nothing_known_says_so() -> None:
    async def run() -> None:
        watched = Watched()
        watched.rule = LandingRule(gateways=frozenset({"Palermo"}))
        assert "permits none of the landings" in (await watched.after(1.0))["dish"].en
        verdict = watched.watch.verdict("dish")
        assert verdict is not None
        assert not verdict.passes
        assert watched.watch.verdict("fibre") is None

    asyncio.run(run())
