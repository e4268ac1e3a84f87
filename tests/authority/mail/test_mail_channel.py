"""Written messages over real channels: who is believed, who is told of post, what survives."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from authority.mail.mail_edges import ROME, SHIP, WAIT, Sites
from authority.mail.post import (
    ANNA,
    ANNAS,
    BRUNO,
    BRUNOS,
    THE_FIRST,
    attendance,
    group_id,
    message_id,
    taken,
)
from authority.test_channel_door import HELLO, put_out, spoken
from baluardo.authority import channel_mail
from baluardo.authority.channel_mail import MAIL_AT_ONCE
from baluardo.authority.events.event import Event, EventKind
from baluardo.authority.mail.boxes import count_items
from baluardo.authority.mail.limits import ORDERS, SENDS
from baluardo.authority.mail.seats import Seat, check_seat
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.mail_requests import (
    Attend,
    Begin,
    Collect,
    Commit,
    Conversation,
    Devices,
    Leave,
    Packages,
    Publish,
    Send,
)
from baluardo.protocol.messages import MailAnswer, MailRequest
from edge.country import Country, hold_ceremony


@pytest.fixture(scope="module")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("ceremony") / "authority"
    hold_ceremony(directory)
    return directory


@pytest.fixture
def country(ceremony: Path, tmp_path: Path) -> Country:
    return Country.copied(ceremony, tmp_path / "authority")


def test_a_message_goes_from_one_site_to_another(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            sites = await Sites.made(country, authority, tmp_path)
            async with sites.edge(authority) as rome, sites.edge(authority, SHIP) as ship:
                await rome.attend(ANNAS)
                await ship.attend(BRUNOS)
                assert await rome.ask(ANNAS, Devices((ANNA, BRUNO))) is not None
                published = await ship.ask(BRUNOS, Publish((b"package",), b"last"))
                assert published.held == 1  # type: ignore[union-attr]
                claimed = await rome.ask(ANNAS, Packages((BRUNOS,)))
                assert claimed.packages[0].octets == b"package"  # type: ignore[union-attr]
                group = group_id()
                await rome.ask(ANNAS, Begin(BRUNO, group, ""))
                commit = Commit(group, 0, b"commit", (), b"welcome", (BRUNOS,))
                await rome.ask(ANNAS, commit)
                await ship.nudge(BRUNOS)
                await rome.ask(ANNAS, Send(message_id(), group, (BRUNOS,), b"text"))
                await ship.nudge(BRUNOS)
                told: Any = await ship.ask(BRUNOS, Collect())
                assert [each.octets for each in told.items] == [b"welcome", b"text"]
                await ship.ask(BRUNOS, taken(told.items))
                told = await ship.ask(BRUNOS, Collect())
                assert (told.items, told.more) == ((), False)
                standing: Any = await ship.ask(BRUNOS, Conversation(ANNA))
                assert (standing.group, standing.epoch) == (group, 1)
                assert standing.orderer == authority.identity.uri
                assert rome.nudged == []

    asyncio.run(scenario())


def test_who_was_not_shown_is_not_answered(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            sites = await Sites.made(country, authority, tmp_path)
            async with sites.edge(authority) as rome, sites.edge(authority, SHIP) as ship:
                denied = MailRefusal.DENIED
                assert await rome.ask(ANNAS, Collect()) is denied
                word = rome.word(ANNAS)
                assert await rome.ask(BRUNOS, Collect(), word) is denied  # another's word
                assert await ship.ask(ANNAS, Collect(), word) is denied  # of another site
                assert await ship.ask(ANNAS, Collect()) is denied
                assert not isinstance(await rome.ask(ANNAS, Collect(), word), MailRefusal)
                assert not isinstance(await rome.ask(ANNAS, Collect()), MailRefusal)
                assert await ship.ask(ANNAS, Collect()) is denied  # shown over another channel
                await rome.ask(ANNAS, Leave())
                assert await rome.ask(ANNAS, Collect()) is denied

    asyncio.run(scenario())


def test_an_edge_where_the_device_sat_before_reads_nothing_more(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            sites = await Sites.made(country, authority, tmp_path)
            async with sites.edge(authority) as rome, sites.edge(authority, SHIP) as ship:
                await rome.attend(BRUNOS)
                await ship.attend(ANNAS)
                group = group_id()
                await ship.ask(ANNAS, Begin(BRUNO, group, ""))
                await ship.attend(BRUNOS, later=5.0)
                await ship.ask(ANNAS, Send(message_id(), group, (BRUNOS,), b"text"))
                await ship.nudge(BRUNOS)
                old = rome.word(BRUNOS)
                for request in (Collect(), THE_FIRST, Attend()):
                    assert await rome.ask(BRUNOS, request) is MailRefusal.DENIED
                    assert await rome.ask(BRUNOS, request, old) is MailRefusal.DENIED
                told: Any = await ship.ask(BRUNOS, Collect())
                assert [each.octets for each in told.items] == [b"text"]
            async with sites.edge(authority) as rome:  # a new channel changes nothing
                assert await rome.ask(BRUNOS, Collect(), old) is MailRefusal.DENIED

    asyncio.run(scenario())


def test_a_request_of_an_earlier_seat_that_is_denied_leaves_the_newer_one(
    country: Country, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        looked, may_go_on = threading.Event(), threading.Event()

        def look(connection: Any, register: Any, seat: Seat, now: float) -> None:
            if not looked.is_set():
                looked.set()
                assert may_go_on.wait(WAIT)
            check_seat(connection, register, seat, now)

        async with country.authority() as authority:
            sites = await Sites.made(country, authority, tmp_path)
            async with sites.edge(authority) as rome, sites.edge(authority, SHIP) as ship:
                await rome.attend(BRUNOS)
                monkeypatch.setattr(channel_mail, "check_seat", look)
                late = await rome.say(BRUNOS, Collect())
                assert await asyncio.to_thread(looked.wait, WAIT)
                await ship.attend(BRUNOS, later=1.0)
                assert not isinstance(await rome.attend(BRUNOS, later=2.0), MailRefusal)
                may_go_on.set()
                assert (await rome.answer_to(late)).refusal is MailRefusal.DENIED
                assert not isinstance(await rome.ask(BRUNOS, Collect()), MailRefusal)
                assert await ship.ask(BRUNOS, Collect()) is MailRefusal.DENIED

    asyncio.run(scenario())


def test_a_device_of_its_own_channel_is_no_edge(country: Country) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            anna = await country.person(authority, "anna.rossi")
            async with spoken(country, authority, anna) as messages:
                await messages.send(HELLO)
                word = attendance(anna, ROME, country.calendar.now)
                await messages.send(MailRequest(1, ANNAS, word, Collect().to_object()))
                await put_out(messages)

    asyncio.run(scenario())


def test_what_makes_no_sense_is_refused_and_the_channel_goes_on(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            sites = await Sites.made(country, authority, tmp_path)
            async with sites.edge(authority) as rome:
                await rome.attend(ANNAS)
                strange: list[dict[str, Any]] = [
                    {},
                    {"kind": "read"},
                    {"kind": "taken", "upto": "\u202e"},
                    {"kind": "send", "octets": "x" * 500_000},
                ]
                for request in strange:
                    answer = await rome.answer_to(await rome.say(ANNAS, request))
                    assert answer.refusal is MailRefusal.MALFORMED
                assert not isinstance(await rome.ask(ANNAS, Collect()), MailRefusal)

    asyncio.run(scenario())


def test_a_flood_is_refused_and_counts_for_one_device_alone(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            sites = await Sites.made(country, authority, tmp_path)
            async with sites.edge(authority) as rome:
                await rome.attend(ANNAS)
                await rome.attend(BRUNOS)
                group = group_id()
                await rome.ask(ANNAS, Begin(BRUNO, group, ""))

                def message(to: str) -> Send:
                    return Send(message_id(), group, (to,), b"text")

                for _ in range(SENDS[0]):
                    answer = await rome.ask(ANNAS, message(BRUNOS))
                    assert not isinstance(answer, MailRefusal)
                assert await rome.ask(ANNAS, message(BRUNOS)) is MailRefusal.FULL
                assert not isinstance(await rome.ask(BRUNOS, message(ANNAS)), MailRefusal)
                country.calendar.now += SENDS[1]
                assert not isinstance(await rome.ask(ANNAS, message(BRUNOS)), MailRefusal)
                for epoch in range(ORDERS[0] - 1):
                    commit = Commit(group, epoch, b"commit", (BRUNOS,), b"", ())
                    assert not isinstance(await rome.ask(ANNAS, commit), MailRefusal)
                commit = Commit(group, ORDERS[0] - 1, b"commit", (BRUNOS,), b"", ())
                assert await rome.ask(ANNAS, commit) is MailRefusal.FULL
                await rome.ask(BRUNOS, Publish((), b"last"))
                devices = tuple(f"person/x{number}/phone" for number in range(15))
                assert not isinstance(await rome.ask(ANNAS, Packages(devices)), MailRefusal)
                assert not isinstance(await rome.ask(ANNAS, Packages((BRUNOS,))), MailRefusal)
                assert await rome.ask(ANNAS, Packages((BRUNOS,))) is MailRefusal.FULL

    asyncio.run(scenario())


def test_more_at_once_than_is_answered_is_put_off(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            sites = await Sites.made(country, authority, tmp_path)
            async with sites.edge(authority) as rome:
                await rome.attend(ANNAS)
                asked = {await rome.say(ANNAS, Collect()) for _ in range(4 * MAIL_AT_ONCE)}
                found: dict[int, MailRefusal | None] = {}
                while asked - set(found):
                    message = await rome.heard()
                    if isinstance(message, MailAnswer):
                        found[message.id] = message.refusal
                assert set(found.values()) <= {None, MailRefusal.UNAVAILABLE, MailRefusal.FULL}
                assert list(found.values()).count(None) >= MAIL_AT_ONCE

    asyncio.run(scenario())


def test_who_is_revoked_is_denied_at_once(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            sites = await Sites.made(country, authority, tmp_path)
            async with sites.edge(authority) as rome:
                await rome.attend(BRUNOS)
                word = rome.word(BRUNOS)
                await country.revoke(authority, BRUNOS)
                assert await rome.ask(BRUNOS, Collect()) is MailRefusal.DENIED
                assert await rome.ask(BRUNOS, Collect(), word) is MailRefusal.DENIED

    asyncio.run(scenario())


def test_a_restart_keeps_everything_and_a_repetition_delivers_nothing_twice(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        group = group_id()
        text = Send(message_id(), group, (BRUNOS,), b"text")
        commit = Commit(group, 0, b"commit", (BRUNOS,), b"", ())
        async with country.authority() as authority:
            sites = await Sites.made(country, authority, tmp_path)
            async with sites.edge(authority) as rome:
                await rome.attend(ANNAS)
                await rome.ask(ANNAS, Begin(BRUNO, group, ""))
                first = await rome.ask(ANNAS, commit)
                await rome.say(ANNAS, text)
                async with asyncio.timeout(WAIT):  # it is stored, and the answer is never read
                    while await authority.store.read(_items) < 2:
                        await asyncio.sleep(0.01)
        async with (
            country.authority() as authority,
            sites.edge(authority) as rome,
            sites.edge(authority, SHIP) as ship,
        ):
            assert await rome.ask(ANNAS, Collect()) is MailRefusal.DENIED  # shown anew
            await rome.attend(ANNAS, later=1.0)
            assert await rome.ask(ANNAS, commit) == first
            assert not isinstance(await rome.ask(ANNAS, text), MailRefusal)
            await ship.attend(BRUNOS)
            told: Any = await ship.ask(BRUNOS, Collect())
            assert [each.octets for each in told.items] == [b"commit", b"text"]
            standing: Any = await ship.ask(BRUNOS, Conversation(ANNA))
            assert (standing.group, standing.epoch) == (group, 1)

    asyncio.run(scenario())


def test_post_that_another_authority_has_stored_is_told_of(
    country: Country, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its event comes over the bus; the mailboxes stand in the database that both have."""

    async def scenario() -> None:
        async with country.authority() as authority:
            sites = await Sites.made(country, authority, tmp_path)
            async with sites.edge(authority) as rome:
                await rome.attend(ANNAS)
                await rome.attend(BRUNOS)
                group = group_id()
                await rome.ask(ANNAS, Begin(BRUNO, group, ""))
                publish = authority.bus.publish

                def lost(event: Event) -> None:
                    if event.kind is not EventKind.MAIL:
                        publish(event)

                monkeypatch.setattr(authority.store._committer, "_publish", lost)
                await rome.ask(ANNAS, Send(message_id(), group, (BRUNOS,), b"text"))
                await rome.ask(ANNAS, Conversation(BRUNO))
                assert rome.nudged == []
                authority.bus.publish(Event(EventKind.MAIL, "other", authority.store.size))
                await rome.nudge(BRUNOS)

    asyncio.run(scenario())


def _items(connection: Any) -> int:
    return count_items(connection)[0]
