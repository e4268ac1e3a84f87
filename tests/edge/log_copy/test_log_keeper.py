"""The copy of the log at a running edge: missing, torn, or asked for too often."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx

from baluardo.edge.alarms import LOG_COPY
from baluardo.edge.calls.evidence_door import AT_ONCE, NETWORK_AT_ONCE
from baluardo.edge.log_copy.keeper import ASKED_AT_ONCE, KEY, LOG, NO_LOG
from baluardo.edge.log_copy.store import WITNESS
from baluardo.network.tunnel.addresses import site_network
from edge.country import ANNA, Country, until
from edge.log_copy.test_evidence_door import ROME, Site, check_evidence, site

UNKNOWN = "ab" * 32


async def ask(here: Site, address: str, path: str) -> httpx.Response:
    async with here.client(address) as client:
        return await client.get(path)


async def worn_out(here: Site, address: str, path: str, most: int) -> None:
    """Ask until it is refused."""
    async with here.client(address) as client:
        for _ in range(most):
            answer = await client.get(path)
            if answer.status_code == 429:
                assert answer.headers["retry-after"] == "1"
                return
    raise AssertionError("Nobody is ever refused.")


async def alarmed(here: Site) -> str:
    async with here.client() as client:
        return json.dumps((await client.get("/api/console")).json()["status"])


def test_an_edge_whose_log_is_torn_starts_says_so_and_mends_what_is_safe(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, ROME)
            anna = await country.person(authority, ANNA)
            log = rome / LOG
            log.mkdir()
            (log / KEY).write_bytes(b"")  # torn before it ever cosigned
            async with site(country, rome) as here, here.client() as client:
                await until(here.copied(1))
                await check_evidence(client, country, anna)
                told = (await client.get("/api/calls/trust")).json()["log"]
        key = (log / KEY).read_bytes()
        (memory,) = (log / WITNESS).glob("*.checkpoint")
        memory.write_bytes(memory.read_bytes()[:100])
        async with site(country, rome) as here, here.client() as client:
            await until(here.copied(1))
            assert (await client.get("/api/calls/trust")).json()["log"] == told
            await check_evidence(client, country, anna)
        (log / KEY).write_bytes(key[:40])
        async with site(country, rome) as here:
            await until(lambda: LOG_COPY in here.agent.state.alarms.raised)
            assert "copy of the log does not open" in await alarmed(here)
            for path in ("trust", f"evidence/{UNKNOWN}", "log/consistency?old=1&size=2"):
                answer = await ask(here, "192.0.2.7", f"/api/calls/{path}")
                assert (answer.status_code, answer.json()["detail"]) == (503, NO_LOG)
            (log / KEY).write_bytes(key)  # out of a backup, while the edge runs
            await here.agent.log._open()
            assert here.agent.log.opened().size >= 1
            assert LOG_COPY not in here.agent.state.alarms.raised
            assert "copy of the log does not open" not in await alarmed(here)

    asyncio.run(scenario())


def test_one_machine_of_a_site_shuts_nobody_else_out(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, ROME)
            anna = await country.person(authority, ANNA)
            async with site(country, rome) as here:
                await until(here.copied(1))
                await here.agent.log.look()
        async with site(country, rome) as here:
            await until(here.copied(1))
            lan = site_network(here.agent.state.identity)
            stranger, honest = str(lan[0x666]), str(lan[2])
            known = f"/api/calls/evidence/{anna.chain.leaf.fingerprint.hex()}"
            trust, odd = "/api/calls/trust", "/api/calls/log/consistency"
            first = await ask(here, stranger, known)
            await worn_out(here, stranger, odd, 3 * AT_ONCE)
            for path in (trust, known):
                assert (await ask(here, honest, path)).status_code == 200
            again = await ask(here, stranger, known)
            assert (again.status_code, again.content) == (200, first.content), "from memory"
            # Every address of the site's network, a few questions each.
            for number in range(NETWORK_AT_ONCE // 100):
                for _ in range(3):
                    await ask(here, str(lan[0x1000 + number]), odd)
            assert (await ask(here, honest, trust)).status_code == 200
            # Of another network all addresses together are rationed too.
            rations = iter(range(1 << 20))
            codes = {
                (await ask(here, f"2001:db8::{next(rations):x}", odd)).status_code
                for _ in range(2 * NETWORK_AT_ONCE)
            }
            assert codes == {400, 429}
            assert (await ask(here, "2001:db8:1::1", odd)).status_code == 400

    asyncio.run(scenario())


def test_unknown_certificates_cause_few_looks_at_the_authority(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, ROME)
            async with site(country, rome) as here:
                await until(here.copied(1))
                source = here.agent.log._source
                assert source is not None
                looks, real = 0, source.checkpoint

                async def counted() -> bytes:
                    nonlocal looks
                    looks += 1
                    return await real()

                source.checkpoint = counted  # type: ignore[method-assign]
                for number in range(30):
                    answer = await ask(here, "192.0.2.7", f"/api/calls/evidence/{number:064x}")
                    assert answer.status_code == 404
                assert 1 <= looks <= ASKED_AT_ONCE + 3, "and those that the edge makes by itself"

    asyncio.run(scenario())
