"""Sites learn of each other from signed cards over real sockets; without an authority they stay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import baluardo.authority.acts.tunnel_cards as cards_act
from baluardo.edge.agent import EdgeAgent
from baluardo.edge.directory import NUMBER, SiteDirectory
from baluardo.edge.state import EdgeState
from baluardo.errors import CertificateError
from baluardo.network.tunnel.card import CARD_TYPE
from baluardo.protocol.messages import Directory
from baluardo.protocol.network_policy import NetworkPolicy, Topology, network_of
from baluardo.trust.envelope import Envelope, sign
from edge.cards import card_of, signed_card, twin_paths
from edge.country import ANNA, BRUNO, Country, altered, first_policy, until

FIRST = first_policy()
ROME, SHIP, MILAN = "office/rome", "ship/bergamini", "office/milan"
LAN = network_of("10.20.0.0/16")
HUB = replace(FIRST, number=2, network=NetworkPolicy(Topology.HUB, frozenset({ROME})))


def known(agent: EdgeAgent | EdgeState) -> dict[str, int]:
    """Return the number of each neighbour's card, by path."""
    state = agent.state if isinstance(agent, EdgeAgent) else agent
    return {each.identity.path: each.card.number for each in state.neighbours()}


async def published(country: Country, agent: EdgeAgent, number: int = 1) -> Envelope:
    """Publish a card, and wait until the authority keeps it."""
    envelope = signed_card(agent.state.credential, number, country.calendar.now)
    await agent.link.publish(envelope)
    await until(lambda: agent.link.card_answer is not None)
    answer = agent.link.card_answer
    assert answer is not None
    assert (answer.number, answer.refusal) == (number, "")
    return envelope


async def connected(*agents: EdgeAgent) -> None:
    await until(lambda: all(each.link.connected and each.state.policy_number for each in agents))


def test_a_card_reaches_every_edge_and_outlives_the_authority(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            places = [await country.enrolled(authority, tmp_path, p) for p in (ROME, SHIP, MILAN)]
            async with country.running(*places) as (rome, ship, milan):
                await connected(rome, ship, milan)
                told: list[dict[str, int]] = []
                ship.state.on_directory(lambda: told.append(known(ship)))
                await published(country, rome)
                await until(lambda: known(ship) == known(milan) == {ROME: 1})
                assert known(rome) == {}
                await published(country, milan, 7)
                await until(lambda: known(ship) == {ROME: 1, MILAN: 7})
                await until(lambda: known(rome) == {MILAN: 7})
                await published(country, rome, 2)
                await until(lambda: known(ship) == {ROME: 2, MILAN: 7})
                assert told == [{ROME: 1}, {ROME: 1, MILAN: 7}, {ROME: 2, MILAN: 7}]
                keys = ship.state.neighbours()
        country.calendar.day(20)  # the office's certificate has run out: what was heard stays
        state = country.open_edge(places[1])
        assert state.neighbours() == keys
        assert state.sites.number == 3
        state.close()

    asyncio.run(scenario())


def test_a_card_waits_for_an_authority_and_who_was_away_is_told(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            places = [await country.enrolled(authority, tmp_path, path) for path in (ROME, SHIP)]
        async with country.running(places[0]) as (rome,):
            await rome.link.publish(signed_card(rome.state.credential, 1, country.calendar.now))
            assert rome.link.card_answer is None
        async with country.authority():
            async with country.running(places[0]) as (rome,):  # started anew, without a word of it
                await until(lambda: rome.link.card_answer is not None)
                assert rome.link.card_answer is not None
                assert rome.link.card_answer.number == 1
            async with country.running(places[1]) as (ship,):
                await until(lambda: known(ship) == {ROME: 1})

    asyncio.run(scenario())


def test_a_revoked_site_is_forgotten_everywhere_at_once(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            places = [await country.enrolled(authority, tmp_path, p) for p in (ROME, SHIP, MILAN)]
            async with country.running(*places[:2]) as (rome, ship):
                await connected(rome, ship)
                envelope = await published(country, ship)
                await until(lambda: known(rome) == {SHIP: 1})
                told: list[dict[str, int]] = []
                rome.state.on_directory(lambda: told.append(known(rome)))
                await country.revoke(authority, SHIP)
                await until(lambda: told)
                assert told[0] == {}
                assert not list((places[0] / "cards").glob("ship-*"))
                async with country.running(places[2]) as (milan,):  # a newcomer hears nothing of it
                    await connected(milan)
                    await until(lambda: milan.state.sites.number)
                    assert known(milan) == {}
                    sites, now = milan.state.sites, country.calendar.now
                    again = Directory(0, 5, 5, (envelope,))
                    assert sites.take(again, milan.state.verifier, now).refused == 1
                    assert known(milan) == {}

    asyncio.run(scenario())


def test_news_alone_put_a_revoked_site_out(country: Country, tmp_path: Path) -> None:
    """Whoever brings them: the list is enough, no word of the directory is needed."""

    async def scenario() -> None:
        async with country.authority() as authority:
            places = [await country.enrolled(authority, tmp_path, path) for path in (ROME, SHIP)]
            ship, rome = country.open_edge(places[1]), country.open_edge(places[0])
            envelope = signed_card(ship.credential, 1, country.calendar.now)
            rome.hear_directory(Directory(0, 1, 1, (envelope,)))
            assert known(rome) == {SHIP: 1}
            await country.revoke(authority, SHIP)
            public = authority.layout.public.directory / "lists"
            files = {f"lists/{each.name}": each.read_bytes() for each in public.iterdir()}
            assert rome.hear(files)
            assert known(rome) == {}
            ship.close()
            rome.close()
            again = country.open_edge(places[0])
            assert known(again) == {}
            again.close()

    asyncio.run(scenario())


def test_with_a_hub_others_hear_of_it_alone_until_policy_changes(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            await country.officers(authority)
            places = [await country.enrolled(authority, tmp_path, p) for p in (ROME, SHIP, MILAN)]
            await country.set_policy(authority, HUB, country.command(HUB, FIRST, [BRUNO]))
            async with country.running(*places) as (rome, ship, milan):
                await connected(rome, ship, milan)
                for each in (rome, ship, milan):
                    await published(country, each)
                await until(lambda: known(rome) == {SHIP: 1, MILAN: 1})
                await until(lambda: known(ship) == known(milan) == {ROME: 1})
                await until(lambda: ship.state.sites.number == 3)
                assert set(ship.state.sites.sites) == {ROME}  # the others' cards never came
                mesh = replace(FIRST, number=3)
                await country.set_policy(authority, mesh, country.command(mesh, HUB, [BRUNO]))
                await until(lambda: known(ship) == {ROME: 1, MILAN: 1})
                await until(lambda: known(milan) == {ROME: 1, SHIP: 1})
                back = replace(HUB, number=4)
                await country.set_policy(authority, back, country.command(back, mesh, [BRUNO]))
                await until(lambda: known(ship) == known(milan) == {ROME: 1})

    asyncio.run(scenario())


def test_networks_are_announced_as_far_as_policy_allows(country: Country, tmp_path: Path) -> None:
    allowing = replace(FIRST, number=2, network=NetworkPolicy(networks={SHIP: (LAN,)}))

    async def scenario() -> None:
        async with country.authority() as authority:
            await country.officers(authority)
            places = [await country.enrolled(authority, tmp_path, path) for path in (ROME, SHIP)]
            async with country.running(*places) as (rome, ship):
                await connected(rome, ship)
                now = country.calendar.now
                inner = network_of("10.20.7.0/24")
                await ship.link.publish(signed_card(ship.state.credential, 1, now, (inner,)))
                await until(lambda: ship.link.card_answer is not None)
                assert ship.link.card_answer is not None
                assert "does not allow" in ship.link.card_answer.refusal
                await country.set_policy(
                    authority, allowing, country.command(allowing, FIRST, [BRUNO])
                )
                await until(lambda: rome.state.policy_number == 2)
                await ship.link.publish(signed_card(ship.state.credential, 2, now, (inner,)))
                await until(lambda: known(rome) == {SHIP: 2})
                assert rome.state.neighbours()[0].networks == (inner,)
                third = replace(FIRST, number=3)
                await country.set_policy(
                    authority, third, country.command(third, allowing, [BRUNO])
                )
                await until(lambda: rome.state.policy_number == 3)
                assert rome.state.neighbours()[0].networks == ()

    asyncio.run(scenario())


def test_a_long_list_comes_piece_by_piece(
    country: Country, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards_act, "PAGE", 1)

    async def scenario() -> None:
        async with country.authority() as authority:
            paths = [ROME, SHIP, MILAN, "office/bari"]
            places = [await country.enrolled(authority, tmp_path, path) for path in paths]
            for place in places[1:]:
                async with country.running(place) as (agent,):
                    await published(country, agent)
            async with country.running(places[0]) as (rome,):
                await until(lambda: known(rome) == dict.fromkeys(paths[1:], 1))
                await until(lambda: rome.state.sites.number == 3)

    asyncio.run(scenario())


def test_an_edge_ahead_of_a_restored_authority_hears_everything_anew(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            places = [await country.enrolled(authority, tmp_path, path) for path in (ROME, SHIP)]
            async with country.running(places[1]) as (ship,):
                await published(country, ship)
            state = country.open_edge(places[0])
            state.hear_directory(Directory(0, 99, 99))
            state.close()
            async with country.running(places[0]) as (rome,):
                await until(lambda: known(rome) == {SHIP: 1})
                assert rome.state.sites.number == 1

    asyncio.run(scenario())


Forgery = Callable[[EdgeState, EdgeState, float], Envelope]


@pytest.mark.parametrize(
    "forged",
    [
        lambda ship, _, now: altered(signed_card(ship.credential, 9, now)),
        lambda ship, milan, now: sign(
            card_of(ship.identity, 9, now).payload(), CARD_TYPE, milan.credential
        ),
        lambda ship, _, now: replace(
            signed_card(ship.credential, 9, now), payload_type="application/vnd.baluardo.other"
        ),
        lambda ship, milan, now: replace(
            both := signed_card(ship.credential, 9, now),
            signatures=both.signatures + signed_card(milan.credential, 9, now).signatures,
        ),
    ],
    ids=["altered", "another's", "another type", "two signatures"],
)
def test_an_authority_cannot_make_a_card(forged: Forgery, country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            places = [await country.enrolled(authority, tmp_path, p) for p in (ROME, SHIP, MILAN)]
        rome, ship, milan = (country.open_edge(place) for place in places)
        now = country.calendar.now
        genuine = signed_card(ship.credential, 8, now)
        good = signed_card(milan.credential, 1, now)
        assert rome.hear_directory(Directory(0, 1, 1, (genuine,))) == 0
        bad = forged(ship, milan, now)
        assert rome.hear_directory(Directory(1, 2, 2, (bad, good))) == 1
        assert known(rome) == {SHIP: 8, MILAN: 1}  # it holds up nobody else's
        for each in (rome, ship, milan):
            each.close()

    asyncio.run(scenario())


def test_what_is_old_ours_or_does_not_follow_changes_nothing(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            places = [await country.enrolled(authority, tmp_path, path) for path in (ROME, SHIP)]
            anna = await country.person(authority, ANNA)
        rome, ship = (country.open_edge(place) for place in places)
        now = country.calendar.now
        told: list[int] = []
        rome.on_directory(lambda: told.append(rome.sites.number))
        rome.hear_directory(Directory(0, 5, 5, (signed_card(ship.credential, 8, now),)))
        older, ours = signed_card(ship.credential, 7, now), signed_card(rome.credential, 9, now)
        assert rome.hear_directory(Directory(5, 6, 6, (older, ours))) == 0
        assert (
            rome.hear_directory(Directory(9, 10, 10, removed=(SHIP,))) == 0
        )  # 7 and 8 are missing
        assert known(rome) == {SHIP: 8}
        assert (rome.sites.number, told) == (6, [5])
        rome.hear_directory(Directory(6, 7, 7, removed=(SHIP, MILAN)))
        assert (known(rome), told) == ({}, [5, 7])
        with pytest.raises(CertificateError, match="not signed by"):
            rome.sites.keep_own(older)
        assert rome.sites.own_card() is None
        assert anna.identity.path not in known(rome)
        for each in (rome, ship):
            each.close()

    asyncio.run(scenario())


def test_nobody_takes_the_addresses_of_another(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        first, second = twin_paths()
        async with country.authority() as authority:
            paths = (ROME, first, second)
            places = [await country.enrolled(authority, tmp_path, path) for path in paths]
            rome, one, other = (country.open_edge(place) for place in places)
            now = country.calendar.now
            rome.hear_directory(Directory(0, 1, 1, (signed_card(one.credential, 1, now),)))
            twin = signed_card(other.credential, 1, now)
            assert rome.hear_directory(Directory(1, 2, 2, (twin,))) == 1
            assert known(rome) == {first: 1}
            for each in (rome, one, other):
                each.close()
            async with country.running(*places[1:]) as (one_, other_):
                await connected(one_, other_)
                await published(country, one_)
                await other_.link.publish(twin)
                await until(lambda: other_.link.card_answer is not None)
                assert other_.link.card_answer is not None
                assert f"which {first} has" in other_.link.card_answer.refusal

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "damage",
    [
        lambda cards: (cards / "ship-bergamini.json").write_bytes(b"{}"),
        lambda cards: (cards / "ship-bergamini.json").write_bytes(bytes(1 << 20)),
        lambda cards: (cards / "ship-bergamini.json").rename(cards / "office-bari.json"),
        lambda cards: (cards / NUMBER).write_bytes(b'{"number":-1}'),
        lambda cards: (cards / NUMBER).unlink(),
    ],
    ids=["empty", "large", "another's name", "no number", "number lost"],
)
def test_a_damaged_card_is_left_out_and_asked_for_again(
    damage: Callable[[Path], object], country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            places = [await country.enrolled(authority, tmp_path, path) for path in (ROME, SHIP)]
            async with country.running(*places) as (rome, ship):
                await connected(rome, ship)
                await published(country, ship)
                await until(lambda: known(rome) == {SHIP: 1})
            damage(places[0] / "cards")
            state = country.open_edge(places[0])
            assert state.sites.number == 0
            state.close()
            async with country.running(places[0]) as (rome,):
                await until(lambda: known(rome) == {SHIP: 1})

    asyncio.run(scenario())


def test_a_directory_is_empty_before_the_first_word(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, ROME)
        state = country.open_edge(place)
        assert isinstance(state.sites, SiteDirectory)
        assert (state.neighbours(), state.sites.number) == ((), 0)
        assert not (place / "cards").exists()
        state.close()

    asyncio.run(scenario())
