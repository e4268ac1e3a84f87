"""What the writing thread does with a group of acts: one transaction, then log and lists.

Whatever fails, the database decides: what is not sure to be in it is forgotten and read anew, and
what is in it is mirrored by the next group, or by the next start.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from baluardo.authority.events.event import Event, EventKind
from baluardo.authority.store.database import Database, told
from baluardo.authority.store.journal import StoreJournal, Taken
from baluardo.authority.store.rows import HandedOut, follow, read_entries, read_lists, write_public
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import BaluardoError, LogError, StoreError
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.issuing.authority import IssuingAuthority
from baluardo.trust.issuing.layout import Public
from baluardo.trust.issuing.register import Entry, Register

Act = Callable[[Transaction], Any]
Outcome = tuple[Any, Exception | None]

PAGE: Final = 4_096
"""Entries that go into the tile log at a time."""
OTHERS: Final = ""
"""In an event's place for the authority: found in the database, not told by anybody."""
MEANING: Final = {
    Entry.LIST_PUBLISHED.value: EventKind.LISTS,
    "policy.set": EventKind.POLICY,
    "break-glass.opened": EventKind.BREAK_GLASS,
    "card.published": EventKind.CARDS,
    "card.removed": EventKind.CARDS,
}

logger = logging.getLogger("baluardo.authority.store")


class SpoiltError(Exception):
    """An act failed after it had written to the log: the group is undone, to be done one by one."""

    def __init__(self, problem: Exception) -> None:
        """Take why the act failed."""
        super().__init__(str(problem))
        self._problem = problem

    def refusal(self) -> Exception:
        """Return what whoever asked for the act is told, where it was the only one."""
        return _refusal(self._problem)


class Committer:
    """Commits groups of acts; for one thread."""

    def __init__(
        self,
        database: Database,
        journal: StoreJournal,
        open_log: Callable[[], AuditLog],
        log: AuditLog,
        issuing: IssuingAuthority,
        clock: Callable[[], float],
        name: str,
        publish: Callable[[Event], None],
    ) -> None:
        """Take what `opening` has brought to agree; `open_log` opens the log that `log` is."""
        self.database = database
        self.issuing = issuing
        self.clock = clock
        self.name = name
        self.log = log
        """The tile log: for reading."""
        self.register: Register = journal.register
        """Every certificate, as of the last transaction that went well: for reading."""
        self._journal = journal
        self._open_log = open_log
        self._log_failed = False
        self._unwritten: list[HandedOut] = []
        self._untold: set[tuple[EventKind, str]] = set()
        self.followers: list[Callable[[], None]] = []
        """Called after each commit that brings another policy, in this thread; again after the next
        one if they fail."""
        self._unfollowed = False
        self._public: Public = issuing.layout.public
        self._publish = publish

    def commit(self, acts: Sequence[Act]) -> list[Outcome]:
        """Do a group, and return each act's result or refusal.

        SpoiltError if one has spoilt the group, of which nothing is kept. After any other error
        nobody knows whether the group is in the database; if it is, then all of it.
        """
        self._mend_log()
        happened: set[EventKind] = set()
        before = self._journal.size
        try:
            with self.database.writing() as connection:
                taken = self._catch_up(connection)
                outcomes = [self._try(act, connection, happened) for act in acts]
                gathered = self._journal.flush(connection)
        except BaseException:
            if self._journal.is_beyond(before):
                self._journal.forget()
            raise
        self.register = self._journal.register
        self._unwritten.extend(gathered.lists)
        if gathered.entries:
            happened.add(EventKind.LOG)
        others = {MEANING.get(each, EventKind.LOG) for each in taken.kinds}
        self._untold |= {(kind, self.name) for kind in happened}
        self._untold |= {(kind, OTHERS) for kind in others}
        self._follow(happened | others)
        self._mirror(gathered.entries)
        self._tell()
        return outcomes

    @property
    def is_even(self) -> bool:
        """Tell whether log and database have the same entries, as far as is known here."""
        return not self._log_failed and self.log.size == self._journal.size

    def close(self) -> None:
        """Let another process open log and database."""
        self.log.close()
        self.database.close()

    def _mend_log(self) -> None:
        """Open the log anew after the disk has refused it, before anything more is committed."""
        if self._log_failed:
            self.log.close()
            try:
                self.log = self._open_log()
            except LogError as problem:
                raise StoreError(f"the log is still not written to ({problem})") from None
            self._log_failed = False

    def _catch_up(self, connection: Connection) -> Taken:
        """Take what others have written; StoreError if this is not the database it was."""
        head = self.database.head(connection)
        acknowledged = max(self._journal.size, self.log.size)
        if head < acknowledged:
            raise StoreError(
                f"the database has {head} entries of the log, fewer than the {acknowledged} that "
                "were acknowledged: it is not the one it was"
            )
        start = self._journal.size
        taken = self._journal.catch_up(connection, head)
        # After a failure all is read anew: it must begin with what was acknowledged.
        if any(
            old != new for old, new in zip(self.log.entries(start), taken.entries, strict=False)
        ):
            raise StoreError(
                "the database tells another history than the one that was acknowledged: it is not "
                "the one it was"
            )
        if taken.lists:
            self.issuing.reread()
            self._unwritten.extend(read_lists(connection))
        return taken

    def _try(self, act: Act, connection: Connection, happened: set[EventKind]) -> Outcome:
        """Let one act do what it does, or leave no trace of it."""
        transaction = Transaction(connection, self.clock(), self.issuing, self._journal)
        before = self._journal.size, len(self._journal.gathered.lists)
        savepoint = connection.begin_nested()
        try:
            result = act(transaction)
            savepoint.commit()
        except Exception as problem:
            if isinstance(problem, DBAPIError) and problem.connection_invalidated:
                raise  # nobody's fault in this group
            if (self._journal.size, len(self._journal.gathered.lists)) != before:
                raise SpoiltError(problem) from problem
            savepoint.rollback()
            return None, _refusal(problem)
        happened |= transaction.told
        return result, None

    def _mirror(self, entries: Sequence[bytes]) -> None:
        """Bring the public lists and the tile log to what is committed."""
        while self._unwritten:
            write_public(self._public, self._unwritten[0])
            self._unwritten.pop(0)
        if self._journal.size - self.log.size != len(entries) or len(entries) > PAGE:
            entries = ()  # others have written too, or a mirror before this one has failed
        while self.log.size < self._journal.size:
            if not entries:
                stop = min(self._journal.size, self.log.size + PAGE)
                with self.database.reading() as connection:
                    entries = read_entries(connection, self.log.size, stop)
            self._log_failed = True  # until it is done
            follow(self.log, entries)
            self._log_failed = False
            entries = ()

    def _follow(self, kinds: set[EventKind]) -> None:
        """Let the policy in force be followed before anybody is answered by it."""
        self._unfollowed = self._unfollowed or EventKind.POLICY in kinds
        if self._unfollowed:
            try:
                for follow in self.followers:
                    follow()
            except Exception:  # what is committed stays: the next commit tries again
                logger.exception("The policy in force could not be followed.")
            else:
                self._unfollowed = False

    def _tell(self) -> None:
        """Tell what happened, and what could not be told while the disk refused the log."""
        untold, self._untold = self._untold, set()
        for kind, who in sorted(untold):
            with suppress(Exception):  # it delays others, it undoes nothing
                self._publish(Event(kind, who, self.log.size))


def _refusal(problem: Exception) -> Exception:
    """Return what the one who asked is told; the house's own faults go to its log as well."""
    if isinstance(problem, BaluardoError):
        return problem
    if isinstance(problem, SQLAlchemyError):
        try:
            with told("written"):
                raise problem
        except StoreError as sentence:
            return sentence
    logger.error("An act failed.", exc_info=problem)
    return problem
