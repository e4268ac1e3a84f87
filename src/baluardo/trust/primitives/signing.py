"""Signatures: ML-DSA (FIPS 204) everywhere, ECDSA P-384 for the pages of sites alone."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa

from baluardo.errors import InvalidInputError, SignatureError
from baluardo.trust.labels import Label
from baluardo.trust.secret import Secret
from baluardo.trust.suites import SignatureAlgorithm

PrivateKey = mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey | ec.EllipticCurvePrivateKey
PublicKey = mldsa.MLDSA65PublicKey | mldsa.MLDSA87PublicKey | ec.EllipticCurvePublicKey

SEED_OCTETS: Final = 32
"""Length of the seed that an ML-DSA key grows from (FIPS 204, xi)."""

_PRIVATE: Final[
    dict[SignatureAlgorithm, type[mldsa.MLDSA65PrivateKey] | type[mldsa.MLDSA87PrivateKey]]
] = {
    SignatureAlgorithm.ML_DSA_65: mldsa.MLDSA65PrivateKey,
    SignatureAlgorithm.ML_DSA_87: mldsa.MLDSA87PrivateKey,
}
_PUBLIC: Final[
    dict[SignatureAlgorithm, type[mldsa.MLDSA65PublicKey] | type[mldsa.MLDSA87PublicKey]]
] = {
    SignatureAlgorithm.ML_DSA_65: mldsa.MLDSA65PublicKey,
    SignatureAlgorithm.ML_DSA_87: mldsa.MLDSA87PublicKey,
}


class VerifyingKey:
    """A public key and its algorithm."""

    __slots__ = ("algorithm", "public")

    def __init__(self, public: object) -> None:
        """Take a public key of a listed algorithm; InvalidInputError for any other."""
        self.algorithm = _algorithm_of(public)
        self.public: PublicKey = public  # type: ignore[assignment]  # one of the listed kinds

    @classmethod
    def of_der(cls, der: bytes) -> VerifyingKey:
        """Read a SubjectPublicKeyInfo."""
        try:
            public = serialization.load_der_public_key(der)
        except (ValueError, UnsupportedAlgorithm):
            raise InvalidInputError("This is no public key (SubjectPublicKeyInfo).") from None
        return cls(public)

    def der(self) -> bytes:
        """Return the SubjectPublicKeyInfo, DER."""
        return self.public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @classmethod
    def of_raw(cls, algorithm: SignatureAlgorithm, octets: bytes) -> VerifyingKey:
        """Read an ML-DSA public key as FIPS 204 encodes it (pkEncode)."""
        if algorithm not in _PUBLIC:
            raise InvalidInputError(f"{algorithm.value} keys have no raw form.")
        try:
            return cls(_PUBLIC[algorithm].from_public_bytes(octets))
        except ValueError:
            raise InvalidInputError(f"This is no public key of {algorithm.value}.") from None

    def raw(self) -> bytes:
        """Return an ML-DSA public key as FIPS 204 encodes it (pkEncode)."""
        if isinstance(self.public, ec.EllipticCurvePublicKey):
            raise InvalidInputError(f"{self.algorithm.value} keys have no raw form.")
        return self.public.public_bytes_raw()

    def verify(self, signature: bytes, message: bytes, label: Label) -> None:
        """Return if the signature over the message under this label is genuine.

        SignatureError if it is not. Certificates are verified elsewhere (`trust.certificates`).
        """
        if isinstance(self.public, ec.EllipticCurvePublicKey):
            raise InvalidInputError("ECDSA keys sign certificates of pages only.")
        try:
            self.public.verify(signature, message, label.value)
        except InvalidSignature:
            raise SignatureError("The signature is not genuine.") from None

    def __eq__(self, other: object) -> bool:
        """Compare the keys themselves."""
        return isinstance(other, VerifyingKey) and self.public == other.public

    def __hash__(self) -> int:
        """Hash the encoded key."""
        return hash(self.der())


class SigningKey:
    """A private key that signs; its seed leaves it only as a Secret."""

    __slots__ = ("algorithm", "private", "public")

    def __init__(self, private: object) -> None:
        """Take a private key of a listed algorithm; InvalidInputError for any other."""
        public = private.public_key() if hasattr(private, "public_key") else None
        self.public = VerifyingKey(public)
        self.algorithm = self.public.algorithm
        self.private: PrivateKey = private  # type: ignore[assignment]  # one of the listed kinds

    @classmethod
    def generate(cls, algorithm: SignatureAlgorithm) -> SigningKey:
        """Make a new key from the operating system's randomness."""
        if algorithm is SignatureAlgorithm.ECDSA_P384:
            return cls(ec.generate_private_key(ec.SECP384R1()))
        return cls(_PRIVATE[algorithm].generate())

    @classmethod
    def from_seed(cls, algorithm: SignatureAlgorithm, seed: Secret) -> SigningKey:
        """Grow an ML-DSA key from its seed of 32 octets."""
        if algorithm not in _PRIVATE:
            raise InvalidInputError(f"{algorithm.value} keys have no seed.")
        if len(seed) != SEED_OCTETS:
            raise InvalidInputError(f"A seed has {SEED_OCTETS} octets, this one {len(seed)}.")
        return cls(_PRIVATE[algorithm].from_seed_bytes(seed.reveal()))

    def seed(self) -> Secret:
        """Return the seed of an ML-DSA key."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            raise InvalidInputError(f"{self.algorithm.value} keys have no seed.")
        return Secret(self.private.private_bytes_raw())

    def sign(self, message: bytes, label: Label) -> bytes:
        """Return a signature over the message that is good under this label only."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            raise InvalidInputError("ECDSA keys sign certificates of pages only.")
        return self.private.sign(message, label.value)

    def pkcs8(self) -> Secret:
        """Return the key as PKCS#8, DER, unprotected: for sealing it at once, or for TLS."""
        return Secret(
            self.private.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    @classmethod
    def of_pkcs8(cls, der: Secret) -> SigningKey:
        """Read what `pkcs8` returned."""
        try:
            private = serialization.load_der_private_key(der.reveal(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise InvalidInputError("This is no private key (PKCS#8).") from None
        return cls(private)

    @property
    def certificate_hash(self) -> hashes.SHA384 | None:
        """What X.509 builders want beside this key: ML-DSA hashes for itself."""
        return hashes.SHA384() if self.algorithm is SignatureAlgorithm.ECDSA_P384 else None

    def __repr__(self) -> str:
        """Tell the algorithm only."""
        return f"<SigningKey {self.algorithm.value}>"


def _algorithm_of(public: object) -> SignatureAlgorithm:
    if isinstance(public, mldsa.MLDSA65PublicKey):
        return SignatureAlgorithm.ML_DSA_65
    if isinstance(public, mldsa.MLDSA87PublicKey):
        return SignatureAlgorithm.ML_DSA_87
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP384R1):
        return SignatureAlgorithm.ECDSA_P384
    raise InvalidInputError(
        "A key of a kind that no suite lists; the suites sign with "
        f"{', '.join(algorithm.value for algorithm in SignatureAlgorithm)}."
    )
