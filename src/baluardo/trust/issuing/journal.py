"""The authority's log and the register that it tells: written together, never apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from baluardo.trust.audit.openings import Openings
from baluardo.trust.audit.record import Record, make_record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.custody.keyfile import Unlock, read_key
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.issuing.layout import Layout
from baluardo.trust.issuing.register import Entry, Register
from baluardo.trust.primitives.hashing import sha256

IDENTITY: Final = "identity"
"""Name of the fact, or of the personal detail, that tells whom an entry is about."""
LOG_KEY: Final = "log"
ACTOR: Final = "service"


class Journal:
    """The log, opened for writing by one process, and what it tells."""

    def __init__(self, log: AuditLog, openings: Openings, community: str) -> None:
        """Read the whole log; LogError if an entry cannot be understood."""
        self.community = community
        self.register = Register()
        self._log = log
        self._openings = openings
        self._actor = Identity(community, Kind.AUTHORITY, ACTOR).uri
        digests: set[str] = set()
        for index, entry in enumerate(log.entries()):
            record = Record.of_entry(entry)
            digests.update(record.digests)
            self._take(index, record)
        openings.retain(digests)  # what a crash left of entries that never came into the log

    @classmethod
    def open(cls, layout: Layout, unlock: Unlock) -> Journal:
        """Open an authority's log; CustodyError if its key stays closed."""
        layout.check()
        community = Anchors.read(layout.public.anchors).community
        log = AuditLog.open(layout.public.log, read_key(layout.key(LOG_KEY), unlock))
        try:
            return cls(log, Openings(layout.openings), community)
        except BaseException:
            log.close()
            raise

    def write(
        self, kind: Entry, facts: Mapping[str, Any], now: float, about: Identity | None = None
    ) -> None:
        """Write an entry; it is on the disk for good when this returns.

        Whom it is about stands in it openly, a person as a commitment that can be erased.
        """
        told = dict(facts)
        personal: dict[str, str] = {}
        if about is not None:
            (personal if about.kind is Kind.PERSON else told)[IDENTITY] = about.path
        made = make_record(now, kind.value, self._actor, told, personal)
        self._openings.keep(made.disclosures)
        indexes = self._log.append([made.entry()], now)
        self._take(indexes.start, made.record)

    def publish(self, issuer: bytes, number: int, der: bytes, now: float) -> None:
        """Write that a revocation list is about to be handed out."""
        facts = {"issuer": issuer.hex(), "number": number, "sha256": sha256(der).hex()}
        self.write(Entry.LIST_PUBLISHED, facts, now)

    def _take(self, index: int, record: Record) -> None:
        who = record.facts.get(IDENTITY, "")
        if record.digests:
            details = {each.name: each.value for each in self._openings.of(record)}
            who = details.get(IDENTITY, "")
        self.register.apply(index, record.kind, record.time, record.facts, str(who))

    def close(self) -> None:
        """Let another process write."""
        self._log.close()

    def __enter__(self) -> Journal:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()
