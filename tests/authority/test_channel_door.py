"""The authority's channel door over real sockets: who may speak, what is told first, who waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select

import baluardo.authority.channel_outbox as outbox
from baluardo.authority.channel_news import PublicNews
from baluardo.authority.context import Authority
from baluardo.authority.store import schema
from baluardo.edge.state import EdgeState
from baluardo.errors import (
    ChannelError,
    HandshakeError,
    InvalidInputError,
    RoleError,
    UnknownError,
)
from baluardo.protocol.api_client import ApiClient
from baluardo.protocol.driver import MessageChannel
from baluardo.protocol.messages import (
    ApiAnswer,
    ApiRequest,
    Applied,
    AskRenewal,
    AskTime,
    Hello,
    Message,
    News,
    Ping,
    PolicyNews,
    Pong,
    Refused,
    Time,
    Welcome,
    encode,
)
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.request import make_request
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.stream import open_channel
from baluardo.trust.identity import Identity
from baluardo.trust.issuing.renewal import ask_renewal
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import EU_HYBRID
from edge.country import ANNA, Country, hold_ceremony, until
from trust.fleet import COMMUNITY

HELLO = Hello("test", {}, 0, 0)
STATE = "/api/authority/state"
STALLED = 60
"""Answers that nobody reads by when the way to the deaf one is full."""


@pytest.fixture(scope="module")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("ceremony") / "authority"
    hold_ceremony(directory)
    return directory


@pytest.fixture
def country(ceremony: Path, tmp_path: Path) -> Country:
    return Country.copied(ceremony, tmp_path / "authority")


@asynccontextmanager
async def spoken(
    country: Country, authority: Authority, who: Credential | EdgeState
) -> AsyncIterator[MessageChannel]:
    """Open a channel to the authority, to say over it whatever a test likes."""
    verifier = authority.store.issuing.verifier()
    endpoint = (
        who.endpoint
        if isinstance(who, EdgeState)
        else Endpoint(who, verifier, lambda: country.calendar.now)
    )
    channel = await open_channel("127.0.0.1", authority.channel_port, endpoint, authority.identity)
    try:
        yield MessageChannel(channel)
    finally:
        channel.cut()


async def heard_until(messages: MessageChannel, kind: type[Message]) -> list[Message]:
    """Return everything up to the first message of a kind."""
    found: list[Message] = []
    async with asyncio.timeout(30.0):
        while (message := await messages.receive()) is not None:
            found.append(message)
            if isinstance(message, kind):
                return found
    raise AssertionError(f"closed after {found}")


async def put_out(messages: MessageChannel) -> str:
    """Wait until the authority ends the channel; return the last word, if it has one."""
    last = ""
    async with asyncio.timeout(30.0):
        try:
            while (message := await messages.receive()) is not None:
                last = message.sentence if isinstance(message, Refused) else last
        except ChannelError:
            pass
    return last


def test_what_is_missing_is_told_before_anything_is_answered(country: Country) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            anna = await country.person(authority, ANNA)
            async with spoken(country, authority, anna) as messages:
                await messages.send(HELLO)
                await messages.send(AskTime(bytes(16)))
                found = await heard_until(messages, Time)
                assert [type(each) for each in found] == [Welcome, News, PolicyNews, Time]
                await messages.send(Ping())
                assert [type(each) for each in await heard_until(messages, Pong)] == [Pong]
            held = {
                key.hex(): each.number
                for key, each in authority.store.issuing.verifier().revocations.lists.items()
            }
            async with spoken(country, authority, anna) as messages:
                await messages.send(Hello("test", held, 1, 0))
                await messages.send(Ping())
                found = await heard_until(messages, Pong)
                assert [type(each) for each in found] == [Welcome, Pong]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "said",
    [
        [Ping()],
        [HELLO, HELLO],
        [HELLO, Pong()],
        [HELLO, AskTime(bytes(32))],
        [HELLO, *[AskTime(bytes(16))] * 30],
        [ApiRequest(1, "GET", STATE, "", {}, b"", "x")],
    ],
    ids=["no hello", "two hellos", "the authority's word", "long nonce", "greedy", "request first"],
)
def test_who_does_not_keep_to_the_order_is_put_out(said: list[Message], country: Country) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            anna = await country.person(authority, ANNA)
            async with spoken(country, authority, anna) as messages:
                for each in said:
                    await messages.send(each)
                await put_out(messages)
            async with spoken(country, authority, anna) as messages:  # the door is as it was
                await messages.send(HELLO)
                await heard_until(messages, Welcome)

    asyncio.run(scenario())


def test_a_persons_device_asks_as_that_person(country: Country) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            await country.officers(authority)
            mario = await country.person(authority, "mario.riva")
            async with spoken(country, authority, country.devices[ANNA]) as messages:
                client = ApiClient(messages.channel)
                me = (await client.call("GET", STATE))["me"]
                assert (me["person"], me["device"]) == (ANNA, f"person/{ANNA}/laptop")
                found = await client.call(
                    "GET", "/api/authority/certificates", query="holder=ship/x"
                )
                assert found["certificates"] == []
                with pytest.raises(UnknownError):
                    await client.call("GET", "/api/authority/nothing/here")
                with pytest.raises(UnknownError):
                    await client.call("GET", "/api/console")
                with pytest.raises(InvalidInputError):
                    await client.call("POST", "/api/authority/invitations", {"identity": 7})
                await client.close()
            async with spoken(country, authority, mario) as messages:
                client = ApiClient(messages.channel)
                with pytest.raises(RoleError):
                    await client.call("POST", "/api/authority/invitations", {"identity": "ship/x"})
                await client.close()

    asyncio.run(scenario())


def test_an_edge_speaks_for_its_own_pages_alone(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            state = country.open_edge(await country.enrolled(authority, tmp_path, "office/rome"))
            async with spoken(country, authority, state) as messages:
                await messages.send(HELLO)
                for number, host in enumerate(
                    ("rome.baluardo.localhost:8480", "milan.baluardo.localhost", "channel"), 1
                ):
                    await messages.send(ApiRequest(number, "GET", STATE, "", {}, b"", host))
                    answer = (await heard_until(messages, ApiAnswer))[-1]
                    assert isinstance(answer, ApiAnswer)
                    assert answer.status == (200 if number == 1 else 421)
            state.close()

    asyncio.run(scenario())


def test_presence_is_written_and_ends_with_the_last_channel(
    country: Country, tmp_path: Path
) -> None:
    async def presence(authority: Authority) -> list[tuple[str, bool, int]]:
        rows = await authority.store.read(
            lambda connection: connection.execute(select(schema.presence)).all()
        )
        return [(row.identity, row.left is None, row.policy) for row in rows]

    async def eventually(authority: Authority, wanted: list[tuple[str, bool, int]]) -> None:
        async with asyncio.timeout(30.0):
            while await presence(authority) != wanted:
                await asyncio.sleep(0.05)

    async def scenario() -> None:
        async with country.authority() as authority:
            state = country.open_edge(await country.enrolled(authority, tmp_path, "office/rome"))
            async with spoken(country, authority, state) as first:
                await first.send(HELLO)
                async with spoken(country, authority, state) as second:
                    await second.send(HELLO)
                    await eventually(authority, [("office/rome", True, 0)])
                await first.send(Applied({}, 1))
                await eventually(authority, [("office/rome", True, 1)])
            await eventually(authority, [("office/rome", False, 1)])
            async with spoken(country, authority, state) as again:
                await again.send(HELLO)
                await eventually(authority, [("office/rome", True, 0)])
        async with country.authority() as authority:
            assert await presence(authority) == [("office/rome", False, 0)]
        state.close()

    asyncio.run(scenario())


def test_nobody_renews_for_somebody_else(country: Country) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            anna = await country.person(authority, ANNA)
            mario = await country.person(authority, "mario.riva")
            key = SigningKey.generate(EU_HYBRID.certificates.leaf)
            async with spoken(country, authority, mario) as messages:
                await messages.send(HELLO)
                await messages.send(AskRenewal(ask_renewal(anna, key)))
                refused = (await heard_until(messages, Refused))[-1]
                assert isinstance(refused, Refused)
                assert "somebody else's" in refused.sentence
            assert not authority.store.register.is_revoked(anna.chain.leaf.serial)

    asyncio.run(scenario())


def test_who_is_revoked_reads_why_and_another_authority_is_no_guest(country: Country) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            anna = await country.person(authority, ANNA)
            async with spoken(country, authority, anna) as messages:
                await messages.send(HELLO)
                await heard_until(messages, PolicyNews)
                await country.revoke(authority, f"person/{ANNA}/laptop")
                assert "revoked" in await put_out(messages)
            key = SigningKey.generate(EU_HYBRID.certificates.leaf)
            request = make_request(key, Identity.of_path(COMMUNITY, "authority/other"))
            chain = await authority.store.act(
                lambda transaction: transaction.issuing.issue(request, transaction.now)
            )
            with pytest.raises(HandshakeError, match="no member"):
                async with spoken(country, authority, Credential(chain, key)):
                    pass

    asyncio.run(scenario())


def test_who_does_not_read_is_cut_and_holds_nobody_else_up(
    country: Country, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOST_OCTETS", 4 << 20)

    async def scenario() -> None:
        async with country.authority() as authority:
            anna = await country.person(authority, ANNA)
            await country.enrolled(authority, tmp_path, "ship/fasan")
            place = await country.enrolled(authority, tmp_path, "office/rome")
            async with (
                country.running(place) as (rome,),
                spoken(country, authority, anna) as deaf,
            ):
                await until(lambda: rome.link.connected)
                await deaf.send(HELLO)
                bundle = "/api/authority/public/bundle"
                held, revoking = rome.state.known.numbers(), None
                async with asyncio.timeout(60.0):
                    for number in count():
                        if not deaf.channel.is_open:
                            break
                        request = ApiRequest(number, "GET", bundle, "", {}, b"", "channel")
                        deaf.channel.write(encode(request))
                        await asyncio.sleep(0.005)
                        if number == STALLED:
                            revoking = asyncio.create_task(country.revoke(authority, "ship/fasan"))
                            await until(lambda: rome.state.known.numbers() != held)
                            assert deaf.channel.is_open
                assert revoking is not None
                await revoking
                assert rome.link.connected

    asyncio.run(scenario())


def test_the_same_octets_serve_everybody_who_lacks_the_same(country: Country) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            news = PublicNews.read(authority.layout.public)
            numbers = dict(news.numbers)
            assert news.lacked(numbers) == ()
            (one,), (other,) = news.lacked({}), news.lacked({})
            assert one is other
            behind = {key: number - 1 for key, number in numbers.items()}
            assert news.lacked(behind, whole=True) != news.lacked({})

    asyncio.run(scenario())
