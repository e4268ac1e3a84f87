"""The issuing authority: issues, renews, revokes and publishes, each step in the log first.

Its directory (see `layout`) holds a public half, which anybody may copy, and sealed keys.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from baluardo.errors import CertificateError, InvalidInputError, RevokedError, TrustError
from baluardo.foreign_input import quoted
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate, Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.making import make_leaf
from baluardo.trust.certificates.request import Request, read_request
from baluardo.trust.certificates.revocation_list import NOT_FOR_EVER, Reason
from baluardo.trust.certificates.verification import Peer, Verifier
from baluardo.trust.certificates.xml_seal import XmlSeal, make_xml_seal
from baluardo.trust.custody.keyfile import Unlock
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.issuing.issuers import Issuer, load_issuers
from baluardo.trust.issuing.journal import ACTOR, FileJournal, Journal
from baluardo.trust.issuing.layout import KeyAccess, Layout
from baluardo.trust.issuing.lists import Lists, PublishedList
from baluardo.trust.issuing.register import Entry, Issued
from baluardo.trust.issuing.renewal import read_renewal
from baluardo.trust.primitives.hashing import sha256
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import AnyProfile

_log = logging.getLogger("baluardo.trust.issuing")


class IssuingAuthority:
    """An authority's directory, opened with what unlocks its keys. One process at a time."""

    def __init__(
        self, layout: Layout, anchors: Anchors, issuers: Sequence[Issuer], journal: Journal
    ) -> None:
        """Take what `open` reads, over a journal of one's own; call `finish` before anything else.

        `load_issuers` gives the issuers.
        """
        self.layout = layout
        self.issuers = tuple(issuers)
        self.journal = journal
        self._lists = Lists(layout.public, anchors, journal)

    @classmethod
    def open(cls, directory: Path, unlock: Unlock, now: float) -> IssuingAuthority:
        """Open an authority's directory; CustodyError if its keys stay closed.

        `now` (POSIX s) decides which issuers are still in force; the newest of them issues. Lists
        that are a day old, or that a crash kept from being published, are published anew, and the
        certificates of a copied key that a crash kept from being revoked are revoked.
        """
        layout = Layout(directory)
        journal = FileJournal.open(layout, unlock)
        try:
            anchors = Anchors.read(layout.public.anchors)
            issuers = load_issuers(layout, anchors, journal.register, unlock, now)
            authority = cls(layout, anchors, issuers, journal)
            authority.finish(now)
        except BaseException:
            journal.close()
            raise
        return authority

    def close(self) -> None:
        """Let another process open it."""
        self.journal.close()

    def __enter__(self) -> IssuingAuthority:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def finish(self, now: float) -> None:
        """Do what is due, and what a crash has left half done."""
        for serial in sorted(self.journal.register.cloned):
            self._revoke_lineage(serial, now)
        for issuer in self.issuers:
            if self._lists.is_due(issuer, now):
                self.publish(issuer, now)

    def adopt_issuers(self, unlock: Unlock, now: float) -> list[str]:
        """Take over the roots and issuers that a ceremony has put into the directory since.

        Return the names of the new ones, whose first lists are published. CustodyError if the key
        of one stays closed: those in use then go on as before.
        """
        anchors = Anchors.read(self.layout.public.anchors)
        issuers = load_issuers(self.layout, anchors, self.journal.register, unlock, now)
        known = {issuer.key_id for issuer in self.issuers}
        self._lists.reread(anchors)
        self.issuers = tuple(issuers)
        self.finish(now)
        return [issuer.name for issuer in issuers if issuer.key_id not in known]

    @property
    def anchors(self) -> Anchors:
        """The community's roots."""
        return self._lists.anchors

    @property
    def community(self) -> str:
        """Whose authority this is."""
        return self.anchors.community

    @property
    def profile(self) -> AnyProfile:
        """The community's one profile."""
        return self.anchors.profile

    @property
    def issuer(self) -> Issuer:
        """The issuer in use: the newest."""
        if not self.issuers:
            raise CertificateError(
                "This authority has no issuer in force. Create one with the root: "
                "baluardo trust issuer create."
            )
        return self.issuers[-1]

    def verifier(self) -> Verifier:
        """Return what judges certificates here: by the lists as published, from now on too."""
        return self._lists.verifier()

    def reread(self) -> None:
        """Take the lists from the journal anew, after writing that was taken back."""
        self._lists.reread(self.anchors)

    def learn(self, der: bytes, issuer: bytes) -> None:
        """Judge from now on by a list that was published elsewhere: a root's, or another process's.

        `issuer` is the key id of who signed it. CertificateError, and nothing changes, if no root
        has certified such an issuer here, the list is not genuine, or an older one than is held.
        """
        self._lists.learn(der, issuer)

    def issue(self, asked: bytes | Request, now: float, expected: Identity | None = None) -> Chain:
        """Grant a request (PKCS#10, or one that was read) that somebody has decided to grant.

        CertificateError if it asks for another identity than the one expected.
        """
        request = asked if isinstance(asked, Request) else read_request(asked)
        if expected is not None and request.identity != expected:
            raise CertificateError(
                f"This request asks for a certificate of {request.identity}, where one of "
                f"{expected} was expected: refused. Make the request anew, for {expected}."
            )
        return self._issue(request, now, replaces=None)

    def renew(self, envelope: Envelope, now: float) -> Chain:
        """Grant a renewal signed with the present key, needing nobody's decision.

        A second renewal of one certificate with another key means that the key was copied: every
        certificate that came of it is revoked at once, and CertificateError tells so: a journal
        with transactions must keep what was written then. The same request again (an answer that
        was lost) is granted again.
        """
        peer, request = read_renewal(envelope, self.verifier(), now)
        register = self.journal.register
        if peer.serial not in register.issued:
            raise CertificateError(
                f"The certificate {peer.serial:x} of {peer.identity} is not in this authority's "
                "log: refused. Enrol anew."
            )
        if register.is_revoked(peer.serial):
            raise RevokedError(f"The certificate of {peer.identity} was revoked: refused.")
        self._refuse_clone(peer, request, now)
        return self._issue(request, now, replaces=peer.serial)

    def _refuse_clone(self, peer: Peer, request: Request, now: float) -> None:
        register = self.journal.register
        asked = sha256(request.key.der())
        if all(each.key == asked for each in register.renewed(register.issued[peer.serial].key)):
            return
        facts = {"serial": f"{peer.serial:x}"}
        self.journal.write(Entry.KEY_CLONED, facts, now, about=peer.identity)
        revoked = self._revoke_lineage(peer.serial, now)
        _log.warning("%s was renewed twice with different keys: revoked.", peer.identity)
        raise CertificateError(
            f"Two holders have renewed one certificate of {peer.identity} with different keys: its "
            f"key was copied. {len(revoked)} certificates were revoked. Find out where the copy "
            "is, then enrol anew."
        )

    def _revoke_lineage(self, serial: int, now: float) -> list[Issued]:
        """Revoke what came of a copied key, as far as it is not revoked, or ended, already."""
        left = [each for each in self.journal.register.lineage(serial) if self._revocable(each)]
        return self.revoke([each.serial for each in left], Reason.KEY_COMPROMISE, now)

    def _revocable(self, issued: Issued) -> bool:
        at_hand = any(issuer.key_id == issued.issuer for issuer in self.issuers)
        return at_hand and not self.journal.register.is_revoked(issued.serial)

    def _check_key(self, request: Request) -> bytes:
        """Return the hash of a key that may be certified; a key serves one holder, once."""
        register, key = self.journal.register, sha256(request.key.der())
        for each in register.keys.get(key, ()):
            if register.is_revoked(each.serial):
                raise RevokedError(
                    f"The key for which {request.identity} asks was certified before, and that "
                    "certificate was revoked: refused. Make a new key."
                )
            if each.identity not in {request.identity.path, ""}:
                raise CertificateError(
                    f"The key for which {request.identity} asks is that of another holder: "
                    "refused. Make a new key."
                )
        return key

    def _issue(self, request: Request, now: float, replaces: int | None) -> Chain:
        identity, issuer = request.identity, self.issuer
        if identity.community != self.community:
            raise CertificateError(
                f"{identity.uri} is not of {self.community}: this authority issues nothing for it."
            )
        key = self._check_key(request)
        leaf = make_leaf(issuer.key, issuer.certificate, request.key, identity, now, self.profile)
        facts = {
            "serial": f"{leaf.serial:x}",
            "issuer": issuer.key_id.hex(),
            "key": key.hex(),
            "fingerprint": leaf.fingerprint.hex(),
            "not_after": leaf.not_after,
            "replaces": None if replaces is None else f"{replaces:x}",
        }
        self.journal.write(Entry.CERTIFICATE_ISSUED, facts, now, about=identity)
        # An old root's word for its successor goes along only while somebody can use it.
        above = [each for each in issuer.chain.certificates if each.not_after >= now]
        return Chain(leaf, tuple(above))

    def find(self, wanted: str, now: float) -> list[Issued]:
        """Return what a serial (hexadecimal) or a holder's path names; CertificateError if none."""
        register = self.journal.register
        try:
            serial = int(wanted, 16)
        except ValueError:
            serial = -1
        found = (
            [register.issued[serial]]
            if serial in register.issued
            else [each for each in register.in_force(wanted, now) if self._revocable(each)]
        )
        if not found:
            raise CertificateError(
                f"{quoted(wanted)} is neither the serial number of a certificate from here nor the "
                "holder of one in force."
            )
        return found

    def revoke(self, serials: Sequence[int], reason: Reason, now: float) -> list[Issued]:
        """Take certificates back for ever, publish the lists that say so, and return them.

        With a compromised key goes all that was granted on its word: whatever its certificates
        were renewed to. Those taken back before are left as they are. CertificateError, and nothing
        is done, for a serial that this authority never issued, or whose issuer's key is not at
        hand; InvalidInputError for a reason that takes nothing back for ever.
        """
        if reason in NOT_FOR_EVER:
            raise InvalidInputError(
                f"{reason.value} is no reason to revoke: here a certificate is revoked for ever."
            )
        register = self.journal.register
        at_hand = {issuer.key_id for issuer in self.issuers}
        for serial in serials:
            if serial not in register.issued:
                raise CertificateError(f"No certificate {serial:x} was issued here.")
            if register.issued[serial].issuer not in at_hand:
                raise CertificateError(
                    f"The issuer of certificate {serial:x} is no more in force, and neither is the "
                    "certificate."
                )
        wanted = {serial: register.issued[serial] for serial in serials}
        if reason is Reason.KEY_COMPROMISE:
            wanted |= {each.serial: each for serial in serials for each in register.lineage(serial)}
        done = [each for each in wanted.values() if self._revocable(each)]
        for each in done:
            facts = {
                "serial": f"{each.serial:x}",
                "issuer": each.issuer.hex(),
                "reason": reason.value,
            }
            self.journal.write(Entry.CERTIFICATE_REVOKED, facts, now)
        if done:
            self.publish_lists(now)
        return done

    def publish_lists(self, now: float) -> list[PublishedList]:
        """Publish a full list and a delta for every issuer in force, numbered one higher."""
        return [self.publish(issuer, now) for issuer in self.issuers]

    def root_list(self) -> tuple[Certificate, float]:
        """Return the newest root, and until when its list is good (POSIX s; 0 without one).

        Only the root's key makes the next one: custodians must meet before. A root that was
        succeeded has a list for all of its overlap.
        """
        root = self.anchors.anchors[-1].certificate
        held = self.verifier().revocations.lists.get(root.key_id)
        return root, 0.0 if held is None else held.next_update

    def publish(self, issuer: Issuer, now: float) -> PublishedList:
        """Publish one issuer's lists; the log first."""
        return self._lists.publish(issuer, now)

    def service_credential(self, access: KeyAccess, now: float) -> Credential:
        """Return this service's own credential (it signs time).

        It is made anew when it is due, or when nobody would accept it any more.
        """
        identity = Identity(self.community, Kind.AUTHORITY, ACTOR)
        return self._own_credential(ACTOR, identity, access, now)

    def sender_credential(self, name: str, access: KeyAccess, now: float) -> Credential:
        """Return the credential by which warnings of one channel are carried out; likewise."""
        identity = Identity(self.community, Kind.SENDER, name)
        return self._own_credential(f"sender-{name}", identity, access, now)

    def xml_seal(self, name: str, access: KeyAccess, now: float) -> XmlSeal:
        """Return what signs a channel's XML for outsiders, made anew when it is due."""
        present = self.layout.read_seal(name, access.unlock)
        if present is not None and not present.due(now):
            return present
        seal = make_xml_seal(Identity(self.community, Kind.SENDER, name), now)
        facts = {
            "channel": name,
            "fingerprint": seal.certificate.fingerprint.hex(),
            "not_after": seal.certificate.not_after,
        }
        self.journal.write(Entry.SEAL_CREATED, facts, now)
        self.layout.write_seal(name, seal, access)
        return seal

    def _own_credential(
        self, name: str, identity: Identity, access: KeyAccess, now: float
    ) -> Credential:
        present = self.layout.read_credential(name, access.unlock)
        if present is not None and not present.due(now) and self._accepts(present, now):
            return present
        key = SigningKey.generate(self.profile.certificates.leaf)
        credential = Credential(self._issue(Request(identity, key.public), now, None), key)
        self.layout.write_credential(name, credential, access)
        return credential

    def _accepts(self, credential: Credential, now: float) -> bool:
        if credential.chain.leaf.serial not in self.journal.register.issued:
            return False  # its entry was never kept: the writing that it was part of was taken back
        try:
            self.verifier().verify(credential.chain, now)
        except TrustError:
            return False
        return True
