"""What tests of ways out share: orders, a community's senders, and a server that takes them."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from baluardo.emergency.broadcast.message import BroadcastMessage, Coding, SerialNumber
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.way import Order, OrderArea, OrderKind
from baluardo.trust.certificates.credential import Credential
from trust.community import NOW, TestCommunity, make_community

KEY = "0a" * 32
ALERT = '<?xml version="1.0" encoding="UTF-8"?>\n<alert>però</alert>'.encode()
AREA = OrderArea(
    polygons=((((12.0, 42.0), (13.0, 42.0), (13.0, 43.0)),),),
    cells=("851e8053fffffff", "851e8057fffffff"),
)
OPERATOR = "authority/operator"


def order(channel: Channel = Channel.EXERCISE, **changes: Any) -> Order:
    """An order that lasts for an hour from NOW; `changes` are fields of it."""
    made = Order(
        key=KEY,
        warning="w1",
        way="operator",
        kind=OrderKind.RELEASE,
        channel=channel,
        level="level-1",
        alert=ALERT,
        messages=(message(),),
        area=AREA,
        starts=NOW,
        expires=NOW + 3_600.0,
        repetition_s=10.0,
    )
    return replace(made, **changes)


@functools.cache
def community() -> TestCommunity:
    return make_community()


@functools.cache
def sender(channel: Channel) -> Credential:
    return community().credential(f"sender/{channel.value}")


@functools.cache
def operator() -> Credential:
    return community().credential(OPERATOR)


class Taken(ThreadingHTTPServer):
    """Keeps every request, and answers as `answer` says: status and octets."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Callable[[str, str, dict[str, str], bytes], tuple[int, bytes]] = lambda *_: (
            204,
            b"",
        )
        self.headers: dict[str, str] = {}
        self.came = threading.Condition()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, _, _, body in self.asked]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: whoever asked may have gone."""


class _Handler(BaseHTTPRequestHandler):
    server: Taken

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server.came:
            self.server.asked.append((self.command, self.path, headers, body))
            self.server.came.notify_all()
        status, octets = self.server.answer(self.command, self.path, headers, body)
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    do_DELETE = do_POST  # noqa: N815  # the base's name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing."""


@contextlib.contextmanager
def taking() -> Iterator[Taken]:
    """Run a server for the length of a block."""
    server = Taken()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def message(message_id: int = 4381, message_code: int = 7) -> BroadcastMessage:
    """What phones receive in an exercise: two pages, no area."""
    pages = tuple(bytes([page]) * 82 + b"\x52" for page in (1, 2))
    return BroadcastMessage(
        message_id,
        SerialNumber(1, message_code, 0),
        Coding(0x02),
        "it",
        "PROVA",
        pages,
        b"",
        10.0,
        30,
    )
