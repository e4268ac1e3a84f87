"""How the community's certificates are formed, told a second time, by `cryptography`'s own reader.

A browser takes a chain where the authority's verifier does and every certificate of the path is
formed like this; tests hold the pages' code against both.
"""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from baluardo.errors import TrustError
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.verification import Peer, Verifier

COMMON = {
    ExtensionOID.BASIC_CONSTRAINTS: True,
    ExtensionOID.KEY_USAGE: True,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER: False,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER: False,
}
LEAF = COMMON | {
    ExtensionOID.EXTENDED_KEY_USAGE: False,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME: False,
}
"""Extensions that must be there, and whether each is critical."""
MISPLACED = {
    *LEAF,
    ExtensionOID.NAME_CONSTRAINTS,
    ExtensionOID.POLICY_CONSTRAINTS,
    ExtensionOID.INHIBIT_ANY_POLICY,
    ExtensionOID.CRL_NUMBER,
    ExtensionOID.DELTA_CRL_INDICATOR,
    x509.oid.CRLEntryExtensionOID.CRL_REASON,
}
PURPOSES = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]


def taken(verifier: Verifier, ders: list[bytes], now: float) -> Peer | None:
    """Return whom a browser must know by this chain; None if it must refuse."""
    try:
        peer = verifier.verify(Chain.of_ders(ders), now)
    except TrustError:
        return None
    return peer if len(set(ders)) == len(ders) and _formed(peer, verifier, now) else None


def _formed(peer: Peer, verifier: Verifier, now: float) -> bool:
    leaf, issuer, *links = [each.x509 for each in peer.chain.certificates]
    roots = [each.x509 for each in verifier.anchors.in_force(now)]
    if not _is_leaf(leaf) or not _is_authority(issuer) or not _names_issuer(leaf, issuer):
        return False
    authorities = [each for each in (*roots, *links) if _is_authority(each)]
    return any(_names_issuer(issuer, each) for each in authorities)


def _names_issuer(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    signer = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    holder = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    told = (signer.key_identifier, signer.authority_cert_issuer) == (holder.digest, None)
    return told and certificate.issuer == issuer.subject


def _is_leaf(leaf: x509.Certificate) -> bool:
    if not _has(leaf, LEAF):
        return False
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    constraints = leaf.extensions.get_extension_for_class(x509.BasicConstraints).value
    usage = _usage(leaf) == {"digital_signature"}
    return list(purposes) == PURPOSES and usage and not constraints.ca


def _is_authority(authority: x509.Certificate) -> bool:
    usage = {"key_cert_sign", "crl_sign"}
    return _has(authority, COMMON) and _usage(authority) == usage


def _usage(certificate: x509.Certificate) -> set[str]:
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    names = [name for name in dir(usage) if name[0] != "_" and not name.endswith("_only")]
    return {name for name in names if getattr(usage, name) is True}


def _has(certificate: x509.Certificate, wanted: dict[x509.ObjectIdentifier, bool]) -> bool:
    extensions = {each.oid: each for each in certificate.extensions}
    for oid, critical in wanted.items():
        if oid not in extensions or extensions[oid].critical is not critical:
            return False
        # Bits at the end of a KeyUsage that are nought are not written in DER.
        if extensions[oid].value.public_bytes() not in certificate.tbs_certificate_bytes:
            return False
    others = [each for oid, each in extensions.items() if oid not in wanted]
    if any(each.critical or each.oid in MISPLACED for each in others):
        return False
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    holder = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    same = holder.digest == hashlib.sha256(spki).digest()
    return same and _is_named(certificate.subject) and _is_named(certificate.issuer)


def _is_named(name: x509.Name) -> bool:
    attributes = list(name)
    if len(name.rdns) != 1 or len(attributes) != 1:
        return False
    only = attributes[0]
    text = str(only.value)
    plain = only.oid == NameOID.COMMON_NAME and only._type is _ASN1Type.UTF8String
    return plain and 1 <= len(text) <= 64 and text.isprintable()
