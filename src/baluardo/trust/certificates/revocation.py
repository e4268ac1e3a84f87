"""What is revoked: the newest list of every issuer, built from full lists and deltas.

An issuer's lists are numbered and only ever go up; an older one, however genuine, is refused. Every
list was verified with its issuer's key when it came, and is again when it is read from disk. What a
list has named stays revoked, whatever a newer one leaves out (`forgotten`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from baluardo.durable_files import make_directory, write_durably
from baluardo.errors import CertificateError, ProfileError, RevokedError, SourceError
from baluardo.foreign_input import printable, read_file
from baluardo.trust.certificates.certificate import Certificate, key_identifier
from baluardo.trust.certificates.dates import SKEW, shown
from baluardo.trust.certificates.forgotten import (
    Revoked,
    read_forgotten,
    still_revoked,
    unduly_forgotten,
    write_forgotten,
)
from baluardo.trust.certificates.pem import CERTIFICATE, REVOCATION_LIST, armour, blocks
from baluardo.trust.certificates.revocation_list import (
    LARGEST_LIST,
    Reason,
    Revocation,
    SignedList,
    make_delta,
    make_list,
    read_list,
)
from baluardo.trust.primitives.signing import VerifyingKey

__all__ = [
    "Reason",
    "Revocation",
    "RevocationList",
    "Revocations",
    "make_delta",
    "make_list",
    "read_list",
]

MOST_DELTAS: Final = 64
"""Held on top of one full list; with more, the full list is cheaper."""
MOST_ISSUERS: Final = 64
LARGEST_HELD: Final = 2 * LARGEST_LIST
"""Octets of one issuer's lists, DER."""
LARGEST_FILE: Final = 3 * LARGEST_LIST
"""Octets of one issuer's file: PEM is a third longer than DER, and a bit."""


@dataclass(frozen=True, slots=True)
class RevocationList:
    """What one issuer has taken back, as of its newest list held."""

    issuer: Certificate
    number: int
    this_update: float
    next_update: float
    """POSIX seconds, as `this_update`."""
    revoked: Mapping[int, Revocation] = field(repr=False)
    """By serial number."""
    full: SignedList = field(repr=False, compare=False)
    deltas: tuple[SignedList, ...] = field(default=(), repr=False, compare=False)
    """What leads from the full list to this state, in order."""

    @classmethod
    def of_full(cls, issuer: Certificate, full: SignedList) -> RevocationList:
        """Return the state that a full list tells."""
        return cls(issuer, full.number, full.this_update, full.next_update, full.entries, full)

    @property
    def key_id(self) -> bytes:
        """The issuer's."""
        return self.issuer.key_id

    @property
    def octets(self) -> int:
        """Of the full list and the deltas, DER."""
        return len(self.full.der) + sum(len(each.der) for each in self.deltas)

    def changed_by(self, delta: SignedList) -> RevocationList:
        """Return the state after a delta; CertificateError if it starts above this state."""
        if delta.base is None or delta.base > self.number:
            raise CertificateError(
                f"This delta starts from list {delta.base} of {self.issuer}; here is list "
                f"{self.number}. Fetch the full list."
            )
        revoked = _changed(self.revoked, delta)
        needed = self._needed_below(delta)
        return replace(
            self,
            number=delta.number,
            this_update=delta.this_update,
            next_update=delta.next_update,
            revoked=revoked,
            deltas=(*needed, delta),
        )

    def _needed_below(self, delta: SignedList) -> tuple[SignedList, ...]:
        """Return the deltas that lead at least to another one's base.

        It tells all since its base, so later ones are dropped, but only if it truly does: what is
        read from disk tomorrow must be what is known today.
        """
        number, needed, revoked = self.full.number, 0, self.full.entries
        while number < (delta.base or 0):
            number = self.deltas[needed].number
            revoked = _changed(revoked, self.deltas[needed])
            needed += 1
        same = _changed(revoked, delta) == _changed(self.revoked, delta)
        return self.deltas[:needed] if same else self.deltas

    def pem(self) -> str:
        """Return the issuer, the full list and the deltas as PEM."""
        lists = (self.full, *self.deltas)
        return self.issuer.pem() + "".join(armour(each.der, REVOCATION_LIST) for each in lists)


@dataclass(frozen=True, slots=True)
class Revocations:
    """The newest list held of every issuer, by the issuer's key id. Never changes: `apply` makes
    another one.
    """

    lists: Mapping[bytes, RevocationList] = field(default_factory=dict)
    kept: Mapping[bytes, Revoked] = field(default_factory=dict, repr=False)
    """What an issuer's newest list does not name and one before it did: it stays revoked."""

    def forgotten(self) -> Iterator[tuple[RevocationList, int]]:
        """Yield each serial that an issuer's newest list had to name and does not, with that list.

        An authority that leaves one out has lost it, or hides it.
        """
        for key_id, kept in self.kept.items():
            held = self.lists[key_id]
            serials = unduly_forgotten(kept, held.this_update, for_ever=_is_root(held.issuer))
            yield from ((held, serial) for serial in serials)

    def apply(self, der: bytes, issuer: Certificate) -> Revocations:
        """Return what is known after a list of an issuer whose certificate was verified.

        Full list or delta. CertificateError, and nothing changes, if it was not signed by the
        issuer, is older than what is held, starts above it, or has the number of another list.
        The list that is held already changes nothing.
        """
        signed = read_list(der, issuer)
        held = self._held(issuer)
        if held is not None and signed.number < held.number:
            raise CertificateError(
                f"List {signed.number} of {issuer} is older than list {held.number}, which is "
                "held: refused. Somebody may want to hide a revocation."
            )
        if signed.base is None:
            latest = RevocationList.of_full(issuer, signed)
        elif held is None:
            raise CertificateError(
                f"This delta has nothing to start from: no list of {issuer} is held. Fetch the "
                "full list."
            )
        else:
            latest = held.changed_by(signed)
        if held is not None and latest.number == held.number:
            _check_same(held, latest)
            return self
        return self._with(latest)

    def _held(self, issuer: Certificate) -> RevocationList | None:
        held = self.lists.get(issuer.key_id)
        if held is not None and held.issuer.key != issuer.key:
            raise CertificateError(
                f"Certificate {issuer} has the key identifier of another issuer, but not its key: "
                "refused."
            )
        return held

    def _with(self, latest: RevocationList) -> Revocations:
        if len(latest.deltas) > MOST_DELTAS or latest.octets > LARGEST_HELD:
            raise CertificateError(
                f"{len(latest.deltas) - 1} deltas of {latest.issuer} are held already, and "
                "there is no room for more. Fetch the full list."
            )
        lists = {**self.lists, latest.key_id: latest}
        if len(lists) > MOST_ISSUERS:
            raise CertificateError(f"Lists of {MOST_ISSUERS} issuers are held; no more are taken.")
        key_id = latest.key_id
        known = [self.kept.get(key_id, {})]
        if key_id in self.lists:
            known.append(self.lists[key_id].revoked)
        forgotten = still_revoked(
            known, latest.revoked, latest.this_update, for_ever=_is_root(latest.issuer)
        )
        kept = {**self.kept, key_id: forgotten}
        return Revocations(MappingProxyType(lists), MappingProxyType(kept))

    def _revocation(self, held: RevocationList, serial: int) -> Revocation | None:
        return held.revoked.get(serial) or self.kept.get(held.key_id, {}).get(serial)

    def check(
        self, certificate: Certificate, issuer: Certificate, now: float, list_grace: float
    ) -> None:
        """Return if the issuer has not revoked the certificate, as of a list that is fresh enough.

        RevokedError if it has. CertificateError if no list of this issuer is held, or one whose
        successor was due more than `list_grace` seconds ago, or one from the future.
        """
        held = self._needed(certificate, issuer)
        revocation = self._revocation(held, certificate.serial)
        if revocation is not None:
            raise _revoked(certificate, issuer, revocation)
        _check_age(held, certificate, now, list_grace)
        if now < held.this_update - SKEW:
            raise CertificateError(
                f"The revocation list of {issuer} was made on {shown(held.this_update)}, and it "
                f"is only {shown(now)} here: this machine's clock is behind."
            )

    def check_past(
        self, certificate: Certificate, issuer: Certificate, then: float, list_grace: float
    ) -> None:
        """Return if the issuer had not revoked the certificate by a time that is past.

        Errors as `check`, but a list may be newer than that time, and what was revoked later counts
        as good. An authority that was ever taken back is refused: whoever had its key can have
        dated anything back. Lists tell whole seconds, so a revocation counts from its second on.
        """
        held = self._needed(certificate, issuer)
        revocation = self._revocation(held, certificate.serial)
        if revocation is not None and (certificate.is_authority or revocation.time <= then):
            raise _revoked(certificate, issuer, revocation)
        _check_age(held, certificate, then, list_grace)

    def _needed(self, certificate: Certificate, issuer: Certificate) -> RevocationList:
        held = self._held(issuer)
        if held is None:
            raise CertificateError(
                f"No revocation list of {issuer} is held, so nobody can tell whether "
                f"{certificate} was revoked: refused. Fetch the list from the authority, or from "
                "any copy of what it publishes."
            )
        return held

    def write(self, directory: Path) -> None:
        """Write every issuer's lists, each into a file of its own, whole or not at all.

        TargetError if one cannot be written; what stood there is then untouched. What is listed no
        more goes first: a crash must not come between the list that forgets it and our own note.
        """
        make_directory(directory)
        for held in self.lists.values():
            write_forgotten(directory / _kept_name(held.issuer.key), self.kept.get(held.key_id, {}))
            write_durably(directory / _file_name(held.issuer.key), held.pem().encode(), mode=0o644)

    @classmethod
    def read(cls, directory: Path) -> Revocations:
        """Read what `write` wrote, each list verified again with its issuer's key.

        A directory that does not exist holds no lists. SourceError if a file cannot be read,
        CertificateError if one is not genuine.
        """
        found = cls()
        try:
            paths = sorted(directory.glob("lists-*.pem"))[: MOST_ISSUERS + 1]
        except OSError as problem:
            raise SourceError(
                f"{directory} cannot be read: {problem.strerror or problem}."
            ) from None
        for path in paths:
            octets = read_file(path, LARGEST_FILE, "The revocation lists")
            try:
                found = found.apply_file(octets)
            except (CertificateError, ProfileError) as problem:
                raise CertificateError(
                    f"{printable(path.name)} cannot be used: {problem} Delete it and fetch the "
                    "lists again."
                ) from None
        return found._remembering(directory)

    def _remembering(self, directory: Path) -> Revocations:
        """Return the same with what is listed no more, as it was written down."""
        kept = {
            key_id: still_revoked(
                [
                    self.kept.get(key_id, {}),
                    read_forgotten(directory / _kept_name(held.issuer.key)),
                ],
                held.revoked,
                held.this_update,
                for_ever=_is_root(held.issuer),
            )
            for key_id, held in self.lists.items()
        }
        return Revocations(self.lists, MappingProxyType(kept))

    def apply_file(self, octets: bytes) -> Revocations:
        """Return what is known after one file: PEM of an issuer, a full list and its deltas.

        Lists prove nothing beyond that this issuer signed them: `check` asks for the issuer whose
        key was verified.
        """
        (label, der), *lists = blocks(octets, LARGEST_FILE) or [("", b"")]
        if label != CERTIFICATE or not 1 <= len(lists) <= MOST_DELTAS + 1:
            raise CertificateError("A file of lists begins with its issuer, lists follow.")
        issuer, found = Certificate.of_der(der), self
        if issuer.key_id != key_identifier(issuer.key):  # or its lists would be kept as another's
            raise CertificateError(f"The key identifier of {issuer} is not that of its key.")
        for kind, each in lists:
            if kind != REVOCATION_LIST:
                raise CertificateError("After the issuer, a file of lists holds lists only.")
            found = found.apply(each, issuer)
        return found


def _changed(revoked: Mapping[int, Revocation], delta: SignedList) -> Mapping[int, Revocation]:
    found = dict(revoked)
    for serial, revocation in delta.entries.items():
        if revocation.reason is Reason.REMOVED:
            found.pop(serial, None)
        else:
            found[serial] = revocation
    return MappingProxyType(found)


def _revoked(certificate: Certificate, issuer: Certificate, revocation: Revocation) -> RevokedError:
    return RevokedError(
        f"Certificate {certificate} was revoked by {issuer} on {shown(revocation.time)} "
        f"({revocation.reason.value}): refused. Its holder must ask for a new one."
    )


def _check_age(
    held: RevocationList, certificate: Certificate, now: float, list_grace: float
) -> None:
    if now > held.next_update + list_grace + SKEW:
        raise CertificateError(
            f"The revocation list of {held.issuer} was due again by {shown(held.next_update)}, "
            f"and it is {shown(now)} here: too old to judge {certificate} by. Fetch the "
            "newest list, or check this machine's clock."
        )


def _check_same(held: RevocationList, latest: RevocationList) -> None:
    """Refuse a second list with the number of the one held, unless it says the same."""
    if latest.revoked != held.revoked or latest.next_update != held.next_update:
        raise CertificateError(
            f"{held.issuer} signed two different lists with the number {held.number}. The one "
            "held stays. Tell the authority: its key may be in other hands."
        )


def _is_root(issuer: Certificate) -> bool:
    return issuer.x509.issuer == issuer.x509.subject


def _kept_name(key: VerifyingKey) -> str:
    return f"kept-{key_identifier(key).hex()}.json"


def _file_name(key: VerifyingKey) -> str:
    return f"lists-{key_identifier(key).hex()}.pem"
