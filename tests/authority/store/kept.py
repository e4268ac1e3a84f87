"""An authority on land with its database, for tests of the store: opened, copied, verified."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from baluardo.authority.events.event import Event
from baluardo.authority.store import schema
from baluardo.authority.store.database import Database
from baluardo.authority.store.opening import database_url, open_store
from baluardo.authority.store.rows import read_entries
from baluardo.authority.store.store import Store
from baluardo.authority.store.transaction import Transaction
from baluardo.trust.audit.verification import verify_log
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.request import make_request
from baluardo.trust.identity import Identity
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import EU_HYBRID
from trust.fleet import ACCESS, COMMUNITY, Calendar, Land


class Kept:
    """A directory, a database, and the calendar by which both live."""

    def __init__(self, land: Land, url: str) -> None:
        """Take them as they stand."""
        self.land, self.url, self.calendar = land, url, land.calendar
        self.events: list[Event] = []

    @classmethod
    def found(cls, directory: Path, setting: str = "") -> Kept:
        """Hold the ceremony; `setting` is the database's URL, by default a file inside."""
        land = Land.found(directory, Calendar(), EU_HYBRID)
        return cls(land, database_url(directory, setting))

    def beside(self, directory: Path) -> Kept:
        """Return another authority of the country: the same ceremony's directory, carried over."""
        return Kept(self.land.copy(directory), self.url)

    @contextmanager
    def opened(self, name: str = "one") -> Iterator[Store]:
        """Open it for work."""
        store = self.open(name)
        try:
            yield store
        finally:
            store.close()

    def open(self, name: str = "one") -> Store:
        """Open it; close what is returned."""
        return open_store(
            self.land.layout,
            self.url,
            name,
            ACCESS.unlock,
            lambda: self.calendar.now,
            self.events.append,
        )

    def rows(self) -> list[bytes]:
        """Return every entry in the database."""
        return entries_of(self.url)

    def verify(self) -> bytes:
        """Verify the tile log from its files alone, against the rows; return its root."""
        report = verify_log(
            self.land.public.log, self.land.log_vkey, (), (), 0, self.calendar.now + 1.0
        )
        rows = self.rows()
        assert report.size == len(rows)
        return report.root

    def database_copy(self, directory: Path) -> str:
        """Copy an SQLite database that nobody has open, and return the copy's URL."""
        directory.mkdir()
        shutil.copy(self.url.removeprefix("sqlite:///"), directory / "copy.db")
        return f"sqlite:///{directory / 'copy.db'}"


def entries_of(url: str) -> list[bytes]:
    """Return every entry of the log in a database."""
    database = Database(url)
    try:
        with database.reading() as connection:
            size = connection.execute(select(schema.log_head.c.size)).scalar_one()
            assert (
                connection.execute(select(func.count()).select_from(schema.log_entry)).scalar_one()
                == size
            )
            return read_entries(connection, 0, size)
    finally:
        database.close()


def request_of(path: str) -> bytes:
    """Return a new key's request for a certificate (PKCS#10)."""
    key = SigningKey.generate(EU_HYBRID.certificates.leaf)
    return make_request(key, Identity.of_path(COMMUNITY, path))


def issue(path: str) -> Any:
    """Return an act that issues a certificate."""
    request = request_of(path)

    def do(transaction: Transaction) -> Chain:
        return transaction.issuing.issue(request, transaction.now)

    return do


def note(number: int) -> Any:
    """Return an act that writes an entry with a number, and returns its index."""
    return lambda transaction: transaction.log("test.note", {"number": number})
