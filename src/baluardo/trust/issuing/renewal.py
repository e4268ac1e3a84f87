"""Asking for the next certificate with the present one, before it ends or within its grace."""

from __future__ import annotations

from typing import Final

from baluardo.errors import CertificateError
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.request import Request, make_request, read_request
from baluardo.trust.certificates.verification import Peer, Verifier
from baluardo.trust.envelope import Envelope, sign, verify
from baluardo.trust.primitives.signing import SigningKey

RENEWAL_TYPE: Final = "application/vnd.baluardo.renewal+pkcs10"


def ask_renewal(credential: Credential, next_key: SigningKey) -> Envelope:
    """Return a request for the same identity with a new key, signed with the present one.

    The request inside proves possession of the new key, the signature around it of the old one.
    """
    return sign(make_request(next_key, credential.identity), RENEWAL_TYPE, credential)


def read_renewal(envelope: Envelope, verifier: Verifier, now: float) -> tuple[Peer, Request]:
    """Return who asks and what for; CertificateError if that may not be granted."""
    verified = verify(envelope, verifier, now, RENEWAL_TYPE)
    request = read_request(verified.payload)
    if len(verified.signers) != 1:
        raise CertificateError("A renewal is signed once, with the present key.")
    peer = verified.signers[0]
    if request.identity != peer.identity:
        raise CertificateError(
            f"{peer.identity} asks for a certificate of {request.identity}: refused. A renewal "
            "keeps the identity."
        )
    if request.key == peer.chain.leaf.key:
        raise CertificateError(
            f"{peer.identity} asks to keep its key: refused. A renewal brings a new key."
        )
    return peer, request
