"""What an act sees: one transaction of the one that writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from baluardo.authority.events.event import EventKind
from baluardo.authority.store.journal import StoreJournal
from baluardo.trust.identity import Identity
from baluardo.trust.issuing.authority import IssuingAuthority
from baluardo.trust.issuing.register import Register


@dataclass(slots=True)
class Transaction:
    """One act's view: everything it does is kept together, or nothing is.

    An act raises before it writes to the log, or not at all: what stands in the log was done. It
    may be run again if the transaction around it fails, so it does nothing outside of it.
    """

    connection: Connection
    now: float
    """POSIX seconds."""
    issuing: IssuingAuthority
    """Issues, renews and revokes through this transaction."""
    journal: StoreJournal
    told: set[EventKind] = field(default_factory=set)

    @property
    def register(self) -> Register:
        """Every certificate there is."""
        return self.journal.register

    def log(
        self,
        kind: str,
        facts: Mapping[str, Any],
        *,
        by: str = "",
        about: Identity | None = None,
        personal: Mapping[str, Any] | None = None,
    ) -> int:
        """Write an entry of the audit log and return its index.

        `by` is the person who did it; persons and `personal` details are commitments there.
        """
        return self.journal.tell(kind, facts, self.now, by, about, personal)

    def tell(self, kind: EventKind) -> None:
        """Have this told once the transaction is committed."""
        self.told.add(kind)
