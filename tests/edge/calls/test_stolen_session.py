"""A session's cookie in another's hands: it signs in to pages, and to no call and no mail."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from baluardo.authority.acts.sessions import Browser, open_session
from baluardo.authority.context import Authority
from baluardo.calls.bodies import Dial, Side
from baluardo.calls.messages import Message
from baluardo.edge.calls.seat import CloseCode
from edge.country import ANNA, BRUNO, Country, altered, until
from edge.mail.test_edge_mail_country import (
    ANNAS,
    BRUNOS,
    GROUP,
    ROME,
    Page,
    answered,
    send,
    served,
    take,
)

SECONDS = 20.0
"""A failure, not a measurement."""


async def cookie(authority: Authority, host: str) -> dict[str, str]:
    """Return the cookie of a session of Anna's at a site's pages."""
    opened = await authority.store.act(
        lambda transaction: open_session(
            transaction, authority, ANNA, Browser(host, "Firefox"), how="passkey"
        )
    )
    return {"cookie": f"__Host-baluardo={opened.token.text()}"}


@contextlib.asynccontextmanager
async def thief(page: Page, stolen: dict[str, str]) -> AsyncIterator[ClientConnection]:
    """Come to the door of calls as a browser that has the cookie; the challenge is read."""
    async with connect(
        f"ws://{page.host}:{page.port}/api/calls",
        host="127.0.0.1",
        port=page.port,
        origin=page.origin,  # type: ignore[arg-type]
        additional_headers=stolen,
        proxy=None,
    ) as connection:
        yield connection


def test_a_stolen_session_attends_dials_and_reads_nothing(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with contextlib.AsyncExitStack() as stack:
            authority = await stack.enter_async_context(country.authority())
            for name in (ANNA, BRUNO):
                await country.person(authority, name)
            place = await country.enrolled(authority, tmp_path, ROME)
            rome, port = await stack.enter_async_context(served(country, place))
            await until(lambda: rome.link.connected)
            anna, bruno = (Page(country, each, ROME, port) for each in (ANNAS, BRUNOS))
            for page in (anna, bruno):
                stack.push_async_callback(page.close)
            await bruno.attend()
            person = f"person/{ANNA}"
            begin = {"kind": "begin", "other": person, "group": GROUP, "instead": ""}
            await answered(bruno, begin)
            await answered(bruno, send(1, ANNAS, b"to Anna alone"))
            stolen = await cookie(authority, f"{anna.host}:{port}")

            # It is good where it was made for: this is a session of Anna's.
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                asked = stolen | {"host": f"{anna.host}:{port}"}
                mine = await client.get("/api/authority/me/sessions", headers=asked)
                assert mine.status_code == 200
                assert mine.json()

            # At the door of calls and mail nobody asks for it.
            dial = Message("0a" * 16, ANNAS, Side.CALLER, 9, 1, Dial(ANNAS, f"person/{BRUNO}"))
            for frame in (
                {"type": "call", "message": json.loads(dial.encode())},
                {"type": "mail", "number": 1, "request": {"kind": "challenge"}},
                {"type": "mail", "number": 1, "request": {"kind": "taken", "upto": 1}},
            ):
                async with thief(anna, stolen) as connection:
                    await connection.recv()
                    await connection.send(json.dumps(frame))
                    await turned_away(connection)

            # In Anna's name, with all that is public of her device, but not with its key.
            async with thief(anna, stolen) as connection:
                challenge = json.loads(await connection.recv())["challenge"]
                forged = altered(anna.statement(challenge).sign(anna.credential()))
                await connection.send(
                    json.dumps({"type": "attend", "attendance": forged.to_object()})
                )
                await turned_away(connection)
            assert rome.calls.presence.people.devices_of(person) == ()
            assert rome.calls.calls == ()

            # What was sent to her has waited for her key.
            await anna.attend()
            assert [each for each, _ in await take(anna, 1)] == [BRUNOS]

    asyncio.run(scenario())


async def turned_away(connection: ClientConnection) -> None:
    """See that a connection is closed, and that nothing but a problem was told before."""
    types = set()
    async with asyncio.timeout(SECONDS):
        with contextlib.suppress(ConnectionClosed):
            while True:
                types.add(json.loads(await connection.recv())["type"])
    assert types <= {"problem"}
    assert connection.close_code == CloseCode.NOT_ATTENDED
