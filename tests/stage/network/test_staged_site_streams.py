"""WebSockets of a site's pages through a Unix socket, with real servers at both sides of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.edge.calls.browser_frames import LARGEST_FRAME
from baluardo.edge.calls.door import call_router
from baluardo.stage.network import site_streams
from baluardo.stage.network.site_pages import SitePages
from baluardo.stage.server import serve
from edge.calls.call_browsers import ANNA, BRUNO, Browser, call_service
from edge.country import STATIC, until

GUARD_SECONDS = 60.0
CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4000, 4005, 4999]


def edge() -> FastAPI:
    """What stands for an edge: it says back what it hears, and how it was asked."""
    app = FastAPI()

    @app.websocket("/echo/{rest:path}")
    async def echo(stream: WebSocket, rest: str) -> None:
        offered = stream.scope["subprotocols"]
        await stream.accept(offered[-1] if offered else None)
        told = {
            "path": stream.scope["raw_path"].decode(),
            "rest": rest,
            "query": stream.url.query,
            "scheme": stream.url.scheme,
            "client": stream.client.host if stream.client else "",
            "headers": [(n.decode(), v.decode("latin-1")) for n, v in stream.headers.raw],
        }
        await stream.send_text(json.dumps(told))
        while (message := await stream.receive())["type"] == "websocket.receive":
            await stream.send({**message, "type": "websocket.send"})
        app.state.left = message["code"], message.get("reason")

    @app.websocket("/close/{code}")
    async def close(stream: WebSocket, code: int) -> None:
        await stream.accept()
        await stream.close(code, "because of it")

    @app.websocket("/refused")
    async def refused(stream: WebSocket) -> None:
        await stream.close()

    @app.websocket("/flood")
    async def flood(stream: WebSocket) -> None:
        await stream.accept()
        app.state.flooded = 0
        with contextlib.suppress(Exception):
            while True:
                await stream.send_bytes(bytes(65_536))
                app.state.flooded += 65_536
        app.state.stopped = True

    return app


@contextlib.asynccontextmanager
async def serving(app: Any, bound: socket.socket, *, proxy: bool) -> AsyncIterator[None]:
    """Serve an application as programs of ours do while inside."""
    ready, over = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(
        serve(app, bound, ready.set, proxy=proxy, until=over.wait, largest_message=LARGEST_FRAME)
    )
    await ready.wait()
    try:
        yield
    finally:
        over.set()
        await task


@contextlib.asynccontextmanager
async def standing(path: Path, app: Any) -> AsyncIterator[None]:
    """Serve an edge's pages at a Unix socket while inside."""
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
        bound.listen()
        async with serving(app, bound, proxy=True):
            yield
    path.unlink()


@pytest.fixture
def path() -> Iterator[Path]:
    """A socket's path: pytest's own are too long for one."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory) / "pages.sock"


Test = Callable[[int], Awaitable[None]]


def ask(path: Path, test: Test, app: Any = None) -> None:
    """Let browsers ask a console's server, which forwards to the edge, if there is one."""

    async def whole() -> None:
        pages = SitePages(path)
        try:
            async with contextlib.AsyncExitStack() as stack:
                if app is not None:
                    await stack.enter_async_context(standing(path, app))
                with socket.create_server(("127.0.0.1", 0)) as bound:
                    console = FastAPI()
                    console.mount("/", pages)
                    async with serving(console, bound, proxy=False):
                        await test(bound.getsockname()[1])
        finally:
            await pages.close()

    asyncio.run(asyncio.wait_for(whole(), GUARD_SECONDS))


def opened(port: int, asked: str, **options: Any) -> connect:
    """Open a WebSocket as a page does; what is large is let through here."""
    plain = {"proxy": None, "compression": None, "max_size": None, **options}
    return connect(f"ws://127.0.0.1:{port}{asked}", **plain)


async def end(stream: ClientConnection) -> tuple[int, str]:
    """Return with what a stream was closed, once it is."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await stream.recv()
    assert stream.close_code is not None
    return stream.close_code, stream.close_reason or ""


def test_telephones_attend_and_ring_at_a_real_edge(path: Path, tmp_path: Path) -> None:
    service = call_service(tmp_path)
    part = ConsolePart(name="calls", router=call_router(service), lifespan=service.running)

    async def test(port: int) -> None:
        anna = await Browser(f"{ANNA}/phone", port).attend()
        bruno = await Browser(f"{BRUNO}/phone", port).attend()
        await until(lambda: len(anna.people) == 2)
        await anna.dial("0a" * 16, BRUNO)
        await until(lambda: bruno.state("0a" * 16) == "incoming")
        with pytest.raises(InvalidStatus) as refused:  # a page elsewhere
            await opened(port, "/api/calls", origin=f"http://127.0.0.1:{port + 1}")
        assert refused.value.response.status_code == 403
        for each in (anna, bruno):
            await each.close()

    ask(path, test, create_console((part,), ("127.0.0.1",), STATIC))


def test_what_the_page_asks_with_arrives_as_it_was_sent(path: Path) -> None:
    async def test(port: int) -> None:
        headers = {"x-forwarded-for": "198.51.100.7", "cookie": "session=1; other=2", "x-a": "\xe9"}
        async with opened(
            port,
            "/echo/a%2Fb?x=1&y=%20",
            origin="http://here.example",
            additional_headers=headers,
            subprotocols=["one", "two"],
        ) as stream:
            told = json.loads(await stream.recv())
            assert stream.subprotocol == "two"
        assert (told["path"], told["query"]) == ("/echo/a%2Fb", "x=1&y=%20")
        assert (told["client"], told["scheme"]) == ("127.0.0.1", "ws")
        found: dict[str, list[str]] = {}
        for name, value in told["headers"]:
            found.setdefault(name, []).append(value)
        assert found["host"] == [f"127.0.0.1:{port}"]
        assert found["origin"] == ["http://here.example"]
        assert found["x-forwarded-for"] == ["127.0.0.1"]
        assert found["x-forwarded-proto"] == ["http"]
        assert found["cookie"] == ["session=1; other=2"]
        assert found["x-a"] == ["\xe9"]

    ask(path, test, edge())


messages = st.lists(st.one_of(st.text(max_size=200), st.binary(max_size=300)), max_size=20)


@settings(max_examples=20, deadline=None)
@given(said=messages)
def test_whatever_is_said_comes_back_whole_and_in_order(said: list[str | bytes]) -> None:
    async def test(port: int) -> None:
        async with opened(port, "/echo/x") as stream:
            await stream.recv()
            for each in said:
                await stream.send(each)
            assert [await stream.recv() for _ in said] == said

    with tempfile.TemporaryDirectory() as directory:
        ask(Path(directory) / "pages.sock", test, edge())


def test_a_frame_of_a_telephone_passes_and_a_larger_one_ends_it(path: Path) -> None:
    async def test(port: int) -> None:
        async with opened(port, "/echo/x") as stream:
            await stream.recv()
            whole = "x" * LARGEST_FRAME
            await stream.send(whole)
            assert await stream.recv() == whole
            await stream.send(whole + "x")
            assert (await end(stream))[0] == 1009
        async with opened(port, "/echo/x") as stream:  # nobody else notices
            await stream.recv()

    ask(path, test, edge())


def test_codes_are_carried_over_both_ways(path: Path) -> None:
    app = edge()

    async def test(port: int) -> None:
        for code in CODES:
            async with opened(port, f"/close/{code}") as stream:
                assert await end(stream) == (code, "because of it")
            app.state.left = None
            async with opened(port, "/echo/x") as stream:
                await stream.recv()
                await stream.close(code, "bye")
            await until(lambda: app.state.left is not None)
            assert app.state.left == (code, "bye")
        app.state.left = None
        async with opened(port, "/echo/x") as stream:
            await stream.recv()
            stream.transport.abort()  # a page that is gone without a word
        await until(lambda: app.state.left is not None)
        assert app.state.left[0] == 1001
        with pytest.raises(InvalidStatus) as refused:
            await opened(port, "/refused")
        assert refused.value.response.status_code == 403

    ask(path, test, app)


def test_an_edge_that_is_not_there_is_tried_again(path: Path) -> None:
    async def test(port: int) -> None:
        for _ in range(2):
            async with opened(port, "/echo/x") as stream:
                assert await end(stream) == (1013, site_streams.NOT_THERE_SENTENCE)
            async with standing(path, edge()), opened(port, "/echo/x") as stream:
                await stream.recv()

    ask(path, test)


def test_an_edge_that_is_killed_tells_its_pages_to_come_again(path: Path) -> None:
    async def killed(stream: ServerConnection) -> None:
        await stream.recv()
        stream.transport.abort()

    async def test(port: int) -> None:
        async with unix_serve(killed, str(path)), opened(port, "/x") as stream:
            await stream.send("now")
            assert await end(stream) == (1012, site_streams.GONE_SENTENCE)

    ask(path, test)


def test_an_edge_that_says_too_much_at_once_is_let_go(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_streams, "MOST_FROM_EDGE", 1_000)

    async def talking(stream: ServerConnection) -> None:
        await stream.send("x" * 1_000)
        await stream.send("x" * 1_001)
        await stream.wait_closed()

    async def test(port: int) -> None:
        async with unix_serve(talking, str(path)), opened(port, "/x") as stream:
            assert len(await stream.recv()) == 1_000
            assert (await end(stream))[0] == 1012

    ask(path, test)


def test_a_page_that_takes_nothing_holds_little_and_not_for_long(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_streams, "STALLED_SECONDS", 0.5)
    app = edge()

    async def test(port: int) -> None:
        upgrade = (
            f"GET /flood HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: upgrade\r\n"
            "upgrade: websocket\r\nsec-websocket-version: 13\r\n"
            "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        loop = asyncio.get_running_loop()
        with socket.create_connection(("127.0.0.1", port)) as page:
            page.setblocking(False)
            await loop.sock_sendall(page, upgrade.encode())
            await until(lambda: getattr(app.state, "stopped", False))
        assert 0 < app.state.flooded < 32 << 20  # buffers of two kernels' sockets and ours

    ask(path, test, app)


@pytest.mark.parametrize("asked", ["/x%zz", "/%00", "//two", "/x?y=%ff&z"])
def test_odd_paths_are_the_edges_to_judge(path: Path, asked: str) -> None:
    async def test(port: int) -> None:
        with pytest.raises(InvalidStatus):  # no such place there
            await opened(port, asked)

    ask(path, test, edge())
