"""Requests of channels as calls of an application: what goes in, and what comes out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from baluardo.authority.api_over_channel import ApiOverChannel
from baluardo.authority.context import Authority
from baluardo.authority.doors.door import client_of, edge_of, optional_principal
from baluardo.authority.settings import Settings
from baluardo.protocol.forwarding import ANSWER_HEADERS, LARGEST_BODY
from baluardo.protocol.messages import ApiAnswer, ApiRequest
from baluardo.protocol.policy import Policy
from baluardo.trust.certificates.verification import Peer, Standing
from baluardo.trust.suites import EU_HYBRID
from trust.community import TestCommunity, make_community

HOST = "rome.baluardo.localhost:8480"


@dataclass
class Settled:
    """What of an authority the API over channels looks at."""

    settings: Settings
    policy: Policy


@pytest.fixture(scope="module")
def italy() -> TestCommunity:
    return make_community(profile=EU_HYBRID)


@pytest.fixture(scope="module")
def peer(italy: TestCommunity) -> Callable[[str], Peer]:
    def made(path: str) -> Peer:
        credential = italy.credential(path)
        return Peer(credential.identity, credential.chain, Standing.CURRENT)

    return made


def application() -> FastAPI:
    app = FastAPI()

    @app.api_route("/api/authority/told/{rest:path}", methods=["GET", "POST"])
    async def told(request: Request, rest: str) -> dict[str, Any]:
        principal = optional_principal(request)
        return {
            "rest": rest,
            "query": dict(request.query_params),
            "headers": dict(request.headers),
            "body": (await request.body()).decode(),
            "person": principal and principal.person,
            "roles": sorted(principal.roles) if principal else None,
            "device": str(principal.device) if principal else None,
            "edge": str(edge_of(request)),
            "client": request.client and request.client.host,
            "behind": client_of(request),
            "scheme": request.url.scheme,
        }

    @app.get("/api/authority/elsewhere")
    async def elsewhere() -> Response:
        return RedirectResponse("https://evil.example/")

    @app.get("/api/authority/large")
    async def large() -> Response:
        return PlainTextResponse("x" * (LARGEST_BODY + 1))

    @app.get("/api/authority/cookies")
    async def cookies(count: int) -> Response:
        answer = PlainTextResponse("sweet", headers={"x-secret": "no", "location": "no"})
        for number in range(count):
            answer.set_cookie(f"cookie{number}", "value")
        return answer

    @app.get("/api/authority/broken")
    async def broken() -> Response:
        raise RuntimeError

    return app


SETTINGS = Settings(web=("https://milano.baluardo.localhost",))


def ask(peer: Peer, path: str, method: str = "GET", **changes: Any) -> ApiAnswer:
    policy = Policy.first(peer.identity.community, ["anna.rossi", "bruno.neri"])
    authority = cast("Authority", Settled(SETTINGS, policy))
    told = {"query": "", "headers": {}, "body": b"", "host": HOST, **changes}
    request = ApiRequest(7, method, f"/api/authority/{path}", **told)
    answer = asyncio.run(ApiOverChannel(authority, application()).answer(request, peer))
    assert answer.id == 7
    assert set(answer.headers) <= ANSWER_HEADERS
    return answer


def told(answer: ApiAnswer) -> dict[str, Any]:
    assert answer.status == 200, answer
    return dict(json.loads(answer.body))


BROWSERS = {"cookie": "__Host-baluardo=x", "origin": f"http://{HOST}", "accept": "text/html"}


def test_an_edge_forwards_the_cookie_and_is_nobody_itself(peer: Callable[[str], Peer]) -> None:
    found = told(
        ask(peer("office/rome"), "told/a%20b", "POST", headers=BROWSERS, body=b"{}", query="x=1")
    )
    assert (found["rest"], found["query"], found["body"]) == ("a b", {"x": "1"}, "{}")
    assert (found["person"], found["edge"]) == (None, "office/rome")
    assert found["headers"]["cookie"] == BROWSERS["cookie"]
    assert (found["headers"]["host"], found["scheme"]) == (HOST, "http")
    assert found["client"] == "office/rome"


def test_the_address_behind_an_edge_is_the_edge_s_word_and_nobody_else_s(
    peer: Callable[[str], Peer],
) -> None:
    found = told(ask(peer("office/rome"), "told/x", client="127.0.0.1"))
    assert (found["client"], found["behind"]) == ("office/rome", "127.0.0.1")
    device = told(ask(peer("person/anna.rossi/phone"), "told/x", client="127.0.0.1"))
    assert (device["client"], device["behind"]) == ("person/anna.rossi/phone", "")


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("office/authority", "authority.baluardo.localhost", 421),
        ("ship/authority", "authority.baluardo.localhost:8470", 421),
        ("ship/milano", "milano.baluardo.localhost", 421),
        ("auditor/rome", "rome.baluardo.localhost", 403),
        ("auditor/authority", "authority.baluardo.localhost", 403),
        ("ship/rome", "rome.baluardo.localhost", 200),
    ],
)
def test_no_edge_speaks_for_an_authority_s_pages_and_no_auditor_for_any(
    path: str, host: str, status: int, peer: Callable[[str], Peer]
) -> None:
    assert ask(peer(path), "told/x", host=host).status == status


def test_a_device_is_its_person_and_brings_no_cookie(peer: Callable[[str], Peer]) -> None:
    found = told(ask(peer("person/anna.rossi/phone"), "told/x", headers=BROWSERS, host="channel"))
    assert (found["person"], found["device"]) == ("anna.rossi", "person/anna.rossi/phone")
    assert "security-officer" in found["roles"]
    assert "cookie" not in found["headers"]
    assert "origin" not in found["headers"]
    assert found["headers"]["host"] == "authority.baluardo.localhost"
    assert found["edge"] == "None"
    nobody = told(ask(peer("person/gino.gialli/phone"), "told/x", host="channel"))
    assert nobody["roles"] == ["member"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("elsewhere", 404), ("large", 502), ("cookies?2", 502), ("broken", 500), ("none", 404)],
)
def test_what_is_not_carried(path: str, status: int, peer: Callable[[str], Peer]) -> None:
    path, _, count = path.partition("?")
    answer = ask(peer("office/rome"), path, query=f"count={count}" if count else "")
    assert answer.status == status
    assert b"evil" not in answer.body
    assert b"detail" in answer.body


def test_one_cookie_is_carried_and_other_headers_are_not(peer: Callable[[str], Peer]) -> None:
    answer = ask(peer("office/rome"), "cookies", query="count=1")
    assert answer.status == 200
    assert answer.headers["set-cookie"].startswith("cookie0=value")
    assert set(answer.headers) == {"content-type", "set-cookie"}


def test_paths_outside_of_the_api_lead_nowhere(peer: Callable[[str], Peer]) -> None:
    authority = cast("Authority", Settled(Settings(), Policy.first("italia.example", ["a", "b"])))
    api = ApiOverChannel(authority, application())
    for path in ("/api/console", "/api/authority", "/api/authorityx/told/x"):
        request = ApiRequest(1, "GET", path, "", {}, b"", HOST)
        assert asyncio.run(api.answer(request, peer("office/rome"))).status == 404
