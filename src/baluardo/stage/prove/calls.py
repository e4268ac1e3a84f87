"""`baluardo prove calls`: browsers at Rome and on the frigate call each other over a staged sky."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from baluardo.calls.admission import AdmissionSettings
from baluardo.edge.calls.path_room import SHARE, call_rate
from baluardo.edge.tunnels.bearers_known import BELOW, PROBES_BPS
from baluardo.errors import StageError
from baluardo.network.links.real_time import processors_awake
from baluardo.scenario.nation import Nation
from baluardo.stage.network.staged import why_no_tunnels
from baluardo.stage.prove.calls_captures import (
    judge_speech,
    judge_words,
    speech,
)
from baluardo.stage.prove.calls_ear import SCRIPT, TONE_HZ, WITHOUT_TARGET, Heard
from baluardo.stage.prove.calls_ground import Ground, tunnels_ground
from baluardo.stage.prove.calls_hand_overs import (
    HAND_OVER_SECONDS,
    hand_overs,
    judge_hand_overs,
    listened,
)
from baluardo.stage.prove.calls_open_ground import open_ground
from baluardo.stage.prove.calls_people import (
    ENDED,
    RINGS_HERE,
    SEALED,
    Caller,
    sit_down,
    talk,
)
from baluardo.stage.prove.calls_quality import Leg, judge_quality, legs_of
from baluardo.stage.prove.calls_texts import judge_texts, judge_waiting_texts
from baluardo.stage.prove.chromium import (
    NO_BROWSER,
    Chromium,
    find_chromium,
    running_chromium,
)
from baluardo.stage.prove.proving_sky import calm
from baluardo.stage.prove.result import Finding, findings_of
from baluardo.stage.prove.stored import judge_stored
from baluardo.terms import Precedence
from baluardo.twin.sky.catalogue import Catalogue

ROME, FRIGATE = "rome", "frigate"
SITES: Final = (ROME, FRIGATE)
"""The others run nothing here: two processes each would take the browsers' time."""
CALLS: Final = 5
"""Of which the middle one counts."""
RINGING_ROUNDS, RINGING_MORE_MS = 1.5, 300.0
AUDIO_ROUNDS, AUDIO_MORE_MS = 1.0, 150.0
LISTEN_SECONDS: Final = 4.0
REPORTED_SECONDS: Final = 12.0
"""Browsers tell their edges how a call sounds after ten, and then every five."""
CAPTURE_SECONDS: Final = 12.0
LOOK_SECONDS: Final = 0.2
LENDER, WIDE = "lampedusa", "mobile"
"""Whose bearer the frigate has in the proof: a copy helps that comes before the first is due."""
NARROW: Final = "geo"
_ADMISSION: Final = AdmissionSettings()
_FLOOR_BPS: Final = _ADMISSION.emergency_floor * _ADMISSION.floor_rate_bps
_FLASH_BPS, _ROUTINE_BPS = (
    call_rate(each, two_layers=False) for each in (Precedence.FLASH, Precedence.ROUTINE)
)
_CALLS_BPS: Final = _FLOOR_BPS + _FLASH_BPS + 0.9 * _ROUTINE_BPS
NARROW_BPS: Final = (_CALLS_BPS / SHARE + PROBES_BPS) / BELOW
"""Room for one flash call beside the floor for emergencies, and not for a routine one as well. Most
of that one: what is measured is no more than what an edge is told of its bearer, and often less."""
FOUND_SECONDS: Final = 15.0
"""Edges try two addresses, each for up to 3 s, with up to 2 s between."""
YIELD_SECONDS: Final = 30.0
WORDS: Final = (b"a=fingerprint", b"baluardo/call/", b"person/", b"opaque", b"m=audio")
"""What descriptions and messages of calls are made of."""


async def prove_calls(
    nation: Nation, catalogue: Catalogue, say: Callable[[str], None]
) -> list[Finding]:
    """Run the proof; a StageError or LinkError where this machine cannot stage it."""
    if find_chromium() is None:
        raise StageError(NO_BROWSER)
    why, staged = why_no_tunnels(), calm(two_sites(nation))
    if why:
        say(why)
    ground_of = open_ground if why else tunnels_ground
    async with (
        ground_of(staged, catalogue, say) as ground,
        running_chromium(root=os.geteuid() == 0) as browser,
    ):
        say("People enter at their sites' pages, and add their browsers.")
        rome, frigate = (ground.nation.pages(ground.nation.site(each)) for each in SITES)
        hannes = await sit_down(browser, rome, "hannes.pichler", "Hannes Pichler")
        dario = await sit_down(browser, rome, "dario.neri", "Dario Neri")
        fabio = await sit_down(browser, frigate, "fabio.costa", "Fabio Costa")
        proof = _Proof(ground, browser, hannes, dario, fabio)
        steps = (
            proof.calls_are_set_up,
            proof.hand_overs_are_not_heard,
            proof.nothing_is_heard_or_read,
            proof.texts_are_written,
            proof.authority_gone,
            proof.texts_wait,
            proof.routine_yields,
        )
        return ground.told(await findings_of(steps, say))


def two_sites(nation: Nation) -> Nation:
    """Return the two sites alone; beside its dish the frigate has a wide and a narrow bearer."""
    sites = {each.id: each for each in nation.sites}
    if not sites.keys() >= {*SITES, LENDER}:
        raise StageError(f"The scenario needs the sites {', '.join((*SITES, LENDER))}.")
    narrow = next((each for each in sites[FRIGATE].bearers if each.name == NARROW), None)
    wide = next((each for each in sites[LENDER].bearers if each.name == WIDE), None)
    if narrow is None or wide is None:
        raise StageError(
            f"The scenario's {FRIGATE} needs a bearer {NARROW}, and {LENDER} a bearer {WIDE}."
        )
    narrowed = replace(
        narrow,
        up=replace(narrow.up, rate_bps=NARROW_BPS),
        down=replace(narrow.down, rate_bps=NARROW_BPS),
    )
    frigate = replace(sites[FRIGATE], bearers=(wide, narrowed))
    return replace(nation, sites=(sites[ROME], frigate))


class _Proof:
    def __init__(
        self,
        ground: Ground,
        browser: Chromium,
        hannes: Caller,
        dario: Caller,
        fabio: Caller,
    ) -> None:
        nation = ground.nation
        self._ground, self._nation, self._browser = ground, nation, browser
        if nation.network.feed is None:
            raise StageError("The stage's network is not running.")
        self._feed = nation.network.feed
        self._rome, self._frigate = (nation.site(each) for each in SITES)
        self._hannes, self._dario, self._fabio = hannes, dario, fabio

    # Steps

    async def calls_are_set_up(self) -> list[Finding]:
        """Calls from Rome to the frigate: how soon they ring, and how soon they are heard."""
        await self._hannes.sees(self._fabio)
        await self._fabio.sees(self._hannes)
        rounds = await self._ground.round_trip_ms(self._rome, self._frigate)
        ringing, audio = list[float](), list[float]()
        heard, secured = list[Heard](), list[str]()
        for number in range(CALLS):
            async with talk(self._hannes, self._fabio) as (call, rang_ms, heard_ms):
                ringing.append(rang_ms)
                audio.append(heard_ms)
                began = await self._hannes.ear.now()
                last = number == CALLS - 1
                await asyncio.sleep(REPORTED_SECONDS if last else LISTEN_SECONDS)
                both = (self._hannes, self._fabio)
                heard += [await each.ear.heard(began) for each in both]
                legs = await self._legs(call)
                secured += [await each.card(call) for each in both]
        rang, sounded = sorted(ringing)[CALLS // 2], sorted(audio)[CALLS // 2]
        most = RINGING_ROUNDS * rounds + RINGING_MORE_MS, AUDIO_ROUNDS * rounds + AUDIO_MORE_MS
        shares = ", ".join(f"{each.share:.2f}" for each in heard[-2:])
        return [
            Finding(
                f"dial to ringing, middle of {CALLS}",
                f"{rang:.0f} ms ({', '.join(f'{each:.0f}' for each in sorted(ringing))})",
                f"{most[0]:.0f} ms (round trip {rounds:.0f} ms)",
                rang <= most[0],
            ),
            Finding(
                f"answer to audio at both ends, middle of {CALLS}",
                f"{sounded:.0f} ms ({', '.join(f'{each:.0f}' for each in sorted(audio))})",
                f"{most[1]:.0f} ms",
                sounded <= most[1],
            ),
            Finding(
                f"a tone of {TONE_HZ} Hz each way: share of it in what is heard",
                f"{shares} ({sum(each.is_tone for each in heard)} of {len(heard)} times)",
                "0.8",
                all(each.is_tone for each in heard),
            ),
            Finding(
                "pages that show it as sealed",
                f"{sum(SEALED in each for each in secured)} of {len(secured)}",
                f"{len(secured)}",
                all(SEALED in each for each in secured),
            ),
            judge_quality(legs, rounds),
        ]

    async def hand_overs_are_not_heard(self) -> list[Finding]:
        """Three calls at once while the frigate's dish is handed over every three seconds.

        The control is a routine call between browsers that keep nothing more in hand.
        """
        rome, frigate = (self._nation.pages(each) for each in (self._rome, self._frigate))
        others = {
            name: await sit_down(self._browser, at, name, shown, script)
            for at, name, shown, script in (
                (frigate, "elena.greco", "Elena Greco", SCRIPT),
                (rome, "carla.bianchi", "Carla Bianchi", WITHOUT_TARGET + SCRIPT),
                (frigate, "giulia.moretti", "Giulia Moretti", WITHOUT_TARGET + SCRIPT),
            )
        }
        elena, carla, giulia = others.values()
        pairs = ((self._fabio, self._dario), (self._hannes, elena), (carla, giulia))
        async with contextlib.AsyncExitStack() as stack:
            calls = []
            for (one, other), precedence in zip(
                pairs, ("flash", "routine", "routine"), strict=True
            ):
                await one.sees(other)
                made = await stack.enter_async_context(talk(one, other, precedence))
                calls.append(made.call)
            await stack.enter_async_context(
                hand_overs(self._feed, self._nation.network.plan, self._frigate)
            )
            with processors_awake():
                began = [await one.ear.now() for one, _ in pairs]
                await asyncio.sleep(HAND_OVER_SECONDS)
            heard = [
                [listened(await each.ear.blocks(since)) for each in pair]
                for pair, since in zip(pairs, began, strict=True)
            ]
            legs = [await self._legs(call) for call in calls]
        return judge_hand_overs(heard, legs, two_bearers=self._ground.two_bearers)

    async def nothing_is_heard_or_read(self) -> list[Finding]:
        """A call captured at both relays and on the wire, and sought in the authority's files."""
        async with self._ground.capture(self._rome, self._frigate) as capture:
            async with talk(self._hannes, self._fabio) as (call, _, _):
                for _ in range(round(CAPTURE_SECONDS / LOOK_SECONDS)):
                    await asyncio.sleep(LOOK_SECONDS)
                    capture.look()
            words = (*WORDS, call.encode())
            outside = await capture.judge(words)
        packets = capture.packets
        spoken = [each for each in packets if speech([each])]
        return [
            *await judge_speech(self._hannes.page, speech(packets)),
            judge_words(spoken, words, len(spoken)),
            *outside,
            *judge_stored("the call", self._files, (*words[1:2], *words[-1:]), self._hannes.shown),
        ]

    async def texts_are_written(self) -> list[Finding]:
        """Texts from Rome to the frigate and back, and what the authority keeps of them."""
        return await judge_texts(self._hannes, self._fabio, self._files)

    async def texts_wait(self) -> list[Finding]:
        """A text that is written while the authority is killed."""
        return await judge_waiting_texts(self._hannes, self._fabio, self._nation)

    async def authority_gone(self) -> list[Finding]:
        """The authority is killed (kill -9) during a call, and another call is made then."""
        async with contextlib.AsyncExitStack() as stack:
            async with talk(self._hannes, self._fabio):
                await stack.enter_async_context(self._nation.authority_killed())
                await self._nation.wait_linked(False)
                await asyncio.sleep(2.0 * LISTEN_SECONDS)
                began = await self._hannes.ear.now()
                await asyncio.sleep(LISTEN_SECONDS)
                going = [await each.ear.heard(began) for each in (self._hannes, self._fabio)]
            async with talk(self._fabio, self._hannes) as (_, rang_ms, heard_ms):
                pass
        found_s = await self._nation.wait_linked()
        lasted = all(each.is_tone for each in going)
        return [
            Finding(
                "the authority's process is killed, the call that was there",
                "goes on" if lasted else "is silent",
                "goes on",
                lasted,
            ),
            Finding(
                "without its process, another call",
                f"rings after {rang_ms:.0f} ms, is heard {heard_ms:.0f} ms after its answer",
                "is made",
                True,
            ),
            Finding(
                "started again, it is found by both sites after",
                f"{found_s:.1f} s",
                f"{FOUND_SECONDS:g} s",
                found_s <= FOUND_SECONDS,
            ),
        ]

    async def routine_yields(self) -> list[Finding]:
        """All but a narrow bearer is cut: a routine call yields to a flash one."""
        wider = [
            each for each in self._nation.network.plan.of(self._frigate) if each.bearer != NARROW
        ]
        for each in wider:
            await self._feed.cut(each)
        try:
            await asyncio.sleep(YIELD_SECONDS)  # what others gave counts for as long
            async with talk(self._hannes, self._fabio) as (routine, _, _):
                flash = await self._fabio.dial(self._dario, "flash")
                await self._dario.ear.shown_at(flash, [RINGS_HERE])
                await self._dario.answer(flash)
                since = await self._dario.ear.clicked_at()
                await self._dario.ear.first_heard(since)
                await self._hannes.ear.shown_at(routine, [ENDED])
                why = (await self._hannes.card(routine)).splitlines()
                await self._fabio.end(flash)
        finally:
            for each in wider:
                await self._feed.restore(each)
        yielded = any("yield" in each for each in why)
        reason = next((each for each in why if "yield" in each), " ".join(why[-3:]))
        return [Finding("a routine call yields to a flash one", reason, "it yields", yielded)]

    # What steps share

    async def _legs(self, call: str) -> list[Leg]:
        """Return how both ends of a call hear it, as their edges tell."""
        pages = (self._hannes.page, self._fabio.page)
        return [leg for page in pages for leg in await legs_of(page, call)]

    @property
    def _files(self) -> Path:
        """Where the authority keeps everything, what its program says as well."""
        return self._nation.authority.layout.directory
