"""Browsers at the WebSocket of an edge: calls from dial to end, and who is turned away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from baluardo.calls.bodies import Dial, End, Side, Unknown
from baluardo.calls.causes import Cause
from baluardo.calls.messages import Message
from baluardo.edge.calls import door
from baluardo.edge.calls.browser_frames import LARGEST_FRAME
from baluardo.edge.calls.presence import FILE
from baluardo.edge.calls.seat import MOST_WAITING, Close, CloseCode, Seat
from baluardo.edge.calls.service import CallService
from baluardo.edge.calls.shown_people import ShownPeople
from baluardo.trust.certificates.revocation_list import Reason, Revocation
from baluardo.trust.certificates.verification import Verifier
from calls.world import OVER, TALKING
from edge.calls.call_browsers import (
    ANNA,
    BRUNO,
    CARLA,
    ROME,
    Browser,
    call_service,
    italy,
    member,
    now,
    served_calls,
)
from edge.country import until

CALL = "0a" * 16


class Site:
    """A site that is served, and the browsers at it."""

    def __init__(self, service: CallService, port: int) -> None:
        """Begin with nobody."""
        self.service, self.port = service, port
        self.browsers: list[Browser] = []

    def browser(self, person: str, device: str = "phone") -> Browser:
        """Return a browser that has not connected yet."""
        self.browsers.append(Browser(f"{person}/{device}", self.port))
        return self.browsers[-1]

    async def sits(self, person: str, device: str = "phone") -> Browser:
        """Return a browser that has attended."""
        return await self.browser(person, device).attend()

    async def talk(self) -> tuple[Browser, Browser]:
        """Return two that are in a call."""
        anna, bruno = await self.sits(ANNA), await self.sits(BRUNO)
        await anna.dial(CALL, BRUNO)
        await until(lambda: bruno.state(CALL) == "incoming" and anna.state(CALL) == "ringing back")
        bruno.phone.answer(CALL, now())
        await bruno.post()
        await until(lambda: anna.state(CALL) == TALKING)
        return anna, bruno

    async def still_talk(self, anna: Browser, bruno: Browser) -> None:
        """See that what one of two says in a call still reaches the other."""
        for held in (True, False):
            anna.phone.hold(CALL, held, now())
            await anna.post()
            await until(lambda held=held: bruno.phone.calls[CALL].held_there is held)
        assert [each.state(CALL) for each in (anna, bruno)] == [TALKING] * 2


@contextlib.asynccontextmanager
async def rome(directory: Path, verifier: Verifier | None) -> AsyncIterator[Site]:
    """Serve the telephone of Rome while inside."""
    service = call_service(directory, ROME, verifier)
    async with served_calls(service) as port:
        site = Site(service, port)
        try:
            yield site
        finally:
            for each in site.browsers:
                await each.close()


def at_rome(
    directory: Path,
    scenario: Callable[[Site], Awaitable[None]],
    verifier: Verifier | None = None,
) -> None:
    """Play a scenario at Rome."""

    async def play() -> None:
        async with rome(directory, verifier) as site:
            await scenario(site)

    asyncio.run(play())


def test_two_people_dial_ring_answer_hold_and_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "baluardo.edge.calls")

    async def scenario(site: Site) -> None:
        anna, bruno = await site.talk()
        assert bruno.phone.calls[CALL].dial.opaque == b"offer"
        await site.still_talk(anna, bruno)
        await until(lambda: len(anna.people) == 2)
        assert anna.people == [
            {"person": ANNA, "site": ROME, "devices": ["phone"]},
            {"person": BRUNO, "site": ROME, "devices": ["phone"]},
        ]
        bruno.phone.end(CALL, End(Cause.HUNG_UP), now())
        await bruno.post()
        await until(lambda: anna.state(CALL) == OVER)
        assert anna.phone.calls[CALL].cause is Cause.HUNG_UP
        (record,) = site.service.records
        assert (record.caller, record.callee, record.device, record.cause) == (
            f"{ANNA}/phone",
            BRUNO,
            f"{BRUNO}/phone",
            "hung up",
        )
        assert record.reason == 'Q.850 ;cause=16 ;text="hung up"'
        assert record.connected_at is not None
        assert record.began <= record.connected_at <= record.ended_at
        await bruno.close()
        await until(lambda: anna.people[1]["devices"] == [])
        await anna.dial("0b" * 16, BRUNO)
        await until(lambda: anna.state("0b" * 16) == OVER)
        assert anna.phone.calls["0b" * 16].cause is Cause.NOBODY_THERE

    at_rome(tmp_path, scenario)
    lines = [each.getMessage() for each in caplog.records if "Call " in each.getMessage()]
    assert lines[0].startswith(f"Call {CALL} of {ANNA} to {BRUNO}, routine: admitted. ")
    assert "offer" not in caplog.text
    assert b"person/bruno" in (tmp_path / FILE).read_bytes()


def test_who_forges_replays_or_floods_is_turned_away_and_the_call_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(site: Site) -> None:
        anna, bruno = await site.talk()

        # Another's attendance, as it was heard before: it answers another challenge.
        thief = site.browser(CARLA)
        await thief.open()
        assert bruno.attended is not None
        await thief.show(bruno.attended)
        await until(lambda: thief.code)
        assert thief.code == CloseCode.NOT_ATTENDED
        assert "another challenge" in thief.problems[-1]

        # In another's name, once it sits there as itself.
        carla = await site.sits(CARLA)
        for leg in (f"{ANNA}/phone", ROME, "ship/bergamini"):
            said = len(carla.problems)
            await carla.say_call(Message(CALL, leg, Side.CALLER, 9, 5, End(Cause.HUNG_UP)))
            await until(lambda said=said: len(carla.problems) > said)
            assert "in the name of another leg" in carla.problems[-1]
        # As itself, about a call that is none of its own.
        await carla.say_call(Message(CALL, carla.device, Side.CALLER, 9, 1, End(Cause.HUNG_UP)))
        await site.still_talk(anna, bruno)

        # Rubbish, again and again.
        for rubbish in ("{", '{"type":"call","message":{}}', '{"type":"people","people":[]}'):
            await carla.say(rubbish)
        await until(lambda: carla.code)
        assert carla.code == CloseCode.REFUSED

        # A hundred calls, and a hundred more, at once.
        flood = await site.sits(CARLA, "laptop")
        for number in range(300):
            call = f"{number:032x}"
            dial = Dial(flood.device, BRUNO)
            await flood.say_call(Message(call, flood.device, Side.CALLER, 9, 1, dial))
        await until(lambda: flood.code)
        assert flood.code == CloseCode.TOO_MANY
        await site.still_talk(anna, bruno)
        assert sum(each.dial.caller == flood.device for each in site.service.calls) <= 10
        again = site.browser(CARLA, "laptop")
        await again.attend()
        for _ in range(199):  # as many as a new allowance would have
            await again.say_call(Message(CALL, again.device, Side.CALLER, 9, 0, Unknown()))
        await until(lambda: again.code)
        assert again.code == CloseCode.TOO_MANY, "a new connection is no new allowance"

    at_rome(tmp_path, scenario)
    refused = [each.getMessage() for each in caplog.records if "refused." in each.getMessage()]
    assert any("Too many calls from this device" in each for each in refused)
    assert len(refused) < 100, "a flood does not fill the log"


def test_a_device_that_connects_again_takes_its_own_seat_and_its_calls(tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        anna, bruno = await site.talk()
        again = await site.sits(BRUNO)
        again.phone = bruno.phone  # the same page: only its connection was lost
        await until(lambda: bruno.code)
        assert bruno.code == CloseCode.REPLACED
        await site.still_talk(anna, again)
        assert site.service.presence.people.devices_of(BRUNO) == (f"{BRUNO}/phone",)

    at_rome(tmp_path, scenario)


def test_a_device_names_no_relay(tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        carla = await site.sits(CARLA)
        dial = Message(CALL, carla.device, Side.CALLER, 9, 1, Dial(carla.device, BRUNO))
        message = json.loads(dial.encode()) | {"relay": {"address": "192.0.2.1", "port": 9}}
        await carla.say({"type": "call", "message": message})
        await until(lambda: carla.problems)
        assert "relay that is not theirs" in carla.problems[-1]
        assert site.service.calls == ()

    at_rome(tmp_path, scenario)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\0\1", CloseCode.REFUSED),
        ("x" * (LARGEST_FRAME + 1), 1009),
        ('{"type":"call","message":{}}', CloseCode.NOT_ATTENDED),
        ('{"type":"attend","attendance":{}}', CloseCode.NOT_ATTENDED),
    ],
)
def test_nothing_but_an_attendance_opens(frame: bytes | str, code: int, tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        carla = site.browser(CARLA)
        await carla.open()
        assert carla.socket is not None
        await carla.socket.send(frame)
        await asyncio.wait_for(carla.socket.wait_closed(), 20.0)
        assert carla.socket.close_code == code
        assert site.service.presence.people.view() == []

    at_rome(tmp_path, scenario)


def test_who_does_not_attend_in_time_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "ATTEND_SECONDS", 0.05)

    async def scenario(site: Site) -> None:
        carla = site.browser(CARLA)
        await carla.open()
        assert carla.socket is not None
        await asyncio.wait_for(carla.socket.wait_closed(), 20.0)
        assert carla.socket.close_code == CloseCode.NOT_ATTENDED

    at_rome(tmp_path, scenario)


def test_no_foreign_page_sits_here(tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        url = f"ws://127.0.0.1:{site.port}/api/calls"
        with pytest.raises(InvalidStatus):
            await connect(url, origin="https://evil.example", proxy=None)  # type: ignore[arg-type]
        async with connect(url, proxy=None) as nobody:  # no page at all
            await asyncio.wait_for(nobody.wait_closed(), 20.0)
            assert nobody.close_code == CloseCode.NOT_ATTENDED
        # A page of the edge that lets a browser sign for another one.
        carla = site.browser(CARLA)
        statement = carla.statement(await carla.open())
        carla.host = "rome.evil.example"
        other = carla.statement(statement.challenge)
        await carla.show(other.sign(member(carla.device)))
        await until(lambda: carla.code)
        assert carla.code == CloseCode.NOT_ATTENDED

    at_rome(tmp_path, scenario)


def test_who_is_revoked_leaves_at_once_and_does_not_come_back(tmp_path: Path) -> None:
    verifier = italy().verifier()

    async def scenario(site: Site) -> None:
        anna, bruno = await site.talk()
        serial = member(bruno.device).chain.leaf.serial
        revoking = italy().revoking({serial: Revocation(now(), Reason.KEY_COMPROMISE)})
        verifier.revocations = revoking.revocations
        site.service.presence.judge()
        await until(lambda: bruno.code)
        assert bruno.code == CloseCode.NO_LONGER
        assert site.service.presence.people.devices_of(BRUNO) == ()
        await bruno.close()
        again = site.browser(BRUNO)
        challenge = await again.open()
        await again.show(again.statement(challenge).sign(member(bruno.device)))
        await until(lambda: again.code)
        assert "was revoked by" in again.problems[-1]
        assert again.code == CloseCode.NOT_ATTENDED
        assert anna.code is None

    at_rome(tmp_path, scenario, verifier)


def test_a_browser_that_stops_reading_loses_its_seat_and_the_others_talk_on(
    tmp_path: Path,
) -> None:
    async def scenario(site: Site) -> None:
        anna, bruno = await site.talk()
        carla = await site.sits(CARLA)
        assert carla.socket is not None
        carla.socket.transport.pause_reading()
        part = "x" * (1 << 20)
        people, device = site.service.presence.people, carla.device
        async with asyncio.timeout(20.0):
            while seat := site.service.presence.seat_of(device):
                seat.say(part)
                await asyncio.sleep(0.001)
        assert people.devices_of(CARLA) == ()
        await site.still_talk(anna, bruno)
        carla.socket.transport.abort()

    at_rome(tmp_path, scenario)


def test_a_browser_that_reads_nothing_loses_its_seat_and_nothing_piles_up() -> None:
    async def scenario() -> None:
        shown = ShownPeople([])
        seat = Seat(f"{ANNA}/phone", shown)
        shown.change({})
        seat.say("attending")
        assert await seat.next() == "attending"
        assert await seat.next() == shown.after(None)[0], "everybody, once"
        part = "x" * (1 << 16)
        for _ in range(MOST_WAITING // len(part)):
            seat.say(part)
        assert not seat.closed.is_set()
        seat.say("one more")
        assert seat.closed.is_set()
        seat.say("nothing more")
        last = await seat.next()
        assert isinstance(last, Close)
        assert last.code is CloseCode.TOO_SLOW

    asyncio.run(scenario())


def test_a_machine_that_comes_too_often_keeps_nobody_else_of_its_network_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "network_of", lambda _: "the lan")

    async def first_frame(site: Site, address: str) -> str:
        url = f"ws://127.0.0.1:{site.port}/api/calls"
        origin = f"http://127.0.0.1:{site.port}"
        async with connect(
            url,
            origin=origin,  # type: ignore[arg-type]
            proxy=None,
            local_addr=(address, 0),
        ) as visit:
            return str(json.loads(await visit.recv())["type"])

    async def scenario(site: Site) -> None:
        frames = [await first_frame(site, "127.0.0.2") for _ in range(60)]
        assert frames[0] == "challenge"
        assert "problem" in frames
        assert await first_frame(site, "127.0.0.3") == "challenge"

    at_rome(tmp_path, scenario)
