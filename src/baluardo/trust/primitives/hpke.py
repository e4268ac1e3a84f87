"""HPKE in base mode (RFC 9180) with hybrid key encapsulation (draft-ietf-hpke-pq), single shots.

A private key is the seed of 32 octets that draft-irtf-cfrg-hybrid-kems expands by SHAKE256 into the
keys of both parts; for MLKEM768_X25519 this is X-Wing's (draft-connolly-cfrg-xwing-kem). A public
key is ML-KEM's followed by the X25519 key or the uncompressed P-384 point. What is sealed is the
encapsulated key followed by the ciphertext.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hpke, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519

from baluardo.errors import InvalidInputError, SealError
from baluardo.trust.primitives.aead import TAG_OCTETS
from baluardo.trust.primitives.hashing import random_octets
from baluardo.trust.secret import Secret
from baluardo.trust.suites import SealingSuite

SEED_OCTETS: Final = 32

HybridPublic = hpke.MLKEM768X25519PublicKey | hpke.MLKEM1024P384PublicKey
HybridPrivate = hpke.MLKEM768X25519PrivateKey | hpke.MLKEM1024P384PrivateKey


@dataclass(frozen=True, slots=True)
class _Kem:
    """One key encapsulation: lengths in octets, and how its keys are built."""

    public_octets: int
    grow: Callable[[bytes], tuple[HybridPrivate, bytes]]
    """From the seed: private key and encoded public key."""
    load: Callable[[bytes], HybridPublic]


def _grow_x_wing(seed: bytes) -> tuple[HybridPrivate, bytes]:
    long = _shake256(seed, 96)
    lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(long[:64])
    curve = x25519.X25519PrivateKey.from_private_bytes(long[64:])
    public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
    return hpke.MLKEM768X25519PrivateKey(lattice, curve), public


def _load_x_wing(public: bytes) -> HybridPublic:
    return hpke.MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(public[:1184]),
        x25519.X25519PublicKey.from_public_bytes(public[1184:]),
    )


def _grow_p384(seed: bytes) -> tuple[HybridPrivate, bytes]:
    long = _shake256(seed, 112)
    lattice = mlkem.MLKEM1024PrivateKey.from_seed_bytes(long[:64])
    # A scalar out of range (1 seed in 2^194) is refused by the library with ValueError.
    curve = ec.derive_private_key(int.from_bytes(long[64:], "big"), ec.SECP384R1())
    point = curve.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    public = lattice.public_key().public_bytes_raw() + point
    return hpke.MLKEM1024P384PrivateKey(lattice, curve), public


def _load_p384(public: bytes) -> HybridPublic:
    if public[1568] != 4:
        raise ValueError("the point is compressed")  # never shown
    return hpke.MLKEM1024P384PublicKey(
        mlkem.MLKEM1024PublicKey.from_public_bytes(public[:1568]),
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), public[1568:]),
    )


_KEMS: Final[dict[str, _Kem]] = {
    "MLKEM768_X25519": _Kem(1184 + 32, _grow_x_wing, _load_x_wing),
    "MLKEM1024_P384": _Kem(1568 + 97, _grow_p384, _load_p384),
}


def sealed_octets(suite: SealingSuite, plaintext_octets: int) -> int:
    """Return how many octets so much plaintext becomes."""
    encapsulated: int = getattr(hpke.KEM, suite.kem).enc_length()
    return encapsulated + plaintext_octets + TAG_OCTETS


class HpkePublicKey:
    """A public key that anybody may seal to."""

    __slots__ = ("_key", "octets", "suite")

    def __init__(self, suite: SealingSuite, octets: bytes) -> None:
        """Read an encoded public key; InvalidInputError if it is none of this suite's."""
        kem = _kem(suite)
        if len(octets) != kem.public_octets:
            raise InvalidInputError(
                f"A public key of {suite.kem} has {kem.public_octets:,} octets, "
                f"this one {len(octets):,}."
            )
        try:
            self._key = kem.load(octets)
        except ValueError:
            raise InvalidInputError(f"This is no public key of {suite.kem}.") from None
        self.suite = suite
        self.octets = octets

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """Return encapsulated key and ciphertext; InvalidInputError if nobody can hold the key."""
        try:
            return _suite(self.suite).encrypt(plaintext, self._key, info)
        except ValueError:  # an X25519 key of small order
            raise InvalidInputError(f"This public key of {self.suite.kem} is nobody's.") from None


class HpkePrivateKey:
    """A private key; its seed leaves it only as a Secret."""

    __slots__ = ("_key", "public", "seed", "suite")

    def __init__(self, suite: SealingSuite, seed: Secret) -> None:
        """Grow the key from its seed of 32 octets."""
        if len(seed) != SEED_OCTETS:
            raise InvalidInputError(f"A seed has {SEED_OCTETS} octets, this one {len(seed)}.")
        kem = _kem(suite)
        try:
            self._key, public = kem.grow(seed.reveal())
        except ValueError:
            raise InvalidInputError(f"No key of {suite.kem} grows from this seed.") from None
        self.suite = suite
        self.seed = seed
        self.public = HpkePublicKey(suite, public)

    @classmethod
    def generate(cls, suite: SealingSuite) -> HpkePrivateKey:
        """Make a new key from the operating system's randomness."""
        return cls(suite, Secret(random_octets(SEED_OCTETS)))

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Return the plaintext; SealError if key, info or any octet differ."""
        try:
            return _suite(self.suite).decrypt(sealed, self._key, info)
        except (InvalidTag, ValueError):
            raise SealError("The message was altered, or was not sealed to this key.") from None

    def __repr__(self) -> str:
        """Tell the suite only."""
        return f"<HpkePrivateKey {self.suite.kem}>"


def _kem(suite: SealingSuite) -> _Kem:
    if suite.kem not in _KEMS:
        raise InvalidInputError(f"{suite.kem} is no key encapsulation of {', '.join(_KEMS)}.")
    return _KEMS[suite.kem]


def _suite(suite: SealingSuite) -> hpke.Suite:
    return hpke.Suite(
        getattr(hpke.KEM, suite.kem), getattr(hpke.KDF, suite.kdf), getattr(hpke.AEAD, suite.aead)
    )


def _shake256(seed: bytes, octets: int) -> bytes:
    digest = hashes.Hash(hashes.SHAKE256(octets))
    digest.update(seed)
    return digest.finalize()
