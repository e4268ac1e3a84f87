"""Revocation lists as an authority publishes them, and judging by them ever after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baluardo.errors import CertificateError
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.revocation_list import make_delta, make_list
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.identity import DAY, LIFETIMES, Kind
from baluardo.trust.issuing.issuers import Issuer
from baluardo.trust.issuing.journal import Journal
from baluardo.trust.issuing.layout import Public
from baluardo.trust.issuing.publication import authorities
from baluardo.trust.primitives.hashing import sha256

LIST_LIFE: Final = 7 * DAY
"""Until when a list says that the next one comes. Our choice; one is made daily."""


@dataclass(frozen=True, slots=True)
class PublishedList:
    """What was published for one issuer."""

    issuer: str
    number: int
    revoked: int
    """How many certificates it names."""
    next_update: float
    """POSIX seconds."""


class Lists:
    """Publishes through a journal; one verifier always judges by what was published last."""

    def __init__(self, public: Public, anchors: Anchors, journal: Journal) -> None:
        """Take the roots; the lists are read when somebody first asks for the verifier."""
        self._public = public
        self._journal = journal
        self._read = False
        self._verifier = Verifier(anchors, Revocations(), LIFETIMES[Kind.AUTHORITY].list_grace)

    @property
    def anchors(self) -> Anchors:
        """The community's roots."""
        return self._verifier.anchors

    def verifier(self) -> Verifier:
        """Return what judges certificates here, the same one every time."""
        if not self._read:
            self.reread(self.anchors)
        return self._verifier

    def reread(self, anchors: Anchors) -> None:
        """Take these roots, and every list from the journal anew."""
        found = Revocations()
        for each in authorities(self._public, anchors):
            full = self._journal.handed_out(each.key_id)
            found = found if full is None else found.apply(full, each)
        self._verifier.anchors, self._verifier.revocations = anchors, found
        self._read = True

    def learn(self, der: bytes, issuer: bytes) -> None:
        """Judge from now on by a list that was published elsewhere: a root's, or another process's.

        `issuer` is the key id of who signed it. CertificateError, and nothing changes, if no root
        has certified such an issuer here, the list is not genuine, or an older one than is held.
        """
        verifier = self.verifier()
        for each in authorities(self._public, self.anchors):
            if each.key_id == issuer:
                verifier.revocations = verifier.revocations.apply(der, each)
                return
        raise CertificateError(
            f"There is no issuer with the key {issuer.hex()} here: its list was not taken."
        )

    def publish(self, issuer: Issuer, now: float) -> PublishedList:
        """Publish one issuer's next list, and a delta to it; the log first."""
        register, key_id = self._journal.register, issuer.key_id
        key, certificate = issuer.key, issuer.certificate
        listed = register.listed(key_id, now)
        changed = register.delta(key_id, now)
        number = register.number_of(key_id) + 1
        ends = min(now + LIST_LIFE, certificate.not_after)
        full = make_list(key, certificate, number, listed, now, ends)
        self._journal.publish(key_id, number, full, now)
        delta = None
        if changed is not None:
            base, changes = changed
            delta = make_delta(key, certificate, number, base, changes, now, ends)
        self._journal.hand_out(key_id, full, delta)
        self._hold(full, certificate)
        return PublishedList(issuer.name, number, len(listed), ends)

    def is_due(self, issuer: Issuer, now: float) -> bool:
        """Tell whether a list must be published: its time has come, or a crash kept it back."""
        register = self._journal.register
        if register.is_due(issuer.key_id, now):
            return True
        there = self._journal.handed_out(issuer.key_id)
        return there is None or sha256(there) != register.lists[issuer.key_id][-1].digest

    def _hold(self, full: bytes, issuer: Certificate) -> None:
        """Judge by one's own list, whatever was held of this issuer: the log decides."""
        if self._read:
            others = dict(self._verifier.revocations.lists)
            others.pop(issuer.key_id, None)
            self._verifier.revocations = Revocations(others).apply(full, issuer)
