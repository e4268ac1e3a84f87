"""Reading the audit log, and erasing a person from what stands beside it.

The log itself is never changed: it holds digests of what is personal. Erasing removes what those
digests are of, so that nobody can tell any more whom an entry was about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, select, update

from baluardo.authority.acts.people import is_in_directory
from baluardo.authority.acts.policy import policy_in_force
from baluardo.authority.context import Authority
from baluardo.authority.mail.leaving import erase_mail
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.authority.store.journal import BY, Gathered, openings_of
from baluardo.authority.store.rows import read_entries
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import ConflictError, InvalidInputError, UnknownError
from baluardo.protocol.dangerous import check_holder
from baluardo.protocol.roles import Role
from baluardo.trust.audit.openings import Openings
from baluardo.trust.audit.record import Disclosure, Record
from baluardo.trust.identity import Kind

MOST_ENTRIES: Final = 200
"""Entries told at a time."""
PERSON: Final = "person"
"""Name of a detail that tells a person by name; `by` tells one too, others by their path."""

_PAGE: Final = 4_096
_MOST_DIGESTS: Final = 500
"""Digests in one statement: databases bound its parameters."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry, and its details for those who may read them."""

    index: int
    octets: bytes
    details: tuple[Disclosure, ...] | None
    """Those not erased; None for who may not read any."""


def read_log(
    connection: Connection, principal: Principal, start: int, count: int, size: int
) -> list[Told]:
    """Return entries of the log of `size` entries; details for auditors and security officers."""
    if not 0 <= start <= size or not 1 <= count <= MOST_ENTRIES:
        raise InvalidInputError(
            f"start {start}, count {count}: the log has {size} entries, and at most "
            f"{MOST_ENTRIES} are told at a time."
        )
    entries = read_entries(connection, start, min(start + count, size))
    if not principal.roles & {Role.AUDITOR, Role.SECURITY_OFFICER}:
        return [Told(start + place, octets, None) for place, octets in enumerate(entries)]
    records = [Record.of_entry(octets) for octets in entries]
    found: dict[str, Disclosure] = {}
    digests = [digest for record in records for digest in record.digests]
    for each in _portions(digests):
        found |= openings_of(connection, each)
    return [
        Told(start + place, octets, tuple(found[each] for each in record.digests if each in found))
        for place, (octets, record) in enumerate(zip(entries, records, strict=True))
    ]


@dataclass(frozen=True, slots=True)
class Traces:
    """What the details of the first `size` entries tell of one person."""

    digests: frozenset[str]
    size: int


def find_traces(connection: Connection, name: str, start: int, size: int) -> Traces:
    """Look through the details of entries from `start` to before `size`; it takes a while.

    Of entries about the person every detail is found, but for who else did it; of entries about
    others the detail that the person did it.
    """
    found: set[str] = set()
    for first in range(start, size, _PAGE):
        found |= _traces(_details(connection, first, min(size, first + _PAGE)), name)
    return Traces(frozenset(found), size)


def erase_person(
    transaction: Transaction,
    authority: Authority,
    principal: Principal,
    name: str,
    known: Traces = Traces(frozenset(), 0),
) -> int:
    """Erase a person who has no certificate in force, and return how many details are gone.

    What stood in the directory goes, passkeys, sessions, requests, invitations, and the details of
    the log's entries; the entries stay as they are, and so do commands that the person has signed:
    policies are judged by them. `known` saves the writer the search through
    what `find_traces` has seen. RoleError, SignInError, UnknownError; ConflictError if a
    certificate is in force, or the policy still names the person.
    """
    principal.require(Role.SECURITY_OFFICER)
    principal.require_lasting()
    principal.require_fresh(transaction.now)
    _check_gone(transaction, authority, name)
    connection, journal = transaction.connection, transaction.journal
    size = journal.size - len(journal.gathered.entries)
    later = find_traces(connection, name, min(known.size, size), size)
    digests = sorted(known.digests | later.digests)
    for each in _portions(digests):
        connection.execute(delete(schema.opening).where(schema.opening.c.digest.in_(each)))
    _delete_rows(connection, name)
    gone = len(digests) + _drop_gathered(journal.gathered, name)
    transaction.log("person.erased", {"details": gone}, by=principal.person)
    transaction.register.forget(f"{Kind.PERSON.value}/{name}")
    _erase_files(authority, digests)
    return gone


def _drop_gathered(gathered: Gathered, name: str) -> int:
    """Drop what acts of the same transaction are about to keep of a person, and tell how much."""
    details: dict[int, list[Disclosure]] = {}
    for entry, detail in gathered.openings:
        details.setdefault(entry, []).append(detail)
    traces = _traces(details, name)
    gathered.openings = [each for each in gathered.openings if each[1].digest not in traces]
    return len(traces)


def _check_gone(transaction: Transaction, authority: Authority, name: str) -> None:
    holder = f"{Kind.PERSON.value}/{name}"
    check_holder(holder)
    if not is_in_directory(transaction.connection, name):
        raise UnknownError(f"There is no person {name} here.")
    register = transaction.register
    if any(
        register.in_force(each.identity, transaction.now)
        for each in register.holders.get(holder, ())
    ):
        raise ConflictError(
            f"{name} holds a certificate in force. Revoke it first, then erase the person."
        )
    if name in policy_in_force(transaction.connection, authority).people:
        raise ConflictError(
            f"The policy in force names {name}. Set one that does not, then erase the person."
        )


def _delete_rows(connection: Connection, name: str) -> None:
    devices = f"{Kind.PERSON.value}/{name}/"
    request, invitation, challenge = schema.request, schema.invitation, schema.challenge
    code, presence = schema.emergency_code, schema.presence
    for statement in (
        delete(schema.session).where(schema.session.c.person == name),
        delete(presence).where(presence.c.identity.startswith(devices, autoescape=True)),
        delete(schema.passkey).where(schema.passkey.c.person == name),
        delete(challenge).where(challenge.c.person == name),
        delete(request).where(request.c.identity.startswith(devices, autoescape=True)),
        delete(invitation).where(invitation.c.identity.startswith(devices, autoescape=True)),
        delete(schema.person).where(schema.person.c.name == name),
        update(invitation).where(invitation.c.made_by == name).values(made_by=""),
        update(request).where(request.c.decided_by == name).values(decided_by=""),
        update(code).where(code.c.used_by == name).values(used_by=""),
    ):
        connection.execute(statement)
    erase_mail(connection, name)


def _erase_files(authority: Authority, digests: list[str]) -> None:
    """Erase what the ceremony kept as files: the database's copies are the ones that count."""
    openings = Openings(authority.layout.openings)
    for digest in digests:
        found = openings.find(digest)
        if found is not None:
            record = Record(0.0, "erased", authority.identity.uri, {}, (digest,))
            openings.erase(record, found.name)


def _details(connection: Connection, start: int, stop: int) -> Mapping[int, list[Disclosure]]:
    table = schema.opening
    rows = connection.execute(
        select(table.c.entry, table.c.text).where(table.c.entry >= start, table.c.entry < stop)
    )
    found: dict[int, list[Disclosure]] = {}
    for row in rows:
        found.setdefault(row.entry, []).append(Disclosure.of_text(row.text))
    return found


def _traces(details: Mapping[int, list[Disclosure]], name: str) -> set[str]:
    found: set[str] = set()
    for of_entry in details.values():
        about = any(each.name != BY and _tells(each, name) for each in of_entry)
        found |= {
            each.digest for each in of_entry if _tells(each, name) or (about and each.name != BY)
        }
    return found


def _tells(detail: Disclosure, name: str) -> bool:
    """Tell whether a detail is this person: by name, by path, or by the path of a device."""
    path = f"{Kind.PERSON.value}/{name}"
    value = detail.value
    if not isinstance(value, str):
        return False
    named = detail.name in {BY, PERSON} and value == name
    return named or value == path or value.startswith(f"{path}/")


def _portions(digests: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(digests), _MOST_DIGESTS):
        yield digests[start : start + _MOST_DIGESTS]
