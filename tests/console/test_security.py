"""The door: headers on everything, and the requests that other web pages could make."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, WebSocket
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.console.security import (
    MAX_BODY_BYTES,
    MICROPHONE_HEADERS,
    SECURITY_HEADERS,
    host_name,
    same_origin,
)
from served import served


class Note(BaseModel):
    """Something to post."""

    text: str


def part() -> ConsolePart:
    router = APIRouter(prefix="/api")

    @router.post("/note")
    async def note(note: Note) -> Note:
        return note

    @router.websocket("/stream")
    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    return ConsolePart("part", router)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    static = tmp_path_factory.mktemp("none") / "static"
    with served(create_console([part()], ["127.0.0.1", "localhost", "::1"], static)) as url:
        yield url


@pytest.fixture(scope="module")
def client(own: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=own) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/api/console", {}),
        ("GET", "/nowhere", {}),
        ("GET", "/api/nowhere", {}),
        ("GET", "/assets/none.js", {}),
        ("GET", "/healthz", {"host": "evil.example"}),
        ("POST", "/api/note", {"origin": "http://evil.example"}),
        ("POST", "/api/note", {"content-type": "text/plain"}),
        ("OPTIONS", "/api/note", {}),
    ],
)
def test_every_response_carries_every_header(
    client: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = client.request(method, path, headers=headers)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("path", "hears"),
    [
        ("/phone", True),
        ("/", False),
        ("/calls", False),
        ("/phone/", False),
        ("/phone.html", False),
        ("/api/phone", False),
        ("/assets/phone", False),
        ("/nowhere?/phone", False),
    ],
)
def test_the_telephone_alone_may_ask_for_the_microphone(
    client: httpx.Client, path: str, *, hears: bool
) -> None:
    policy = client.get(path).headers["permissions-policy"].split(", ")
    assert ("microphone=(self)" if hears else "microphone=()") in policy
    assert sum(each.startswith("microphone=") for each in policy) == 1
    assert [each for each in policy if not each.endswith("=()")] == (
        ["microphone=(self)"] if hears else []
    )
    others = {name for name in SECURITY_HEADERS if name != "permissions-policy"}
    assert all(SECURITY_HEADERS[name] == MICROPHONE_HEADERS[name] for name in others)


def test_the_policy_has_no_hole() -> None:
    policy = dict(
        directive.split(" ", 1)
        for directive in SECURITY_HEADERS["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    for directive in ("script", "style", "img", "font", "connect", "worker", "manifest"):
        assert policy[f"{directive}-src"] == "'self'"
    for directive in ("base-uri", "frame-ancestors"):
        assert policy[directive] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["trusted-types"] == "default guard"
    for hole in ("unsafe", "*", "data:", "blob:", "http:", "https:"):
        assert hole not in SECURITY_HEADERS["content-security-policy"]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example:8470",
        "evil.example:8470",
        "localhost@evil.example",
        "localhost/",
        "localhost:x",
        "",
        "[::1",
    ],
)
def test_a_name_that_is_not_ours_is_turned_away(client: httpx.Client, host: str) -> None:
    answer = client.get("/api/console", headers={"host": host})
    assert answer.status_code == 421
    assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8470", "LOCALHOST:1", "[::1]:8470"])
def test_our_own_names_are_let_in(client: httpx.Client, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1:9",
        "http://localhost:9",
        "http://127.0.0.1:9.evil.example",
        "null",
        "file://",
        "http://127.0.0.1:9/path",
        "http://[::1",
        "http://[1.2.3",
        "http://127.0.0.1:x",
        "",
    ],
)
def test_a_foreign_page_changes_nothing(client: httpx.Client, origin: str) -> None:
    answer = client.post("/api/note", json={"text": "a"}, headers={"origin": origin})
    assert answer.status_code == 403


def test_the_same_host_by_another_scheme_is_foreign(client: httpx.Client, own: str) -> None:
    headers = {"origin": own.replace("http", "https", 1)}
    assert client.post("/api/note", json={"text": "a"}, headers=headers).status_code == 403


def test_our_page_and_a_program_may(client: httpx.Client, own: str) -> None:
    answer = client.post("/api/note", json={"text": "a"}, headers={"origin": own})
    assert answer.json() == {"text": "a"}
    assert client.post("/api/note", json={"text": "a"}).status_code == 200


def test_a_foreign_page_embeds_nothing(client: httpx.Client) -> None:
    cross_site = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert client.get("/api/console", headers=cross_site).status_code == 403
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/healthz", headers=link).status_code == 200


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_form_is_no_request(client: httpx.Client, media_type: str) -> None:
    answer = client.post(
        "/api/note", content=b'{"text": "a"}', headers={"content-type": media_type}
    )
    assert answer.status_code == 415


def test_json_with_a_character_set_is_json(client: httpx.Client) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert client.post("/api/note", content=b'{"text": "a"}', headers=headers).status_code == 200


@pytest.mark.parametrize("length", [str(MAX_BODY_BYTES + 1), "9" * 19])
def test_a_body_that_announces_too_much_is_not_read(own: str, length: str) -> None:
    host, port = own.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /api/note HTTP/1.1\r\n"
            b"Host: 127.0.0.1\r\n"
            b"Content-Type: application/json\r\n"
            b"Content-Length: " + length.encode() + b"\r\n\r\n"
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_body_that_announces_nothing_is_counted(client: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"text": "'
        for _ in range(MAX_BODY_BYTES // 65_536 + 1):
            yield b"a" * 65_536
        yield b'"}'

    headers = {"content-type": "application/json"}
    answer = client.post("/api/note", content=pieces(), headers=headers)
    assert answer.status_code == 413
    assert str(MAX_BODY_BYTES) in answer.json()["detail"]


def test_a_stream_opens_to_our_page_only(own: str) -> None:
    stream_url = f"ws{own[4:]}/api/stream"
    for origin in (own, None):
        with connect(stream_url, origin=origin) as stream:  # type: ignore[arg-type]
            assert stream.recv() == "hello"
    foreign = ("http://evil.example", "null", "http://[::1", f"https{own[4:]}", f"ws{own[4:]}")
    for origin in (*foreign, own.replace("127.0.0.1", "localhost")):
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(stream_url, origin=origin),  # type: ignore[arg-type]
        ):
            pass
        assert refused.value.response.status_code == 403


def test_a_stream_under_a_foreign_name_stays_shut(own: str) -> None:
    port = own.rsplit(":", 1)[1]
    request = (
        "GET /api/stream HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as connection:
        connection.sendall(request.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 403")


@given(st.text(max_size=60))
def test_any_host_and_origin_gets_an_answer(text: str) -> None:
    assert host_name(text) == host_name(text).lower()
    assert not same_origin(text, "http", "127.0.0.1:8470")


def test_an_origin_is_a_scheme_a_host_and_a_port() -> None:
    assert same_origin("http://LOCALHOST:1", "http", "localhost:1")
    assert same_origin("https://localhost", "https", "localhost")
    assert same_origin("http://[::1]:1", "http", "[::1]:1")
    for scheme, host in (("https", "localhost:1"), ("http", "localhost"), ("http", "localhost:12")):
        assert not same_origin("http://localhost:1", scheme, host)


def test_a_console_without_hosts_answers_nobody(tmp_path: Path) -> None:
    with served(create_console([part()], [], tmp_path)) as url:
        assert httpx.get(f"{url}/healthz").status_code == 421
