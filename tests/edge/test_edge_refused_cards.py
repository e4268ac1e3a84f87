"""Cards that were refused are judged again: nothing is lost by the order in which it was told."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.edge import refused_cards, session
from baluardo.edge.heard_card import HeardCard
from baluardo.edge.refused_cards import not_apart
from baluardo.edge.state import EdgeState
from baluardo.errors import InvalidInputError
from baluardo.network.tunnel.card import CARD_TYPE, TunnelCard, check_apart
from baluardo.protocol.messages import Directory
from baluardo.protocol.network_policy import Network, network_of
from baluardo.trust.envelope import Envelope, sign
from baluardo.trust.identity import Identity
from edge.cards import card_of
from edge.country import Country, until
from trust.community import NOW, make_community
from trust.fleet import COMMUNITY

ROME, AOSTA, BARI = "office/rome", "office/aosta", "office/bari"
PLACES = {ROME: "192.0.2.3", AOSTA: "192.0.2.1", BARI: "192.0.2.2"}
LAN, OTHER_LAN = network_of("10.20.0.0/16"), network_of("10.21.0.0/16")


def signed(state: EdgeState, number: int, *networks: Network, later: float = 0.0) -> Envelope:
    """Return a card of a site at its own place."""
    made_at = state.clock() + later
    address = PLACES[state.identity.path]
    return card_of(state.identity, number, made_at, networks, address).sign(state.credential)


def known(state: EdgeState) -> dict[str, int]:
    return {path: each.card.number for path, each in state.sites.sites.items()}


@pytest.fixture
def sites(country: Country, tmp_path: Path) -> Iterator[tuple[EdgeState, ...]]:
    """Return the edges of Rome, Aosta and Bari, opened from their disks."""

    async def enrolled() -> list[Path]:
        async with country.authority() as authority:
            return [await country.enrolled(authority, tmp_path, path) for path in PLACES]

    states = [country.open_edge(place) for place in asyncio.run(enrolled())]
    yield tuple(states)
    for each in states:
        each.close()


@pytest.mark.parametrize("is_reversed", [False, True], ids=["taker first", "giver first"])
def test_a_network_that_moved_is_told_in_any_order(
    is_reversed: bool, sites: tuple[EdgeState, ...]
) -> None:
    """Aosta gave it to Bari, then published once more: Bari's change is told before Aosta's."""
    rome, aosta, bari = sites
    rome.hear_directory(Directory(0, 2, 2, (signed(aosta, 1, LAN), signed(bari, 1))))
    cards = [signed(bari, 2, LAN), signed(aosta, 3)]
    told = tuple(reversed(cards) if is_reversed else cards)
    assert rome.hear_directory(Directory(2, 5, 5, told)) == 0
    assert known(rome) == {AOSTA: 3, BARI: 2}


def test_two_sites_exchange_their_networks(sites: tuple[EdgeState, ...]) -> None:
    rome, aosta, bari = sites
    first = (signed(aosta, 1, LAN), signed(bari, 1, OTHER_LAN))
    rome.hear_directory(Directory(0, 2, 2, first))
    swapped = (signed(bari, 2, LAN), signed(aosta, 3, OTHER_LAN))
    assert rome.hear_directory(Directory(2, 5, 5, swapped)) == 0
    assert known(rome) == {AOSTA: 3, BARI: 2}


def test_the_giver_is_told_in_a_later_message(sites: tuple[EdgeState, ...]) -> None:
    rome, aosta, bari = sites
    rome.hear_directory(Directory(0, 2, 2, (signed(aosta, 1, LAN), signed(bari, 1))))
    assert rome.hear_directory(Directory(2, 3, 5, (signed(bari, 2, LAN),))) == 1
    assert known(rome) == {AOSTA: 1, BARI: 1}
    assert rome.hear_directory(Directory(3, 5, 5, (signed(aosta, 3),))) == 0
    assert known(rome) == {AOSTA: 3, BARI: 2}
    assert rome.sites.number == 5


def test_a_site_that_is_gone_frees_what_it_had(sites: tuple[EdgeState, ...]) -> None:
    rome, aosta, bari = sites
    rome.hear_directory(Directory(0, 1, 1, (signed(aosta, 1, LAN),)))
    assert rome.hear_directory(Directory(1, 2, 2, (signed(bari, 2, LAN),))) == 1
    rome.hear_directory(Directory(2, 3, 3, removed=(AOSTA,)))
    assert known(rome) == {BARI: 2}


def test_our_own_card_frees_what_it_had(sites: tuple[EdgeState, ...]) -> None:
    rome, _, bari = sites
    rome.sites.keep_own(signed(rome, 1, LAN))
    assert rome.hear_directory(Directory(0, 1, 1, (signed(bari, 1, LAN),))) == 1
    rome.sites.keep_own(signed(rome, 2))
    rome.judge_cards_again()
    assert known(rome) == {BARI: 1}


def test_a_clock_that_was_behind_loses_no_card(
    country: Country, sites: tuple[EdgeState, ...]
) -> None:
    rome, aosta, bari = sites
    told: list[dict[str, int]] = []
    rome.on_directory(lambda: told.append(known(rome)))
    late = (signed(aosta, 1, later=3_600.0), signed(bari, 1, later=3_600.0))
    assert rome.hear_directory(Directory(0, 2, 2, late)) == 2
    rome.judge_cards_again()
    assert known(rome) == {}
    rome.close()
    again = country.open_edge(rome.directory)
    assert again.sites.number == 0  # a program that starts anew asks anew
    again.close()
    country.calendar.day(1)
    rome.hear_directory(Directory(2, 3, 3, removed=(BARI,)))  # nobody waits for who is gone
    assert told == [{AOSTA: 1}]
    again = country.open_edge(rome.directory)
    assert (known(again), again.sites.number) == ({AOSTA: 1}, 3)
    again.close()


def test_the_time_from_the_authority_brings_them_in(
    country: Country, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "PING_SECONDS", 0.5)
    monkeypatch.setattr(session, "TIME_EVERY", 0.5)

    async def scenario() -> None:
        async with country.authority() as authority:
            places = [await country.enrolled(authority, tmp_path, p) for p in (ROME, AOSTA)]
            async with country.running(places[0]) as (rome,):
                await until(lambda: rome.link.connected)
                aosta = country.open_edge(places[1])
                late = signed(aosta, 1, later=900.0)
                aosta.close()
                assert rome.state.hear_directory(Directory(0, 1, 1, (late,))) == 1
                country.calendar.day(0.01)  # no list is due, the time alone is told
                await until(lambda: known(rome.state) == {AOSTA: 1})

    asyncio.run(scenario())


def test_who_is_revoked_is_not_waited_for(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            places = [await country.enrolled(authority, tmp_path, path) for path in PLACES]
            rome, aosta, bari = (country.open_edge(place) for place in places)
            rome.hear_directory(Directory(0, 1, 1, (signed(aosta, 1, LAN),)))
            assert rome.hear_directory(Directory(1, 2, 2, (signed(bari, 2, LAN),))) == 1
            await country.revoke(authority, AOSTA)
            public = authority.layout.public.directory / "lists"
            files = {f"lists/{each.name}": each.read_bytes() for each in public.iterdir()}
            assert rome.hear(files)
            assert known(rome) == {BARI: 2}  # what it had is free
            assert rome.hear_directory(Directory(2, 3, 3, (signed(aosta, 9),))) == 1
            rome.close()
            again = country.open_edge(rome.directory)
            assert (known(again), again.sites.number) == ({BARI: 2}, 3)
            for each in (again, aosta, bari):
                each.close()

    asyncio.run(scenario())


def test_more_than_is_kept_is_asked_for_anew_with_a_ration(
    country: Country, sites: tuple[EdgeState, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refused_cards, "MOST_KEPT", 1)
    rome, aosta, bari = sites
    late = (signed(aosta, 1, later=200_000.0), signed(bari, 1, later=200_000.0))
    full = Directory(0, 2, 2, late)
    assert rome.hear_directory(full) == 2
    assert rome.sites.number == 2
    rome.judge_cards_again()
    assert rome.sites.number == 0
    rome.hear_directory(full)
    rome.judge_cards_again()
    assert rome.sites.number == 2  # not more often than every hour
    country.calendar.day(1)
    rome.judge_cards_again()
    assert rome.sites.number == 0
    country.calendar.day(3)
    assert rome.hear_directory(full) == 0
    assert known(rome) == {AOSTA: 1, BARI: 1}


def test_a_card_that_nobody_can_read_is_asked_for_by_the_next_program(
    country: Country, sites: tuple[EdgeState, ...]
) -> None:
    """It may be of a version to come."""
    rome, aosta, _ = sites
    strange = sign(b'{"version":2}', CARD_TYPE, aosta.credential)
    assert rome.hear_directory(Directory(0, 1, 1, (strange,))) == 1
    rome.judge_cards_again()
    assert rome.sites.number == 1
    rome.close()
    again = country.open_edge(rome.directory)
    assert again.sites.number == 0
    again.close()


@functools.cache
def some_envelope() -> Envelope:
    """Return an envelope: what stands beside what is judged by cards alone."""
    return sign(b"{}", CARD_TYPE, make_community().credential(ROME))


def heard(path: str, number: int, networks: tuple[Network, ...]) -> HeardCard:
    card = card_of(Identity.of_path(COMMUNITY, path), number, NOW, networks)
    return HeardCard(card, some_envelope(), NOW)


NAMES = [f"office/s{number}" for number in range(6)]
HELD = st.dictionaries(
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(range(5)), max_size=2, unique=True).map(
        lambda found: tuple(network_of(f"10.{each}.0.0/16") for each in sorted(found))
    ),
)


def are_apart(sites: Mapping[str, HeardCard]) -> bool:
    try:
        for one, other in combinations(sites.values(), 2):
            check_apart(one.card, [other.card])
    except InvalidInputError:
        return False
    return True


@given(HELD, HELD, st.integers(0, 8))
def test_what_stands_is_always_apart(
    before: dict[str, tuple[Network, ...]], told: dict[str, tuple[Network, ...]], rounds: int
) -> None:
    """Whatever comes; and what is apart as a whole is let in as a whole."""
    standing: dict[str, HeardCard] = {}
    for path, networks in before.items():
        each = heard(path, 1, networks)
        if are_apart({**standing, path: each}):
            standing[path] = each
    coming = {path: heard(path, 2, networks) for path, networks in told.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refused_cards, "MOST_ROUNDS", rounds)
        refused = not_apart(standing, coming, None)
    let_in = {path: each for path, each in coming.items() if path not in refused}
    assert are_apart({**standing, **let_in})
    if rounds and are_apart({**standing, **coming}):
        assert not refused


def test_nothing_is_taken_that_is_ours() -> None:
    own: TunnelCard = heard(ROME, 1, (LAN,)).card
    taking = {AOSTA: heard(AOSTA, 1, (LAN,)), BARI: heard(BARI, 1, (OTHER_LAN,))}
    assert list(not_apart({}, taking, own)) == [AOSTA]
