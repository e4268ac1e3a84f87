"""A site's pages through a Unix socket: a real server behind it, and a browser before it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from baluardo.stage.network.site_pages import BROKEN_OFF, NO_TARGET, NOT_THERE, SitePages
from baluardo.stage.server import serve

GUARD_SECONDS = 60.0
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def edge() -> FastAPI:
    """What stands for an edge: it says what it was asked."""
    app = FastAPI()

    @app.api_route("/echo/{rest:path}", methods=METHODS)
    async def echo(request: Request, rest: str) -> dict[str, Any]:
        body = await request.body()
        return {
            "method": request.method,
            "path": request.scope["raw_path"].decode(),
            "rest": rest,
            "query": request.url.query,
            "headers": [
                (name.decode(), value.decode("latin-1")) for name, value in request.headers.raw
            ],
            "body": body.hex(),
            "client": request.client.host if request.client else "",
            "scheme": request.url.scheme,
        }

    @app.head("/echo/head")
    async def head() -> Response:
        return Response(headers={"content-length": "123", "x-told": "yes"})

    @app.get("/cookie")
    async def cookie() -> Response:
        answer = Response("in")
        answer.set_cookie("session", "of the first visitor")
        answer.set_cookie("other", "2")
        return answer

    @app.get("/away")
    async def away() -> Response:
        return RedirectResponse("/echo/x", status_code=303)

    @app.get("/status/{number}")
    async def status(number: int) -> Response:
        return Response(status_code=number)

    @app.get("/pieces")
    async def pieces() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            for number in range(50):
                yield bytes([number]) * 10_000

        return StreamingResponse(parts())

    return app


@contextlib.asynccontextmanager
async def standing(path: Path) -> AsyncIterator[None]:
    """Serve the edge at a Unix socket while inside, as an edge does: behind a proxy."""
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
        bound.listen()
        ready, over = asyncio.Event(), asyncio.Event()
        serving = asyncio.create_task(serve(edge(), bound, ready.set, proxy=True, until=over.wait))
        await ready.wait()
        try:
            yield
        finally:
            over.set()
            await serving
    path.unlink()


@pytest.fixture
def path() -> Iterator[Path]:
    """A socket's path: pytest's own are too long for one."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory) / "pages.sock"


Test = Callable[[httpx.AsyncClient], Awaitable[None]]


def front(pages: SitePages) -> ASGIApp:
    """Return the pages as a server takes them, which asks about its life too."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await pages(scope, receive, send)
            return
        for each in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{each}.complete"})

    return app


def ask(path: Path, test: Test, *, there: bool = True) -> None:
    """Let a browser ask a real console's server, which forwards to the edge, if that is there."""

    async def asking(url: str) -> None:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30.0) as browser:
            await test(browser)

    async def whole() -> None:
        pages = SitePages(path)
        try:
            async with contextlib.AsyncExitStack() as stack:
                if there:
                    await stack.enter_async_context(standing(path))
                bound = socket.create_server(("127.0.0.1", 0))
                ready, over = asyncio.Event(), asyncio.Event()
                serving = asyncio.create_task(
                    serve(front(pages), bound, ready.set, until=over.wait)
                )
                await ready.wait()
                try:
                    await asking(f"http://127.0.0.1:{bound.getsockname()[1]}")
                finally:
                    over.set()
                    await serving
                    bound.close()
        finally:
            await pages.close()

    asyncio.run(asyncio.wait_for(whole(), GUARD_SECONDS))


def test_methods_bodies_and_paths_arrive_as_they_were_sent(path: Path) -> None:
    async def test(browser: httpx.AsyncClient) -> None:
        body = bytes(range(256)) * 1_000
        for method in METHODS:
            sent = b"" if method in {"GET", "OPTIONS"} else body
            answer = await browser.request(method, "/echo/a%2Fb/c?x=1&y=%20", content=sent or None)
            told = answer.json()
            assert (told["method"], told["path"]) == (method, "/echo/a%2Fb/c")
            assert told["query"] == "x=1&y=%20"
            assert bytes.fromhex(told["body"]) == sent
        answer = await browser.head("/echo/head")
        assert (answer.headers["content-length"], answer.headers["x-told"]) == ("123", "yes")
        assert answer.content == b""

    ask(path, test)


def test_a_body_of_unknown_length_arrives_whole(path: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(20):
            yield bytes([number]) * 5_000

    async def test(browser: httpx.AsyncClient) -> None:
        told = (await browser.post("/echo/x", content=pieces())).json()
        assert bytes.fromhex(told["body"]) == b"".join([bytes([n]) * 5_000 for n in range(20)])

    ask(path, test)


def test_what_only_a_proxy_may_say_is_written_over(path: Path) -> None:
    async def test(browser: httpx.AsyncClient) -> None:
        headers = {
            "x-forwarded-for": "198.51.100.7",
            "X-Forwarded-Proto": "https",
            "keep-alive": "timeout=9",
            "te": "trailers",
            "x-kept": "kept",
        }
        told = (await browser.get("/echo/x", headers=headers)).json()
        assert (told["client"], told["scheme"]) == ("127.0.0.1", "http")
        found = dict(told["headers"])
        assert found["x-kept"] == "kept"
        assert found["host"] == browser.base_url.netloc.decode()
        assert not {"keep-alive", "te"} & set(found)
        forwarded = [value for name, value in told["headers"] if name == "x-forwarded-for"]
        assert forwarded == ["127.0.0.1"]

    ask(path, test)


def test_no_header_is_added_that_the_browser_did_not_send(path: Path) -> None:
    async def test(browser: httpx.AsyncClient) -> None:
        browser.headers.clear()
        told = (await browser.get("/echo/x")).json()
        names = {name for name, _ in told["headers"]}
        assert names == {"host", "x-forwarded-for", "x-forwarded-proto"}

    ask(path, test)


def test_cookies_are_a_browsers_own(path: Path) -> None:
    async def test(browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/cookie")
        assert len(answer.headers.get_list("set-cookie")) == 2
        told = (await browser.get("/echo/x")).json()
        assert dict(told["headers"])["cookie"] == 'session="of the first visitor"; other=2'
        async with httpx.AsyncClient(base_url=browser.base_url, trust_env=False) as stranger:
            told = (await stranger.get("/echo/x")).json()
        assert "cookie" not in dict(told["headers"])

    ask(path, test)


def test_answers_come_as_they_are(path: Path) -> None:
    async def test(browser: httpx.AsyncClient) -> None:
        away = await browser.get("/away")
        assert (away.status_code, away.headers["location"]) == (303, "/echo/x")
        assert (await browser.get("/status/404")).status_code == 404
        assert (await browser.get("/status/204")).content == b""
        pieces = (await browser.get("/pieces")).content
        assert pieces == b"".join([bytes([n]) * 10_000 for n in range(50)])
        several = await asyncio.gather(*(browser.get(f"/echo/{n}") for n in range(40)))
        assert [each.json()["rest"] for each in several] == [str(n) for n in range(40)]

    ask(path, test)


def test_while_the_edge_is_gone_a_sentence_says_so(path: Path) -> None:
    async def test(browser: httpx.AsyncClient) -> None:
        for _ in range(2):
            answer = await browser.post("/echo/x", content=b"x")
            assert answer.status_code == 503
            assert answer.json() == {"detail": NOT_THERE}
            assert answer.headers["retry-after"] == "2"
            assert answer.headers["cache-control"] == "no-store"

    ask(path, test, there=False)


TARGETS = [
    (b"/echo/x#y", b"400"),
    (b"/echo/x?a#y", b"400"),
    (b"http://other.example/echo/x", b"400"),
    (b"echo/x", b"400"),
    (b"*", b"400"),
    (b"//other.example/echo/x", b"404"),
    (b"/echo/[::1", b"200"),
    (b"/echo/%23", b"200"),
]


@pytest.mark.parametrize(("target", "status"), TARGETS)
def test_what_is_no_path_of_a_page_is_refused_with_a_sentence(
    path: Path, target: bytes, status: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(browser: httpx.AsyncClient) -> None:
        url = browser.base_url
        upgrade = (
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        )
        for more in (b"Connection: close\r\n", b"Connection: Upgrade\r\n" + upgrade):
            reader, writer = await asyncio.open_connection(url.host, url.port)
            writer.write(b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (target, more))
            answer = await reader.read()
            writer.close()
            if more == b"Connection: close\r\n":
                assert answer.split(b" ", 2)[1] == status
                assert (NO_TARGET.encode() in answer) is (status == b"400")
            else:
                assert answer.split(b" ", 2)[1] == b"403", "there is no WebSocket"

    ask(path, test)
    assert "Traceback" not in caplog.text


def test_an_edge_may_come_and_go(path: Path) -> None:
    async def test(browser: httpx.AsyncClient) -> None:
        for _ in range(2):
            assert (await browser.get("/echo/x")).status_code == 503
            async with standing(path):
                assert (await browser.get("/echo/x")).status_code == 200

    ask(path, test, there=False)


def test_an_edge_that_breaks_off_leaves_it_open_what_was_done(path: Path) -> None:
    async def test(browser: httpx.AsyncClient) -> None:
        async def breaking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.close()

        server = await asyncio.start_unix_server(breaking, str(path))
        async with server:
            answer = await browser.post("/echo/x", content=b"x")
        assert answer.status_code == 503
        assert answer.json() == {"detail": BROKEN_OFF}

    ask(path, test, there=False)


ANSWERS = [
    (b"200 OK", b'{"site": "office/rome"}', {"site": "office/rome"}),
    (b"200 OK", b"<html>", None),
    (b"200 OK", b"\xff", None),
    (b"503 Service Unavailable", b"{}", None),
]


@pytest.mark.parametrize(("status", "body", "told"), ANSWERS)
def test_who_asks_often_asks_over_one_connection(
    path: Path, status: bytes, body: bytes, told: object
) -> None:
    connections, requests = 0, list[bytes]()

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                requests.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n" % (status, len(body)))
                writer.write(body)
        writer.close()

    async def whole() -> None:
        pages = SitePages(path)
        with pytest.raises(httpx.ConnectError):
            await pages.ask("/api/edge/network", "rome.example", 5.0)
        server = await asyncio.start_unix_server(answering, str(path))
        try:
            for _ in range(3):
                asking = pages.ask("/api/edge/network", "rome.example", 5.0)
                if told is None:
                    with pytest.raises(ValueError, match=r"answered with 503|JSON|codec|Expecting"):
                        await asking
                else:
                    assert await asking == told
        finally:
            await pages.close()
            server.close()
            await server.wait_closed()

    asyncio.run(asyncio.wait_for(whole(), GUARD_SECONDS))
    assert (connections, len(requests)) == (1, 3)
    assert requests[0].startswith(b"GET /api/edge/network HTTP/1.1\r\nhost: rome.example\r\n")


def test_who_does_not_answer_in_time_is_given_up(path: Path) -> None:
    async def whole() -> None:
        pages = SitePages(path)
        over = asyncio.Event()

        async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await over.wait()
            writer.close()

        server = await asyncio.start_unix_server(silent, str(path))
        try:
            with pytest.raises(httpx.ReadTimeout):
                await pages.ask("/api/edge/network", "rome.example", 0.1)
        finally:
            over.set()
            await pages.close()
            server.close()
            await server.wait_closed()

    asyncio.run(asyncio.wait_for(whole(), GUARD_SECONDS))
