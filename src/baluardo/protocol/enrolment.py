"""Sealed first contact, both halves: what an invited machine checks and sends, and who opens it.

The one who is invited knows one fingerprint. From it follow the roots, from them the authority's
certificate, from that its sealing key; the secret of the invitation and the request for a
certificate are sealed to that key together, so that nobody between can read the one or swap the
other.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.durable_files import make_directory
from baluardo.errors import CertificateError, InvalidInputError, SealError
from baluardo.protocol.invitation import SECRET_OCTETS, Invitation
from baluardo.protocol.public_bundle import SEALING_STATEMENT, PublicBundle
from baluardo.protocol.whereabouts import STATED
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.request import LARGEST_REQUEST
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Kind
from baluardo.trust.issuing.layout import Public
from baluardo.trust.issuing.publication import is_certified, learn_anchors, read_revocations
from baluardo.trust.publishing import read_sealing_key
from baluardo.trust.sealing import SealingKey, open_sealed, seal
from baluardo.trust.secret import Secret
from baluardo.trust.strict_json import JsonObject, write_json
from baluardo.trust.suites import CNSA, EU_HYBRID, P, Profile, profile_named

__all__ = [
    "CONTEXT",
    "LARGEST_SEALED",
    "PublicBundle",
    "SealedRequest",
    "open_request",
    "seal_request",
    "sealing_statement",
    "trusted",
]

CONTEXT: Final = b"baluardo/enrol"
"""What the message is sealed for."""
LARGEST_SEALED: Final = 65_536
"""Octets of a sealed request."""


def trusted(bundle: PublicBundle, invitation: Invitation, now: float, directory: Path) -> Verifier:
    """Return what judges by the invitation's root, and keep the public half in a directory.

    Newer roots are taken on the word of that one; older ones, and issuers that only they have
    certified, are left out, and so is what only the authority's own word can tell (the log's key,
    the pages' root: `protocol.whereabouts`). CertificateError if the root is not there or the rest
    does not follow from it, ProfileError for another profile: nothing is written then.
    """
    with tempfile.TemporaryDirectory(prefix="baluardo-first-contact-") as place:
        heard = Public(Path(place))
        bundle.write(heard.directory)
        anchors = learn_anchors(_pinned(heard, invitation), heard, now)
        roots = [anchor.certificate for anchor in anchors.anchors]
        strangers = {
            f"issuers/{name}.pem"
            for name, chain in heard.issuer_chains()
            if not is_certified(chain.leaf, roots)
        }
        for path in strangers:
            (heard.directory / path).unlink()
        verifier = Verifier(
            anchors, read_revocations(heard, anchors), invitation.identity.lifetime.list_grace
        )
    make_directory(directory)
    kept = {
        path: octets
        for path, octets in bundle.files.items()
        if path not in strangers and path not in STATED and not path.startswith("anchors/")
    }
    PublicBundle(kept).write(directory)
    anchors.write(Public(directory).anchors)
    return verifier


def _pinned(heard: Public, invitation: Invitation) -> Anchors:
    """Return the anchors that the invitation alone stands for."""
    offered = Anchors.read(heard.anchors)
    profile = profile_named(invitation.profile)
    if (offered.community, offered.profile.name) != (invitation.community, profile.name):
        raise CertificateError(
            f"This is the authority of another community than {invitation.community}, or of "
            "another profile. Nothing was sent to it; compare the invitation with whoever gave it."
        )
    return Anchors.of_root(invitation.community, profile, _root(offered, invitation.root))


def _root(offered: Anchors, fingerprint: bytes) -> Certificate:
    for anchor in offered.anchors:
        if anchor.certificate.fingerprint == fingerprint:
            return anchor.certificate
    raise CertificateError(
        "The authority that answered does not have the root that the invitation names: somebody "
        "may be pretending to be it. Nothing was sent to it; tell whoever invited you."
    )


def sealing_statement(bundle: PublicBundle) -> Envelope:
    """Return the authority's word for its sealing key; InvalidInputError if the bundle has none."""
    octets = bundle.files.get(SEALING_STATEMENT)
    if octets is None:
        raise InvalidInputError(
            "The authority publishes no key to seal to, so nothing was sent to it. Ask its "
            "operator to start it."
        )
    return Envelope.of_json(octets)


def seal_request(
    secret: Secret,
    request_der: bytes,
    statement: Envelope,
    verifier: Verifier,
    now: float,
) -> bytes:
    """Return the invitation's secret and a request for a certificate, sealed to the authority.

    `verifier` is what `trusted` returned. CertificateError if the sealing key was not published by
    an authority: any other member's would be genuine too.
    """
    if len(secret) != SECRET_OCTETS or len(request_der) > LARGEST_REQUEST:
        raise InvalidInputError(
            f"A sealed request holds a secret of {SECRET_OCTETS} octets and a request of at most "
            f"{LARGEST_REQUEST:,}."
        )
    body = {"secret": to_base64(secret.reveal()), "request": to_base64(request_der)}
    if verifier.anchors.profile.name == CNSA.name:
        return _sealed(write_json(body), statement, CNSA, verifier, now)
    return _sealed(write_json(body), statement, EU_HYBRID, verifier, now)


def _sealed(
    plain: bytes, statement: Envelope, profile: Profile[P], verifier: Verifier, now: float
) -> bytes:
    peer, key = read_sealing_key(statement, profile, verifier, now)
    if peer.identity.kind is not Kind.AUTHORITY:
        raise CertificateError(
            f"The key to seal to is {peer.identity}'s, not the authority's: nothing was sent."
        )
    return seal(plain, [key], CONTEXT)


@dataclass(frozen=True, slots=True)
class SealedRequest:
    """What was sealed: whoever knows the secret asks for this key, and the request proves it."""

    secret: Secret
    request: bytes
    """PKCS#10, DER; not yet read."""


def open_request(sealed: bytes, key: SealingKey[P]) -> SealedRequest:
    """Return what was sealed to the authority's key; SealError, ProfileError if it was not."""
    if len(sealed) > LARGEST_SEALED:
        raise SealError(f"A sealed request has at most {LARGEST_SEALED:,} octets.")
    plain = open_sealed(sealed, key, CONTEXT)
    try:
        fields = JsonObject.parse(plain, LARGEST_SEALED, "The request")
        fields.only(("secret", "request"))
        secret = fields.octets("secret", SECRET_OCTETS)
        request = fields.octets("request", LARGEST_REQUEST)
    except InvalidInputError:  # its sentence might show the secret
        secret, request = b"", b""
    if len(secret) != SECRET_OCTETS or not request:
        raise SealError("This sealed message holds no request for a certificate.")
    return SealedRequest(Secret(secret), request)
