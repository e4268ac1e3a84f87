"""Cryptographic suites as policy: one table per layer for each profile, nothing chosen elsewhere.

A community has one profile. `eu-hybrid` follows ANSSI and BSI (a classical and a post-quantum key
exchange together); `cnsa` follows NSA's CNSA 2.0 (ML-KEM-1024, ML-DSA-87, AES-256, SHA-384), its
key exchange hybrid with P-384 as TLS and HPKE register it. Whatever must stay classical because the
other end is a browser or a public standard is named in CLASSICAL_DOORS.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, TypeVar

from baluardo.errors import ProfileError
from baluardo.foreign_input import quoted


class SignatureAlgorithm(Enum):
    """Algorithms that sign anything here, by the name of their standard."""

    ML_DSA_65 = "ML-DSA-65"
    ML_DSA_87 = "ML-DSA-87"
    ECDSA_P384 = "ECDSA-P384-SHA384"
    """For the pages of sites only: browsers verify nothing stronger (see CLASSICAL_DOORS)."""


@dataclass(frozen=True, slots=True)
class CertificateSuite:
    """Which algorithm each kind of certificate's key has (FIPS 204, RFC 9881)."""

    root: SignatureAlgorithm
    issuer: SignatureAlgorithm
    leaf: SignatureAlgorithm


@dataclass(frozen=True, slots=True)
class ChannelSuite:
    """TLS 1.3 parameters by the names OpenSSL knows them."""

    group: str
    """Key exchange; the only one offered or accepted."""
    signature_algorithms: tuple[str, ...]
    """For handshakes and for the certificates of the chain."""
    cipher: str


@dataclass(frozen=True, slots=True)
class SealingSuite:
    """HPKE (RFC 9180) parameters by the names `cryptography` knows them."""

    kem: str
    kdf: str
    aead: str


@dataclass(frozen=True, slots=True)
class GroupSuite:
    """MLS (RFC 9420) parameters. Suite numbers are private: the pages have them."""

    kem: str
    signature: str


class EuHybrid:
    """Marks, for the type checker, what belongs to the profile `eu-hybrid`. Never instantiated."""


class Cnsa:
    """Marks, for the type checker, what belongs to the profile `cnsa`. Never instantiated."""


P = TypeVar("P", EuHybrid, Cnsa)
"""A profile as a type: functions that take several values of P take them of one profile only."""


@dataclass(frozen=True, slots=True)
class Profile(Generic[P]):
    """A suite set as policy; there are two instances, EU_HYBRID and CNSA."""

    name: str
    certificates: CertificateSuite
    channel: ChannelSuite
    sealing: SealingSuite
    groups: GroupSuite
    log: SignatureAlgorithm
    """Signs checkpoints and cosignatures of the audit log."""


AnyProfile = Profile[EuHybrid] | Profile[Cnsa]

EU_HYBRID: Final[Profile[EuHybrid]] = Profile(
    name="eu-hybrid",
    certificates=CertificateSuite(
        root=SignatureAlgorithm.ML_DSA_87,
        issuer=SignatureAlgorithm.ML_DSA_65,
        leaf=SignatureAlgorithm.ML_DSA_65,
    ),
    channel=ChannelSuite(
        group="X25519MLKEM768",
        signature_algorithms=("mldsa65", "mldsa87"),
        cipher="TLS_AES_256_GCM_SHA384",
    ),
    sealing=SealingSuite(kem="MLKEM768_X25519", kdf="HKDF_SHA384", aead="AES_256_GCM"),
    groups=GroupSuite(kem="X-Wing", signature="ML-DSA-65"),
    log=SignatureAlgorithm.ML_DSA_65,
)

CNSA: Final[Profile[Cnsa]] = Profile(
    name="cnsa",
    certificates=CertificateSuite(
        root=SignatureAlgorithm.ML_DSA_87,
        issuer=SignatureAlgorithm.ML_DSA_87,
        leaf=SignatureAlgorithm.ML_DSA_87,
    ),
    channel=ChannelSuite(
        group="SecP384r1MLKEM1024",
        signature_algorithms=("mldsa87",),
        cipher="TLS_AES_256_GCM_SHA384",
    ),
    sealing=SealingSuite(kem="MLKEM1024_P384", kdf="HKDF_SHA384", aead="AES_256_GCM"),
    groups=GroupSuite(kem="ML-KEM-1024", signature="ML-DSA-87"),
    log=SignatureAlgorithm.ML_DSA_87,
)

PROFILES: Final[dict[str, AnyProfile]] = {p.name: p for p in (EU_HYBRID, CNSA)}


def profile_named(name: str) -> AnyProfile:
    """Return a profile by its name; ProfileError names the two there are."""
    try:
        return PROFILES[name]
    except KeyError:
        raise ProfileError(
            f"There is no profile {quoted(name)}; the profiles are {', '.join(PROFILES)}."
        ) from None


@dataclass(frozen=True, slots=True)
class ClassicalDoor:
    """A place where a quantum computer would get in, and why it stands open."""

    name: str
    algorithms: tuple[str, ...]
    why: str
    bounded_by: str
    """What limits the harm."""


CLASSICAL_DOORS: Final[tuple[ClassicalDoor, ...]] = (
    ClassicalDoor(
        name="TLS certificates of the pages of sites",
        algorithms=("ECDSA-P384-SHA384",),
        why="Browsers verify no post-quantum certificate.",
        bounded_by=(
            "A forger needs a quantum computer while the certificate is in use; recorded traffic "
            "stays closed, as browsers agree its keys by X25519MLKEM768."
        ),
    ),
    ClassicalDoor(
        name="WebAuthn passkeys of officials",
        algorithms=("ECDSA-P256-SHA256", "Ed25519", "RSA-SHA256"),
        why="Authenticators sign with ES256, EdDSA or RS256, and browsers pass on nothing else.",
        bounded_by="A signature is used once, within a minute, and proves a login, not content.",
    ),
    ClassicalDoor(
        name="DTLS under end-to-end encrypted media",
        algorithms=("ECDSA-P256-SHA256", "X25519", "ECDH-P256"),
        why="WebRTC stacks authenticate DTLS with classical certificates, some only by DTLS 1.2.",
        bounded_by="Frames are sealed above it (SFrame under MLS keys of the group suite).",
    ),
    ClassicalDoor(
        name="Key agreement inside WireGuard",
        algorithms=("X25519",),
        why="WireGuard's protocol has one key agreement and no other.",
        bounded_by=(
            "A preshared key from a post-quantum channel enters every handshake, and is never "
            "absent: without it what was recorded stays closed."
        ),
    ),
    ClassicalDoor(
        name="XML signatures of CAP warnings",
        algorithms=("ECDSA-P384-SHA384", "ECDSA-P256-SHA256", "RSA-SHA256"),
        why="Receivers of CAP 1.2 know the signatures of XML Signature only.",
        bounded_by="The release is recorded in the audit log under a post-quantum signature.",
    ),
)
"""Doors that must stay classical. docs/limits.md and the bill of materials name the same ones."""
