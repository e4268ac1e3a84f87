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


def read_revocations(public: Public, anchors: Anchors) -> Revocations:
    """Return the newest full list of every root and of every issuer that a root has certified.

    CertificateError for an issuer that no root has, or a list that is not genuine.
    """
    roots = [anchor.certificate for anchor in anchors.anchors]
    issuers = [chain.leaf for _, chain in public.issuer_chains()]
    for issuer in issuers:
        certifier_of(issuer, roots)
    found = Revocations()
    for each in (*roots, *issuers):
        der = public.read_list(each.key_id)
        if der is not None:
            found = found.apply(der, each)
    return found


def public_verifier(directory: Path, list_grace: float) -> Verifier:
    """Return what judges certificates by a copy of an authority's public directory.

    `list_grace` (s) is the judging class's own; see `identity.LIFETIMES`. The anchors in the
    directory are believed: compare the root's fingerprint with one from another hand.
    """
    public = Public(directory)
    anchors = Anchors.read(public.anchors)
    return Verifier(anchors, read_revocations(public, anchors), list_grace)


def certifier_of(issuer: Certificate, roots: Iterable[Certificate]) -> Certificate:
    """Return the root that has certified an issuer; CertificateError if none has."""
    for root in roots:
        with contextlib.suppress(CertificateError):
            check_issued(issuer, root)
            return root
    raise CertificateError(f"No root here has certified {issuer.subject}: refused.")
