"""Making certificates: root, issuer, leaf, and the old root's word for the new one."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from baluardo.errors import CertificateError, InvalidInputError, ProfileError
from baluardo.foreign_input import quoted
from baluardo.trust.certificates.certificate import Certificate, key_identifier
from baluardo.trust.certificates.dates import shown, to_x509
from baluardo.trust.certificates.signatures import check_issued
from baluardo.trust.identity import DAY, Identity, Kind
from baluardo.trust.primitives.hashing import random_octets
from baluardo.trust.primitives.signing import SigningKey, VerifyingKey
from baluardo.trust.suites import AnyProfile, SignatureAlgorithm

YEAR: Final = 365.25 * DAY
ROOT_LIFE: Final = 20 * YEAR
ISSUER_LIFE: Final = 2 * YEAR
"""Seconds; our choice, as is ROOT_LIFE."""
LONGEST_NAME: Final = 64
"""Characters of a common name (RFC 5280 appendix A.1, ub-common-name)."""


def make_root(
    key: SigningKey, community: str, profile: AnyProfile, now: float, life: float = ROOT_LIFE
) -> Certificate:
    """Return a root, signed by itself; ProfileError for a key the profile does not ask for."""
    Identity(community, Kind.AUTHORITY, "root")
    _expect(key.public, profile.certificates.root, f"a root of the profile {profile.name}")
    tail = f" root {to_x509(now).year}"
    name = named(community[: LONGEST_NAME - len(tail)] + tail)
    builder = unsigned(name, name, key.public, now, now + life)
    return signed(authority(builder, key.public, key.public, path_length=None), key)


def certify_successor(
    old_key: SigningKey, old_root: Certificate, new_root: Certificate, now: float, overlap: float
) -> Certificate:
    """Return the old root's word for the new one ("newWithOld", RFC 9810 section 4.4).

    It ends after `overlap` seconds, at the latest with the old root; then the old root is no more
    trusted by anybody who has heard it.
    """
    _expect_own(old_key, old_root)
    _expect(new_root.key, old_root.key.algorithm, "the old root's successor")
    check_issued(new_root, new_root)
    if new_root.key == old_root.key:
        raise CertificateError("The new root has the old root's key: nothing would change.")
    not_after = min(now + overlap, old_root.not_after)
    if not now < not_after:
        raise InvalidInputError("The overlap must end after now and before the old root does.")
    builder = unsigned(new_root.x509.subject, old_root.x509.subject, new_root.key, now, not_after)
    return signed(authority(builder, new_root.key, old_key.public, path_length=1), old_key)


def make_issuer(
    root_key: SigningKey,
    root: Certificate,
    issuer_public: VerifyingKey,
    name: str,
    now: float,
    profile: AnyProfile,
    life: float = ISSUER_LIFE,
) -> Certificate:
    """Return the certificate of an issuing authority, which certifies leaves only."""
    _expect_own(root_key, root)
    _expect(root.key, profile.certificates.root, f"a root of the profile {profile.name}")
    _expect(issuer_public, profile.certificates.issuer, f"an issuer of the profile {profile.name}")
    not_after = now + life
    _within(not_after, root, "The issuer")
    builder = unsigned(named(name), root.x509.subject, issuer_public, now, not_after)
    return signed(authority(builder, issuer_public, root_key.public, path_length=0), root_key)


def make_leaf(
    issuer_key: SigningKey,
    issuer: Certificate,
    public: VerifyingKey,
    identity: Identity,
    now: float,
    profile: AnyProfile,
    life: float | None = None,
) -> Certificate:
    """Return a member's certificate, for its class's life or a shorter one.

    ProfileError for a key the profile does not ask for; CertificateError if the certificate with
    its grace would outlive the issuer; InvalidInputError for a life longer than the class's.
    """
    _expect_own(issuer_key, issuer)
    _expect(issuer.key, profile.certificates.issuer, f"an issuer of the profile {profile.name}")
    _expect(public, profile.certificates.leaf, f"a member of the profile {profile.name}")
    longest = identity.lifetime.life
    seconds = longest if life is None else life
    if not 0 < seconds <= longest:
        raise InvalidInputError(
            f"{identity}: a life of {seconds:.0f} s; {longest:.0f} s is the most for its class."
        )
    not_after = now + seconds
    _within(not_after + identity.lifetime.grace, issuer, f"The certificate of {identity}")
    builder = unsigned(
        named(identity.path[:LONGEST_NAME]), issuer.x509.subject, public, now, not_after
    )
    uri = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity.uri)])
    both = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    return signed(leaf(builder, public, issuer_key.public, uri, both), issuer_key)


def named(common_name: str) -> x509.Name:
    """Return a distinguished name with just a common name of 1 to 64 characters."""
    if not (1 <= len(common_name) <= LONGEST_NAME and common_name.isprintable()):
        raise InvalidInputError(
            f"The name {quoted(common_name)}: 1 to {LONGEST_NAME} printable characters."
        )
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def unsigned(
    subject: x509.Name, issuer: x509.Name, public: VerifyingKey, not_before: float, not_after: float
) -> x509.CertificateBuilder:
    """Return a builder with names, key, window and a fresh serial of 159 random bits."""
    first, last = to_x509(not_before), to_x509(not_after)
    if not first < last:
        raise InvalidInputError("A certificate ends after it begins.")
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public.public)
        .serial_number(max(1, int.from_bytes(random_octets(20)) >> 1))
        .not_valid_before(first)
        .not_valid_after(last)
    )


def authority(
    builder: x509.CertificateBuilder,
    public: VerifyingKey,
    signer: VerifyingKey,
    path_length: int | None,
) -> x509.CertificateBuilder:
    """Add what makes an authority, with at most `path_length` authorities below it."""
    return _with_keys(
        builder.add_extension(x509.BasicConstraints(True, path_length), critical=True),
        public,
        signer,
    ).add_extension(_usage(authority=True), critical=True)


def leaf(
    builder: x509.CertificateBuilder,
    public: VerifyingKey,
    signer: VerifyingKey,
    names: x509.SubjectAlternativeName,
    purposes: list[x509.ObjectIdentifier],
) -> x509.CertificateBuilder:
    """Add what makes a leaf: its names and its purposes, and that it is no authority."""
    return (
        _with_keys(
            builder.add_extension(x509.BasicConstraints(False, None), critical=True), public, signer
        )
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(names, critical=False)
    )


def signed(builder: x509.CertificateBuilder, key: SigningKey) -> Certificate:
    """Sign what was built."""
    return Certificate(builder.sign(key.private, key.certificate_hash))


def _with_keys(
    builder: x509.CertificateBuilder, public: VerifyingKey, signer: VerifyingKey
) -> x509.CertificateBuilder:
    own, above = key_identifier(public), key_identifier(signer)
    return builder.add_extension(x509.SubjectKeyIdentifier(own), critical=False).add_extension(
        x509.AuthorityKeyIdentifier(above, None, None), critical=False
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _expect(key: VerifyingKey, wanted: SignatureAlgorithm, whose: str) -> None:
    if key.algorithm is not wanted:
        raise ProfileError(
            f"The key of {whose} is one of {wanted.value}; this one is of {key.algorithm.value}."
        )


def _expect_own(key: SigningKey, certificate: Certificate) -> None:
    if key.public != certificate.key:
        raise CertificateError(f"This is not the key of {certificate}: nothing was signed.")
    if not certificate.is_authority:
        raise CertificateError(f"Certificate {certificate} is no authority: nothing was signed.")


def _within(not_after: float, issuer: Certificate, what: str) -> None:
    if not_after > issuer.not_after:
        raise CertificateError(
            f"{what} would live until {shown(not_after)}, its grace included, but {issuer} only "
            f"until {shown(issuer.not_after)}. Renew the issuing authority first."
        )
