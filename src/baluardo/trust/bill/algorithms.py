"""What each algorithm is that this house uses: the catalogue behind the bill of materials.

`suites` and the libraries spell one algorithm in several ways; here each has one name, its
standard, its strength and the names by which code reaches it. A test walks the sources and fails
for any primitive that is reached by a name not listed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

_CRYPTOGRAPHY: Final = "cryptography.hazmat.primitives"
_CURVES: Final = f"{_CRYPTOGRAPHY}.asymmetric.ec"
_LATTICE: Final = f"{_CRYPTOGRAPHY}.asymmetric.mldsa"
_HPKE: Final = f"{_CRYPTOGRAPHY}.hpke"
_XML: Final = "signxml.algorithms"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One algorithm with its parameters, in the words of CycloneDX 1.6."""

    name: str
    primitive: str
    """CycloneDX's kind: signature, kem, key-agree, combiner, ae, hash, kdf, other, ..."""
    standard: str
    functions: tuple[str, ...]
    parameter_set: str = ""
    classical_bits: int | None = None
    """Bits of security against today's computers; None where it hangs on what is put in."""
    quantum_level: int = 0
    """NIST's category 1 to 5 against a quantum computer; 0: it falls, or gives no security."""
    oid: str = ""
    curve: str = ""
    mode: str = ""
    parts: tuple[str, ...] = ()
    """Names of the algorithms that this one is put together from."""
    spellings: tuple[str, ...] = ()
    """How `suites` and the libraries' parameters write it."""
    reached_by: tuple[str, ...] = ()
    """Dotted names by which Python code reaches it."""


_SIGNING: Final = ("keygen", "sign", "verify")
_ENCAPSULATING: Final = ("keygen", "encapsulate", "decapsulate")
_AGREEING: Final = ("keygen", "keyderive")
_SEALING: Final = ("encrypt", "decrypt", "tag")

_SIGNATURES: Final = (
    Algorithm(
        name="ML-DSA-65",
        primitive="signature",
        standard="FIPS 204; in certificates RFC 9881",
        functions=_SIGNING,
        parameter_set="65",
        classical_bits=192,
        quantum_level=3,
        oid="2.16.840.1.101.3.4.3.18",
        spellings=("mldsa65",),
        reached_by=(f"{_LATTICE}.MLDSA65PrivateKey", f"{_LATTICE}.MLDSA65PublicKey"),
    ),
    Algorithm(
        name="ML-DSA-87",
        primitive="signature",
        standard="FIPS 204; in certificates RFC 9881",
        functions=_SIGNING,
        parameter_set="87",
        classical_bits=256,
        quantum_level=5,
        oid="2.16.840.1.101.3.4.3.19",
        spellings=("mldsa87",),
        reached_by=(f"{_LATTICE}.MLDSA87PrivateKey", f"{_LATTICE}.MLDSA87PublicKey"),
    ),
    Algorithm(
        name="ECDSA-P384-SHA384",
        primitive="signature",
        standard="FIPS 186-5",
        functions=_SIGNING,
        parameter_set="P-384",
        classical_bits=192,
        oid="1.2.840.10045.4.3.3",
        curve="nist/P-384",
        parts=("SHA-384",),
        reached_by=(
            f"{_CURVES}.EllipticCurvePrivateKey",
            f"{_CURVES}.EllipticCurvePublicKey",
            f"{_CURVES}.SECP384R1",
            f"{_XML}.SignatureMethod.ECDSA_SHA384",
            f"{_CURVES}.generate_private_key",
        ),
    ),
    Algorithm(
        name="ECDSA-P256-SHA256",
        primitive="signature",
        standard="FIPS 186-5",
        functions=_SIGNING,
        parameter_set="P-256",
        classical_bits=128,
        oid="1.2.840.10045.4.3.2",
        curve="nist/P-256",
        parts=("SHA-256",),
        reached_by=(
            "webauthn.helpers.cose.COSEAlgorithmIdentifier.ECDSA_SHA_256",
            f"{_XML}.SignatureMethod.ECDSA_SHA256",
        ),
    ),
    Algorithm(
        name="Ed25519",
        primitive="signature",
        standard="RFC 8032; in passkeys RFC 9053",
        functions=("verify",),
        classical_bits=128,
        oid="1.3.101.112",
        curve="other/Ed25519",
        reached_by=("webauthn.helpers.cose.COSEAlgorithmIdentifier.EDDSA",),
    ),
    Algorithm(
        name="RSA-SHA256",
        primitive="signature",
        standard="RFC 8017, RSASSA-PKCS1-v1_5",
        functions=("sign", "verify"),
        oid="1.2.840.113549.1.1.11",
        parts=("SHA-256",),
        reached_by=(
            "webauthn.helpers.cose.COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256",
            f"{_XML}.SignatureMethod.RSA_SHA256",
        ),
    ),
)

_KEY_EXCHANGES: Final = (
    Algorithm(
        name="ML-KEM-768",
        primitive="kem",
        standard="FIPS 203",
        functions=_ENCAPSULATING,
        parameter_set="768",
        classical_bits=192,
        quantum_level=3,
        oid="2.16.840.1.101.3.4.4.2",
        reached_by=(
            f"{_CRYPTOGRAPHY}.asymmetric.mlkem.MLKEM768PrivateKey",
            f"{_CRYPTOGRAPHY}.asymmetric.mlkem.MLKEM768PublicKey",
        ),
    ),
    Algorithm(
        name="ML-KEM-1024",
        primitive="kem",
        standard="FIPS 203",
        functions=_ENCAPSULATING,
        parameter_set="1024",
        classical_bits=256,
        quantum_level=5,
        oid="2.16.840.1.101.3.4.4.3",
        reached_by=(
            f"{_CRYPTOGRAPHY}.asymmetric.mlkem.MLKEM1024PrivateKey",
            f"{_CRYPTOGRAPHY}.asymmetric.mlkem.MLKEM1024PublicKey",
        ),
    ),
    Algorithm(
        name="X25519",
        primitive="key-agree",
        standard="RFC 7748",
        functions=_AGREEING,
        classical_bits=128,
        oid="1.3.101.110",
        curve="other/Curve25519",
        reached_by=(
            f"{_CRYPTOGRAPHY}.asymmetric.x25519.X25519PrivateKey",
            f"{_CRYPTOGRAPHY}.asymmetric.x25519.X25519PublicKey",
        ),
    ),
    Algorithm(
        name="ECDH-P384",
        primitive="key-agree",
        standard="SP 800-56A",
        functions=_AGREEING,
        parameter_set="P-384",
        classical_bits=192,
        oid="1.3.132.0.34",
        curve="nist/P-384",
        reached_by=(f"{_CURVES}.derive_private_key",),
    ),
    Algorithm(
        name="ECDH-P256",
        primitive="key-agree",
        standard="SP 800-56A",
        functions=_AGREEING,
        parameter_set="P-256",
        classical_bits=128,
        oid="1.2.840.10045.3.1.7",
        curve="nist/P-256",
    ),
    Algorithm(
        name="X25519MLKEM768",
        primitive="combiner",
        standard="draft-ietf-tls-ecdhe-mlkem, TLS group 0x11ec",
        functions=_ENCAPSULATING,
        parameter_set="768",
        classical_bits=192,
        quantum_level=3,
        parts=("ML-KEM-768", "X25519"),
    ),
    Algorithm(
        name="SecP384r1MLKEM1024",
        primitive="combiner",
        standard="draft-ietf-tls-ecdhe-mlkem, TLS group 0x11ed",
        functions=_ENCAPSULATING,
        parameter_set="1024",
        classical_bits=256,
        quantum_level=5,
        parts=("ML-KEM-1024", "ECDH-P384"),
    ),
    Algorithm(
        name="X-Wing",
        primitive="combiner",
        standard="draft-connolly-cfrg-xwing-kem; HPKE KEM 0x647a (draft-ietf-hpke-pq)",
        functions=_ENCAPSULATING,
        parameter_set="768",
        classical_bits=192,
        quantum_level=3,
        parts=("ML-KEM-768", "X25519", "SHA3-256", "SHAKE256"),
        spellings=("MLKEM768_X25519",),
        reached_by=(
            f"{_HPKE}.KEM.MLKEM768_X25519",
            f"{_HPKE}.MLKEM768X25519PrivateKey",
            f"{_HPKE}.MLKEM768X25519PublicKey",
        ),
    ),
    Algorithm(
        name="MLKEM1024-P384",
        primitive="combiner",
        standard="draft-ietf-hpke-pq, HPKE KEM 0x0051",
        functions=_ENCAPSULATING,
        parameter_set="1024",
        classical_bits=256,
        quantum_level=5,
        parts=("ML-KEM-1024", "ECDH-P384", "SHA3-256", "SHAKE256"),
        spellings=("MLKEM1024_P384",),
        reached_by=(
            f"{_HPKE}.KEM.MLKEM1024_P384",
            f"{_HPKE}.MLKEM1024P384PrivateKey",
            f"{_HPKE}.MLKEM1024P384PublicKey",
        ),
    ),
)

_SYMMETRIC: Final = (
    Algorithm(
        name="AES-256-GCM",
        primitive="ae",
        standard="FIPS 197, SP 800-38D",
        functions=_SEALING,
        parameter_set="256",
        classical_bits=256,
        quantum_level=5,
        oid="2.16.840.1.101.3.4.1.46",
        mode="gcm",
        spellings=("AES_256_GCM",),
        reached_by=(
            f"{_CRYPTOGRAPHY}.ciphers.aead.AESGCM",
            f"{_HPKE}.AEAD.AES_256_GCM",
            "pkcs11.KeyType.AES",
            "pkcs11.Mechanism.AES_GCM",
            "pkcs11.GCMParams",
            "pkcs11.mechanisms.GCMParams",
        ),
    ),
    Algorithm(
        name="AES-128-GCM",
        primitive="ae",
        standard="FIPS 197, SP 800-38D",
        functions=_SEALING,
        parameter_set="128",
        classical_bits=128,
        quantum_level=1,
        oid="2.16.840.1.101.3.4.1.6",
        mode="gcm",
    ),
    Algorithm(
        name="AES-256-KW",
        primitive="ae",
        standard="RFC 3394, SP 800-38F",
        functions=("encrypt", "decrypt"),
        parameter_set="256",
        classical_bits=256,
        quantum_level=5,
        oid="2.16.840.1.101.3.4.1.45",
        mode="other",
        reached_by=(
            f"{_CRYPTOGRAPHY}.keywrap.aes_key_unwrap",
            f"{_CRYPTOGRAPHY}.keywrap.aes_key_wrap",
        ),
    ),
    Algorithm(
        name="SHA-256",
        primitive="hash",
        standard="FIPS 180-4",
        functions=("digest",),
        parameter_set="256",
        classical_bits=128,
        quantum_level=2,
        oid="2.16.840.1.101.3.4.2.1",
        reached_by=(
            "hashlib.sha256",
            f"{_CRYPTOGRAPHY}.hashes.SHA256",
            f"{_XML}.DigestAlgorithm.SHA256",
        ),
    ),
    Algorithm(
        name="SHA-384",
        primitive="hash",
        standard="FIPS 180-4",
        functions=("digest",),
        parameter_set="384",
        classical_bits=192,
        quantum_level=4,
        oid="2.16.840.1.101.3.4.2.2",
        reached_by=(
            "hashlib.sha384",
            f"{_CRYPTOGRAPHY}.hashes.SHA384",
            f"{_XML}.DigestAlgorithm.SHA384",
        ),
    ),
    Algorithm(
        name="SHA-512",
        primitive="hash",
        standard="FIPS 180-4",
        functions=("digest",),
        parameter_set="512",
        classical_bits=256,
        quantum_level=5,
        oid="2.16.840.1.101.3.4.2.3",
        reached_by=("hashlib.sha512", f"{_CRYPTOGRAPHY}.hashes.SHA512"),
    ),
    Algorithm(
        name="SHA3-256",
        primitive="hash",
        standard="FIPS 202",
        functions=("digest",),
        parameter_set="256",
        classical_bits=128,
        quantum_level=2,
        oid="2.16.840.1.101.3.4.2.8",
    ),
    Algorithm(
        name="SHAKE256",
        primitive="xof",
        standard="FIPS 202",
        functions=("digest",),
        parameter_set="256",
        classical_bits=256,
        quantum_level=2,
        oid="2.16.840.1.101.3.4.2.12",
        reached_by=(f"{_CRYPTOGRAPHY}.hashes.SHAKE256",),
    ),
    Algorithm(
        name="HKDF-SHA384",
        primitive="kdf",
        standard="RFC 5869",
        functions=("keyderive",),
        parameter_set="SHA-384",
        classical_bits=192,
        quantum_level=4,
        oid="1.2.840.113549.1.9.16.3.29",
        parts=("SHA-384",),
        spellings=("HKDF_SHA384",),
        reached_by=(f"{_CRYPTOGRAPHY}.kdf.hkdf.HKDF", f"{_HPKE}.KDF.HKDF_SHA384"),
    ),
    Algorithm(
        name="HKDF-SHA256",
        primitive="kdf",
        standard="RFC 5869",
        functions=("keyderive",),
        parameter_set="SHA-256",
        classical_bits=128,
        quantum_level=2,
        oid="1.2.840.113549.1.9.16.3.28",
        parts=("SHA-256",),
    ),
    Algorithm(
        name="HKDF-SHA512",
        primitive="kdf",
        standard="RFC 5869",
        functions=("keyderive",),
        parameter_set="SHA-512",
        classical_bits=256,
        quantum_level=5,
        oid="1.2.840.113549.1.9.16.3.30",
        parts=("SHA-512",),
    ),
    Algorithm(
        name="HMAC-SHA512",
        primitive="mac",
        standard="RFC 2104, RFC 4231",
        functions=("tag",),
        parameter_set="SHA-512",
        classical_bits=256,
        quantum_level=5,
        oid="1.2.840.113549.2.11",
        parts=("SHA-512",),
    ),
    Algorithm(
        name="PBKDF2-HMAC-SHA512",
        primitive="kdf",
        standard="RFC 8018",
        functions=("keyderive",),
        parameter_set="SHA-512",
        oid="1.2.840.113549.1.5.12",
        parts=("SHA-512",),
        reached_by=(f"{_CRYPTOGRAPHY}.kdf.pbkdf2.PBKDF2HMAC",),
    ),
    Algorithm(
        name="SLIP-39",
        primitive="other",
        standard="SLIP-0039: Shamir's sharing over GF(256), PBKDF2-HMAC-SHA256",
        functions=("encrypt", "decrypt"),
        parts=("SHA-256",),
        reached_by=(
            "shamir_mnemonic.combine_mnemonics",
            "shamir_mnemonic.generate_mnemonics",
        ),
    ),
    Algorithm(
        name="Operating system's random",
        primitive="drbg",
        standard="getrandom(2)",
        functions=("generate",),
        classical_bits=256,
        quantum_level=5,
        reached_by=("os.urandom",),
    ),
)

ALGORITHMS: Final[dict[str, Algorithm]] = {
    algorithm.name: algorithm for algorithm in (*_SIGNATURES, *_KEY_EXCHANGES, *_SYMMETRIC)
}

_BY_SPELLING: Final[dict[str, Algorithm]] = ALGORITHMS | {
    spelling: algorithm for algorithm in ALGORITHMS.values() for spelling in algorithm.spellings
}


def algorithm_spelled(spelling: str) -> Algorithm:
    """Return an algorithm by its name or by a library's spelling; InvalidInputError if unlisted."""
    try:
        return _BY_SPELLING[spelling]
    except KeyError:
        raise InvalidInputError(
            f"The catalogue of algorithms does not list {quoted(spelling)}; what suites use has to "
            "stand in trust/bill/algorithms.py, so that the bill of materials shows it."
        ) from None
