"""Browsers that write at the WebSocket of an edge, and those who would harm them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from baluardo.calls.messages import Message
from baluardo.edge.calls.browser_frames import LARGEST_FRAME, LARGEST_MAIL_FRAME
from baluardo.edge.calls.seat import MOST_WAITING, Close, CloseCode, Seat
from baluardo.edge.calls.shown_people import ShownPeople
from baluardo.edge.mail.exchange import ASK_EVERY_SECONDS, ASKS_AT_ONCE, MOST_UNANSWERED
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.messages import MailAnswer, MailWaiting
from calls.world import TALKING
from edge.calls.call_browsers import ANNA, BRUNO, CARLA, now
from edge.country import PATIENCE, until
from edge.mail.mail_office import (
    LETTER,
    TAKEN,
    MailSite,
    Writer,
    item,
    large,
    mail_site,
    send_request,
)

ANNAS, BRUNOS, CARLAS = f"{ANNA}/phone", f"{BRUNO}/phone", f"{CARLA}/phone"
DEVICES = {"kind": "devices", "people": [ANNA]}
CALL = "0a" * 16


def at_site(directory: Path, scenario: Callable[[MailSite], Awaitable[None]]) -> None:
    """Play a scenario at a site with a channel."""

    async def play() -> None:
        async with mail_site(directory) as site:
            await scenario(site)

    asyncio.run(play())


async def talking(anna: Writer, bruno: Writer) -> None:
    """Let two be in a call."""
    await anna.dial(CALL, BRUNO)
    await until(lambda: bruno.state(CALL) == "incoming" and anna.state(CALL) == "ringing back")
    bruno.phone.answer(CALL, now())
    await bruno.post()
    await until(lambda: anna.state(CALL) == TALKING)


async def still_talking(anna: Writer, bruno: Writer) -> None:
    """See that what one says in the call reaches the other."""
    for held in (True, False):
        anna.phone.hold(CALL, held, now())
        await anna.post()
        await until(lambda held=held: bruno.phone.calls[CALL].held_there is held)
    assert [each.state(CALL) for each in (anna, bruno)] == [TALKING] * 2


async def flooded(browser: Writer, request: dict[str, object]) -> int | None:
    """Ask without end until the edge closes; return the code."""
    async with asyncio.timeout(PATIENCE):
        while not browser.code:
            await browser.ask(request)
            await asyncio.sleep(0)
    return browser.code


def test_two_people_write_and_are_brought_their_post(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def scenario(site: MailSite) -> None:
        site.office.boxes[BRUNOS] = [item(7, ANNAS)]
        anna, bruno = await site.sits(ANNAS), await site.sits(BRUNOS)
        assert await anna.answer(DEVICES) == {"type": "mailed", "ask": 1, "answer": {}}
        await until(lambda: bruno.posts)
        assert bruno.posts == [{"type": "post", "items": [item(7, ANNAS)], "more": False}]
        await site.office.bring(BRUNOS, item(8, ANNAS))
        sent = send_request(BRUNOS)
        assert (await anna.answer(sent))["answer"] == {}
        assert site.office.asked[-1].request == sent
        assert site.office.kinds(BRUNOS) == ["attend", "collect"]
        await bruno.answer(TAKEN | {"upto": 7})
        await until(lambda: len(bruno.posts) == 2)
        assert bruno.posts[1]["items"] == [item(8, ANNAS)]
        assert anna.posts == []
        shown = {each.device: each.attendance for each in site.office.asked if each.attendance}
        assert shown == {ANNAS: anna.attended, BRUNOS: bruno.attended}
        await bruno.close()
        await until(lambda: site.office.kinds(BRUNOS)[-1] == "leave")

    at_site(tmp_path, scenario)
    assert LETTER not in caplog.text


def test_the_channel_breaks_and_comes_back(tmp_path: Path) -> None:
    async def scenario(site: MailSite) -> None:
        anna, bruno = await site.sits(ANNAS), await site.sits(BRUNOS)
        for each in (anna, bruno):
            await each.answer(DEVICES)
        site.office.rule = lambda request: None if request.request["kind"] == "send" else {}
        asked = await anna.ask(send_request(BRUNOS))
        await until(lambda: site.office.kinds(ANNAS)[-1] == "send")
        assert asked not in anna.mailed
        await site.cut()
        await until(lambda: asked in anna.mailed)
        assert anna.mailed[asked]["refusal"] == "unavailable"
        assert "not done twice" in anna.mailed[asked]["sentence"]
        assert (await anna.answer(DEVICES))["refusal"] == "unavailable"
        site.office.rule = site.office.by_the_book
        site.office.asked.clear()
        site.office.boxes[ANNAS] = [item(1, BRUNOS)]
        await site.connect()
        await until(lambda: len(anna.posts) == 2)
        assert site.office.kinds(ANNAS) == ["attend", "collect"]
        # That it is over is told first, to whoever was told that it had begun.
        assert anna.posts[0] == {"type": "post", "items": [], "more": False}
        assert (await anna.answer(send_request(BRUNOS)))["answer"] == {}
        assert bruno.posts == []

    at_site(tmp_path, scenario)


def test_nobody_writes_before_attending(tmp_path: Path) -> None:
    async def scenario(site: MailSite) -> None:
        early = site.browser(CARLAS)
        await early.open()
        await early.ask(DEVICES)
        assert early.socket is not None
        await asyncio.wait_for(early.socket.wait_closed(), 20.0)
        assert early.socket.close_code == CloseCode.NOT_ATTENDED
        # Nor does anybody say as much as a writer may: the server does not even take it in.
        much = site.browser(CARLAS)
        await much.open()
        await much.ask(send_request(BRUNOS, octets=large(LARGEST_FRAME)))
        assert much.socket is not None
        await asyncio.wait_for(much.socket.wait_closed(), 20.0)
        assert much.socket.close_code == 1009
        assert site.office.asked == []

    at_site(tmp_path, scenario)


def test_a_large_message_passes_and_larger_frames_do_not(tmp_path: Path) -> None:
    async def scenario(site: MailSite) -> None:
        anna, bruno = await site.sits(ANNAS), await site.sits(BRUNOS)
        sent = send_request(BRUNOS, octets=large(180 << 10))
        assert len(json.dumps(sent)) > LARGEST_FRAME
        assert (await anna.answer(sent))["answer"] == {}
        assert site.office.asked[-1].request == sent
        # What is no mail stays as small as it was.
        await anna.say({"type": "call", "message": {"opaque": "x" * LARGEST_FRAME}})
        await until(lambda: anna.problems)
        assert "larger than 131,072 octets" in anna.problems[-1]
        assert anna.code is None
        await anna.say("x" * (LARGEST_MAIL_FRAME + 1))
        await until(lambda: anna.code)
        assert anna.code == 1009
        assert (await bruno.answer(DEVICES))["answer"] == {}

    at_site(tmp_path, scenario)


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"mail","ask":1,"request":[]}',
        '{"type":"mail","ask":0,"request":{}}',
        '{"type":"mail","ask":true,"request":{}}',
        '{"type":"mail","ask":1.5,"request":{}}',
        '{"type":"mail","ask":2147483648,"request":{}}',
        '{"type":"mail","ask":1,"request":{},"more":1}',
        '{"type":"mail","ask":1}',
        '{"type":"mailed","ask":1,"answer":{}}',
        '{"type":"post","items":[],"more":false}',
    ],
)
def test_a_frame_that_is_none_is_told_so_and_closes_in_the_end(frame: str, tmp_path: Path) -> None:
    async def scenario(site: MailSite) -> None:
        carla = await site.sits(CARLAS)
        await carla.say(frame)
        await until(lambda: carla.problems)
        assert carla.code is None
        for _ in range(10):
            await carla.say(frame)
        await until(lambda: carla.code)
        assert carla.code == CloseCode.REFUSED
        assert set(site.office.kinds(CARLAS)) <= {"attend", "collect", "leave"}

    at_site(tmp_path, scenario)


@pytest.mark.parametrize("kind", ["attend", "collect", "leave"])
def test_a_browser_does_not_speak_for_its_edge(kind: str, tmp_path: Path) -> None:
    async def scenario(site: MailSite) -> None:
        carla = await site.sits(CARLAS)
        assert (await carla.answer({"kind": kind}))["refusal"] == "malformed"

    at_site(tmp_path, scenario)


def test_a_flood_takes_nothing_from_others_and_ends(tmp_path: Path) -> None:
    async def scenario(site: MailSite) -> None:
        anna, bruno = await site.sits(ANNAS), await site.sits(BRUNOS)
        await talking(anna, bruno)
        carla = await site.sits(CARLAS)
        began = asyncio.get_running_loop().time()
        assert await flooded(carla, DEVICES) == CloseCode.TOO_MANY
        assert (await anna.answer(DEVICES))["answer"] == {}
        refused = [each for each in carla.mailed.values() if each.get("refusal") == "full"]
        assert refused
        seconds = asyncio.get_running_loop().time() - began
        allowed = ASKS_AT_ONCE + seconds / ASK_EVERY_SECONDS
        assert site.office.kinds(CARLAS).count("devices") <= allowed
        # The same of large frames, of which a device has fewer.
        again = await site.sits(f"{CARLA}/tablet")
        sent = send_request(BRUNOS, octets=large(180 << 10))
        assert await flooded(again, sent) == CloseCode.TOO_MANY
        assert again.drawn < 200, "before it had said as many frames as small ones are allowed"
        await still_talking(anna, bruno)
        assert (await bruno.answer(DEVICES))["answer"] == {}

    at_site(tmp_path, scenario)


def test_an_authority_that_does_not_answer_holds_up_neither_calls_nor_the_edge(
    tmp_path: Path,
) -> None:
    async def scenario(site: MailSite) -> None:
        anna, bruno = await site.sits(ANNAS), await site.sits(BRUNOS)
        await anna.answer(DEVICES)
        site.office.rule = lambda _: None
        for _ in range(MOST_UNANSWERED + 1):
            await anna.ask(DEVICES)
        await until(lambda: 10 in anna.mailed)
        assert anna.mailed[10]["refusal"] == "full"
        assert len(anna.mailed) == 2
        await talking(anna, bruno)
        await still_talking(anna, bruno)

    at_site(tmp_path, scenario)


def test_answers_that_nobody_asked_for_change_nothing(tmp_path: Path) -> None:
    async def scenario(site: MailSite) -> None:
        anna = await site.sits(ANNAS)
        await until(lambda: site.office.kinds(ANNAS) == ["attend", "collect"])
        for number in (1, 2, 77, 10**9):
            await site.office.say(MailAnswer(number, {"items": [item(1, BRUNOS)], "more": True}))
            await site.office.say(MailAnswer(number, None, MailRefusal.DENIED, "No."))
        await site.office.say(MailWaiting("person/nobody/phone"))
        assert (await anna.answer(DEVICES))["answer"] == {}
        assert anna.posts == []
        assert site.office.kinds(ANNAS) == ["attend", "collect", "devices"]

    at_site(tmp_path, scenario)


def test_who_never_takes_its_post_is_brought_no_more(tmp_path: Path) -> None:
    async def scenario(site: MailSite) -> None:
        anna, bruno = await site.sits(ANNAS), await site.sits(BRUNOS)
        for number in range(1, 30):
            await site.office.bring(ANNAS, item(number, BRUNOS))
            await site.office.bring(BRUNOS, item(number, ANNAS))
            # What is not its to take, and what is there no more.
            await anna.answer(TAKEN | {"upto": 0}) if number < 5 else None
        await until(lambda: bruno.posts and anna.posts)
        while sum(len(each["items"]) for each in bruno.posts) < 29:
            seen = len(bruno.posts)
            await bruno.answer(TAKEN | {"upto": bruno.posts[-1]["items"][-1]["number"]})
            await until(lambda seen=seen: len(bruno.posts) > seen)
        assert len(anna.posts) == 1
        assert site.office.kinds(ANNAS).count("collect") <= 2, "an empty one, before all of it"

    at_site(tmp_path, scenario)


def test_a_seat_that_is_replaced_takes_its_asks_along(tmp_path: Path) -> None:
    async def scenario(site: MailSite) -> None:
        anna = await site.sits(ANNAS)
        await anna.answer(DEVICES)
        site.office.rule = lambda _: None
        asked = await anna.ask(send_request(BRUNOS))
        await until(lambda: site.office.kinds(ANNAS)[-1] == "send")
        held = site.office.asked[-1]
        again = await site.sits(ANNAS)
        await until(lambda: anna.code)
        assert anna.code == CloseCode.REPLACED
        await until(lambda: site.office.kinds(ANNAS)[-1] == "attend")
        site.office.rule = site.office.by_the_book
        await site.office.say(MailAnswer(held.id, {"at": 5}))
        await site.office.say(MailAnswer(site.office.asked[-1].id, {}))
        assert (await again.answer(DEVICES))["answer"] == {}
        assert list(again.mailed) == [1]
        assert asked not in anna.mailed
        assert "leave" not in site.office.kinds(ANNAS)

    at_site(tmp_path, scenario)


def test_calls_go_before_mail_at_a_seat_and_both_are_bounded() -> None:
    async def scenario() -> None:
        shown = ShownPeople([])
        seat = Seat(ANNAS, shown)
        seat.say_mail("a letter")
        seat.say("a call")
        assert await seat.next() == "a call"
        assert await seat.next() == shown.after(None)[0]
        seat.say("a call")
        assert [await seat.next(), await seat.next()] == ["a call", "a letter"]
        part = "x" * (1 << 16)
        for _ in range(MOST_WAITING // len(part)):
            seat.say_mail(part)
        seat.say("a call")
        assert await seat.next() == "a call", "mail takes no room from calls"
        seat.say_mail("one more")
        assert seat.closed.is_set()
        seat.say_mail("nothing more")
        last = await seat.next()
        assert isinstance(last, Close)
        assert last.code is CloseCode.TOO_SLOW

    asyncio.run(scenario())


def test_a_call_overtakes_the_mail_that_waits_for_a_slow_browser(tmp_path: Path) -> None:
    async def scenario(site: MailSite) -> None:
        anna, bruno = await site.sits(ANNAS), await site.sits(BRUNOS)
        await until(lambda: site.office.kinds(BRUNOS) == ["attend", "collect"])
        seat = site.service.presence.seat_of(BRUNOS)
        assert seat is not None
        assert bruno.socket is not None
        bruno.socket.transport.pause_reading()
        letter, sent = json.dumps({"type": "letter", "x": "x" * (1 << 16)}), 0
        while seat.mail_waiting < 8 * len(letter):  # all that the network takes is under way
            seat.say_mail(letter)
            sent += 1
            await asyncio.sleep(0)
        before: list[int] = []
        hear = bruno.phone.hear

        def heard(message: Message, at: float) -> list[Message]:
            before.append(len(bruno.of_type("letter")))
            return hear(message, at)

        bruno.phone.hear = heard  # type: ignore[method-assign]
        await anna.dial(CALL, BRUNO)
        await until(lambda: site.service.calls)
        bruno.socket.transport.resume_reading()
        await until(lambda: bruno.state(CALL) == "incoming")
        await until(lambda: len(bruno.of_type("letter")) == sent)
        assert before[0] <= sent - 7, "it waited for what was under way, and for nothing more"

    at_site(tmp_path, scenario)


def test_who_reads_no_answers_loses_its_seat_and_the_others_write_on(tmp_path: Path) -> None:
    async def scenario(site: MailSite) -> None:
        anna, bruno = await site.sits(ANNAS), await site.sits(BRUNOS)
        carla = await site.sits(CARLAS)
        await talking(anna, bruno)
        much = {"devices": large(600 << 10)}
        site.office.rule = lambda request: much if request.device == CARLAS else {}
        assert carla.socket is not None
        carla.socket.transport.pause_reading()
        people = site.service.presence.people
        async with asyncio.timeout(30.0):
            while people.devices_of(CARLA):
                await carla.ask(DEVICES)
                await asyncio.sleep(0.05)
        site.office.rule = site.office.by_the_book
        assert (await anna.answer(DEVICES))["answer"] == {}
        await still_talking(anna, bruno)
        with contextlib.suppress(Exception):
            carla.socket.transport.abort()

    at_site(tmp_path, scenario)
