"""When ways by satellite are disturbed next, as an edge tells who is in a call."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from baluardo.calls.receiver_reports import ReceiverReport
from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.edge.calls.browser_frames import HOLD_MS, slot_frame
from baluardo.edge.calls.door import call_router
from baluardo.terms import SLOT_SECONDS, slot_at, slot_start
from calls.world import TALKING
from edge.calls.call_browsers import ANNA, BRUNO, CARLA, Browser, call_service, now, served_edge
from edge.country import STATIC, until

CALL = "0c" * 16
REPORT = {"type": "report", "call": CALL, **asdict(ReceiverReport(5.0, 250, 0, 40.0, 1.0, 0, 40.0))}


@given(st.floats(0.0, 4e9))
def test_the_next_slot_is_told_in_milliseconds_from_now(posix: float) -> None:
    told = json.loads(slot_frame(posix))
    assert set(told) == {"type", "in_ms", "hold_ms"}
    assert (told["type"], told["hold_ms"]) == ("slot", HOLD_MS)
    assert isinstance(told["in_ms"], int)
    assert 0 <= told["in_ms"] <= 1_000 * SLOT_SECONDS
    begins = posix + told["in_ms"] / 1e3
    assert 0.0 <= slot_start(slot_at(posix) + 1) - begins < 0.002


def test_only_who_is_in_a_call_is_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        service = call_service(tmp_path)
        parts = (ConsolePart(name="calls", router=call_router(service), lifespan=service.running),)
        async with served_edge(create_console(parts, ("127.0.0.1",), STATIC)) as port:
            devices = (f"{ANNA}/phone", f"{BRUNO}/phone", f"{CARLA}/phone")
            anna, bruno, carla = [await Browser(each, port).attend() for each in devices]
            await anna.dial(CALL, BRUNO)
            await until(lambda: bruno.state(CALL) == "incoming")
            bruno.phone.answer(CALL, now())
            await bruno.post()
            await until(lambda: anna.state(CALL) == TALKING)
            assert slots(anna) == []
            await anna.say(REPORT)
            await carla.say(REPORT)
            await until(lambda: slots(anna) and carla.problems)
            (told,) = slots(anna)
            assert told["hold_ms"] == HOLD_MS
            assert slots(bruno) == slots(carla) == []
            for each in (anna, bruno, carla):
                await each.close()

    asyncio.run(scenario())


def slots(browser: Browser) -> list[dict[str, object]]:
    return [each for each in browser.frames if each["type"] == "slot"]
