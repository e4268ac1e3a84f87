"""The audit log as rows of the transaction in progress, and the register that it tells.

Entries are gathered while acts run and written at the end of the transaction, numbered by
`log_head`; before the first act, those that other authorities have written meanwhile are taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from baluardo.authority.store import schema
from baluardo.authority.store.rows import HandedOut, write_list
from baluardo.errors import LogError
from baluardo.trust.audit.record import Disclosure, NewRecord, Record, make_record
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.issuing.journal import IDENTITY, Journal
from baluardo.trust.issuing.register import Entry, Register

BY: Final = "by"
"""Name of the personal detail that tells who has done what an entry says."""
PAGE: Final = 4_096
"""Entries read from the database at a time."""


@dataclass(slots=True)
class Taken:
    """What others have written since the last transaction here."""

    entries: list[bytes] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    lists: bool = False
    """Whether revocation lists are among it, or everything was read anew."""


@dataclass(slots=True)
class Gathered:
    """What one transaction has written so far."""

    entries: list[bytes] = field(default_factory=list)
    openings: list[tuple[int, Disclosure]] = field(default_factory=list)
    lists: list[HandedOut] = field(default_factory=list)


class StoreJournal(Journal):
    """The log of one community in its database, for one writing thread."""

    def __init__(self, community: str) -> None:
        """Begin before the first entry; `catch_up` reads them."""
        super().__init__(community)
        self.size = 0
        """Entries that the register knows, those gathered included."""
        self.gathered = Gathered()
        self._lists: dict[bytes, bytes] = {}

    def is_beyond(self, size: int) -> bool:
        """Tell whether anything was taken or gathered since the journal had this size."""
        return self.size != size or bool(self.gathered.lists)

    def forget(self) -> None:
        """Begin anew, after a transaction of which nobody knows how much is in the database.

        The register is another one from now on: who reads the old one is not disturbed.
        """
        self.register = Register()
        self.size = 0
        self.gathered = Gathered()
        self._lists = {}

    def catch_up(self, connection: Connection, head: int) -> Taken:
        """Take the entries up to `head` that are not known yet, and return them."""
        taken = Taken(lists=self.size == 0 < head)
        while self.size < head:
            stop = min(head, self.size + PAGE)
            rows = connection.execute(
                select(schema.log_entry.c.index, schema.log_entry.c.octets)
                .where(schema.log_entry.c.index >= self.size, schema.log_entry.c.index < stop)
                .order_by(schema.log_entry.c.index)
            ).all()
            if [index for index, _ in rows] != list(range(self.size, stop)):
                raise LogError(
                    f"The database lacks entries of the log between {self.size} and {stop}: "
                    "nothing is done. Restore it from a backup."
                )
            names = _identities(connection, self.size, stop)
            for index, octets in rows:
                taken.kinds.add(self._apply(index, bytes(octets), names))
                taken.entries.append(bytes(octets))
                self.size = index + 1
        if taken.lists or Entry.LIST_PUBLISHED.value in taken.kinds:
            taken.lists = True
            self._lists = {
                bytes.fromhex(row.issuer): bytes(row.der)
                for row in connection.execute(
                    select(schema.revocation_list).where(schema.revocation_list.c.delta.is_(False))
                )
            }
        return taken

    def _apply(self, index: int, octets: bytes, names: Mapping[str, str]) -> str:
        record = Record.of_entry(octets)
        found = [names[digest] for digest in record.digests if digest in names]
        who = found[0] if found else str(record.facts.get(IDENTITY, ""))
        self.take(index, record, who)
        return record.kind

    def tell(
        self,
        kind: str,
        facts: Mapping[str, Any],
        now: float,
        by: str = "",
        about: Identity | None = None,
        personal: Mapping[str, Any] | None = None,
    ) -> int:
        """Write an entry of any kind and return its index; who did it is a commitment.

        Whom it is about stands in it openly, a person as a commitment that can be erased.
        """
        told, hidden = dict(facts), dict(personal or {})
        if by:
            hidden[BY] = by
        who = "" if about is None else about.path
        if about is not None:
            (hidden if about.kind is Kind.PERSON else told)[IDENTITY] = who
        made = make_record(now, kind, self._actor, told, hidden)
        index = self._append(made, now)
        self.take(index, made.record, who)
        return index

    def flush(self, connection: Connection) -> Gathered:
        """Write what was gathered into the transaction, and return it."""
        done, self.gathered = self.gathered, Gathered()
        first = self.size - len(done.entries)
        if done.entries:
            rows = [
                {"index": first + place, "octets": octets}
                for place, octets in enumerate(done.entries)
            ]
            connection.execute(insert(schema.log_entry), rows)
            connection.execute(update(schema.log_head).values(size=self.size))
        if done.openings:
            openings = [
                {"digest": each.digest, "entry": index, "text": each.text}
                for index, each in done.openings
            ]
            connection.execute(insert(schema.opening), openings)
        for handed in done.lists:
            write_list(connection, handed)
        return done

    def _append(self, made: NewRecord, now: float) -> int:  # noqa: ARG002 - the record has it
        index = self.size
        self.gathered.entries.append(made.entry())
        self.gathered.openings.extend((index, each) for each in made.disclosures)
        self.size += 1
        return index

    def hand_out(self, issuer: bytes, full: bytes, delta: bytes | None = None) -> None:
        """Let lists be public once the transaction is committed."""
        self.gathered.lists.append(HandedOut(issuer, full, delta))
        self._lists[issuer] = full

    def handed_out(self, issuer: bytes) -> bytes | None:
        """Return the full list that is public, DER."""
        return self._lists.get(issuer)

    def close(self) -> None:
        """Nothing is held open."""


def _identities(connection: Connection, start: int, stop: int) -> dict[str, str]:
    """Return whom entries are about, by the digest of the detail that says so."""
    rows = connection.execute(
        select(schema.opening.c.digest, schema.opening.c.text).where(
            schema.opening.c.entry >= start, schema.opening.c.entry < stop
        )
    )
    details = [_genuine(row.digest, row.text) for row in rows]
    return {each.digest: str(each.value) for each in details if each.name == IDENTITY}


def openings_of(connection: Connection, digests: Iterable[str]) -> dict[str, Disclosure]:
    """Return the details that were not erased, by digest; LogError if one was altered."""
    wanted = list(digests)
    if not wanted:
        return {}
    rows = connection.execute(
        select(schema.opening.c.digest, schema.opening.c.text).where(
            schema.opening.c.digest.in_(wanted)
        )
    )
    return {row.digest: _genuine(row.digest, row.text) for row in rows}


def _genuine(digest: str, text: str) -> Disclosure:
    disclosure = Disclosure.of_text(text)
    if disclosure.digest != digest:
        raise LogError("A personal detail in the database is not what the log committed to.")
    return disclosure
