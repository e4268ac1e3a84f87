"""Edges that talk over real channels: both ways, over the newest, coming back."""

from __future__ import annotations

import asyncio
import socket

import pytest

from baluardo.edge.calls import line
from baluardo.edge.calls.frames import MOST_FRAMES, Attends, Left, Said, write_frame
from baluardo.edge.calls.neighbours import Patience
from baluardo.edge.calls.outbox import MOST_ENTRIES
from baluardo.trust.channel.server import source_of
from edge.calls.neighbour_sites import (
    HOST,
    MILANO,
    PHONE,
    ROMA,
    SHIP,
    TABLET,
    attendance,
    italy,
    knock,
    run,
    sites,
    until,
)


def test_messages_go_both_ways_over_one_channel() -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            roma.neighbours.say(MILANO, b"one")
            await until(lambda: bool(milano.messages))
            milano.neighbours.say(ROMA, b"two")
            roma.neighbours.say(MILANO, b"three")
            await until(lambda: len(milano.messages) == 2 and bool(roma.messages))
            assert milano.messages == [(ROMA, b"one"), (ROMA, b"three")]
            assert roma.messages == [(MILANO, b"two")]
            assert (roma.opened, milano.opened) == ([MILANO], [ROMA])
            assert len(roma.channels) == len(milano.channels) == 1
            assert roma.neighbours.is_open(MILANO)
            assert not roma.neighbours.is_open(SHIP)

    run(scenario)


@pytest.mark.parametrize("dialler", [ROMA, MILANO])
def test_what_is_said_last_still_leaves(dialler: str) -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            first, second = (roma, milano) if dialler == ROMA else (milano, roma)
            first.neighbours.say(second.path, b"one")
            await until(lambda: bool(second.messages))
            for _ in range(100):
                roma.neighbours.say(MILANO, b"more")
            roma.neighbours.say(MILANO, b"the end")
            await roma.neighbours.close()
            await until(lambda: milano.messages[-1] == (ROMA, b"the end"))

    run(scenario)


def test_each_of_three_hears_what_is_said_to_it_alone() -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO, SHIP) as all_three:
            for site in all_three:
                for other in all_three:
                    if site is not other:
                        site.neighbours.say(other.path, f"{site.path}>{other.path}".encode())
            await until(lambda: all(len(each.messages) == 2 for each in all_three))
            for site in all_three:
                for said_by, message in site.messages:
                    assert message == f"{said_by}>{site.path}".encode()

    run(scenario)


def test_who_sits_where_is_told_to_those_who_are_to_know_it() -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO, SHIP) as (roma, milano, ship):
            roma.sit(PHONE)
            assert not roma.channels, "nobody is to know"
            roma.neighbours.reach([MILANO])
            await until(lambda: milano.attends == [(ROMA, PHONE)])
            roma.sit(TABLET)
            roma.neighbours.tell_left(PHONE)
            await until(lambda: milano.left == [(ROMA, PHONE)])
            assert milano.attends == [(ROMA, PHONE), (ROMA, TABLET)]
            milano.sit("person/bruno/phone")
            await until(lambda: roma.attends == [(MILANO, "person/bruno/phone")])
            assert not ship.channels

    run(scenario)


def test_a_neighbour_without_anybody_is_met_too_and_tells_who_sits_there() -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            milano.sit(PHONE)
            roma.neighbours.reach([MILANO])
            await until(lambda: roma.attends == [(MILANO, PHONE)])
            roma.neighbours.reach([MILANO])
            assert len(roma.channels) == 1

    run(scenario)


def test_both_ends_open_at_once_and_every_message_arrives_once() -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            for number in range(20):
                roma.neighbours.say(MILANO, b"%d" % number)
                milano.neighbours.say(ROMA, b"%d" % number)
            await until(lambda: len(roma.messages) == len(milano.messages) == 20)
            await until(lambda: len(roma.channels) == len(milano.channels) == 2)
            expected = [b"%d" % number for number in range(20)]
            assert sorted(each for _, each in roma.messages) == sorted(expected)
            assert sorted(each for _, each in milano.messages) == sorted(expected)

    run(scenario)


def test_we_speak_over_the_newest_channel_and_listen_to_both() -> None:
    async def scenario() -> None:
        async with sites(ROMA) as (roma,):
            older = await knock(roma, MILANO)
            await until(lambda: len(roma.opened) == 1)
            newer = await knock(roma, MILANO)
            await until(lambda: len(roma.opened) == 2)
            one = write_frame(Said(b"one"))
            held = roma.neighbours._neighbours[italy().identity(MILANO)]
            for number in range(1, 6):
                held._lines[0].stir()
                roma.neighbours.say(MILANO, b"one")
                assert await newer.readexactly(len(one)) == one
                older.write(one)
                newer.write(one)
                await until(lambda count=number: len(roma.messages) == 2 * count)
            newer.cut()
            await until(lambda: len(roma.open_channels) == 1)
            roma.neighbours.say(MILANO, b"one")
            assert await older.readexactly(len(one)) == one
            await older.close()

    run(scenario)


def test_one_attempt_at_a_time_to_one_site() -> None:
    async def scenario() -> None:
        under_way, go, most = 0, asyncio.Event(), 0

        async def connect(_host: str, _port: int) -> socket.socket:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await go.wait()
            under_way -= 1
            raise OSError("Nobody is there")

        async with sites(ROMA, MILANO) as (roma, milano):
            await roma.neighbours.close()
            roma.connect = connect
            await roma.start()
            roma.neighbours.reach([MILANO])
            for _ in range(20):
                roma.neighbours.say(MILANO, b"one")
                roma.sit(PHONE)
                await asyncio.sleep(0.001)
            go.set()
            milano.neighbours.say(ROMA, b"one")
            await until(lambda: len(milano.messages) == 20)
            assert most == 1

    run(scenario)


def test_who_sits_here_is_told_over_every_channel() -> None:
    """A neighbour may have opened them in another order, and forgets what it heard before one."""

    async def scenario() -> None:
        async with sites(ROMA) as (roma,):
            roma.sit(PHONE)
            entry, left = write_frame(Attends(attendance(PHONE))), write_frame(Left(PHONE))
            channels = []
            for _ in range(2):
                channels.append(await knock(roma, MILANO))
                assert await channels[-1].readexactly(len(entry)) == entry
            roma.neighbours.tell_left(PHONE)
            for each in channels:
                assert await each.readexactly(len(left)) == left
                await each.close()

    run(scenario)


def test_a_long_roster_does_not_put_its_teller_out() -> None:
    """Twice what a neighbour takes in ten seconds: it is told in part, and calls go on."""

    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            roma.neighbours.say(MILANO, b"one")
            await until(lambda: bool(milano.messages))
            for number in range(2 * MOST_FRAMES):
                roma.neighbours.tell_left(f"person/p{number}/phone")
            await until(lambda: len(milano.left) == MOST_ENTRIES)
            roma.neighbours.say(MILANO, b"two")
            await until(lambda: len(milano.messages) == 2)
            assert len(milano.left) == MOST_ENTRIES
            assert len(roma.open_channels) == 1

    run(scenario)


# Coming back


@pytest.mark.parametrize("dialler", [ROMA, MILANO])
def test_who_dies_and_returns_is_met_again(dialler: str) -> None:
    """Whichever end had opened the channel, what is said meanwhile arrives."""

    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            first, second = (roma, milano) if dialler == ROMA else (milano, roma)
            first.neighbours.say(second.path, b"one")
            await until(lambda: bool(second.messages) and roma.opened == [MILANO])
            await milano.die()
            await until(lambda: not roma.neighbours.is_open(MILANO))
            roma.neighbours.say(MILANO, b"meanwhile")
            await asyncio.sleep(0.05)  # an attempt in vain
            await milano.start()
            await until(lambda: milano.messages[-1:] == [(ROMA, b"meanwhile")])
            assert roma.opened == [MILANO, MILANO]

    run(scenario)


@pytest.mark.parametrize("dialler", [ROMA, MILANO])
def test_what_was_told_just_before_a_way_broke_is_told_again(dialler: str) -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            first, second = (roma, milano) if dialler == ROMA else (milano, roma)
            first.neighbours.say(second.path, b"one")
            await until(lambda: bool(second.messages) and bool(roma.opened))
            roma.neighbours.reach([MILANO])
            roma.sit(PHONE)
            roma.neighbours.tell_left(TABLET)
            await until(lambda: bool(milano.left))
            for channel in milano.open_channels:
                channel.cut()
            await until(lambda: milano.attends == [(ROMA, PHONE)] * 2)
            assert milano.opened == [ROMA] * 2

    run(scenario)


def test_a_place_that_is_not_known_yet_is_met_when_it_is() -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            port = roma.ports.pop(MILANO)
            roma.sit(PHONE)
            roma.neighbours.reach([MILANO])
            roma.neighbours.say(MILANO, b"one")
            await asyncio.sleep(0.02)
            assert not roma.channels
            roma.ports[MILANO] = port
            roma.neighbours.reach([MILANO])
            await until(lambda: milano.attends == [(ROMA, PHONE)])
            assert milano.messages == [(ROMA, b"one")]

    run(scenario)


def test_a_message_does_not_wait_as_long_as_who_has_none() -> None:
    """An hour, as it were, after a way was lost; the hanging guard of the test is the limit."""

    async def scenario() -> None:
        async with sites(ROMA) as (roma,):
            roma.neighbours.reach([MILANO])
            milano = roma.neighbours._neighbours[italy().identity(MILANO)]
            pause = asyncio.create_task(milano._pause(3_600.0, 0.0))
            await asyncio.sleep(0.02)
            assert not pause.done()
            roma.neighbours.say(MILANO, b"one")
            await pause
            await milano._pause(3_600.0, 0.0)

    run(scenario)


def test_an_idle_channel_is_closed_by_who_opened_it_and_opened_again() -> None:
    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            milano.patience = Patience(idle=0.05, spread=0.0)
            await milano.neighbours.close()
            await milano.start()
            roma.neighbours.say(MILANO, b"one")
            await until(lambda: bool(milano.messages))
            await asyncio.sleep(0.2)
            assert len(roma.open_channels) == 1, "roma has opened it, and waits much longer"
            await roma.neighbours.close()
            await roma.start()
            milano.neighbours.say(ROMA, b"two")
            await until(lambda: bool(roma.messages))
            await until(lambda: not roma.open_channels and not milano.open_channels)
            milano.neighbours.say(ROMA, b"three")
            await until(lambda: len(roma.messages) == 2)
            assert milano.opened == [ROMA] * 3

    run(scenario)


def test_an_idle_channel_over_which_somebody_was_told_of_is_not_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(line, "SETTLED_SECONDS", 0.1)

    async def scenario() -> None:
        patience = Patience(idle=0.2, spread=0.0)
        async with sites(ROMA, MILANO, patience=patience) as (roma, milano):
            for site, other in ((roma, MILANO), (milano, ROMA)):
                site.sit(PHONE)
                site.neighbours.reach([other])
            await until(lambda: bool(roma.attends and milano.attends))
            await until(lambda: not roma.open_channels and not milano.open_channels)
            opened = len(roma.opened)
            for site, other in ((roma, MILANO), (milano, ROMA)):
                site.neighbours.reach([other])
            await asyncio.sleep(1.0)
            assert len(roma.opened) == opened

    run(scenario)


def test_who_sits_here_newly_is_told_to_those_who_are_to_know_it_without_a_channel() -> None:
    async def scenario() -> None:
        patience = Patience(idle=0.02, spread=0.0)
        async with sites(ROMA, MILANO, SHIP, patience=patience) as (roma, milano, ship):
            roma.neighbours.reach([MILANO, SHIP])
            await until(lambda: len(roma.opened) == 2 and bool(milano.opened and ship.opened))
            roma.neighbours.reach([MILANO])
            await until(lambda: not roma.open_channels)
            roma.sit(PHONE)
            await until(lambda: milano.attends[:1] == [(ROMA, PHONE)])
            assert not ship.attends

    run(scenario)


# Sockets


def test_sockets_are_made_where_they_are_to_be() -> None:
    """As another namespace would have them: here, by other addresses than the system's choice."""

    async def connect(host: str, port: int) -> socket.socket:
        made = socket.socket()
        made.setblocking(False)
        made.bind(("127.0.0.5", 0))
        await asyncio.get_running_loop().sock_connect(made, (host, port))
        return made

    async def listen(_host: str, port: int) -> socket.socket:
        made = socket.socket()
        made.bind(("127.0.0.6", port))
        return made

    async def broken(_host: str, _port: int) -> socket.socket:
        raise OSError("Namespace is gone")

    async def scenario() -> None:
        async with sites(ROMA, MILANO) as (roma, milano):
            for site in (roma, milano):
                await site.neighbours.close()
            roma.connect, milano.listen = connect, listen
            await milano.start()
            await roma.start()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(HOST, milano.ports[MILANO])
            roma._place_of = lambda _: ("127.0.0.6", milano.ports[MILANO])  # type: ignore[method-assign]
            await roma.neighbours.close()
            await roma.start()
            roma.neighbours.say(MILANO, b"one")
            await until(lambda: bool(milano.messages))
            assert source_of(milano.channels[0].address) == "127.0.0.5"
            milano.connect = broken
            await milano.neighbours.close()
            milano.listen = broken
            with pytest.raises(OSError, match="Namespace is gone"):
                await milano.start()

    run(scenario)
