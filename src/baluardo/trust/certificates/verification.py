"""Who the other end is, or why it is refused.

The path is built and its signatures are checked by the verifier of `cryptography`; what follows is
ours: the profile's algorithms, the identity, the dates with skew and grace, and revocation at every
step. The same call judges a new handshake and a resumed one: on resumption TLS itself looks at no
certificate again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID

from baluardo.errors import CertificateError, ExpiredError, ProfileError
from baluardo.foreign_input import quoted
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import PARSER_FAILURES, Certificate, Chain
from baluardo.trust.certificates.dates import SKEW, shown, to_x509
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.signatures import check_issued
from baluardo.trust.identity import DAY, Identity
from baluardo.trust.suites import AnyProfile, SignatureAlgorithm

__all__ = ["DEEPEST_PATH", "SKEW", "Peer", "Standing", "Verifier"]

DEEPEST_PATH: Final = 2
"""Authorities between leaf and root: an issuer, and during a roll-over the root's successor."""

_PURPOSES: Final = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH})


class Standing(Enum):
    """How a peer's certificate stands."""

    CURRENT = "current"
    GRACE = "grace"
    """Past its end, but its holder's class may still speak with it."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A member whose chain was verified."""

    identity: Identity
    chain: Chain
    standing: Standing

    @property
    def serial(self) -> int:
        """Of its certificate."""
        return self.chain.leaf.serial

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of its certificate, 32 octets."""
        return self.chain.leaf.fingerprint

    @property
    def not_after(self) -> float:
        """End of its certificate, POSIX seconds."""
        return self.chain.leaf.not_after


class Verifier:
    """Judges chains by the roots and the lists it holds; both may be replaced at run time."""

    def __init__(self, anchors: Anchors, revocations: Revocations, list_grace: float) -> None:
        """Take the roots, the lists, and for how many seconds past due a list is still believed.

        The last is the own class's (`Lifetime.list_grace`): a ship that hears nothing for weeks
        must go by what it has.
        """
        self.anchors = anchors
        self.revocations = revocations
        self.list_grace = list_grace
        self._past = False

    def verify(self, chain: Chain, now: float) -> Peer:
        """Return who showed this chain.

        ExpiredError for dates, RevokedError, ProfileError for algorithms that are not the
        profile's, CertificateError for anything else that is wrong.
        """
        anchors, revocations = self.anchors, self.revocations
        _check_algorithms(chain, anchors.profile)
        identity = _identity(chain.leaf, anchors.community)
        path = _path(chain, anchors, now)
        _check_path_algorithms(path, anchors.profile)
        standing = _standing(chain.leaf, identity, now)
        for authority in path[1:-1]:
            _check_dates(authority, 0.0, now)
        check = revocations.check_past if self._past else revocations.check
        for certificate, issuer in pairwise(path):
            check(certificate, issuer, now, self.list_grace)
        return Peer(identity, chain, standing)

    def looking_back(self) -> Verifier:
        """Return what judges by the same roots and lists how chains stood at a time that is past.

        Its `verify` takes that time: dates are judged at it, lists may be newer, and what was
        revoked only later was still good (`Revocations.check_past`). For what somebody verified
        then, and only where its place in the past is certain: a key that was copied signs any date.
        """
        past = Verifier(self.anchors, self.revocations, self.list_grace)
        past._past = True
        return past


def _check_algorithms(chain: Chain, profile: AnyProfile) -> None:
    """Refuse keys that the profile has no place for, before anything is verified with them."""
    table = profile.certificates
    _expect(chain.leaf, {table.leaf}, profile)
    for certificate in chain.intermediates:
        _expect(certificate, {table.issuer, table.root}, profile)


def _check_path_algorithms(path: list[Certificate], profile: AnyProfile) -> None:
    """Refuse an issuer of another kind, and a root that signed a member itself."""
    table = profile.certificates
    if len(path) < 3:
        raise CertificateError(f"Certificate {path[0]} was signed by a root, not by an issuer.")
    _expect(path[1], {table.issuer}, profile)
    for certificate in path[2:]:
        _expect(certificate, {table.root}, profile)


def _expect(certificate: Certificate, wanted: set[SignatureAlgorithm], profile: AnyProfile) -> None:
    if certificate.key.algorithm not in wanted:
        names = " or ".join(sorted(algorithm.value for algorithm in wanted))
        raise ProfileError(
            f"Certificate {certificate} has a key of {certificate.key.algorithm.value}, where the "
            f"profile {profile.name} asks for {names}: refused."
        )


def _identity(leaf: Certificate, community: str) -> Identity:
    """Return the one identity of a leaf that is formed as `make_leaf` forms them."""
    identity = leaf.identity
    if identity is None:
        raise CertificateError(
            f"Certificate {leaf} names no member of a community: its names are "
            f"{quoted(', '.join(leaf.names))}, where one SPIFFE identity must stand."
        )
    if identity.community != community:
        raise CertificateError(
            f"{quoted(identity.uri)} is of another community than {community}: refused."
        )
    extensions = leaf.x509.extensions
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = frozenset(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        raise CertificateError(
            f"Certificate {leaf} does not say what its key is for: refused."
        ) from None
    if leaf.is_authority or usage.key_cert_sign or usage.crl_sign:
        raise CertificateError(f"Certificate {leaf} is an authority's, not a member's: refused.")
    if not usage.digital_signature or not purposes >= _PURPOSES:
        raise CertificateError(
            f"Certificate {leaf} is not for members' channels and signatures: refused."
        )
    return identity


def _path(chain: Chain, anchors: Anchors, now: float) -> list[Certificate]:
    """Return the path from the leaf to a root in force, both included, its signatures verified.

    It is verified for a time within the leaf's window, so that skew and grace, which the library
    does not know, are judged by us afterwards.
    """
    leaf = chain.leaf
    roots = anchors.in_force(now)
    if not roots:
        raise ExpiredError(
            f"No root of {anchors.community} is in force on {shown(now)}. Check this machine's "
            "clock, or fetch the new roots."
        )
    within = min(max(now, leaf.not_before), leaf.not_after)
    try:
        verifier = (
            verification.PolicyBuilder()
            .store(verification.Store([root.x509 for root in roots]))
            .time(to_x509(within))
            .max_chain_depth(DEEPEST_PATH)
            .extension_policies(
                ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
                ee_policy=verification.ExtensionPolicy.permit_all(),
            )
            .build_client_verifier()
        )
        verified = verifier.verify(leaf.x509, [each.x509 for each in chain.intermediates])
    except (verification.VerificationError, *PARSER_FAILURES) as problem:
        raise _no_path(chain, anchors, now, str(problem)) from None
    known = {each.x509: each for each in (*chain.certificates, *roots)}
    return [known[each] for each in verified.chain]


def _no_path(chain: Chain, anchors: Anchors, now: float, why: str) -> CertificateError:
    """Return the sentence that tells best why no path was found."""
    leaf = chain.leaf
    for anchor in anchors.anchors:
        root = anchor.certificate
        if not anchor.in_force(now) and any(_signed_by(each, root) for each in chain.certificates):
            return ExpiredError(
                f"Certificate {leaf} leads to {root}, which is no longer in force: refused. Its "
                "holder must ask for a certificate under the new root."
            )
    for authority in chain.intermediates:
        if not authority.not_before - SKEW <= now <= authority.not_after + SKEW:
            return _out_of_dates(authority, 0.0, now)
    return CertificateError(
        f"Certificate {leaf} does not lead to a root of {anchors.community}: refused. It was "
        f"issued by {quoted(leaf.x509.issuer.rfc4514_string())} ({quoted(why)})."
    )


def _signed_by(certificate: Certificate, root: Certificate) -> bool:
    """Tell by the signature: roots of one year have the same name."""
    try:
        check_issued(certificate, root)
    except CertificateError:
        return False
    return True


def _standing(leaf: Certificate, identity: Identity, now: float) -> Standing:
    _check_dates(leaf, identity.lifetime.grace, now)
    return Standing.CURRENT if now <= leaf.not_after + SKEW else Standing.GRACE


def _check_dates(certificate: Certificate, grace: float, now: float) -> None:
    if not certificate.not_before - SKEW <= now <= certificate.not_after + grace + SKEW:
        raise _out_of_dates(certificate, grace, now)


def _out_of_dates(certificate: Certificate, grace: float, now: float) -> ExpiredError:
    """Return the sentence with both dates, and whose clock may be wrong."""
    if now < certificate.not_before:
        return ExpiredError(
            f"Certificate {certificate} is valid only from {shown(certificate.not_before)}, and it "
            f"is {shown(now)} here: refused. The clock here is behind, or that of its issuer ahead."
        )
    more = f" and its grace of {grace / DAY:.0f} days is over" if grace else ""
    return ExpiredError(
        f"Certificate {certificate} was valid until {shown(certificate.not_after)}{more}, and it "
        f"is {shown(now)} here: refused. It can no longer be renewed: its holder must enrol anew; "
        "if it has, the clock here is ahead."
    )
