"""The WebSocket of calls from a real page: the console's own headers permit it, and no other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from edge.calls.call_browsers import ROME, call_service, served_calls

OPEN = """url => new Promise(resolve => {
    let socket;
    try { socket = new WebSocket(url); } catch (problem) { resolve(String(problem)); return; }
    socket.onmessage = event => resolve(JSON.parse(event.data));
    socket.onerror = () => resolve("refused");
})"""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Serve the telephone of Rome from a thread."""
    begun, found = threading.Event(), list[int]()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with served_calls(call_service(tmp_path)) as number:
            found.append(number)
            begun.set()
            await stop.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(30.0)
    yield found[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(30.0)


def test_a_page_of_the_edge_may_open_it_and_a_foreign_page_may_not(
    chromium: Browser, port: int
) -> None:
    page = chromium.new_page()
    answer = page.goto(f"http://127.0.0.1:{port}/healthz")
    assert answer is not None
    assert "connect-src 'self'" in answer.headers["content-security-policy"]
    url = f"ws://127.0.0.1:{port}/api/calls"
    first = page.evaluate(OPEN, url)
    assert (first["type"], first["edge"]) == ("challenge", ROME)
    assert page.evaluate(OPEN, f"ws://127.0.0.1:{port + 1}/api/calls") == "refused"
    page.close()
    foreign = chromium.new_page()
    foreign.set_content("<p>another page</p>")
    assert foreign.evaluate(OPEN, url) == "refused"
    foreign.close()
