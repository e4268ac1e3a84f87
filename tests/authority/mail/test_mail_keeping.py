"""What is kept of written messages and what is not: migrations, backups, several authorities."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select

from authority.events.test_jetstream import Hearing, until
from authority.mail.post import ANNA, ANNAS, BRUNO, BRUNOS, DAY, PHONE, Post, code_of
from authority.officers import State, Template, opened
from authority.store.test_store_migrations import move
from baluardo.authority.backup import PASSING, restore_backup, write_backup
from baluardo.authority.events.event import Event, EventKind
from baluardo.authority.mail.leaving import let_leave
from baluardo.authority.mail.refusal import MailRefusedError
from baluardo.authority.opening import open_authority
from baluardo.authority.settings import FILE as SETTINGS
from baluardo.authority.store import schema
from baluardo.authority.store.database import Database
from baluardo.authority.store.restored import NUMBERS_SKIPPED
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.mail_requests import Begin, Collect, Commit, Conversation, Packages, Publish
from baluardo.trust.envelope import Envelope
from nats_server import NatsServer
from postgres import PostgresServer
from trust.fleet import ACCESS, COMMUNITY

pytest_plugins = ["authority.officers_fixtures"]

MAIL = [each for each in schema.metadata.sorted_tables if each.name.startswith("mail_")]


def test_the_migrations_make_the_tables_that_the_program_knows(any_country: State) -> None:
    def compared(connection: Any) -> Any:
        return compare_metadata(MigrationContext.configure(connection), schema.metadata)

    assert any_country.authority.store.read_blocking(compared) == []


def test_a_database_of_before_there_were_messages_is_taken_along(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    move(database, "0002")
    database.upgrade()
    with database.writing() as connection:
        assert all(inspect(connection).has_table(each.name) for each in MAIL)
    move(database, "0002", down=True)
    with database.writing() as connection:
        assert not any(inspect(connection).has_table(each.name) for each in MAIL)
    database.close()


def test_a_restore_brings_conversations_back_and_closes_them(
    country: State, tmp_path: Path
) -> None:
    post = Post(country)
    group = post.begun()
    post.ask(ANNAS, Commit(group, 0, b"commit", (BRUNOS,), b"", ()))
    post.ask(BRUNOS, Publish((b"package",), b"last"))
    post.sent(group, BRUNOS)
    authority = country.authority
    write_backup(authority.layout.directory, authority.settings, COMMUNITY, tmp_path / "backup.tar")
    assert b"mail_item" not in (tmp_path / "backup.tar").read_bytes()
    post.ask(ANNAS, Commit(group, 1, b"lost", (BRUNOS,), b"", ()))
    restore_backup(tmp_path / "backup.tar", tmp_path / "restored")
    country.authority = open_authority(tmp_path / "restored", ACCESS, lambda: country.calendar.now)
    try:
        for table in PASSING:
            rows = post.store.read_blocking(lambda c, table=table: c.execute(select(table)).all())
            assert rows == [], table.name
        with pytest.raises(MailRefusedError) as refusal:  # where it sat is known as before
            post.sit(ANNAS, at=country.calendar.now - 1.0, site="office/milan")
        assert code_of(refusal) is MailRefusal.DENIED
        assert post.ask(ANNAS, Conversation(BRUNO)).group == ""
        for epoch in (0, 1, 2):  # whatever was named meanwhile: nothing is named twice
            with pytest.raises(MailRefusedError) as refusal:
                post.ask(ANNAS, Commit(group, epoch, b"again", (BRUNOS,), b"", ()))
            assert code_of(refusal) is MailRefusal.STALE
        with pytest.raises(MailRefusedError, match="none begins twice"):
            post.ask(BRUNOS, Begin(ANNA, group, ""))
        again = "ee" * 32
        post.ask(BRUNOS, Begin(ANNA, again, group))
        post.sent(again, BRUNOS)
        assert [each.number for each in post.waiting(BRUNOS)] == [2 + NUMBERS_SKIPPED + 1]
        assert post.ask(ANNAS, Packages((BRUNOS,))).packages == ()
    finally:
        country.authority.store.close()
        country.authority = authority


def test_what_is_to_leave_leaves_by_itself(country: State) -> None:
    post = Post(country)
    group = post.begun()
    post.sent(group, BRUNOS)
    post.ask(BRUNOS, Publish((b"package",), b"last"))
    post.later(31 * DAY)
    asyncio.run(let_leave(country.authority))
    assert _kept(post) == {"mail_box": 1, "mail_group": 1, "mail_pair": 1, "mail_attendance": 4}


def _kept(post: Post) -> dict[str, int]:
    def rows(connection: Any) -> dict[str, int]:
        found = {each.name: len(connection.execute(select(each)).all()) for each in MAIL}
        return {name: count for name, count in found.items() if count}

    found: dict[str, int] = post.store.read_blocking(rows)
    return found


def test_two_authorities_have_one_order_and_one_word_of_where_a_device_sits(
    tmp_path: Path, postgres: PostgresServer, officers_template: Template
) -> None:
    url = postgres.fresh_database()
    with opened(officers_template, tmp_path / "one", url) as state:
        here = Post(state)
        shutil.copytree(officers_template.directory, tmp_path / "two")
        shutil.copy(tmp_path / "one" / SETTINGS, tmp_path / "two" / SETTINGS)
        other = open_authority(tmp_path / "two", ACCESS, lambda: state.calendar.now)
        try:
            there = copy(here)
            there.state = copy(state)
            there.state.authority = other
            group = here.begun()
            named = _ordered_at_once([here, there], group)
            delivered = [*here.waiting(ANNAS), *there.waiting(BRUNOS)]
            assert [each.notice for each in delivered] == named
            assert len(named) == 1
            there.sent(group, PHONE)
            assert [each.octets for each in here.waiting(PHONE)] == [b"text"]
            now = state.calendar.now
            seat = there.sit(PHONE, "ship/bergamini", now + 5)
            with pytest.raises(MailRefusedError):
                here.waiting(PHONE)
            assert len(here.ask(seat, Collect()).items) == 1
        finally:
            other.store.close()


def _ordered_at_once(posts: list[Post], group: str) -> list[Envelope]:
    """Let both authorities hear commits for one epoch at once; return the notices given."""
    found: list[Envelope] = []

    def propose(post: Post, who: str, to: str) -> None:
        request = Commit(group, 0, f"{who} at {id(post)}".encode(), (to,), b"", ())
        with suppress(MailRefusedError):
            found.append(post.ask(who, request).notice)

    threads = [
        threading.Thread(target=propose, args=(post, who, to))
        for post in posts
        for who, to in ((ANNAS, BRUNOS), (BRUNOS, ANNAS))
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60.0)
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[NatsServer]:
    with NatsServer() as running:
        yield running


def test_post_is_told_of_between_authorities(server: NatsServer) -> None:
    async def live() -> None:
        one, other = Hearing(server.url, "one"), Hearing(server.url, "other")
        kinds: list[EventKind] = []
        other.bus.subscribe(lambda event: kinds.append(event.kind))
        async with one.bus.running(), other.bus.running():
            await until(lambda: one.bus.problem is None and other.bus.problem is None)
            looked = other.looked
            one.bus.publish(Event(EventKind.MAIL, "one", 7))
            await until(lambda: kinds == [EventKind.MAIL])
            assert other.looked == looked
            assert one.own == [7]  # told once here, and not again from outside

    asyncio.run(live())
