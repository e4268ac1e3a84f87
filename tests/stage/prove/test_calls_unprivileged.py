"""Calls where no namespaces are permitted: one call between real browsers over UDP terminals."""

from __future__ import annotations

import asyncio
import os

import pytest

from baluardo.scenario.nation import default_path, load
from baluardo.stage.prove.calls import FRIGATE, ROME, SITES, WORDS, two_sites
from baluardo.stage.prove.calls_captures import speech
from baluardo.stage.prove.calls_ear import Heard
from baluardo.stage.prove.calls_open_ground import MARK, open_ground
from baluardo.stage.prove.calls_people import SEALED, sit_down, talk
from baluardo.stage.prove.chromium import find_chromium, running_chromium
from baluardo.stage.prove.proving_sky import calm
from baluardo.stage.prove.result import Finding, table
from baluardo.stage.prove.stored import judge_stored
from baluardo.twin.sky.shells import default_catalogue

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="there is no Chromium on this machine (package chromium)"
)
LISTENED_S = 2.0


def test_a_call_passes_the_emulated_sky_without_any_privilege() -> None:
    said: list[str] = []

    async def run() -> None:
        nation = calm(two_sites(load(default_path())))
        async with (
            open_ground(nation, default_catalogue(), said.append) as ground,
            running_chromium(root=os.geteuid() == 0) as browser,
        ):
            sites = [ground.nation.site(each) for each in SITES]
            rome, frigate = (ground.nation.pages(each) for each in sites)
            hannes = await sit_down(browser, rome, "hannes.pichler", "Hannes Pichler")
            fabio = await sit_down(browser, frigate, "fabio.costa", "Fabio Costa")
            await hannes.sees(fabio)
            round_trip_ms = await ground.round_trip_ms(*sites)
            assert round_trip_ms > 20.0  # up and down twice, twice through a dish's schedule
            async with ground.capture(*sites) as capture:
                async with talk(hannes, fabio) as made, ground.nation.authority_killed():
                    await ground.nation.wait_linked(False)
                    began = await hannes.ear.now()
                    await asyncio.sleep(LISTENED_S)
                    heard: list[Heard] = [await each.ear.heard(began) for each in (hannes, fabio)]
                    cards = [await each.card(made.call) for each in (hannes, fabio)]
                findings = await capture.judge((*WORDS, made.call.encode()))
            await ground.nation.wait_linked()  # the authority's program was started again
            kept = judge_stored(
                "the call",
                ground.nation.authority.layout.directory,
                [made.call.encode()],
                hannes.shown,
            )
            assert [each.holds for each in kept] == [True, True], kept
            assert [each.is_tone for each in heard] == [True, True], heard
            assert all(SEALED in each for each in cards)
            assert made.rang_ms >= round_trip_ms  # signalling feels the sky
            assert made.heard_ms >= round_trip_ms / 2.0
            assert [each.holds for each in findings] == [True, True], findings
            assert len({each.stream for each in speech(capture.packets)}) >= 2
            told = ground.told(findings)
            assert all(each.claim.startswith(MARK) for each in told if each.shown)
            assert any(not each.shown for each in told)

    asyncio.run(asyncio.wait_for(run(), 300.0))
    assert "without tunnels" in said[0]


def test_a_table_tells_apart_what_fails_and_what_cannot_be_shown() -> None:
    findings = [
        Finding("a tone", "1.00", "0.8", True),
        Finding.not_shown("tunnels", "there are none"),
    ]
    verdicts = [line.rpartition("  ")[2].strip() for line in table(findings).splitlines()[1:]]
    assert verdicts == ["holds", "not shown here"]
    assert [each.to_object()["holds"] for each in findings] == [True, None]


def test_the_sites_of_the_proof() -> None:
    nation = two_sites(load(default_path()))
    assert [each.id for each in nation.sites] == [ROME, FRIGATE]
