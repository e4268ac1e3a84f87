"""What a site asks in a device's name without its word is refused, and changes nothing.

A site has everything but the device's key: its channel, the device's attendance, and whatever the
device has signed there.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from authority.mail.mail_edges import SHIP, Edge, Sites
from authority.mail.post import ANNA, ANNAS, BRUNO, BRUNOS, THE_FIRST, group_id, message_id
from baluardo.authority.context import Authority
from baluardo.authority.mail.freshness import WINDOW, Freshness
from baluardo.authority.mail.limits import CLAIMS_OF_ONE, SENDS, WORDS
from baluardo.authority.mail.refusal import MailRefusedError
from baluardo.authority.store import schema
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.mail_requests import (
    AnyRequest,
    Attend,
    Begin,
    Challenge,
    Collect,
    Commit,
    Conversation,
    Packages,
    Publish,
    Send,
    Taken,
)
from baluardo.protocol.mail_signed import SIGNED_KINDS, sign_request
from edge.country import Country, hold_ceremony

TABLES: Final = [table for table in schema.metadata.sorted_tables if table.name.startswith("mail_")]


@pytest.fixture(scope="module")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("ceremony") / "authority"
    hold_ceremony(directory)
    return directory


@pytest.fixture
def country(ceremony: Path, tmp_path: Path) -> Country:
    return Country.copied(ceremony, tmp_path / "authority")


def kept(connection: Connection) -> list[Any]:
    """Return every row of the post office."""
    return [sorted(map(repr, connection.execute(select(table)))) for table in TABLES]


def requests(group: str, taken: Taken) -> tuple[AnyRequest, ...]:
    """Return one of each kind, that would change something if Bruno asked for it."""
    return (
        Publish((b"worthless",), b"worthless too"),
        Packages((ANNAS,)),
        Begin(ANNA, group_id(), group),
        Commit(group, 0, b"nobody can follow", (ANNAS,), b"", ()),
        Send(message_id(), group, (ANNAS,), b"rubbish"),
        taken,
    )


@asynccontextmanager
async def ship(country: Country, directory: Path) -> AsyncIterator[tuple[Authority, Sites, Edge]]:
    """Open a channel of the ship, at which nobody sits yet."""
    async with country.authority() as authority:
        sites = await Sites.made(country, authority, directory)
        async with sites.edge(authority, SHIP) as edge:
            yield authority, sites, edge


async def prepared(edge: Edge) -> str:
    """Let Anna and Bruno sit there, with packages of hers and a text for him; return the group."""
    group = group_id()
    await edge.attend(ANNAS)
    await edge.attend(BRUNOS)
    await edge.ask(ANNAS, Publish((b"one", b"two"), b"last"))
    await edge.ask(ANNAS, Begin(BRUNO, group, ""))
    await edge.ask(ANNAS, Send(message_id(), group, (BRUNOS,), b"text"))
    return group


async def refused(edge: Edge, value: dict[str, Any], device: str = BRUNOS) -> tuple[str, str]:
    """Ask something as it is, and return the refusal's code and sentence."""
    answer = await edge.answer_to(await edge.say(device, value))
    assert answer.refusal is not None
    return answer.refusal.value, answer.sentence


def test_what_a_site_forges_of_each_kind_is_refused_and_changes_nothing(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with ship(country, tmp_path) as (authority, _, edge):
            group = await prepared(edge)
            asked = requests(group, await edge.taking(BRUNOS))
            assert {each.kind for each in asked} == SIGNED_KINDS
            told: Any = await edge.ask(BRUNOS, Challenge())
            before = await authority.store.read(kept)
            for number, request in enumerate(asked, 1):
                bare = request.to_object()
                anna = country.devices["anna.rossi"]
                true = await edge.signed(BRUNOS, request)
                word: Any = true["signed"]
                assert word["challenge"] == told.challenge
                another = requests(group_id(), THE_FIRST)[number % len(asked)]
                others = await edge.signed(BRUNOS, another)
                forged: dict[str, dict[str, Any]] = {
                    "bears no word": bare,
                    "is signed by somebody else": sign_request(
                        bare, anna, told.challenge, 1_000 + number
                    ),
                    "bears the word under another request": {**bare, "signed": others["signed"]},
                    "bears another number": {**bare, "signed": {**word, "number": 2_000 + number}},
                }
                for how, value in forged.items():
                    code, sentence = await refused(edge, value)
                    assert code == "denied", (request.kind, how)
                    assert f"{BRUNOS} has not signed this request" in sentence
                    assert await authority.store.read(kept) == before, (request.kind, how)
            told = await edge.ask(BRUNOS, Collect())  # and he is believed as before
            assert [each.octets for each in told.items] == [b"text"]
            for request in asked[:2]:
                assert not isinstance(await edge.ask(BRUNOS, request), MailRefusal)

    asyncio.run(scenario())


def test_what_was_signed_counts_once_and_at_one_channel_alone(
    country: Country, tmp_path: Path
) -> None:
    """A site replays each kind: at once, over a new channel, and to an authority started again."""

    async def scenario() -> None:
        heard: list[dict[str, Any]] = []
        before: list[Any] = []

        async def replayed(edge: Edge, authority: Authority) -> None:
            for value in heard:
                code, sentence = await refused(edge, value)
                assert code == "challenge", value["kind"]
                assert "nothing was done" in sentence
                assert await authority.store.read(kept) == before, value["kind"]

        async with country.authority() as authority:
            sites = await Sites.made(country, authority, tmp_path)
            async with sites.edge(authority, SHIP) as edge:
                group = await prepared(edge)
                asked = requests(group, await edge.taking(BRUNOS))
                publish, claim, begin, commit, send, taken = asked
                for request in (publish, claim, commit, send, taken, begin):
                    heard.append(await edge.signed(BRUNOS, request))
                    answer = await edge.answer_to(await edge.say(BRUNOS, heard[-1]))
                    assert answer.refusal is None, answer.sentence
                # What a repetition would take away, or put in the place of.
                newest = Send(message_id(), str(begin.to_object()["group"]), (BRUNOS,), b"new")
                assert not isinstance(await edge.ask(ANNAS, newest), MailRefusal)
                assert not isinstance(await edge.ask(BRUNOS, Publish((), b"newer")), MailRefusal)
                attendance = edge.word(BRUNOS)
                before = await authority.store.read(kept)
                await replayed(edge, authority)
            async with sites.edge(authority, SHIP) as edge:
                await edge.ask(BRUNOS, Attend(), attendance)
                await replayed(edge, authority)
        async with country.authority() as authority, sites.edge(authority, SHIP) as edge:
            await edge.ask(BRUNOS, Attend(), attendance)
            await replayed(edge, authority)

    asyncio.run(scenario())


def test_what_a_site_has_kept_back_is_worth_nothing_once_the_device_attends_anew(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with ship(country, tmp_path) as (authority, _, edge):
            group = await prepared(edge)
            asked = requests(group, await edge.taking(BRUNOS))
            withheld = [await edge.signed(BRUNOS, each) for each in asked]
            await edge.attend(BRUNOS, later=1.0)
            before = await authority.store.read(kept)
            for value in withheld:
                assert (await refused(edge, value))[0] == "challenge"
            assert await authority.store.read(kept) == before
            # A device whose request went astray signs it anew, and it is done once.
            assert not isinstance(await edge.ask(BRUNOS, await edge.taking(BRUNOS)), MailRefusal)

    asyncio.run(scenario())


def test_requests_may_overtake_each_other(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ship(country, tmp_path) as (_, _, edge):
            await prepared(edge)
            signed = [await edge.signed(BRUNOS, Publish((), b"%d" % each)) for each in range(4)]
            for value in reversed(signed):
                answer = await edge.answer_to(await edge.say(BRUNOS, value))
                assert answer.refusal is None

    asyncio.run(scenario())


def test_forgeries_use_up_nothing_of_a_devices_allowances_but_their_own(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with ship(country, tmp_path) as (_, _, edge):
            group = await prepared(edge)
            real = Send(message_id(), group, (ANNAS,), b"text")
            for _ in range(SENDS[0] + 5):
                assert (await refused(edge, real.to_object()))[0] == "denied"
            assert not isinstance(await edge.ask(BRUNOS, real), MailRefusal)
            codes = [(await refused(edge, real.to_object()))[0] for _ in range(WORDS[0])]
            assert set(codes) == {"denied", "full"}
            assert not isinstance(await edge.ask(BRUNOS, Conversation(ANNA)), MailRefusal)
            country.calendar.now += WORDS[1]
            assert not isinstance(await edge.ask(BRUNOS, real), MailRefusal)

    asyncio.run(scenario())


def test_a_site_where_the_device_sat_before_uses_up_nothing_of_it(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with ship(country, tmp_path) as (office, sites, edge), sites.edge(office) as rome:
            await prepared(edge)
            await rome.attend(BRUNOS, later=1.0)
            forged = THE_FIRST.to_object()
            codes = [(await refused(edge, forged))[0] for _ in range(WORDS[0] + 5)]
            assert codes == ["denied"] * WORDS[0] + ["full"] * 5
            assert not isinstance(await rome.ask(BRUNOS, await rome.taking(BRUNOS)), MailRefusal)

    asyncio.run(scenario())


def test_a_word_of_before_the_device_went_elsewhere_counts_no_more_when_it_is_back(
    country: Country, tmp_path: Path
) -> None:
    """Its site has two channels, and keeps the device's words under the first of them."""

    async def scenario() -> None:
        async with country.authority() as authority:
            sites = await Sites.made(country, authority, tmp_path)
            copy = shutil.copytree(sites.places[SHIP], tmp_path / "copy")
            async with (
                sites.edge(authority, SHIP) as edge,
                Sites(country, {SHIP: copy}).edge(authority, SHIP) as second,
                sites.edge(authority) as rome,
            ):
                await counted(authority, edge, second, rome)

    async def counted(authority: Authority, edge: Edge, second: Edge, rome: Edge) -> None:
        group = await prepared(edge)
        asked = requests(group, await edge.taking(BRUNOS))
        withheld = [await edge.signed(BRUNOS, each) for each in asked]
        await rome.attend(BRUNOS, later=1.0)
        await second.attend(BRUNOS, later=2.0)
        before = await authority.store.read(kept)
        for value in withheld:
            assert (await refused(edge, value))[0] == "denied"
        assert await authority.store.read(kept) == before
        assert not isinstance(await second.ask(BRUNOS, await second.taking(BRUNOS)), MailRefusal)

    asyncio.run(scenario())


def test_one_person_uses_up_few_packages_of_a_device(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ship(country, tmp_path) as (_, _, edge):
            await prepared(edge)
            most = CLAIMS_OF_ONE[0]
            packages = tuple(b"%d" % each for each in range(2 * most))
            await edge.ask(ANNAS, Publish(packages, b"last"))

            async def claimed(who: str) -> bool:
                told: Any = await edge.ask(who, Packages((ANNAS,)))
                (package,) = told.packages
                return bool(package.last_resort)

            assert [await claimed(BRUNOS) for _ in range(most + 2)] == [False] * most + [True] * 2
            assert not await claimed(ANNAS), "another person has a share of her own"
            country.calendar.now += CLAIMS_OF_ONE[1]
            assert [await claimed(BRUNOS) for _ in range(2)] == [False, True]

    asyncio.run(scenario())


@given(st.lists(st.integers(1, 3 * WINDOW), max_size=200))
def test_a_number_counts_once_and_within_the_window(numbers: list[int]) -> None:
    freshness, used = Freshness(), set[int]()
    for number in numbers:
        fits = number not in used and number > max(used, default=0) - WINDOW
        try:
            freshness.use(number)
        except MailRefusedError as refusal:
            assert (refusal.code, fits) == (MailRefusal.CHALLENGE, False)
        else:
            assert fits
            used.add(number)


def test_a_challenge_is_drawn_for_each_seat() -> None:
    one, other = Freshness(), Freshness()
    one.check(one.challenge)
    with pytest.raises(MailRefusedError, match="challenge that stands no more"):
        one.check(other.challenge)
