"""The store on SQLite and PostgreSQL: order, refusals, failures, and what survives them."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from authority.store.kept import Kept, issue, note, request_of
from baluardo.authority.events.event import EventKind
from baluardo.authority.store import schema
from baluardo.authority.store.store import Store
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import ConflictError, InvalidInputError, LogError, StoreError
from baluardo.trust.audit.record import Record
from baluardo.trust.certificates.revocation import Reason
from baluardo.trust.identity import Identity
from trust.fleet import COMMUNITY

WAIT = 60.0
ANNA = Identity.of_path(COMMUNITY, "person/anna.rossi/phone")


class Gate:
    """An act that holds the writer until it is opened: what is submitted meanwhile is one group."""

    def __init__(self, store: Store) -> None:
        """Let the writer come to the gate."""
        self._open, reached = threading.Event(), threading.Event()

        def do(_transaction: Transaction) -> None:
            reached.set()
            assert self._open.wait(WAIT)

        self._held = store.submit(do)
        assert reached.wait(WAIT)

    def open(self) -> None:
        """Let it go on."""
        self._open.set()
        self._held.result(WAIT)


def outcome(future: Future[Any]) -> Any:
    """Return a result, or the exception that was given instead."""
    return future.exception(WAIT) or future.result(WAIT)


def notes_of(rows: list[bytes]) -> list[int]:
    """Return the numbers of the notes in a log, in its order."""
    records = [Record.of_entry(octets) for octets in rows]
    return [record.facts["number"] for record in records if record.kind == "test.note"]


def put_site(name: str) -> Any:
    """Return an act that changes a table and writes nothing to the log."""

    def do(transaction: Transaction) -> None:
        row = {"identity": name, "display_name": name, "enrolled": transaction.now}
        transaction.connection.execute(insert(schema.site), row)

    return do


def sites_of(store: Store) -> list[str]:
    """Return the sites in the database."""
    query = select(schema.site.c.identity).order_by(schema.site.c.identity)
    return list(store.read_blocking(lambda connection: connection.scalars(query).all()))


def test_acts_are_committed_in_the_order_in_which_they_were_asked_for(kept: Kept) -> None:
    with kept.opened() as store:
        before = store.size
        gate = Gate(store)
        waiting = [store.submit(note(number)) for number in range(300)]
        gate.open()
        assert [each.result(WAIT) for each in waiting] == list(range(before, before + 300))
        assert store.groups < 10  # many acts, few commits
    assert notes_of(kept.rows()) == list(range(300))
    kept.verify()


def test_what_was_acknowledged_is_there_after_reopening(kept: Kept) -> None:
    with kept.opened() as store:
        chain = store.act_blocking(issue("ship/bergamini"))
        store.act_blocking(put_site("ship/bergamini"))
        size = store.size
    root = kept.verify()
    with kept.opened() as store:
        assert store.size == size
        assert store.log.root == root
        assert store.register.issued[chain.leaf.serial].identity == "ship/bergamini"
        assert sites_of(store) == ["ship/bergamini"]


def test_refusal_leaves_no_trace_and_does_not_spoil_its_neighbours(kept: Kept) -> None:
    def refused(transaction: Transaction) -> None:
        put_site("refused")(transaction)
        raise ConflictError("It does not fit.")

    def broken(transaction: Transaction) -> None:
        put_site("broken")(transaction)
        raise ZeroDivisionError

    def twice(transaction: Transaction) -> None:
        put_site("first")(transaction)  # that one is there: the database itself refuses

    with kept.opened() as store:
        gate = Gate(store)
        acts = (put_site("first"), refused, note(1), broken, twice, note(2), put_site("last"))
        waiting = [store.submit(each) for each in acts]
        gate.open()
        found = [outcome(each) for each in waiting]
        assert isinstance(found[1], ConflictError)
        assert isinstance(found[3], ZeroDivisionError)
        assert isinstance(found[4], StoreError)
        assert "constraint" in str(found[4])
        assert store.problem is None
        assert sites_of(store) == ["first", "last"]
        assert found[5] == found[2] + 1
    assert notes_of(kept.rows()) == [1, 2]


def test_act_that_fails_after_writing_to_the_log_is_undone_alone(kept: Kept) -> None:
    def spoils(transaction: Transaction) -> None:
        put_site("spoilt")(transaction)
        transaction.log("test.spoilt", {})
        issue("ship/spoilt")(transaction)
        raise ConflictError("Too late.")

    with kept.opened() as store:
        gate = Gate(store)
        acts = (note(1), issue("ship/vespucci"), spoils, put_site("kept"), spoils, note(2))
        waiting = [store.submit(each) for each in acts]
        gate.open()
        found = [outcome(each) for each in waiting]
        assert [isinstance(each, ConflictError) for each in found] == [
            False, False, True, False, True, False,
        ]  # fmt: skip
        assert sites_of(store) == ["kept"]
        assert [each.identity for each in store.register.order] == ["ship/vespucci"]
        assert store.register.order[0].serial == found[1].leaf.serial
    assert notes_of(kept.rows()) == [1, 2]
    assert all(b"test.spoilt" not in octets for octets in kept.rows())
    kept.verify()


def test_entry_larger_than_the_log_takes_is_refused_before_it_is_committed(kept: Kept) -> None:
    with kept.opened() as store:
        with pytest.raises(InvalidInputError):
            store.act_blocking(lambda transaction: transaction.log("x", {"x": "x" * 70_000}))
        store.act_blocking(note(1))
    assert notes_of(kept.rows()) == [1]
    kept.verify()


def test_more_entries_in_one_act_than_the_log_takes_at_once(kept: Kept) -> None:
    def many(transaction: Transaction) -> None:
        for number in range(9_000):
            transaction.log("test.note", {"number": number})

    with kept.opened() as store:
        store.act_blocking(many)
        assert store.problem is None
    assert notes_of(kept.rows()) == list(range(9_000))
    kept.verify()


def test_revocation_is_public_when_it_is_acknowledged(kept: Kept) -> None:
    with kept.opened() as store:
        chain = store.act_blocking(issue("ship/bergamini"))
        serial, issuer = chain.leaf.serial, store.issuing.issuer.key_id
        number = store.register.number_of(issuer)
        store.act_blocking(lambda t: t.issuing.revoke([serial], Reason.KEY_COMPROMISE, t.now))
        assert store.register.is_revoked(serial)
        assert store.register.number_of(issuer) == number + 1
        held = store.issuing.verifier().revocations.lists[issuer]
        assert (held.number, set(held.revoked)) == (number + 1, {serial})
        assert kept.land.public.read_list(issuer) == held.full.der
    assert {each.kind for each in kept.events} == {EventKind.LOG}


def test_lists_that_a_crash_kept_from_the_public_half_are_there_after_the_next_start(
    kept: Kept,
) -> None:
    with kept.opened() as store:
        issuer = store.issuing.issuer.key_id
        old = kept.land.public.read_list(issuer)
        chain = store.act_blocking(issue("ship/bergamini"))
        store.act_blocking(
            lambda t: t.issuing.revoke([chain.leaf.serial], Reason.KEY_COMPROMISE, t.now)
        )
        new, size = kept.land.public.read_list(issuer), store.size
    assert old is not None
    assert new != old
    kept.land.public.write_list(issuer, old)  # as if the process had died after the commit
    with kept.opened() as store:
        assert kept.land.public.read_list(issuer) == new
        assert store.size == size


def test_erased_opening_leaves_a_register_without_the_name(kept: Kept) -> None:
    with kept.opened() as store:
        chain = store.act_blocking(issue(ANNA.path))
        store.act_blocking(lambda t: t.log("test.met", {}, by="anna.rossi", about=ANNA))
        assert store.register.issued[chain.leaf.serial].identity == ANNA.path
    assert all(b"anna" not in octets for octets in kept.rows())
    with kept.opened() as store:
        assert store.register.issued[chain.leaf.serial].identity == ANNA.path
        store.act_blocking(lambda t: t.connection.execute(delete(schema.opening)))
    with kept.opened() as store:
        assert store.register.issued[chain.leaf.serial].identity == ""
        assert not store.register.holders.get("person/anna.rossi")
        store.act_blocking(
            lambda t: t.issuing.revoke([chain.leaf.serial], Reason.KEY_COMPROMISE, t.now)
        )
    kept.verify()


def test_altered_opening_is_refused(kept: Kept) -> None:
    with kept.opened() as store:
        store.act_blocking(issue(ANNA.path))
        store.act_blocking(issue("person/bruno.verdi/phone"))

        def swap(transaction: Transaction) -> None:
            rows = transaction.connection.execute(select(schema.opening)).all()
            for row, other in zip(rows, reversed(rows), strict=True):
                table = schema.opening
                transaction.connection.execute(
                    table.update().where(table.c.digest == row.digest).values(text=other.text)
                )

        store.act_blocking(swap)
    with pytest.raises(LogError, match="not what the log committed to"):
        kept.open()


def test_reading_is_of_one_state_and_changes_nothing(kept: Kept) -> None:
    with kept.opened() as store:
        query = select(schema.log_head.c.size)
        with store.database.reading() as connection:
            before = connection.execute(query).scalar_one()
            store.act_blocking(note(1))
            assert connection.execute(query).scalar_one() == before
        assert store.read_blocking(lambda c: c.execute(query).scalar_one()) == before + 1
        with pytest.raises(StoreError, match=r"read-only|readonly"):
            store.read_blocking(lambda c: c.execute(delete(schema.opening)))


def test_disk_that_refuses_the_log_holds_up_and_loses_nothing(kept: Kept) -> None:
    with kept.opened() as store:
        store.act_blocking(note(1))
        size = store.size
        obstacle = kept.land.public.log / "checkpoint.new"
        obstacle.mkdir()
        with pytest.raises(StoreError, match="could not be acknowledged"):
            store.act_blocking(note(2))  # it is committed, and nobody is told so
        assert "cannot be written" in str(store.problem)
        assert store.size == size
        with pytest.raises(StoreError, match="could not be acknowledged"):
            store.act_blocking(note(3))
        assert notes_of(kept.rows()) == [1, 2]  # while the log cannot follow, nothing is committed
        obstacle.rmdir()
        assert store.act_blocking(note(4)) == size + 1
        assert store.problem is None
        assert store.size == size + 2
    assert notes_of(kept.rows()) == [1, 2, 4]
    kept.verify()


def test_closing_does_what_waits_and_takes_nothing_more(kept: Kept) -> None:
    store = kept.open()
    gate = Gate(store)
    waiting = [store.submit(note(number)) for number in range(10)]
    closing = threading.Thread(target=store.close)
    closing.start()
    gate.open()
    closing.join(WAIT)
    assert all(each.exception(WAIT) is None for each in waiting)
    with pytest.raises(StoreError, match="closing"):
        store.submit(note(11))
    store.look()
    store.close()
    assert notes_of(kept.rows()) == list(range(10))


def test_directory_is_opened_by_one_process_only(kept: Kept) -> None:
    with kept.opened(), pytest.raises(LogError, match="another process"):
        kept.open()
    with kept.opened():
        pass


def test_ceremony_in_the_directory_while_the_service_stands_still(kept: Kept) -> None:
    with kept.opened() as store:
        store.act_blocking(issue("ship/bergamini"))
    kept.land.new_issuer("issuer-2")
    with kept.land.open() as offline:
        offline.issue(request_of("ship/offline"), kept.calendar.now)
    with kept.opened() as store:
        assert store.issuing.issuer.name == "issuer-2"
        assert [each.identity for each in store.register.order] == [
            "ship/bergamini",
            "ship/offline",
        ]
        store.act_blocking(issue("ship/vespucci"))
    kept.verify()


def test_what_happened_while_the_disk_refused_the_log_is_told_later(kept: Kept) -> None:
    def tell(transaction: Transaction) -> None:
        transaction.log("test.note", {"number": 1})
        transaction.tell(EventKind.BREAK_GLASS)

    with kept.opened() as store:
        store.act_blocking(note(0))
        kept.events.clear()
        obstacle = kept.land.public.log / "checkpoint.new"
        obstacle.mkdir()
        with pytest.raises(StoreError, match="could not be acknowledged"):
            store.act_blocking(tell)
        assert kept.events == []
        obstacle.rmdir()
        store.act_blocking(lambda _transaction: None)
        assert {each.kind for each in kept.events} == {EventKind.BREAK_GLASS, EventKind.LOG}
        assert {each.authority for each in kept.events} == {store.name}
        assert {each.size for each in kept.events} == {store.size}
        kept.events.clear()
        store.act_blocking(lambda _transaction: None)
        assert kept.events == []  # told once
