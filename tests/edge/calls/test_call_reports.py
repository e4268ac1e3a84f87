"""What browsers report of calls over their WebSocket, and what the site's pages tell of it."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from baluardo.calls.bodies import End
from baluardo.calls.causes import Cause
from baluardo.calls.receiver_reports import ReceiverReport
from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.edge.calls.door import call_router
from baluardo.edge.calls.record_pages import calls_status, records_router, told
from baluardo.edge.calls.service import REPORTS_AT_ONCE, CallService
from calls.world import OVER, TALKING
from edge.calls.call_browsers import (
    ANNA,
    BRUNO,
    CARLA,
    Browser,
    call_service,
    now,
    served_edge,
)
from edge.country import STATIC, until

CALL = "0a" * 16
GOOD = ReceiverReport(5.0, 250, 0, 40.0, 1.0, 0.0, 40.0)
POOR = replace(GOOD, received=100, lost=150)


def report(call: str = CALL, said: ReceiverReport = GOOD) -> dict[str, object]:
    return {"type": "report", "call": call, **asdict(said)}


async def talk(anna: Browser, bruno: Browser) -> None:
    await anna.dial(CALL, BRUNO)
    await until(lambda: bruno.state(CALL) == "incoming" and anna.state(CALL) == "ringing back")
    bruno.phone.answer(CALL, now())
    await bruno.post()
    await until(lambda: anna.state(CALL) == TALKING)


async def hold(anna: Browser, bruno: Browser, held: bool) -> None:
    anna.phone.hold(CALL, held, now())
    await anna.post()
    await until(lambda: bruno.phone.calls[CALL].held_there is held)


async def end(anna: Browser, bruno: Browser) -> None:
    anna.phone.end(CALL, End(Cause.HUNG_UP), now())
    await anna.post()
    await until(lambda: bruno.state(CALL) == OVER)


def reports_of(service: CallService) -> dict[str, int]:
    return {each.device: each.reports for each in service.legs(CALL)}


def asked(port: int) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/calls/records") as answer:
        return json.load(answer)


def test_a_call_is_shown_with_how_it_sounds_while_it_goes_on_and_when_it_is_over(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        service = call_service(tmp_path)
        parts = (
            ConsolePart(name="calls", router=call_router(service), lifespan=service.running),
            ConsolePart(name="records", router=records_router(service)),
        )
        async with served_edge(create_console(parts, ("127.0.0.1",), STATIC)) as port:
            anna, bruno = Browser(f"{ANNA}/phone", port), Browser(f"{BRUNO}/phone", port)
            await anna.attend()
            await bruno.attend()
            assert (await asyncio.to_thread(asked, port))["going"] == []
            await talk(anna, bruno)
            (item,) = calls_status(service)
            assert (item.level, item.text["en"]) == ("ok", "Calls in progress: 1")
            for each in (GOOD, POOR, GOOD):
                await anna.say(report(said=each))
            await bruno.say(report(said=POOR))
            await until(lambda: reports_of(service) == {anna.device: 3, bruno.device: 1})
            assert calls_status(service)[0].level == "notice", "one of two hears badly"
            shown = await asyncio.to_thread(asked, port)
            (going,) = shown["going"]
            assert (going["caller"], going["callee"], going["state"]) == (
                anna.device,
                BRUNO,
                "connected",
            )
            assert going["began"] <= going["connected_at"] <= shown["at"]
            legs = {each["device"]: each for each in going["legs"]}
            assert legs[anna.device]["last"]["r"] == GOOD.quality.r
            assert legs[anna.device]["worst"]["mos"] == POOR.quality.mos
            assert legs[bruno.device]["loss"] == 0.6
            await end(anna, bruno)
            shown = await asyncio.to_thread(asked, port)
            assert shown["going"] == []
            (over,) = shown["over"]
            assert over["why"] == Cause.HUNG_UP.sentence.by_language()
            assert over["legs"] == going["legs"], "kept with its record"
            assert "offer" not in json.dumps(shown), "and nothing of content"
            assert calls_status(service) == []
            await anna.close()
            await bruno.close()

    asyncio.run(scenario())


def test_only_who_talks_reports_and_nobody_more_often_than_there_is_something_to_say(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        service = call_service(tmp_path)
        parts = (ConsolePart(name="calls", router=call_router(service), lifespan=service.running),)
        async with served_edge(create_console(parts, ("127.0.0.1",), STATIC)) as port:
            devices = (f"{ANNA}/phone", f"{BRUNO}/phone", f"{CARLA}/phone", f"{BRUNO}/laptop")
            anna, bruno, carla, laptop = [await Browser(each, port).attend() for each in devices]
            await talk(anna, bruno)
            await carla.say(report())
            await carla.say(report("0b" * 16))
            await carla.say(report() | {"lost": -1})
            await until(lambda: len(carla.problems) == 3)
            assert "no part in this call" in carla.problems[0]
            assert "lost" in carla.problems[2]
            await until(lambda: laptop.state(CALL) == OVER)
            await laptop.say(report())  # it rang, and another device answered
            await hold(anna, bruno, held=True)
            await anna.say(report())
            await hold(anna, bruno, held=False)
            assert reports_of(service) == {}
            assert (anna.problems, laptop.problems) == ([], []), "late, and no fault"
            said = 0
            while not anna.problems:  # one more each second is let in
                await anna.say(report())
                said += 1
                await asyncio.sleep(0.01)
            assert "more often" in anna.problems[0]
            heard = reports_of(service)[anna.device]
            assert REPORTS_AT_ONCE - 1 <= heard < said
            await hold(bruno, anna, held=True)
            await end(anna, bruno)
            await anna.say(report())
            await bruno.say(report())
            await nothing_goes_on(service, carla)
            assert bruno.problems == []
            (record,) = service.records
            assert [each.reports for each in record.legs] == [heard]
            for each in (anna, bruno, carla, laptop):
                await each.close()

    asyncio.run(scenario())


async def nothing_goes_on(service: CallService, carla: Browser) -> None:
    """Wait until what was said before is heard; nothing is kept of calls that are over."""
    await carla.say(report())
    await until(lambda: len(carla.problems) == 4)
    assert service.legs(CALL) == ()
    assert told(service)["going"] == []
