"""ML-DSA against published vectors: keys grown from their seed, signatures with a context."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from baluardo.errors import InvalidInputError, SignatureError
from baluardo.trust.labels import Label
from baluardo.trust.primitives.signing import SigningKey, VerifyingKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import SignatureAlgorithm

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "trust" / "mldsa.json").read_text(encoding="utf-8")
)

every_vector = pytest.mark.parametrize(
    "vector", VECTORS, ids=lambda v: f"{v['algorithm']}-{v['count']}"
)
OCTETS = {"ML-DSA-65": (1952, 3309), "ML-DSA-87": (2592, 4627)}
"""Public key and signature, FIPS 204 table 2."""


@dataclass(frozen=True)
class AnyLabel:
    """Stands for a label with a published vector's context, which our registry cannot have."""

    value: bytes


def label(context: bytes) -> Label:
    return cast("Label", AnyLabel(context))


def key_of(vector: dict[str, str]) -> SigningKey:
    algorithm = SignatureAlgorithm(vector["algorithm"])
    return SigningKey.from_seed(algorithm, Secret(bytes.fromhex(vector["xi"])))


def raw(key: VerifyingKey) -> bytes:
    """The encoded public key of FIPS 204: the end of the SubjectPublicKeyInfo (RFC 9881)."""
    return key.der()[-OCTETS[key.algorithm.value][0] :]


@every_vector
def test_a_seed_grows_into_the_published_key(vector: dict[str, str]) -> None:
    key = key_of(vector)
    assert hashlib.sha256(raw(key.public)).hexdigest() == vector["pk_sha256"]
    assert key.seed() == Secret(bytes.fromhex(vector["xi"]))


@every_vector
def test_published_signatures(vector: dict[str, str]) -> None:
    key = key_of(vector).public
    signature, message, context = (bytes.fromhex(vector[k]) for k in ("sig", "msg", "ctx"))
    assert len(signature) == OCTETS[vector["algorithm"]][1]
    key.verify(signature, message, label(context))
    for what, (bad_signature, bad_message, bad_label) in {
        "another context": (signature, message, label(context + b"\0")),
        "no context": (signature, message, label(b"")),
        "a label of ours": (signature, message, Label.SIGN_ENVELOPE),
        "the context moved into the message": (
            signature,
            b"\0" + len(context).to_bytes(1, "big") + context + message,
            label(b""),
        ),
        "another message": (signature, message + b"\0", label(context)),
        "nothing": (b"", message, label(context)),
        "one octet less": (signature[:-1], message, label(context)),
        "one octet more": (signature + b"\0", message, label(context)),
        "challenge": (flipped(signature, 0), message, label(context)),
        "response": (flipped(signature, 2_000), message, label(context)),
        "hints": (flipped(signature, len(signature) - 1), message, label(context)),
        "zeroes": (bytes(len(signature)), message, label(context)),
        "ones": (b"\xff" * len(signature), message, label(context)),
    }.items():
        assert refused(key, bad_signature, bad_message, bad_label), what


def refused(key: VerifyingKey, signature: bytes, message: bytes, under: Label) -> bool:
    try:
        key.verify(signature, message, under)
    except SignatureError:
        return True
    return False


def flipped(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.ML_DSA_65, SignatureAlgorithm.ML_DSA_87])
def test_a_signature_is_good_under_its_label_alone(algorithm: SignatureAlgorithm) -> None:
    key = SigningKey.generate(algorithm)
    for mine in Label:
        signature = key.sign(b"message", mine)
        key.public.verify(signature, b"message", mine)
        for other in set(Label) - {mine}:
            with pytest.raises(SignatureError):
                key.public.verify(signature, b"message", other)
        with pytest.raises(SignatureError):
            key.public.verify(signature, b"message", label(b""))


@pytest.mark.parametrize(
    "foreign",
    [ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()],
    ids=["P-256", "Ed25519"],
)
def test_a_key_of_another_kind_is_called_that(
    foreign: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> None:
    """Not damaged: who made it has to make another kind."""
    public = foreign.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private = foreign.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(InvalidInputError, match="a kind that no suite lists"):
        VerifyingKey.of_der(public)
    with pytest.raises(InvalidInputError, match="a kind that no suite lists"):
        SigningKey.of_pkcs8(Secret(private))
    with pytest.raises(InvalidInputError, match="no public key"):
        VerifyingKey.of_der(private)
    with pytest.raises(InvalidInputError, match="no private key"):
        SigningKey.of_pkcs8(Secret(public))
