"""The register of certificates, as the audit log tells it. Pure: entries in, state out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final

from baluardo.errors import LogError
from baluardo.trust.certificates.dates import SKEW
from baluardo.trust.certificates.forgotten import KEPT_LISTED
from baluardo.trust.certificates.revocation import Reason, Revocation
from baluardo.trust.identity import LIFETIMES, Kind

DELTA_SPAN: Final = 7 * 86_400.0
"""A delta list starts from the newest full list at least this old, s: whoever fetched any list in
the last week can take the delta. Our choice."""
LIST_AGE: Final = 86_400.0
"""A list is made anew after so many seconds. Our choice."""


class Entry(Enum):
    """Kinds of entries that the authority writes into its log."""

    ROOT_CREATED = "root.created"
    ROOT_ROLLED = "root.rolled"
    ISSUER_CREATED = "issuer.created"
    CERTIFICATE_ISSUED = "certificate.issued"
    CERTIFICATE_REVOKED = "certificate.revoked"
    KEY_CLONED = "key.cloned"
    LIST_PUBLISHED = "list.published"
    PAGES_ROOT_CREATED = "pages.root.created"
    PAGE_ISSUED = "pages.certificate.issued"
    SEAL_CREATED = "seal.created"
    AUTHORITY_RESTORED = "authority.restored"


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate as it was written down."""

    index: int
    """Of its entry in the log."""
    serial: int
    issuer: bytes
    """Key id of the issuer."""
    key: bytes
    """SHA-256 of the public key (SubjectPublicKeyInfo)."""
    not_after: float
    accepted_until: float
    """When the last verifier stops accepting it: its holder's grace and the skew added."""
    identity: str
    """Path of the identity; empty where it is personal and its opening was erased."""
    replaces: int | None
    """Serial of the certificate that was renewed."""


@dataclass(frozen=True, slots=True)
class Published:
    """One revocation list as it was written down."""

    number: int
    time: float
    listed: frozenset[int]
    digest: bytes
    """SHA-256 of the full list."""


@dataclass(slots=True)
class Register:
    """Every certificate, revocation and list there is."""

    issued: dict[int, Issued] = field(default_factory=dict)
    keys: dict[bytes, list[Issued]] = field(default_factory=dict)
    """By the key: an answer that was lost is granted again, so a key may have several."""
    order: list[Issued] = field(default_factory=list)
    """As they were issued: the entry's index rises. Only ever grows, so others may read it."""
    holders: dict[str, list[Issued]] = field(default_factory=dict)
    """By `KIND/NAME`: all devices of one person are one holder's."""
    successors: dict[int, list[Issued]] = field(default_factory=dict)
    revoked: dict[bytes, dict[int, Revocation]] = field(default_factory=dict)
    """By issuer's key id, then by serial."""
    lists: dict[bytes, list[Published]] = field(default_factory=dict)
    unpublished: set[bytes] = field(default_factory=set)
    """Issuers that have revoked something since their last list (a crash came between)."""
    skipped: dict[bytes, int] = field(default_factory=dict)
    """By issuer's key id: up to which number its lists may have been made in a time that a restore
    has lost. Members may hold them: the next one is numbered above."""
    cloned: set[int] = field(default_factory=set)
    """Certificates whose key turned out to be copied."""

    def apply(self, index: int, kind: str, time: float, facts: Mapping[str, Any], who: str) -> None:
        """Take one entry of the log; `who` is the identity it is about, where that can be read.

        LogError if the entry cannot be understood: the register must not go on without it.
        """
        try:
            if kind == Entry.CERTIFICATE_ISSUED.value:
                self._take_issued(index, facts, who)
            elif kind == Entry.CERTIFICATE_REVOKED.value:
                revocation = Revocation(time, Reason(facts["reason"]))
                issuer = bytes.fromhex(facts["issuer"])
                self.revoked.setdefault(issuer, {})[int(facts["serial"], 16)] = revocation
                self.unpublished.add(issuer)
            elif kind == Entry.LIST_PUBLISHED.value:
                issuer = bytes.fromhex(facts["issuer"])
                listed = frozenset(self.listed(issuer, time))
                digest = bytes.fromhex(facts["sha256"])
                published = Published(facts["number"], time, listed, digest)
                self.lists.setdefault(issuer, []).append(published)
                self.unpublished.discard(issuer)
            elif kind == Entry.KEY_CLONED.value:
                self.cloned.add(int(facts["serial"], 16))
            elif kind == Entry.AUTHORITY_RESTORED.value:
                skipped = int(facts["skipped"])
                self.skipped = {each: self.number_of(each) + skipped for each in self.lists}
                self.unpublished.update(self.lists)
        except (KeyError, TypeError, ValueError):
            raise LogError(f"Entry {index} of the audit log is no {kind} entry.") from None

    def _take_issued(self, index: int, facts: Mapping[str, Any], who: str) -> None:
        replaces = int(facts["replaces"], 16) if facts.get("replaces") else None
        not_after = float(facts["not_after"])
        # Whose name was erased is a person: no other name can be.
        kind = Kind(who.partition("/")[0] if who else Kind.PERSON.value)
        issued = Issued(
            index=index,
            serial=int(facts["serial"], 16),
            issuer=bytes.fromhex(facts["issuer"]),
            key=bytes.fromhex(facts["key"]),
            not_after=not_after,
            accepted_until=not_after + LIFETIMES[kind].grace + SKEW,
            identity=who,
            replaces=replaces,
        )
        self.issued[issued.serial] = issued
        self.keys.setdefault(issued.key, []).append(issued)
        self.order.append(issued)
        if who:
            self.holders.setdefault(holder_of(who), []).append(issued)
        if replaces is not None:
            self.successors.setdefault(replaces, []).append(issued)

    def is_revoked(self, serial: int) -> bool:
        """Tell whether a certificate was taken back."""
        return any(serial in revoked for revoked in self.revoked.values())

    def renewed(self, key: bytes) -> list[Issued]:
        """Return what was issued by renewing any certificate of a key."""
        held = self.keys.get(key, [])
        return [heir for each in held for heir in self.successors.get(each.serial, ())]

    def lineage(self, serial: int) -> Iterator[Issued]:
        """Yield all certificates of a certificate's key, and all that came of renewing them."""
        waiting, seen = [self.issued[serial].key], set[bytes]()
        while waiting:
            key = waiting.pop(0)
            if key not in seen:
                seen.add(key)
                yield from self.keys[key]
                waiting.extend(heir.key for heir in self.renewed(key))

    def in_force(self, identity: str, now: float) -> list[Issued]:
        """Return the certificates of an identity that somebody may still accept."""
        return [
            issued
            for issued in self.holders.get(holder_of(identity), ())
            if issued.identity == identity
            and issued.accepted_until >= now
            and not self.is_revoked(issued.serial)
        ]

    def forget(self, holder: str) -> None:
        """Blank a holder's name (`person/anna.rossi`): what the log tells of it was erased."""
        for issued in self.holders.pop(holder, ()):
            blank = replace(issued, identity="")
            self.issued[issued.serial] = blank
            self.order[bisect_left(self.order, issued.index, key=_index)] = blank
            heirs = [] if issued.replaces is None else self.successors[issued.replaces]
            for held in (self.keys[issued.key], heirs):
                held[:] = [blank if each is issued else each for each in held]

    def number_of(self, issuer: bytes) -> int:
        """Return the number of the newest list of an issuer, or one it stays above; 0 at first."""
        published = self.lists.get(issuer)
        return max(published[-1].number if published else 0, self.skipped.get(issuer, 0))

    def listed(self, issuer: bytes, now: float) -> dict[int, Revocation]:
        """Return what a list made now names: a certificate long past its end needs no line."""
        return {
            serial: revocation
            for serial, revocation in self.revoked.get(issuer, {}).items()
            if serial not in self.issued or self.issued[serial].not_after + KEPT_LISTED >= now
        }

    def delta(self, issuer: bytes, now: float) -> tuple[int, dict[int, Revocation]] | None:
        """Return a base number and what has changed from it to a list made now.

        The base is the newest list at least DELTA_SPAN old, or the first; None before any list.
        A list from before a restore is no base: members may hold others of its time.
        """
        skipped = self.skipped.get(issuer, 0)
        published = [each for each in self.lists.get(issuer, ()) if each.number > skipped]
        old = [each for each in published if each.time <= now - DELTA_SPAN]
        if not published:
            return None
        base = old[-1] if old else published[0]
        listed = self.listed(issuer, now)
        changes = {serial: each for serial, each in listed.items() if serial not in base.listed}
        since = [each.listed for each in published if each.number >= base.number]
        gone = frozenset[int]().union(*since) - listed.keys()
        return base.number, changes | {serial: Revocation(now, Reason.REMOVED) for serial in gone}

    def is_due(self, issuer: bytes, now: float) -> bool:
        """Tell whether an issuer must publish: no list for a day, or something is not listed.

        A list from the future, made by a clock that was ahead, is one that members refuse.
        """
        published = self.lists.get(issuer)
        if not published or issuer in self.unpublished:
            return True
        return not now - LIST_AGE <= published[-1].time <= now + SKEW


def holder_of(path: str) -> str:
    """Return who answers for an identity's path: `person/anna.rossi` for each of her devices."""
    return "/".join(path.split("/")[:2])


def _index(issued: Issued) -> int:
    return issued.index
