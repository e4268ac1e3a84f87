"""The register of certificates, as the audit log tells it. Pure: entries in, state out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from baluardo.errors import LogError
from baluardo.trust.certificates.revocation import Reason, Revocation

DELTA_SPAN: Final = 7 * 86_400.0
"""A delta list starts from the newest full list at least this old, s: whoever fetched any list in
the last week can take the delta. Our choice."""
KEPT_LISTED: Final = 90 * 86_400.0
"""For how long past its end, grace and all, a revoked certificate keeps its line, s. Our choice."""


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


@dataclass(slots=True)
class Register:
    """Every certificate, revocation and list there is."""

    issued: dict[int, Issued] = field(default_factory=dict)
    successors: dict[int, list[int]] = field(default_factory=dict)
    revoked: dict[bytes, dict[int, Revocation]] = field(default_factory=dict)
    """By issuer's key id, then by serial."""
    lists: dict[bytes, list[Published]] = field(default_factory=dict)
    unpublished: set[bytes] = field(default_factory=set)
    """Issuers that have revoked something since their last list (a crash came between)."""

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
                self.lists.setdefault(issuer, []).append(Published(facts["number"], time, listed))
                self.unpublished.discard(issuer)
        except (KeyError, TypeError, ValueError):
            raise LogError(f"Entry {index} of the audit log is no {kind} entry.") from None

    def _take_issued(self, index: int, facts: Mapping[str, Any], who: str) -> None:
        replaces = int(facts["replaces"], 16) if facts.get("replaces") else None
        issued = Issued(
            index=index,
            serial=int(facts["serial"], 16),
            issuer=bytes.fromhex(facts["issuer"]),
            key=bytes.fromhex(facts["key"]),
            not_after=float(facts["not_after"]),
            identity=who,
            replaces=replaces,
        )
        self.issued[issued.serial] = issued
        if replaces is not None:
            self.successors.setdefault(replaces, []).append(issued.serial)

    def is_revoked(self, serial: int) -> bool:
        """Tell whether a certificate was taken back."""
        return any(serial in revoked for revoked in self.revoked.values())

    def lineage(self, serial: int) -> Iterator[Issued]:
        """Yield a certificate and everything that was issued by renewing it, the oldest first."""
        waiting = [serial]
        while waiting:
            current = waiting.pop(0)
            if current in self.issued:
                yield self.issued[current]
            waiting.extend(self.successors.get(current, ()))

    def in_force(self, identity: str, now: float) -> list[Issued]:
        """Return the certificates of an identity that are neither past their end nor revoked."""
        return [
            issued
            for issued in self.issued.values()
            if issued.identity == identity
            and issued.not_after >= now
            and not self.is_revoked(issued.serial)
        ]

    def number_of(self, issuer: bytes) -> int:
        """Return the number of the newest list of an issuer; 0 before the first."""
        published = self.lists.get(issuer)
        return published[-1].number if published else 0

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
        """
        published = self.lists.get(issuer, [])
        old = [each for each in published if each.time <= now - DELTA_SPAN]
        if not published:
            return None
        base = old[-1] if old else published[0]
        listed = self.listed(issuer, now)
        changes = {serial: each for serial, each in listed.items() if serial not in base.listed}
        gone = base.listed - listed.keys()
        return base.number, changes | {serial: Revocation(now, Reason.REMOVED) for serial in gone}

    def is_due(self, issuer: bytes, since: float) -> bool:
        """Tell whether an issuer must publish: no list since then, or something is not listed."""
        published = self.lists.get(issuer)
        return not published or published[-1].time < since or issuer in self.unpublished
