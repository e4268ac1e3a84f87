"""Who is let in to talk of calls, and who is put out while nobody else is disturbed."""

from __future__ import annotations

import asyncio

import pytest

from baluardo.edge.calls.frames import MOST_FRAMES, Left, Said, write_frame
from baluardo.edge.calls.neighbours import Patience
from baluardo.edge.link import OpenChannels
from baluardo.errors import (
    ChannelLostError,
    HandshakeError,
    InvalidInputError,
    SignatureError,
)
from baluardo.trust.certificates.revocation import Revocation
from edge.calls.neighbour_sites import (
    MILANO,
    PHONE,
    ROMA,
    SHIP,
    italy,
    knock,
    read_on,
    run,
    sites,
    until,
)
from trust.community import NOW


def test_who_is_no_neighbour_is_refused_and_not_sought() -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            with pytest.raises(HandshakeError, match="office/napoli is no neighbour"):
                await knock(roma, "office/napoli")
            with pytest.raises(HandshakeError, match="is no neighbour"):
                await knock(roma, PHONE)
            roma.strangers.add(MILANO)
            roma.neighbours.say(MILANO, b"one")
            milano.neighbours.say(ROMA, b"two")
            await asyncio.sleep(0.1)
            assert not roma.channels
            assert not milano.channels
            for wrong in ("roma", ROMA):
                with pytest.raises(InvalidInputError):
                    roma.neighbours.say(wrong, b"one")

    run(scenario)


@pytest.mark.parametrize("by", ["judge_again", "reach"])
def test_who_is_a_neighbour_no_more_is_out_at_once(by: str) -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO, SHIP) as (roma, milano, ship):
            milano.neighbours.say(ROMA, b"one")
            ship.neighbours.say(ROMA, b"one")
            await until(lambda: len(roma.messages) == 2)
            held = roma.neighbours
            judge = held.judge_again if by == "judge_again" else lambda: held.reach([])
            judge()
            assert len(roma.open_channels) == 2
            roma.strangers.add(MILANO)
            judge()
            assert not roma.neighbours.is_open(MILANO)
            ship.neighbours.say(ROMA, b"two")
            milano.neighbours.say(ROMA, b"two")
            await until(lambda: len(roma.messages) == 3)
            assert roma.messages[-1] == (SHIP, b"two")
            await until(lambda: not milano.open_channels)

    run(scenario)


def test_of_who_is_put_out_nothing_more_is_taken() -> None:
    async def scenario() -> None:
        async with sites(ROMA) as (roma,):

            def take(site: str, message: bytes) -> None:
                roma.messages.append((site, message))
                roma.strangers.add(MILANO)
                roma.neighbours.judge_again()

            roma._take_message = take  # type: ignore[method-assign]
            await roma.neighbours.close()
            await roma.start()
            channel = await knock(roma, MILANO)
            channel.write(write_frame(Said(b"one")) * 3)
            with pytest.raises(ChannelLostError):
                await read_on(channel)
            assert roma.messages == [(MILANO, b"one")]

    run(scenario)


@pytest.mark.parametrize("by", ["judge_again", "watch"])
@pytest.mark.parametrize("dialler", [ROMA, MILANO])
def test_who_was_revoked_is_out_at_once(by: str, dialler: str) -> None:
    """What it has sent before and nobody has read yet is not taken either."""

    async def scenario() -> None:
        async with sites(ROMA, MILANO, SHIP) as (roma, milano, ship):
            first, second = (roma, milano) if dialler == ROMA else (milano, roma)
            ship.neighbours.say(ROMA, b"one")
            first.neighbours.say(second.path, b"one")
            await until(lambda: roma.neighbours.is_open(MILANO) and bool(second.messages))
            await until(lambda: roma.neighbours.is_open(SHIP))
            held = next(each for each in roma.open_channels if each.peer.identity.path == MILANO)
            heard = list(roma.messages)
            serial = milano.endpoint.credential.chain.leaf.serial
            revoking = italy().revoking({serial: Revocation(NOW)})
            roma.endpoint.verifier.revocations = revoking.revocations
            held.feed(write_frame(Said(b"too late")))
            if by == "judge_again":
                roma.neighbours.judge_again()
            else:
                watching = OpenChannels()
                for each in roma.channels:
                    watching.watch(each)
                watching.judge_again()
            assert not roma.neighbours.is_open(MILANO)
            assert roma.neighbours.is_open(SHIP)
            await until(lambda: not milano.open_channels)
            milano.neighbours.say(ROMA, b"two")
            ship.neighbours.say(ROMA, b"two")
            await until(lambda: (SHIP, b"two") in roma.messages)
            assert [each for each in roma.messages if each[0] == MILANO] == [
                each for each in heard if each[0] == MILANO
            ]

    run(scenario)


# Who sends rubbish


@pytest.mark.parametrize(
    ("octets", "sentence"),
    [
        (b"\x00\x00\x00\x00", "A frame of 0 octets"),
        ((1 << 20 | 1).to_bytes(4, "big"), "A frame of 1,048,577 octets"),
        (b"\x00\x00\x00\x05\x09rest", "kind 9"),
        (b"\x00\x00\x00\x05\x02rest", "envelope"),
        (b"GET / HTTP/1.1\r\n\r\n", "A frame of 1,195,725,856 octets"),
        (write_frame(Left(PHONE)) * (MOST_FRAMES + 1), "More than 2,000 frames"),
    ],
    ids=["empty", "large", "kind", "envelope", "http", "flood"],
)
def test_who_sends_rubbish_is_put_out_and_nobody_else(
    octets: bytes, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with sites(ROMA, SHIP) as (roma, ship):
            ship.neighbours.say(ROMA, b"one")
            await until(lambda: bool(roma.messages))
            channel = await knock(roma, MILANO)
            other = await knock(roma, MILANO)
            channel.write(write_frame(Said(b"good")) + octets)
            for each in (channel, other):
                with pytest.raises(ChannelLostError):
                    await read_on(each)
            with pytest.raises(
                HandshakeError, match="put out for what it sent; it is let in again"
            ):
                await knock(roma, MILANO)
            assert (MILANO, b"good") in roma.messages
            assert len(roma.left) <= MOST_FRAMES
            ship.neighbours.say(ROMA, b"two")
            await until(lambda: roma.messages[-1] == (SHIP, b"two"))
            assert len(ship.channels) == 1

    run(scenario)
    told = [each.getMessage() for each in caplog.records if each.name == "baluardo.edge.calls"]
    assert len(told) == 1
    assert told[0].startswith("office/milano is put out for what it sent. ")
    assert sentence in told[0]


def test_who_was_put_out_comes_in_again_later() -> None:
    async def scenario() -> None:
        async with sites(ROMA, patience=Patience(barred=0.0, spread=0.0)) as (roma,):
            channel = await knock(roma, MILANO)
            channel.write(bytes(4))
            with pytest.raises(ChannelLostError):
                await read_on(channel)
            channel = await knock(roma, MILANO)
            channel.write(write_frame(Said(b"good")))
            await until(lambda: bool(roma.messages))
            await channel.close()

    run(scenario)


def test_a_message_that_is_none_puts_its_speaker_out() -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            roma.refuses = InvalidInputError("office/milano spoke in the name of another leg.")
            milano.neighbours.say(ROMA, b"one")
            await until(lambda: bool(milano.channels) and not milano.open_channels)
            assert not roma.messages

    run(scenario)


def test_what_is_not_genuine_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            roma.refuses = SignatureError("A signed message was refused.")
            for _ in range(100):
                milano.neighbours.say(ROMA, b"one")
            await until(lambda: "passed over" in caplog.text)
            milano.neighbours.tell_left(PHONE)
            await until(lambda: bool(roma.left))
            roma.refuses = None
            milano.neighbours.say(ROMA, b"two")
            await until(lambda: roma.messages == [(MILANO, b"two")])
            assert len(roma.channels) == 1

    run(scenario)
    assert caplog.text.count("What office/milano said is passed over.") == 30
    assert "70 more like it" in caplog.text
