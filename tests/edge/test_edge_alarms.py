"""An authority that was put back, or goes another way: an edge un-revokes nobody, and says so."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from baluardo.authority.backup import restore_backup, write_backup
from baluardo.authority.context import Authority
from baluardo.authority.store.restored import RESTORED
from baluardo.edge.agent import EdgeAgent
from baluardo.errors import RevokedError
from baluardo.protocol.messages import PolicyNews, PolicyUpdate
from baluardo.trust.audit.record import Record
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.issuing.register import Entry
from edge.country import ANNA, BRUNO, Country, first_policy, until
from trust.fleet import COMMUNITY

SECOND = replace(first_policy(), number=2)


async def told(agent: EdgeAgent) -> dict[str, str]:
    """Return what the site's pages show in red, by what it is about."""
    host = f"{agent.state.whereabouts.host}:8480"
    transport = httpx.ASGITransport(agent.app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        status = (await client.get("/api/console")).json()["status"]
    return {each["id"]: each["text"]["en"] for each in status if each["level"] == "warning"}


async def carried_over(
    country: Country, tmp_path: Path, heard: list[Path]
) -> tuple[Country, Path, Path]:
    """Return a country put back from a backup, an edge's directory, and that of a revoked ship.

    The ship is revoked after the backup, and the edge knows it.
    """
    async with country.authority() as authority:
        rome = await country.enrolled(authority, tmp_path, "office/rome")
        fasan = await country.enrolled(authority, tmp_path, "ship/fasan")
        settings = authority.settings
        write_backup(country.directory, settings, COMMUNITY, tmp_path / "backup.tar")
        async with country.running(rome) as (agent,):
            await until(lambda: agent.link.connected)
            before = agent.state.known.numbers()
            await country.revoke(authority, "ship/fasan")
            await until(lambda: agent.state.known.numbers() != before)
    restore_backup(tmp_path / "backup.tar", tmp_path / "restored", heard=heard)
    country.calendar.day(0.1)
    back = replace(country, directory=tmp_path / "restored")
    return back, rome, fasan


def test_an_authority_put_back_without_lists_un_revokes_nobody(
    country: Country, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        back, rome, fasan = await carried_over(country, tmp_path, [])
        thief = back.open_edge(fasan)
        chain = thief.credential.chain
        thief.close()
        async with back.authority() as authority:
            async with back.running(rome) as (agent,):
                await until(lambda: agent.link.connected and agent.state.alarms.raised)
                lists = agent.state.verifier.revocations.lists.values()
                assert not any(chain.leaf.serial in each.revoked for each in lists)
                with pytest.raises(RevokedError):
                    agent.state.verifier.verify(chain, back.calendar.now)
                assert "no more" in (await told(agent))["alarm-revocations"]
            assert f"{chain.leaf.serial:x}" in caplog.text
            state = back.open_edge(rome)  # from the disk alone
            with pytest.raises(RevokedError):
                state.verifier.verify(chain, back.calendar.now)
            state.close()
            async with back.running(rome) as (agent,):
                assert "alarm-revocations" in await told(agent)
                await back.revoke(authority, "ship/fasan")
                await until(lambda: not agent.state.alarms.raised)
                assert "alarm-revocations" not in await told(agent)

    caplog.set_level(logging.INFO)
    asyncio.run(scenario())


@pytest.mark.parametrize("part", ["", "heard"])
def test_an_authority_put_back_with_an_edges_lists_revokes_again(
    country: Country, tmp_path: Path, part: str
) -> None:
    async def scenario() -> None:
        rome = tmp_path / "office-rome"
        back, _, fasan = await carried_over(country, tmp_path, [rome / part])
        async with back.authority() as authority:
            assert not (back.directory / RESTORED).exists()
            state = back.open_edge(fasan)
            serial = state.credential.chain.leaf.serial
            state.close()
            assert authority.store.register.is_revoked(serial)
            (entry,) = restorations(authority)
            assert entry.facts["revoked"] == 1
            async with back.running(rome) as (agent,):
                await until(lambda: agent.link.connected)
                lists = agent.state.verifier.revocations.lists.values()
                (listed,) = [each.revoked[serial] for each in lists if serial in each.revoked]
                assert listed.reason is Reason.KEY_COMPROMISE
                assert not agent.state.alarms.raised

    asyncio.run(scenario())


def restorations(authority: Authority) -> list[Record]:
    """Return the log's entries that say that it was restored."""
    records = [Record.of_entry(octets) for octets in authority.store.log.entries()]
    return [each for each in records if each.kind == Entry.AUTHORITY_RESTORED.value]


def test_an_authority_with_an_older_policy_is_told_on_every_page(
    country: Country, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, "office/rome")
            await country.officers(authority)
            write_backup(country.directory, authority.settings, COMMUNITY, tmp_path / "backup.tar")
            async with country.running(rome) as (agent,):
                await until(lambda: agent.state.policy_number == 1)
                bundle = country.command(SECOND, first_policy(), [BRUNO])
                await country.set_policy(authority, SECOND, bundle)
                await until(lambda: agent.state.policy_number == 2)
                assert not agent.state.alarms.raised
        async with country.authority(), country.running(rome) as (agent,):
            await until(lambda: agent.link.connected)  # an edge as far as its authority
            assert not agent.state.alarms.raised
        restore_backup(tmp_path / "backup.tar", tmp_path / "restored")
        back = replace(country, directory=tmp_path / "restored")
        async with back.authority(), back.running(rome) as (agent,):
            await until(lambda: agent.link.connected)
            shown = (await told(agent))["alarm-policy"]
            assert "goes by policy 1" in shown
            assert agent.state.policy_number == 2
        assert shown in caplog.text

    caplog.set_level(logging.INFO)
    asyncio.run(scenario())


def test_another_policy_of_the_same_number_is_told(country: Country, tmp_path: Path) -> None:
    other = replace(SECOND, people=dict.fromkeys((ANNA, BRUNO, "x.y"), SECOND.people[ANNA]))

    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, "office/rome")
            await country.officers(authority)
            async with country.running(rome) as (agent,):
                await until(lambda: agent.state.policy_number == 1)
                bundle = country.command(SECOND, first_policy(), [BRUNO])
                await country.set_policy(authority, SECOND, bundle)
                await until(lambda: agent.state.policy_number == 2)
                state = agent.state
                again = PolicyUpdate(SECOND.to_octets(), bundle.to_json(), None, 1.0)
                assert not state.follow(PolicyNews((again,)))
                assert not state.alarms.raised
                forged = country.command(other, first_policy(), [BRUNO]).to_json()
                update = PolicyUpdate(other.to_octets(), forged, None, 1.0)
                assert not state.follow(PolicyNews((update,)))
                assert "another policy of the number 2" in (await told(agent))["alarm-policy"]
                assert state.policy is not None
                assert state.policy.policy == SECOND
                state.alarms.raised.clear()
            # And where a channel's first word says so.
            authority.policy = other
            async with country.running(rome) as (agent,):
                await until(lambda: "policy" in agent.state.alarms.raised)

    asyncio.run(scenario())


def test_a_log_key_that_changes_is_told_and_not_taken(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, "office/rome")
            genuine = (rome / "heard" / "log.vkey").read_bytes()
            authority.layout.public.log_vkey.write_bytes(genuine.replace(b"+/", b"+A", 1))
            async with country.running(rome) as (agent,):
                await until(lambda: agent.link.connected)
                assert "another key" in (await told(agent))["alarm-log-key"]
            assert (rome / "heard" / "log.vkey").read_bytes() == genuine

    asyncio.run(scenario())


def test_an_authority_that_lags_looks_before_it_says_which_policy_is_in_force(
    country: Country, tmp_path: Path
) -> None:
    """The other authority has told the edge of it a moment before: no alarm for that."""

    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, "office/rome")
            await country.officers(authority)
            first = authority.policy
            async with country.running(rome) as (agent,):
                await until(lambda: agent.state.policy_number == 1)
                bundle = country.command(SECOND, first_policy(), [BRUNO])
                await country.set_policy(authority, SECOND, bundle)
                await until(lambda: agent.state.policy_number == 2)
            authority.policy = first
            async with country.running(rome) as (agent,):
                await until(lambda: agent.link.connected)
                assert not agent.state.alarms.raised
            assert authority.policy == SECOND

    asyncio.run(scenario())
