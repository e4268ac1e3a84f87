"""The pages of a site: requests forwarded with their cookie, and what there is without a way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from baluardo.authority.acts.sessions import Browser, open_session
from baluardo.authority.context import Authority
from baluardo.authority.events.event import EventKind
from baluardo.console.security import SECURITY_HEADERS
from baluardo.edge.agent import EdgeAgent
from edge.country import ANNA, BRUNO, Country, until

HOST = "rome.baluardo.localhost:8480"


@asynccontextmanager
async def browser(agent: EdgeAgent, host: str = HOST) -> AsyncIterator[httpx.AsyncClient]:
    """Ask an edge's application as a browser at the site does."""
    transport = httpx.ASGITransport(agent.app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        yield client


async def cookie(country: Country, authority: Authority, host: str) -> dict[str, str]:
    """Open a session of Anna's at a host, and return its cookie as a browser sends it."""
    await country.person(authority, ANNA)
    opened = await authority.store.act(
        lambda transaction: open_session(
            transaction, authority, ANNA, Browser(host, "Firefox"), how="passkey"
        )
    )
    return {"cookie": f"__Host-baluardo={opened.token.text()}"}


def test_a_request_is_forwarded_and_the_cookie_says_who_asks(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, "office/rome")
            milan = await country.enrolled(authority, tmp_path, "office/milan")
            own = await cookie(country, authority, HOST)
            async with country.running(rome, milan) as (agent, other):
                await until(lambda: agent.link.connected and other.link.connected)
                async with browser(agent) as client:
                    nobody = await client.get("/api/authority/me/sessions")
                    assert nobody.status_code == 401
                    assert "Sign in" in nobody.json()["detail"]
                    anna = await client.get("/api/authority/me/sessions", headers=own)
                    assert anna.status_code == 200
                    assert [each["host"] for each in anna.json()] == [HOST]
                    for name, value in SECURITY_HEADERS.items():
                        assert anna.headers[name] == value
                    missing = await client.get("/api/authority/no/such/thing")
                    assert missing.status_code == 404
                    out = await client.post("/api/authority/sign-out", json={}, headers=own)
                    assert out.status_code == 200
                    assert "__Host-baluardo=" in out.headers["set-cookie"]
                    gone = await client.get("/api/authority/me/sessions", headers=own)
                    assert gone.status_code == 401
                # Another edge gets nothing for a session that was made at Rome's pages.
                stolen = await cookie(country, authority, HOST)
                async with browser(other, "milan.baluardo.localhost:8480") as client:
                    refused = await client.get("/api/authority/me/sessions", headers=stolen)
                    assert refused.status_code == 401

    asyncio.run(scenario())


def test_an_edge_answers_under_its_own_name_alone(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "office/rome")
            async with country.running(place) as (agent,):
                await until(lambda: agent.link.connected)
                for host in ("127.0.0.1:8480", "milan.baluardo.localhost", "evil.example"):
                    async with browser(agent, host) as client:
                        assert (await client.get("/api/authority/state")).status_code == 421
                async with browser(agent) as client:
                    foreign = {"origin": "https://evil.example"}
                    sent = await client.post("/api/authority/sign-out", json={}, headers=foreign)
                    assert sent.status_code == 403

    asyncio.run(scenario())


def test_without_an_authority_the_pages_say_so(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "office/rome")
        agent = country.open_agent(place)
        async with browser(agent) as client:
            answer = await client.get("/api/authority/state")
            assert answer.status_code == 503
            assert "no way to an authority" in answer.json()["detail"]
            status = (await client.get("/api/console")).json()["status"]
            assert [each["level"] for each in status] == ["warning"]
            assert (await client.get("/healthz")).status_code == 200
        await agent.link.close()
        agent.close()

    asyncio.run(scenario())


def test_a_notice_that_the_glass_was_broken_stands_on_every_page(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "office/rome")
            async with country.running(place) as (agent,):
                await until(lambda: agent.link.connected)
                await country.person(authority, BRUNO)
                host = Browser("authority.baluardo.localhost:8470", "Firefox")
                await authority.store.act(
                    lambda transaction: open_session(
                        transaction,
                        authority,
                        BRUNO,
                        host,
                        how="emergency-code",
                        lasts=3600.0,
                        break_glass=True,
                    )
                )
                await authority.store.act(
                    lambda transaction: transaction.tell(EventKind.BREAK_GLASS)
                )
                await until(lambda: agent.link.notices)
                async with browser(agent) as client:
                    status = (await client.get("/api/console")).json()["status"]
                assert [
                    status[-1]["level"],
                    "emergency code" if "emergency code" in status[-1]["text"]["en"] else "",
                ] == ["warning", "emergency code"]

    asyncio.run(scenario())


@pytest.mark.parametrize("path", ["/api/authority/%2e%2e/x", "/api/authority//x%zz\u00e9"])
def test_a_path_that_another_server_might_read_otherwise_is_refused(
    path: str, country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "office/rome")
        agent = country.open_agent(place)
        sent: list[dict[str, object]] = []

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", HOST.encode())],
        }
        await agent.app(scope, receive, send)  # type: ignore[arg-type]
        assert sent[0]["status"] == 400
        await agent.link.close()
        agent.close()

    asyncio.run(scenario())


def test_each_browser_behind_an_edge_has_attempts_of_its_own(
    country: Country, tmp_path: Path
) -> None:
    """The edge tells the authority who asks there."""

    async def tries(agent: EdgeAgent, address: str, times: int) -> list[int]:
        transport = httpx.ASGITransport(agent.app, client=(address, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
            where = "/api/authority/sign-in/options"
            return [(await client.post(where, json={})).status_code for _ in range(times)]

    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, "office/rome")
            async with country.running(rome) as (agent,):
                await until(lambda: agent.link.connected)
                assert 429 in await tries(agent, "2001:db8::7%eth0", 60)
                assert await tries(agent, "2001:db8:0:1::7", 3) == [200] * 3

    asyncio.run(scenario())
