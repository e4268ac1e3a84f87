"""Frames of written messages through a staged site's socket: large ones pass, and only later."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.edge.calls.browser_frames import LARGEST_FRAME, LARGEST_MAIL_FRAME
from baluardo.edge.calls.door import call_router
from baluardo.edge.mail.service import MailService
from edge.calls.call_browsers import ANNA, call_service
from edge.calls.call_browsers import BRUNO as BRUNOS_PERSON
from edge.country import STATIC, until
from edge.mail.mail_office import Writer, large, send_request
from stage.network.test_staged_site_streams import ask, path

__all__ = ["path"]
BRUNOS = f"{BRUNOS_PERSON}/phone"


def test_a_large_message_passes_once_its_browser_has_attended(path: Path, tmp_path: Path) -> None:
    service = call_service(tmp_path)
    service.mail = MailService()  # without a channel
    part = ConsolePart(name="calls", router=call_router(service), lifespan=service.running)
    sent = send_request(BRUNOS, octets=large(180 << 10))

    async def test(port: int) -> None:
        anna = Writer(f"{ANNA}/phone", port)
        await anna.attend()
        told = await anna.answer(sent)
        assert told["refusal"] == "unavailable"
        await anna.say("x" * (LARGEST_MAIL_FRAME + 1))
        await until(lambda: anna.code)
        assert anna.code == 1009
        await anna.close()
        early = Writer(f"{ANNA}/phone", port)
        await early.open()
        assert early.socket is not None
        await early.say("x" * (LARGEST_FRAME + 1))
        await asyncio.wait_for(early.socket.wait_closed(), 20.0)
        assert early.socket.close_code == 1009
        with contextlib.suppress(Exception):
            await early.close()

    ask(path, test, create_console((part,), ("127.0.0.1",), STATIC))


def test_a_site_without_the_way_of_mail_says_so(path: Path, tmp_path: Path) -> None:
    service = call_service(tmp_path)
    part = ConsolePart(name="calls", router=call_router(service), lifespan=service.running)

    async def test(port: int) -> None:
        anna = Writer(f"{ANNA}/phone", port)
        await anna.attend()
        await anna.ask(send_request(BRUNOS))
        await until(lambda: anna.problems)
        assert "Nobody writes" in anna.problems[-1]
        await anna.close()

    ask(path, test, create_console((part,), ("127.0.0.1",), STATIC))
