"""A directory and its database, brought to agree before anything is served.

The database is ahead after a crash between commit and log: the log follows. The log is ahead after
a ceremony in the directory (the first one, or an issuer made while the service stood still): the
database takes what was written. If one is not the beginning of the other, nothing is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, insert, update

from baluardo.authority.events.event import Event
from baluardo.authority.store import schema
from baluardo.authority.store.commit import Committer
from baluardo.authority.store.database import Database, told
from baluardo.authority.store.journal import StoreJournal
from baluardo.authority.store.restored import Mark, begin_again, forget_mark
from baluardo.authority.store.rows import (
    HandedOut,
    follow,
    log_size,
    read_entries,
    read_lists,
    time_of,
    write_list,
    write_public,
)
from baluardo.authority.store.served import Served
from baluardo.authority.store.store import Store
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import LogError
from baluardo.foreign_input import printable
from baluardo.trust.audit.openings import Openings
from baluardo.trust.audit.reading import CHECKPOINT
from baluardo.trust.audit.record import Record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.custody.keyfile import Unlock, read_key
from baluardo.trust.issuing.authority import IssuingAuthority
from baluardo.trust.issuing.issuers import load_issuers
from baluardo.trust.issuing.journal import LOG_KEY
from baluardo.trust.issuing.layout import Layout, Public

PAGE: Final = 4_096


def open_store(
    layout: Layout,
    url: str,
    name: str,
    unlock: Unlock,
    clock: Callable[[], float],
    publish: Callable[[Event], None],
) -> Store:
    """Open an authority's directory over its database, and finish what a crash left half done.

    `name` tells this authority from others of the country; `publish` takes events. LogError if
    directory and database are not of one history, CustodyError if a key stays closed, StoreError
    if the database cannot be used.
    """
    layout.check()
    anchors = Anchors.read(layout.public.anchors)
    database, served = Database(url), Served(layout.directory)
    log: AuditLog | None = None
    try:
        database.upgrade()
        again = _prepare_log(layout, anchors.community, database, unlock)
        log = again()
        journal = StoreJournal(anchors.community)
        with database.reading() as connection:
            _compare(layout, log, connection)
            journal.catch_up(connection, log_size(connection))
        with told("read"), database.writing() as connection:  # the little that came meanwhile
            _import(layout, log, served, database, connection)
            journal.catch_up(connection, database.head(connection))
            lists = list(read_lists(connection))
        for handed in lists:  # a crash came between the commit and these, or a restore
            write_public(layout.public, handed)
        _follow(log, database, journal.size)
        issuers = load_issuers(layout, anchors, journal.register, unlock, clock())
        issuing = IssuingAuthority(layout, anchors, issuers, journal)
        committer = Committer(database, journal, again, log, issuing, clock, name, publish)
        served.begin()
        store = Store(committer, served.end)
    except BaseException:
        if log is not None:
            log.close()
        database.close()
        raise
    try:
        _begin(layout, store)
    except BaseException:
        store.close()
        raise
    return store


def _begin(layout: Layout, store: Store) -> None:
    """Finish what a crash left half done, and tell that the time since a backup was lost."""
    mark = Mark.read(layout.directory)

    def do(transaction: Transaction) -> None:
        if mark is not None:
            begin_again(transaction, mark)
        transaction.issuing.finish(transaction.now)

    store.act_blocking(do)
    if mark is not None:
        forget_mark(layout.directory)


def _prepare_log(
    layout: Layout, community: str, database: Database, unlock: Unlock
) -> Callable[[], AuditLog]:
    """Return what opens the tile log; where a restored database stands alone, begin it anew."""
    key = read_key(layout.key(LOG_KEY), unlock)
    if not (layout.public.log / CHECKPOINT).exists():
        with database.reading() as connection:
            first = read_entries(connection, 0, 1)
        if first:  # the rows will follow, to the same tree, at the same times
            AuditLog.create(layout.public.log, f"{community}/log", key, time_of(first[0])).close()
    return partial(AuditLog.open, layout.public.log, key)


def database_url(directory: Path, setting: str) -> str:
    """Return the database's URL: as set, or the file in the authority's directory."""
    return setting or f"sqlite:///{(directory / 'authority.db').absolute()}"


def _compare(layout: Layout, log: AuditLog, connection: Connection) -> None:
    """Compare what log and database both have; LogError if they are of different histories."""
    both, entries = min(log_size(connection), log.size), log.entries()
    for start in range(0, both, PAGE):
        stop = min(both, start + PAGE)
        if list(islice(entries, stop - start)) != read_entries(connection, start, stop):
            raise LogError(
                f"The log in {printable(str(layout.public.log))} and the database tell different "
                f"histories between entry {start} and {stop}. Nothing was opened. Keep both, find "
                "out which is genuine with a witness's checkpoint, and restore from a backup."
            )


def _import(
    layout: Layout, log: AuditLog, served: Served, database: Database, connection: Connection
) -> None:
    """Take what the log has more than the database: a ceremony has written it."""
    head = database.head(connection)
    entries = list(log.entries(head)) if log.size > head else []
    if not entries:
        return
    if not served.allows(head, entries):
        raise LogError(
            f"The database has {head} entries of the log, and {log.size} were acknowledged here: "
            "it is an older copy, or another one. Nothing was opened. Name the right database, or "
            "restore both from a backup."
        )
    openings = Openings(layout.openings)
    rows = [
        {"digest": each.digest, "entry": head + place, "text": each.text}
        for place, octets in enumerate(entries)
        for each in openings.of(Record.of_entry(octets))
    ]
    numbered = [{"index": head + place, "octets": each} for place, each in enumerate(entries)]
    connection.execute(insert(schema.log_entry), numbered)
    if rows:
        connection.execute(insert(schema.opening), rows)
    connection.execute(update(schema.log_head).values(size=head + len(entries)))
    for key_id in _key_ids(layout.public):
        full, delta = layout.public.read_list(key_id), layout.public.read_list(key_id, delta=True)
        if full is not None:
            write_list(connection, HandedOut(key_id, full, delta))


def _key_ids(public: Public) -> list[bytes]:
    roots = (each.certificate for each in Anchors.read(public.anchors).anchors)
    issuers = (held.leaf for _, held in public.issuer_chains())
    return [each.key_id for each in chain(roots, issuers)]


def _follow(log: AuditLog, database: Database, size: int) -> None:
    """Let the log have what the database has more."""
    while log.size < size:
        with database.reading() as connection:
            entries = read_entries(connection, log.size, min(size, log.size + PAGE))
        follow(log, entries)
