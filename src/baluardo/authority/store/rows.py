"""Entries and lists as they stand in the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from baluardo.authority.store import schema
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.audit.tiles import MOST_ENTRY_OCTETS
from baluardo.trust.issuing.layout import Public
from baluardo.trust.strict_json import JsonObject


@dataclass(frozen=True, slots=True)
class HandedOut:
    """Lists of one issuer that are public once the transaction is committed."""

    issuer: bytes
    """Its key id."""
    full: bytes
    delta: bytes | None


def log_size(connection: Connection) -> int:
    """Return how many entries the database has; unlike `Database.head` it holds nothing."""
    return int(connection.execute(select(schema.log_head.c.size)).scalar_one())


def read_entries(connection: Connection, start: int, stop: int) -> list[bytes]:
    """Return the log's entries from `start` to before `stop`."""
    rows = connection.execute(
        select(schema.log_entry.c.octets)
        .where(schema.log_entry.c.index >= start, schema.log_entry.c.index < stop)
        .order_by(schema.log_entry.c.index)
    )
    return [bytes(row.octets) for row in rows]


def time_of(octets: bytes) -> float:
    """Return the time that an entry bears, POSIX seconds."""
    return JsonObject.parse(octets, MOST_ENTRY_OCTETS, "The entry").number("time")


def follow(log: AuditLog, entries: Sequence[bytes]) -> None:
    """Let a tile log have entries that the database has more.

    Its checkpoint bears the latest time that any entry bears, whoever signs it. Were it the time of
    signing, an authority that lags would sign a smaller tree at a later time than another one's
    larger tree, and witnesses would take the log for one that was cut.
    """
    log.append(entries, max(time_of(each) for each in entries))


def read_lists(connection: Connection) -> Iterator[HandedOut]:
    """Yield each issuer's newest full list and its newest delta, DER."""
    rows = connection.execute(select(schema.revocation_list)).all()
    deltas = {row.issuer: bytes(row.der) for row in rows if row.delta}
    for row in rows:
        if not row.delta:
            issuer = bytes.fromhex(row.issuer)
            yield HandedOut(issuer, bytes(row.der), deltas.get(row.issuer))


def write_list(connection: Connection, handed: HandedOut) -> None:
    """Put lists in the place of those before; a delta only where there is one."""
    for der, is_delta in ((handed.full, False), (handed.delta, True)):
        if der is not None:
            table, key = schema.revocation_list, handed.issuer.hex()
            held = (table.c.issuer == key, table.c.delta.is_(is_delta))
            connection.execute(delete(table).where(*held))
            connection.execute(insert(table).values(issuer=key, delta=is_delta, der=der))


def write_public(public: Public, handed: HandedOut) -> None:
    """Put lists into the public half, the full one last; what stands there already is left."""
    if public.read_list(handed.issuer) != handed.full:
        if handed.delta is not None:
            public.write_list(handed.issuer, handed.delta, delta=True)
        public.write_list(handed.issuer, handed.full)
