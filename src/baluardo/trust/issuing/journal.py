"""The authority's log and the register that it tells: written together, never apart.

Where entries go is exchangeable: `FileJournal` appends them to a log on disk, which one process
holds; a service may keep them in its database, in the transaction of what they tell about.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final

from baluardo.trust.audit.openings import Openings
from baluardo.trust.audit.record import NewRecord, Record, make_record
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


class Journal(ABC):
    """What an authority writes down, and what all that is written down tells."""

    def __init__(self, community: str) -> None:
        """Begin with an empty register: feed it every entry there is with `take`."""
        self.community = community
        self.register = Register()
        self._actor = Identity(community, Kind.AUTHORITY, ACTOR).uri

    def write(
        self, kind: Entry, facts: Mapping[str, Any], now: float, about: Identity | None = None
    ) -> int:
        """Write an entry, let the register follow, and return the entry's index.

        Whom it is about stands in it openly, a person as a commitment that can be erased.
        """
        told = dict(facts)
        personal: dict[str, str] = {}
        who = "" if about is None else about.path
        if about is not None:
            (personal if about.kind is Kind.PERSON else told)[IDENTITY] = who
        made = make_record(now, kind.value, self._actor, told, personal)
        index = self._append(made, now)
        self.take(index, made.record, who)
        return index

    def take(self, index: int, record: Record, who: str) -> None:
        """Let the register follow an entry that is written; LogError if it is not understood.

        `who` is the path of whom it is about (see `about`); empty where nobody can tell any more.
        """
        self.register.apply(index, record.kind, record.time, record.facts, who)

    def publish(self, issuer: bytes, number: int, der: bytes, now: float) -> None:
        """Write that a revocation list is about to be handed out."""
        facts = {"issuer": issuer.hex(), "number": number, "sha256": sha256(der).hex()}
        self.write(Entry.LIST_PUBLISHED, facts, now)

    @abstractmethod
    def _append(self, made: NewRecord, now: float) -> int:
        """Keep the openings, then the entry, and return its index."""

    @abstractmethod
    def hand_out(self, issuer: bytes, full: bytes, delta: bytes | None = None) -> None:
        """Make the lists of an issuer (its key id) public: never before their entry is kept."""

    @abstractmethod
    def handed_out(self, issuer: bytes) -> bytes | None:
        """Return the full list of an issuer that is public, DER; None before the first."""

    @abstractmethod
    def close(self) -> None:
        """Let another process write."""

    def __enter__(self) -> Journal:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


class FileJournal(Journal):
    """The log of an authority's directory, opened for writing by one process.

    An entry is on the disk for good when `write` returns, and a list is public at once.
    """

    def __init__(self, layout: Layout, log: AuditLog, community: str) -> None:
        """Read the whole log; LogError if an entry cannot be understood."""
        super().__init__(community)
        self._log = log
        self._openings = Openings(layout.openings)
        self._public = layout.public
        digests: set[str] = set()
        for index, entry in enumerate(log.entries()):
            record = Record.of_entry(entry)
            digests.update(record.digests)
            self.take(index, record, about(record, self._openings))
        self._openings.retain(digests)  # what a crash left of entries that never came into the log

    @classmethod
    def open(cls, layout: Layout, unlock: Unlock) -> FileJournal:
        """Open an authority's log; CustodyError if its key stays closed."""
        layout.check()
        community = Anchors.read(layout.public.anchors).community
        log = AuditLog.open(layout.public.log, read_key(layout.key(LOG_KEY), unlock))
        try:
            return cls(layout, log, community)
        except BaseException:
            log.close()
            raise

    def _append(self, made: NewRecord, now: float) -> int:
        self._openings.keep(made.disclosures)
        return self._log.append([made.entry()], now).start

    def hand_out(self, issuer: bytes, full: bytes, delta: bytes | None = None) -> None:
        """Write the lists into the public half, the full one last.

        So a crash in between is seen from the full list (`handed_out`).
        """
        if delta is not None:
            self._public.write_list(issuer, delta, delta=True)
        self._public.write_list(issuer, full)

    def handed_out(self, issuer: bytes) -> bytes | None:
        """Return the full list of an issuer in the public half, DER."""
        return self._public.read_list(issuer)

    def close(self) -> None:
        """Let another process write."""
        self._log.close()


def about(record: Record, openings: Openings) -> str:
    """Return the path of whom an entry is about; empty for nobody, and where it was erased."""
    who = record.facts.get(IDENTITY, "")
    if record.digests:
        details = {each.name: each.value for each in openings.of(record)}
        who = details.get(IDENTITY, "")
    return str(who)
