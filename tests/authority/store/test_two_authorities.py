"""Several authorities over one PostgreSQL database: one order, one tree, one register."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from authority.store.kept import Kept, issue, note
from baluardo.authority.acts.tunnel_cards import PUBLISHED, REMOVED
from baluardo.authority.events.event import EventKind
from baluardo.authority.store import database as limits
from baluardo.authority.store.database import Database
from baluardo.authority.store.store import Store
from baluardo.authority.store.transaction import Transaction
from baluardo.trust.audit.record import Record
from baluardo.trust.audit.witness import Witness, cosign_directory, new_witness_key
from baluardo.trust.certificates.revocation import Reason
from baluardo.trust.issuing.register import Entry
from postgres import PostgresServer
from trust.fleet import Calendar

WAIT = 60.0


@pytest.fixture
def two(tmp_path: Path, postgres: PostgresServer) -> tuple[Kept, Kept]:
    """Return two directories of one ceremony over one database."""
    first = Kept.found(tmp_path / "one", postgres.fresh_database())
    return first, first.beside(tmp_path / "two")


@pytest.fixture
def stores(two: tuple[Kept, Kept]) -> Iterator[tuple[Store, Store]]:
    """Return both, opened."""
    with two[0].opened("one") as one, two[1].opened("two") as other:
        yield one, other


def caught_up(store: Store) -> Store:
    """Return it after it has taken what the others have written."""
    store.act_blocking(lambda _: None)
    return store


def numbers_of_lists(rows: list[bytes]) -> dict[str, list[int]]:
    """Return each issuer's list numbers in the order of the log."""
    found: dict[str, list[int]] = {}
    for octets in rows:
        record = Record.of_entry(octets)
        if record.kind == Entry.LIST_PUBLISHED.value:
            found.setdefault(record.facts["issuer"], []).append(record.facts["number"])
    return found


def test_both_issue_at_once_and_agree_on_one_order(
    two: tuple[Kept, Kept], stores: tuple[Store, Store]
) -> None:
    def work(store: Store, number: int) -> None:
        for turn in range(20):
            chain = store.act_blocking(issue(f"ship/s{number}-{turn}"))
            if turn % 5 == 0:
                serial = chain.leaf.serial
                store.act_blocking(
                    lambda t, serial=serial: t.issuing.revoke([serial], Reason.CESSATION, t.now)
                )

    threads = [
        threading.Thread(target=work, args=(stores[number % 2], number)) for number in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(WAIT)
    one, other = (caught_up(each) for each in stores)
    rows = two[0].rows()
    assert one.size == other.size == len(rows)
    assert one.log.root == other.log.root == two[0].verify() == two[1].verify()
    assert list(one.log.entries()) == list(other.log.entries()) == rows
    assert len(one.register.issued) == 80
    assert one.register.order == other.register.order
    assert one.register.revoked == other.register.revoked
    for numbers in numbers_of_lists(rows).values():
        assert numbers == list(range(1, len(numbers) + 1))  # never twice, never left out
    key = one.issuing.issuer.key_id
    assert one.register.number_of(key) == 17
    lists = [each.land.public.read_list(key) for each in two]
    assert lists[0] == lists[1]
    assert lists[0] is not None


def test_what_one_revokes_the_other_knows(
    two: tuple[Kept, Kept], stores: tuple[Store, Store]
) -> None:
    one, other = stores
    serial = one.act_blocking(issue("ship/bergamini")).leaf.serial
    caught_up(other)
    two[1].events.clear()
    other.issuing.verifier()
    one.act_blocking(lambda t: t.issuing.revoke([serial], Reason.KEY_COMPROMISE, t.now))
    other.look()
    caught_up(other)
    issuer = other.issuing.issuer.key_id
    assert other.register.is_revoked(serial)
    assert serial in other.issuing.verifier().revocations.lists[issuer].revoked
    assert two[1].land.public.read_list(issuer) == two[0].land.public.read_list(issuer)
    assert EventKind.LISTS in {each.kind for each in two[1].events}
    assert {each.authority for each in two[1].events} == {""}


def test_a_card_at_one_is_an_event_at_the_other(
    two: tuple[Kept, Kept], stores: tuple[Store, Store]
) -> None:
    one, other = stores
    caught_up(other)
    for kind in (PUBLISHED, REMOVED):
        two[1].events.clear()
        one.act_blocking(lambda t, kind=kind: t.log(kind, {"number": 1}))
        other.look()
        caught_up(other)
        assert (EventKind.CARDS, "") in {(each.kind, each.authority) for each in two[1].events}


def test_the_other_is_heard_without_anybody_telling(stores: tuple[Store, Store]) -> None:
    one, other = stores
    heard = threading.Event()
    one.act_blocking(note(1))
    for _ in range(600):
        if other.size == one.size:
            break
        heard.wait(0.1)
    assert other.size == one.size


def test_witness_cosigns_either_of_them(
    tmp_path: Path, two: tuple[Kept, Kept], stores: tuple[Store, Store]
) -> None:
    land = two[0].land
    state = tmp_path / "witness"
    state.mkdir()
    with Witness(
        state, "witness.example", new_witness_key(land.profile), [land.log_vkey]
    ) as witness:
        for turn in range(6):
            store, kept = stores[turn % 2], two[turn % 2]
            store.act_blocking(note(turn))
            cosign_directory(witness, kept.land.public.log, kept.calendar.now)
        assert witness.size(land.log_vkey.name) == stores[1].size


def test_first_start_of_both_at_once(tmp_path: Path, postgres: PostgresServer) -> None:
    first = Kept.found(tmp_path / "one", postgres.fresh_database())
    both = first, first.beside(tmp_path / "two")
    opened: list[Store] = []
    threads = [
        threading.Thread(target=lambda each=each: opened.append(each.open())) for each in both
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(WAIT)
    assert len(opened) == 2
    for store in opened:
        store.act_blocking(note(1))
        store.close()
    for each in both:
        with each.opened():
            pass
    assert both[0].verify() == both[1].verify()


def test_authority_that_falls_silent_does_not_stop_the_others(
    two: tuple[Kept, Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    with two[0].opened("one") as one:
        monkeypatch.setattr(limits, "IDLE_SECONDS", 1)
        silent = Database(two[1].url)  # of a machine that has stopped between two statements
        connection = silent._writer.connect()
        try:
            silent.head(connection)
            index = one.act_blocking(note(1))
            assert two[0].rows()[index:]
        finally:
            connection.invalidate()
            connection.close()
            silent.close()


def test_failure_of_the_database_empties_no_register(
    two: tuple[Kept, Kept], postgres: PostgresServer
) -> None:
    with two[0].opened("one") as one:
        serial = one.act_blocking(issue("ship/bergamini")).leaf.serial

        def cut(transaction: Transaction) -> None:
            transaction.log("test.cut", {})
            postgres.kill9()

        try:
            failed = one.submit(cut)
            assert "could not be acknowledged" in str(failed.exception(WAIT))
            assert serial in one.register.issued
            assert one.problem is not None
        finally:
            postgres.start_again()
        size = one.size
        assert one.act_blocking(note(1)) == size
        assert one.problem is None
        assert serial in one.register.issued
    two[0].verify()


def test_authority_that_lags_signs_no_smaller_tree_at_a_later_time(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    first = Kept.found(tmp_path / "one", postgres.fresh_database())
    hasty = Calendar(first.land.calendar.now + 3_600.0)  # its clock is ahead
    second = Kept(first.land.copy(tmp_path / "two", hasty), first.url)
    with first.opened("one") as one, second.opened("two") as other:
        for turn in range(3):
            one.act_blocking(note(turn))
            behind, ahead = other.log.checkpoint, one.log.checkpoint
            assert behind.size <= ahead.size
            assert behind.signed_at <= ahead.signed_at
            caught_up(other)
            assert other.log.checkpoint.signed_at == one.log.checkpoint.signed_at
        other.act_blocking(note(3))
        caught_up(one)
        assert one.log.checkpoint.signed_at == other.log.checkpoint.signed_at
