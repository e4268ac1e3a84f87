"""The public half of an authority's directory, read as anybody reads it: nothing is believed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from baluardo.errors import CertificateError
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.signatures import check_issued
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.issuing.layout import Public


def read_revocations(
    public: Public, anchors: Anchors, held: Revocations | None = None
) -> Revocations:
    """Return the newest list of every root and of every issuer that a root has certified.

    Lists that are held already go on by deltas, where those lead on. CertificateError for an issuer
    that no root has certified, a list that is not genuine, or one older than what is held.
    """
    found = held or Revocations()
    for each in authorities(public, anchors):
        found = _newest(found, public, each)
    return found


def authorities(public: Public, anchors: Anchors) -> tuple[Certificate, ...]:
    """Return every root and every issuer; CertificateError for one that no root has certified."""
    roots = [anchor.certificate for anchor in anchors.anchors]
    issuers = [chain.leaf for _, chain in public.issuer_chains()]
    for issuer in issuers:
        certifier_of(issuer, roots)
    return (*roots, *issuers)


def _newest(held: Revocations, public: Public, issuer: Certificate) -> Revocations:
    delta = public.read_list(issuer.key_id, delta=True)
    if delta is not None and issuer.key_id in held.lists:
        with contextlib.suppress(CertificateError):  # it starts above what is held, or is old
            found = held.apply(delta, issuer)
            if found is not held:
                return found
    full = public.read_list(issuer.key_id)
    return held if full is None else held.apply(full, issuer)


def learn_anchors(held: Anchors, public: Public, now: float) -> Anchors:
    """Return a member's roots with those that succeeded them, as the public half tells.

    Each new root is taken on the word of the one before it alone (RFC 9810 section 4.4), while
    that word is good; CertificateError if the newest root here does not lead back to one held.
    """
    offered = [anchor.certificate for anchor in Anchors.read(public.anchors).anchors]
    known = {anchor.certificate.fingerprint for anchor in held.anchors}
    places = [place for place, root in enumerate(offered) if root.fingerprint in known]
    for root in offered[places[-1] + 1 :] if places else ():
        for link in public.links_to(root):
            held = held.succeed(root, link, now)
    newest = offered[-1]
    if all(anchor.certificate != newest for anchor in held.anchors):
        raise CertificateError(
            f"The newest root here, {newest}, does not lead back to a root that is trusted: the "
            "roots stay as they are. Compare its fingerprint with one from another hand."
        )
    return held


def public_verifier(directory: Path, list_grace: float) -> Verifier:
    """Return what judges certificates by a copy of an authority's public directory.

    `list_grace` (s) is the judging class's own; see `identity.LIFETIMES`. The anchors in the
    directory are believed: compare the root's fingerprint with one from another hand.
    """
    public = Public(directory)
    anchors = Anchors.read(public.anchors)
    return Verifier(anchors, read_revocations(public, anchors), list_grace)


def is_certified(issuer: Certificate, roots: Iterable[Certificate]) -> bool:
    """Tell whether one of these roots has certified an issuer."""
    try:
        certifier_of(issuer, roots)
    except CertificateError:
        return False
    return True


def certifier_of(issuer: Certificate, roots: Iterable[Certificate]) -> Certificate:
    """Return the root that has certified an issuer; CertificateError if none has."""
    for root in roots:
        with contextlib.suppress(CertificateError):
            check_issued(issuer, root)
            return root
    raise CertificateError(f"No root here has certified {issuer.subject}: refused.")
