"""Edges and authorities over real sockets: enrolment, revocation, moving, renewal."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from baluardo.authority.acts.admission import admit
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.edge.agent import EdgeAgent
from baluardo.edge.enrolment import enrol
from baluardo.edge.state import EdgeState
from baluardo.errors import BaluardoError, LogError, RequestError, SourceError, TargetError
from baluardo.protocol.invitation import Invitation
from baluardo.trust.audit.checkpoint import sign_checkpoint
from baluardo.trust.audit.note import Note
from baluardo.trust.channel.server import serve
from baluardo.trust.channel.stream import Channel, open_channel
from baluardo.trust.clock import Reading
from baluardo.trust.custody.keyfile import read_key
from baluardo.trust.identity import ADMITTED, DAY, Identity
from edge.country import Country, until
from trust.fleet import ACCESS, COMMUNITY


class Crash(Exception):  # noqa: N818 - it stands for a machine that stops
    """The program ends here, without a word."""


async def crash(_seconds: float) -> None:
    raise Crash


@contextmanager
def started(country: Country, place: Path) -> Iterator[EdgeState]:
    """Start an edge from its disk alone while inside."""
    state = country.open_edge(place)
    try:
        yield state
    finally:
        state.close()


def numbers(agent: EdgeAgent) -> dict[str, int]:
    return agent.state.known.numbers()


async def connected(*agents: EdgeAgent) -> None:
    for agent in agents:
        await until(lambda agent=agent: agent.link.connected)


async def renewed(agent: EdgeAgent) -> None:
    first = agent.state.credential.chain.leaf.serial
    await until(lambda: agent.state.credential.chain.leaf.serial != first)
    await connected(agent)


def test_an_edge_enrols_connects_and_learns_policy_addresses_and_time(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "office/rome")
            assert not (place / "invitation").exists()
            async with country.running(place) as (rome,):
                await until(lambda: rome.link.connected)
                assert rome.state.policy_number == 1
                assert rome.state.whereabouts.channels == country.settings.channels
                assert rome.state.whereabouts.host == "rome.baluardo.localhost"
                assert rome.state.clock.deviation() == 0.0
                with pytest.raises(TargetError, match="another program"):
                    country.open_edge(place)
        with started(country, place) as state:
            assert state.policy_number == 1
            assert state.known.numbers() == {
                key.hex(): held.number for key, held in state.verifier.revocations.lists.items()
            }

    asyncio.run(scenario())


def test_a_revocation_reaches_every_edge_and_ends_channels_between_them(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            paths = ["office/rome", "ship/bergamini", "ship/fasan"]
            places = [await country.enrolled(authority, tmp_path, path) for path in paths]
            async with country.running(*places) as (rome, bergamini, fasan):
                await connected(rome, bergamini, fasan)

                async def idle(channel: Channel) -> None:
                    while await channel.read():
                        pass

                server = await serve(rome.state.endpoint, idle, "127.0.0.1", 0)
                rome.link.channels.watch_server(server)
                kept, thief = [
                    await open_channel(
                        "127.0.0.1", server.port, each.state.endpoint, rome.state.identity
                    )
                    for each in (bergamini, fasan)
                ]
                bergamini.link.channels.watch(kept)
                await until(lambda: len(server.channels) == 2)
                before = numbers(rome)
                await country.revoke(authority, "ship/fasan")
                for each in (rome, bergamini):
                    await until(lambda each=each: numbers(each) != before)
                await until(lambda: not thief.is_open)
                await until(lambda: not fasan.link.connected)
                await until(lambda: "revoked" in fasan.link.problem)
                assert kept.is_open
                assert rome.link.connected
                assert bergamini.link.connected
                await kept.close()
                await server.close()
            with started(country, places[0]) as state:
                (revoked,) = [
                    serial
                    for held in state.known.revocations.lists.values()
                    for serial in held.revoked
                ]
                assert revoked == fasan.state.credential.chain.leaf.serial

    asyncio.run(scenario())


def test_who_was_away_learns_of_a_revocation_before_anything_is_answered(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, "office/rome")
            await country.enrolled(authority, tmp_path, "ship/fasan")
            await country.revoke(authority, "ship/fasan")
            async with country.running(rome) as (agent,):
                revoked_when_told: list[int] = []
                hear = agent.state.hear

                def told(files: Mapping[str, bytes]) -> bool:
                    assert not agent.link.connected
                    new = hear(files)
                    lists = agent.state.verifier.revocations.lists.values()
                    revoked_when_told.append(sum(len(held.revoked) for held in lists))
                    return new

                agent.state.hear = told  # type: ignore[method-assign]
                await until(lambda: agent.link.connected)
                assert revoked_when_told == [1]

    asyncio.run(scenario())


def test_edges_come_back_when_an_authority_starts_again(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "office/rome")
        async with country.running(place) as (rome,):
            await until(lambda: rome.link.problem)
            assert not rome.link.connected
            for _ in range(2):
                async with country.authority():
                    await until(lambda: rome.link.connected)
                await until(lambda: not rome.link.connected)

    asyncio.run(scenario())


def test_another_authority_takes_over(country: Country, tmp_path: Path) -> None:
    country.web_ports.append(country.web_ports[0] + 1)
    country.channel_ports.append(country.channel_ports[0] + 1)

    async def scenario() -> None:
        async with country.authority(0) as authority:
            place = await country.enrolled(authority, tmp_path, "office/rome")
            agent = country.open_agent(place)
            agent.link.start()
            await until(lambda: agent.link.connected)
            assert agent.link.address == country.settings.channels[0]
        lost = asyncio.get_running_loop().time()
        async with country.authority(1):
            await until(lambda: agent.link.connected)
            assert asyncio.get_running_loop().time() - lost < 10.0
            assert agent.link.address == country.settings.channels[1]
            await agent.link.close()
        agent.close()

    asyncio.run(scenario())


def test_a_certificate_is_renewed_and_the_channel_opened_with_the_new_one(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "office/rome")
            country.calendar.day(5)
            async with country.running(place) as (rome,):
                first = rome.state.credential.chain.leaf.serial
                await renewed(rome)
                assert not rome.state.credential.due(country.calendar.now)
            with started(country, place) as state:
                assert state.credential.chain.leaf.serial != first

    asyncio.run(scenario())


def test_a_copied_key_is_revoked_where_it_is_renewed_twice(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "office/rome")
            country.calendar.day(5)
            shutil.copytree(place, tmp_path / "thief")
            async with country.running(place) as (rome,):
                await renewed(rome)
                async with country.running(tmp_path / "thief") as (thief,):
                    await until(lambda: "revoked" in thief.link.problem)
                    await until(lambda: "revoked" in rome.link.problem)

    asyncio.run(scenario())


def test_an_enrolment_waits_for_approval_and_goes_on_after_a_crash(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            authority.policy = replace(authority.policy, approval=dict.fromkeys(ADMITTED, True))
            text = await country.invite(authority, "office/rome")
            place = tmp_path / "rome"
            said: list[str] = []
            for attempt in (text, ""):
                with pytest.raises(Crash):
                    await enrol(place, attempt, ACCESS, said.append, crash, country.read)
            assert said == ["The request waits for an officer's approval."] * 2
            asked = await authority.store.read(
                lambda connection: connection.execute(select(schema.request)).one()
            )

            def grant(transaction: Transaction) -> None:
                invitation = transaction.connection.execute(select(schema.invitation)).one()
                identity = Identity.of_path(COMMUNITY, "office/rome")
                chain = admit(transaction, identity, invitation, bytes(asked.pkcs10), None)
                values = {"state": "granted", "chain": chain.pem()}
                transaction.connection.execute(update(schema.request).values(values))

            await authority.store.act(grant)
            done = await enrol(place, "", ACCESS, said.append, crash, country.read)
            assert done.credential.identity.path == "office/rome"
            with pytest.raises(TargetError, match="enrolled here already"):
                await enrol(place, text, ACCESS, said.append, crash, country.read)
            with pytest.raises(RequestError, match="serves once"):
                await enrol(tmp_path / "thief", text, ACCESS, said.append, crash, country.read)

    asyncio.run(scenario())


def test_nobody_enrols_with_an_authority_of_another_root(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            text = await country.invite(authority, "office/rome")
            honest = Invitation.of_text(text)
            forged = replace(honest, root=bytes(32)).to_text()
            with pytest.raises(SourceError, match="does not have the root"):
                await enrol(tmp_path / "rome", forged, ACCESS, print, read=country.read)
            rows = await authority.store.read(
                lambda connection: connection.exec_driver_sql("select state from invitation").all()
            )
            assert [row.state for row in rows] == ["open"]

    asyncio.run(scenario())


def test_a_ship_whose_clock_was_lost_asks_for_signed_time_and_connects(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "ship/bergamini")
            now = country.calendar.now
            lost = EdgeAgent.open(place, ACCESS, place, lambda: Reading(now - 400 * DAY, now, now))
            lost.link.start()
            await connected(lost)
            assert lost.state.clock() == pytest.approx(now, abs=60.0)
            await lost.link.close()
            lost.close()

    asyncio.run(scenario())


def test_a_list_that_grew_too_old_is_fetched_over_http_before_the_channel_opens(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "ship/bergamini")
        country.calendar.day(1)
        shutil.rmtree(place / "lists")  # nobody can be judged without
        async with country.authority(), country.running(place) as (ship,):
            await connected(ship)
            assert numbers(ship)

    asyncio.run(scenario())


def test_an_edge_remembers_the_log_and_tells_of_a_fork(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "office/rome")
            async with country.running(place) as (rome,):
                log = rome.state.log
                assert log is not None
                await until(lambda: log.size)
                seen = authority.store.log.checkpoint
                assert log.size == seen.size
            with started(country, place) as state:
                assert state.log is not None
                assert state.log.size == seen.size
        # The same key signs another log of that size: the authority was taken over.
        key = read_key(country.directory / "keys" / "log.jwe", ACCESS.unlock)
        other = replace(seen.checkpoint, root=bytes(len(seen.root)))
        line = sign_checkpoint(other, other.origin, key, int(country.calendar.now))
        forged = Note(other.body, (line,))
        with started(country, place) as state:
            assert state.log is not None
            with pytest.raises(LogError, match="two different logs"):
                state.log.see(forged.octets())
            state.log.see(seen.note.octets())
            with pytest.raises(BaluardoError):
                state.log.see(seen.note.octets().replace(b"italia", b"itaIia"))

    asyncio.run(scenario())
