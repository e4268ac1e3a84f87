"""A client that goes away takes its question back."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, Request

from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.console.security import MAX_BODY_BYTES
from baluardo.console.waiting import while_connected
from baluardo.errors import SourceError
from served import served


class Answering:
    """Answers that take as long as they are told to, and what became of them."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.taken_back = threading.Event()

    async def long(self) -> str:
        self.begun.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            self.taken_back.set()
            raise
        return "too late"

    async def short(self) -> str:
        return "here"

    async def failing(self) -> str:
        raise SourceError("The file cannot be read.")

    def part(self) -> ConsolePart:
        router = APIRouter(prefix="/api")

        @router.get("/{name}")
        async def ask(request: Request, name: str) -> str:
            return await while_connected(request, getattr(self, name)())

        return ConsolePart("part", router)


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def url(answering: Answering, tmp_path: Path) -> Iterator[str]:
    with served(create_console([answering.part()], ["127.0.0.1"], tmp_path)) as url:
        yield url


def connect(url: str, request: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=10)
    connection.sendall(request.encode())
    return connection


def test_who_waits_gets_the_answer_or_the_failure(url: str) -> None:
    with httpx.Client(base_url=url) as client:
        for _ in range(2):  # on the same connection
            assert client.get("/api/short").json() == "here"
            assert client.get("/api/failing").json() == {"detail": "The file cannot be read."}


def test_who_leaves_takes_the_question_back(
    url: str, answering: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(url, "GET /api/long HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert answering.begun.wait(10)
    assert not answering.taken_back.wait(0.2)
    connection.close()
    assert answering.taken_back.wait(10)
    assert httpx.get(f"{url}/api/short").json() == "here"
    assert caplog.records == []


def test_a_question_with_too_large_a_body_is_turned_away(url: str) -> None:
    head = "GET /api/long HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    size = MAX_BODY_BYTES + 1
    with connect(url, head + f"{size:x}\r\n" + "a" * size + "\r\n0\r\n\r\n") as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 413")
