"""Frames and messages: every one there and back, in any pieces, and hostile octets."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_material import FIRST, italy

from baluardo.errors import BaluardoError, ChannelError, ChannelLostError, InvalidInputError
from baluardo.protocol.driver import MessageChannel
from baluardo.protocol.forwarding import ANSWER_HEADERS, REQUEST_HEADERS
from baluardo.protocol.frames import HEAD_OCTETS, LARGEST_PAYLOAD, Frame, FrameReader, FrameType
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.message_fields import LONGEST_SENTENCE
from baluardo.protocol.messages import (
    ApiAnswer,
    ApiRequest,
    Applied,
    AskDirectory,
    AskRenewal,
    AskTime,
    CardAnswer,
    Directory,
    Granted,
    Hello,
    MailAnswer,
    MailRequest,
    MailWaiting,
    Message,
    News,
    Notice,
    NoticeLevel,
    Ping,
    PolicyNews,
    PolicyUpdate,
    Pong,
    PublishCard,
    Refused,
    SiteWarning,
    Time,
    WarningsHold,
    Welcome,
    decode,
    encode,
)
from baluardo.terms import Bilingual
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.server import serve
from baluardo.trust.channel.stream import Channel, open_channel
from baluardo.trust.envelope import Envelope, sign
from baluardo.trust.strict_json import JsonObject, write_json
from trust.community import NOW


@functools.cache
def envelope() -> Envelope:
    return sign(b"{}", "application/vnd.baluardo.test", italy().credential("office/roma"))


COUNTS = st.integers(0, 2**53 - 1)
TIMES = st.floats(0, 2e11)
LISTS = st.dictionaries(st.binary(min_size=32, max_size=32).map(bytes.hex), COUNTS, max_size=3)
LINES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(str.isprintable)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
FILES = st.dictionaries(
    st.sampled_from(["anchors/anchors.json", "issuers/issuer-1.pem", f"lists/{'0a' * 32}.crl"]),
    st.binary(max_size=50),
)
UPDATES = st.builds(
    PolicyUpdate,
    st.binary(max_size=50),
    st.binary(max_size=50) | st.none(),
    st.deferred(lambda: st.just(envelope())),
    TIMES,
) | st.builds(PolicyUpdate, st.binary(max_size=5), st.binary(max_size=5), st.none(), TIMES)
SIGNED = st.deferred(lambda: st.just(envelope()))
SITES = st.sampled_from(["office/roma", "ship/bergamini", "office/x-1.y_2"])
DIRECTORIES = st.builds(
    lambda numbers, cards, removed: Directory(*sorted(numbers), cards, removed),
    st.tuples(COUNTS, COUNTS, COUNTS),
    st.lists(SIGNED, max_size=2).map(tuple),
    st.lists(SITES, max_size=3).map(tuple),
)
PHONE = "person/anna.rossi/phone"
OBJECTS = st.dictionaries(LINES, COUNTS | LINES, max_size=3)
MESSAGES: dict[type, st.SearchStrategy[Message]] = {
    Hello: st.builds(Hello, LINES, LISTS, COUNTS, COUNTS),
    AskTime: st.builds(AskTime, st.binary(min_size=16, max_size=64)),
    AskRenewal: st.builds(AskRenewal, SIGNED),
    Applied: st.builds(Applied, LISTS, COUNTS),
    ApiRequest: st.builds(
        ApiRequest,
        COUNTS,
        st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
        st.sampled_from(["/api/authority/state", "/api/", "/api/a%20b/c..d"]),
        st.sampled_from(["", "q=anna&after=", "a=%2F?/"]),
        st.dictionaries(st.sampled_from(sorted(REQUEST_HEADERS)), VALUES),
        st.binary(max_size=200),
        st.sampled_from(["roma.italia.example", "[::1]:8443", "127.0.0.1:80"]),
        st.just("") | st.ip_addresses().map(str),
    ),
    Ping: st.just(Ping()),
    Welcome: st.builds(Welcome, SIGNED, TIMES),
    News: st.builds(News, FILES),
    PolicyNews: st.builds(PolicyNews, st.lists(UPDATES, max_size=3).map(tuple)),
    Time: st.builds(Time, SIGNED),
    Granted: st.deferred(lambda: st.just(Granted(italy().credential("ship/bergamini").chain))),
    Refused: st.builds(Refused, LINES),
    ApiAnswer: st.builds(
        ApiAnswer,
        COUNTS,
        st.integers(200, 599),
        st.dictionaries(st.sampled_from(sorted(ANSWER_HEADERS)), VALUES),
        st.binary(max_size=200),
    ),
    Notice: st.builds(Notice, st.sampled_from(NoticeLevel), st.builds(Bilingual, LINES, LINES)),
    Pong: st.just(Pong()),
    PublishCard: st.builds(PublishCard, SIGNED),
    AskDirectory: st.builds(AskDirectory, COUNTS),
    Directory: DIRECTORIES,
    CardAnswer: st.builds(CardAnswer, COUNTS, st.just("") | LINES),
    MailRequest: st.builds(MailRequest, COUNTS, st.just(PHONE), st.none() | SIGNED, OBJECTS),
    MailAnswer: st.builds(MailAnswer, COUNTS, OBJECTS)
    | st.builds(MailAnswer, COUNTS, st.none(), st.sampled_from(MailRefusal), LINES),
    MailWaiting: st.builds(MailWaiting, st.just(PHONE)),
    SiteWarning: st.builds(SiteWarning, SIGNED),
    WarningsHold: st.builds(
        WarningsHold,
        st.lists(st.binary(min_size=32, max_size=64).map(bytes.hex), max_size=3).map(tuple),
    ),
}


def test_every_type_of_frame_is_a_message() -> None:
    assert {each.type for each in MESSAGES} == set(FrameType)  # type: ignore[attr-defined]
    assert len(MESSAGES) == len(FrameType)


@given(st.one_of(list(MESSAGES.values())))
@settings(deadline=None)
def test_every_message_there_and_back(message: Message) -> None:
    (frame,) = FrameReader().feed(encode(message))
    assert decode(frame.type, frame.payload) == message


@given(st.lists(st.one_of(list(MESSAGES.values())), max_size=4), st.integers(1, 60))
@settings(deadline=None)
def test_in_pieces_of_any_size(messages: list[Message], size: int) -> None:
    octets = b"".join(map(encode, messages))
    reader = FrameReader()
    found = []
    for at in range(0, len(octets), size):
        found += [
            decode(frame.type, frame.payload) for frame in reader.feed(octets[at : at + size])
        ]
    assert found == messages
    assert reader.is_between_frames
    assert reader.feed(encode(Ping())[:3]) == []
    assert not reader.is_between_frames


@given(st.one_of(list(MESSAGES.values())), st.data())
@settings(deadline=None)
def test_injured_messages(message: Message, data: st.DataObject) -> None:
    """What is read after an injury means what it says: written again it is read as the same."""
    payload = encode(message)[HEAD_OCTETS:]
    at = data.draw(st.integers(0, len(payload) - 1))
    length = data.draw(st.sampled_from([0, 1, 4]))
    injured = payload[:at] + data.draw(st.binary(max_size=3)) + payload[at + length :]
    kind = data.draw(st.sampled_from([message.type, *FrameType]))
    try:
        read = decode(kind, injured)
    except BaluardoError as refusal:
        assert str(refusal).isprintable()
    else:
        assert decode(kind, encode(read)[HEAD_OCTETS:]) == read


@given(st.sampled_from(list(MESSAGES)))
def test_a_field_too_many_or_too_few(kind: type) -> None:
    empty = kind.type in {FrameType.PING, FrameType.PONG}  # type: ignore[attr-defined]
    for payload in (b'{"unknown":1}', b"[]", b"null", b"", b"{}{}", *(() if empty else (b"{}",))):
        with pytest.raises(InvalidInputError):
            decode(kind.type, payload)  # type: ignore[attr-defined]


@given(st.binary(max_size=300))
def test_octets_of_strangers(octets: bytes) -> None:
    reader = FrameReader()
    try:
        for frame in reader.feed(octets):
            decode(frame.type, frame.payload)
    except BaluardoError as refusal:
        assert str(refusal).isprintable()


def test_a_length_is_judged_before_the_payload_is_waited_for() -> None:
    for kind in FrameType:
        head = (kind.largest + 1).to_bytes(4, "big") + bytes([kind])
        reader = FrameReader()
        with pytest.raises(InvalidInputError, match=kind.name):
            reader.feed(head)
        with pytest.raises(InvalidInputError, match="refused before"):
            reader.feed(encode(Ping()))
        with pytest.raises(InvalidInputError, match="at most"):
            Frame(kind, bytes(kind.largest + 1))
        assert kind.largest <= LARGEST_PAYLOAD
        assert FrameReader().feed(head[:3]) == []


def test_a_type_that_nobody_knows() -> None:
    for kind in (0, 10, 64, 80, 255):
        with pytest.raises(InvalidInputError, match=f"of type {kind}"):
            FrameReader().feed(b"\0\0\0\2" + bytes([kind]) + b"{}")
        with pytest.raises(InvalidInputError, match=f"of type {kind}"):
            decode(kind, b"{}")


def test_the_largest_of_each_fits_its_frame() -> None:
    body = bytes(1 << 20)
    request = {"cookie": "c" * 8_192, "user-agent": '"' * 8_192}
    largest: list[Message] = [
        ApiRequest(
            2**53 - 1, "DELETE", "/api/" + "a" * 1_019, "q" * 4_096, request, body, "h" * 255
        ),
        ApiAnswer(1, 200, {"set-cookie": "c" * 8_192, "content-type": "\\" * 8_192}, body),
        News({f"lists/{n:064x}.crl": bytes(300_000) for n in range(10)}),
        PolicyNews((PolicyUpdate(bytes(900_000), bytes(1_750_000), envelope(), NOW),)),
        Hello("h" * 100, {f"{n:064x}": 2**53 - 1 for n in range(128)}, 1, 1),
        Notice(NoticeLevel.ALARM, Bilingual("\U0001f600" * LONGEST_SENTENCE, "x")),
    ]
    for message in largest:
        (frame,) = FrameReader().feed(encode(message))
        assert decode(frame.type, frame.payload) == message


PLAIN = ApiRequest(1, "GET", "/api/authority/state", "", {}, b"", "roma.example")


@pytest.mark.parametrize("make", [
    lambda: Hello("", {}, 0, 0),
    lambda: Hello("edge\n", {}, 0, 0),
    lambda: Hello("edge", {"00": 1}, 0, 0),
    lambda: Hello("edge", {"0A" * 32: 1}, 0, 0),
    lambda: Hello("edge", {"0a" * 32: -1}, 0, 0),
    lambda: Hello("edge", {}, -1, 0),
    lambda: Applied({f"{n:064x}": 1 for n in range(129)}, 0),
    lambda: AskTime(bytes(15)),
    lambda: News({"../../etc/passwd": b""}),
    lambda: News({"anchors/../log.vkey": b""}),
    lambda: News({"issuers/a.pem\n": b""}),
    lambda: News({"keys/service.jwe": b""}),
    lambda: News({"log.vkey": bytes(9_000)}),
    lambda: News({f"lists/{n:064x}.crl": bytes(400_000) for n in range(8)}),
    lambda: PolicyUpdate(b"{}", None, None, NOW),
    lambda: PolicyUpdate(bytes(900_001), b"", None, NOW),
    lambda: PolicyUpdate(b"", b"", None, float("nan")),
    lambda: Welcome(envelope(), -1.0),
    lambda: AskDirectory(-1),
    lambda: MailRequest(-1, PHONE, None, {}),
    lambda: MailRequest(1, "person/anna.rossi", None, {}),
    lambda: MailRequest(1, "office/roma", None, {}),
    lambda: MailAnswer(1, None),
    lambda: MailAnswer(1, {}, MailRefusal.FULL, "Full."),
    lambda: MailAnswer(1, {}, None, "Full."),
    lambda: MailAnswer(1, None, MailRefusal.FULL, ""),
    lambda: MailWaiting("ship/bergamini"),
    lambda: WarningsHold(("0a" * 31,)),
    lambda: WarningsHold(("0A" * 32,)),
    lambda: WarningsHold(("0a" * 48,) * 65),
    lambda: CardAnswer(-1, ""),
    lambda: CardAnswer(0, "a\x1b[31m"),
    lambda: Directory(2, 1, 3),
    lambda: Directory(1, 3, 2),
    lambda: Directory(0, 1, 1, removed=("person/anna.rossi/phone",)),
    lambda: Directory(0, 1, 1, removed=("office/../x",)),
    lambda: Directory(0, 1, 1, removed=("office/roma",) * 1_001),
    lambda: Directory(0, 1, 1, cards=(envelope(),) * 1_001),
    lambda: Refused(""),
    lambda: Refused("a\x1b[31m"),
    lambda: ApiAnswer(1, 101, {}, b""),
    lambda: ApiAnswer(1, 200, {"location": "https://evil.example"}, b""),
    lambda: ApiAnswer(1, 200, {"set-cookie": "a\r\nset-cookie: b"}, b""),
    lambda: ApiAnswer(1, 200, {}, bytes((1 << 20) + 1)),
])  # fmt: skip
def test_out_of_bounds(make: Callable[[], Message]) -> None:
    with pytest.raises(InvalidInputError):
        make()


@pytest.mark.parametrize(("field", "value"), [
    ("method", "TRACE"), ("method", "get"), ("path", "/metrics"), ("path", "/api/../metrics"),
    ("path", "/api/%2e%2E/metrics"), ("path", "/api/a b"), ("path", "/api/x\r\n"), ("id", 1.0),
    ("path", "/api/./x"), ("path", "/api/x?y"), ("query", "a#b"), ("query", "a b"), ("id", True),
    ("headers", {"authorization": "x"}), ("headers", {"Cookie": "x"}), ("host", "a/b"),
    ("headers", {"cookie": "x\ny"}), ("headers", {"cookie": 1}), ("headers", []), ("host", ""),
    ("body", "no base64!"), ("body", None), ("host", "roma.example\n"), ("id", -1),
    ("client", "rome"), ("client", None), ("client", "fe80::1%eth0"), ("client", "1" * 46),
])  # fmt: skip
def test_requests_that_are_not_forwarded(field: str, value: object) -> None:
    fields = {**PLAIN.to_fields(), field: value}
    with pytest.raises(InvalidInputError):
        decode(FrameType.API_REQUEST, write_json(fields))


def test_a_request_of_an_edge_that_tells_no_client_is_read_as_before() -> None:
    assert "client" not in PLAIN.to_fields()
    told = replace(PLAIN, client="2001:db8::7")
    assert told.to_fields() == {**PLAIN.to_fields(), "client": "2001:db8::7"}


def test_a_refusal_shows_no_cookie_and_no_body() -> None:
    for change in ({"headers": {"cookie": "hush", "x": 1}}, {"headers": {"cookie": "hush\n"}},
                   {"body": "hush!"}, {"headers": ["hush"]}):  # fmt: skip
        with pytest.raises(InvalidInputError) as refusal:
            ApiRequest.of_fields(JsonObject({**PLAIN.to_fields(), **change}, "The request"))
        assert "hush" not in str(refusal.value)


def endpoint(path: str) -> Endpoint:
    return Endpoint(italy().credential(path), italy().verifier(), lambda: NOW)


async def over_a_channel(
    handler: Callable[[Channel], object], talk: Callable[[MessageChannel], object]
) -> None:
    """Let an edge talk to an authority over a real channel on this machine."""
    server = await serve(endpoint("authority/roma"), handler, "127.0.0.1", 0)  # type: ignore[arg-type]
    async with server, asyncio.timeout(60):
        whom = italy().identity("authority/roma")
        async with await open_channel(
            "127.0.0.1", server.port, endpoint("ship/bergamini"), whom
        ) as channel:
            await talk(MessageChannel(channel))  # type: ignore[misc]


async def answering(channel: Channel) -> None:
    """Answer forwarded requests with their own body, and pings."""
    messages = MessageChannel(channel)
    while (message := await messages.receive()) is not None:
        if isinstance(message, ApiRequest):
            await messages.send(ApiAnswer(message.id, 200, {}, message.body))
        else:
            await messages.send(Pong())
    await messages.send(Pong())


def test_many_writers_at_once_over_a_real_channel() -> None:
    async def talk(messages: MessageChannel) -> None:
        async def ask(number: int) -> None:
            body = bytes([number]) * (number * 20_000)
            await messages.send(
                ApiRequest(number, "POST", "/api/authority/x", "", {}, body, "roma.example")
            )

        asking = asyncio.gather(*map(ask, range(20)), messages.send(Ping()))
        answers = [await messages.receive() for _ in range(21)]
        await asking
        assert messages.peer.identity == italy().identity("authority/roma")
        assert answers.count(Pong()) == 1
        bodies = {each.id: each.body for each in answers if isinstance(each, ApiAnswer)}
        assert bodies == {n: bytes([n]) * (n * 20_000) for n in range(20)}

    asyncio.run(over_a_channel(answering, talk))


@pytest.mark.parametrize(("octets", "error", "sentence"), [
    (b"", None, ""),
    (b"\0\0\0\2\x49{", ChannelLostError, "within a message"),
    (b"\0\0\0\2\x49{!", ChannelError, "no message"),
    (b"\xff\xff\xff\xff\x49", ChannelError, "at most"),
    (b"\0\0\0\2\xee{}", ChannelError, "nobody here knows"),
])  # fmt: skip
def test_the_end_of_a_channel(octets: bytes, error: type[Exception] | None, sentence: str) -> None:
    async def rude(channel: Channel) -> None:
        if octets:
            channel.write(octets)
        await channel.close()

    async def talk(messages: MessageChannel) -> None:
        if error is None:
            assert await messages.receive() is None
        else:
            with pytest.raises(error, match=sentence):
                await messages.receive()

    asyncio.run(over_a_channel(rude, talk))


def test_writers_do_not_gather_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baluardo.protocol.driver.MOST_WAITING", 3)
    go = asyncio.Event()

    async def late(channel: Channel) -> None:
        await go.wait()
        await answering(channel)

    async def talk(messages: MessageChannel) -> None:
        body = bytes(1 << 20)
        requests = [replace(PLAIN, id=number, method="POST", body=body) for number in range(40)]
        sending = [asyncio.create_task(messages.send(each)) for each in requests]
        done, _ = await asyncio.wait(sending, return_when=asyncio.FIRST_EXCEPTION)
        refused = [each for each in done if isinstance(each.exception(), ChannelError)]
        assert refused
        go.set()
        sent = len(requests) - len(refused)
        answers = [await messages.receive() for _ in range(sent)]
        await asyncio.wait(sending)
        assert sum(each.exception() is None for each in sending) == sent >= 3
        numbers = [each.id for each in answers if isinstance(each, ApiAnswer)]
        assert numbers == [n for n, each in enumerate(sending) if each.exception() is None]

    asyncio.run(over_a_channel(late, talk))


def test_the_first_policy_travels_whole() -> None:
    update = PolicyUpdate(FIRST.to_octets(), None, envelope(), NOW)
    (frame,) = FrameReader().feed(encode(PolicyNews((update,))))
    read = decode(frame.type, frame.payload)
    assert isinstance(read, PolicyNews)
    assert read.updates[0].policy == FIRST.to_octets()
