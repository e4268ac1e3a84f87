"""The roots a community trusts, and how one succeeds another without a gap.

A root that is to be replaced certifies its successor's key ("newWithOld", RFC 9810 section 4.4).
Whoever trusts the old root learns the new one from that certificate; both are trusted until the
certificate ends, which gives everybody time to change over, and then the old root is no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from baluardo.durable_files import make_directory, write_durably
from baluardo.errors import CertificateError, InvalidInputError
from baluardo.foreign_input import printable, read_file
from baluardo.trust.certificates.certificate import LARGEST_CHAIN, Certificate
from baluardo.trust.certificates.dates import EARLIEST, LATEST, SKEW, shown
from baluardo.trust.certificates.signatures import check_issued, check_root
from baluardo.trust.identity import LONGEST_URI, Identity, Kind
from baluardo.trust.strict_json import JsonObject, write_json
from baluardo.trust.suites import AnyProfile, profile_named

INDEX: Final = "anchors.json"
LARGEST_INDEX: Final = 65_536
MOST_ANCHORS: Final = 8
"""Two are in force during a roll-over; the rest is history."""

_FILE: Final = re.compile(r"root-[0-9a-f]{64}\.pem\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A root, and until when it is trusted if another has succeeded it."""

    certificate: Certificate
    until: float | None = None

    def in_force(self, now: float) -> bool:
        """Tell whether this root is trusted at a time."""
        last = self.certificate.not_after if self.until is None else self.until
        return self.certificate.not_before - SKEW <= now <= last + SKEW


@dataclass(frozen=True, slots=True)
class Anchors:
    """What a community's members start from: its name, its profile and its roots."""

    community: str
    profile: AnyProfile
    anchors: tuple[Anchor, ...]

    def __post_init__(self) -> None:
        """Refuse what is no root of this profile, and a community that no identity can name."""
        Identity(self.community, Kind.AUTHORITY, "root")
        if not 1 <= len(self.anchors) <= MOST_ANCHORS:
            raise CertificateError(
                f"A community has 1 to {MOST_ANCHORS} roots, this one {len(self.anchors)}."
            )
        for anchor in self.anchors:
            check_root(anchor.certificate, self.profile)
        if len({anchor.certificate.fingerprint for anchor in self.anchors}) != len(self.anchors):
            raise CertificateError("The same root stands twice among the anchors.")

    @classmethod
    def of_root(cls, community: str, profile: AnyProfile, root: Certificate) -> Anchors:
        """Return the anchors of a community with its first root."""
        return cls(community, profile, (Anchor(root),))

    def in_force(self, now: float) -> tuple[Certificate, ...]:
        """Return the roots trusted at a time."""
        return tuple(anchor.certificate for anchor in self.anchors if anchor.in_force(now))

    def succeed(self, new_root: Certificate, new_with_old: Certificate, now: float) -> Anchors:
        """Return the anchors with a new root that an old one vouches for.

        The old one is trusted until its word for the new one ends. CertificateError if that word
        is not good. A root that is already here changes nothing.
        """
        if any(anchor.certificate == new_root for anchor in self.anchors):
            return self
        check_root(new_root, self.profile)
        if (new_with_old.key, new_with_old.x509.subject) != (new_root.key, new_root.x509.subject):
            raise CertificateError(
                "The old root vouches for another key than that of the new root: the roots stay "
                "as they are."
            )
        if not new_with_old.is_authority:
            raise CertificateError("The old root's word makes no authority of the new one.")
        for certificate in (new_root, new_with_old):
            if not certificate.not_before - SKEW <= now <= certificate.not_after + SKEW:
                raise CertificateError(
                    f"Certificate {certificate} is valid from {shown(certificate.not_before)} to "
                    f"{shown(certificate.not_after)}, and it is {shown(now)} here: the roots stay "
                    "as they are."
                )
        old = self._voucher(new_with_old, now)
        retired = replace(old, until=min(new_with_old.not_after, old.certificate.not_after))
        kept = [retired if anchor is old else anchor for anchor in self.anchors]
        while len(kept) >= MOST_ANCHORS and not kept[0].in_force(now):
            kept.pop(0)
        return replace(self, anchors=(*kept, Anchor(new_root)))

    def _voucher(self, new_with_old: Certificate, now: float) -> Anchor:
        """Return the root in force, and not yet succeeded, that signed the word for a new one."""
        for anchor in self.anchors:
            if anchor.until is None and anchor.in_force(now):
                try:
                    check_issued(new_with_old, anchor.certificate)
                except CertificateError:
                    continue
                return anchor
        raise CertificateError(
            "No root in force vouches for the new root (a root that has been succeeded vouches "
            "for no other): the roots stay as they are."
        )

    def write(self, directory: Path) -> None:
        """Write the anchors; TargetError if they cannot be, and the old ones then stay.

        The roots' files are named by fingerprint and never change; the index replaces the old
        one at the end, in one step.
        """
        make_directory(directory)
        listed = []
        for anchor in self.anchors:
            name = f"root-{anchor.certificate.fingerprint.hex()}.pem"
            write_durably(directory / name, anchor.certificate.pem().encode(), mode=0o644)
            listed.append({"file": name, "until": anchor.until})
        index = {"community": self.community, "profile": self.profile.name, "anchors": listed}
        write_durably(directory / INDEX, write_json(index) + b"\n", mode=0o644)

    @classmethod
    def read(cls, directory: Path) -> Anchors:
        """Read what `write` wrote.

        SourceError if a file cannot be read, CertificateError if one is not what it must be,
        ProfileError for a profile that does not exist.
        """
        octets = read_file(directory / INDEX, LARGEST_INDEX, "The list of roots")
        try:
            index = JsonObject.parse(octets, LARGEST_INDEX, INDEX)
            index.only(("community", "profile", "anchors"))
            listed = [_listed(entry) for entry in index.items("anchors", MOST_ANCHORS)]
            return cls(
                index.text("community", LONGEST_URI),
                profile_named(index.text("profile", LONGEST_URI)),
                tuple(Anchor(_root(directory / name), until) for name, until in listed),
            )
        except InvalidInputError as problem:
            raise CertificateError(f"The list of roots cannot be used: {problem}") from None


def _root(path: Path) -> Certificate:
    certificate = Certificate.of_pem(read_file(path, LARGEST_CHAIN, "The root"))
    if path.name != f"root-{certificate.fingerprint.hex()}.pem":
        raise CertificateError(
            f"{printable(path.name)} holds another certificate than its name says: the roots are "
            "not used. Fetch them again from where you got them."
        )
    return certificate


def _listed(entry: object) -> tuple[str, float | None]:
    """Return the file name of a root and until when it is trusted."""
    fields = JsonObject.of(entry, f"{INDEX}: a root")
    fields.only(("file", "until"))
    name = fields.text("file", 100)
    if not _FILE.match(name):
        raise fields.wrong("file", "the name of a root's file")
    if "until" in fields.fields and fields.fields["until"] is None:
        return name, None
    until = fields.number("until")
    if not EARLIEST <= until <= LATEST:
        raise fields.wrong("until", "a time between 1970 and 9999")
    return name, until
