"""Signed octets that carry who signed them: DSSE v1 envelopes with certificate chains.

DSSE (Dead Simple Signing Envelope, github.com/secure-systems-lab/dsse, protocol 1.0.0) signs the
payload's very octets together with their type, so nothing is parsed before it is verified and
nothing is serialised twice. Ours differ from plain DSSE in two points: ML-DSA signs under the
context of Label.SIGN_ENVELOPE, and each signature carries its certificate chain, `chain`, a list
of base64 DER, leaf first. `keyid` is a hint and decides nothing, as the standard demands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from baluardo.errors import InvalidInputError, SignatureError
from baluardo.foreign_input import quoted
from baluardo.trust.base64_text import of_either_base64, to_base64
from baluardo.trust.certificates.certificate import (
    LARGEST_CERTIFICATE,
    LONGEST_CHAIN,
    Chain,
)
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Peer, Verifier
from baluardo.trust.labels import Label
from baluardo.trust.strict_json import JsonObject, parse_json, write_json

LARGEST_PAYLOAD: Final = 1 << 20
LARGEST_ENVELOPE: Final = 3 << 20
"""Octets of JSON: room for the largest payload and the most signatures with usual chains."""
MOST_SIGNATURES: Final = 16
LONGEST_SIGNATURE: Final = 4_627
"""ML-DSA-87's (FIPS 204, table 2)."""
LONGEST_TYPE: Final = 255
LONGEST_KEY_ID: Final = 128


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Return DSSE's PAE, the message that is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True, slots=True)
class EnvelopeSignature:
    """One signature and the chain of the certificate it is made with."""

    chain: Chain
    signature: bytes
    key_id: str
    """A hint: the hexadecimal subject key identifier when we write it, anything when read."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, its type, and at least one signature; genuine only when `verify` has said so."""

    payload: bytes
    payload_type: str
    signatures: tuple[EnvelopeSignature, ...]

    def __post_init__(self) -> None:
        """Refuse sizes and types that no reader would take."""
        _check_payload(self.payload, self.payload_type)
        if not 0 < len(self.signatures) <= MOST_SIGNATURES:
            raise InvalidInputError(f"An envelope has 1 to {MOST_SIGNATURES} signatures.")

    def to_object(self) -> dict[str, object]:
        """Return the JSON envelope as a value, for a place within another document."""
        return {
            "payload": to_base64(self.payload),
            "payloadType": self.payload_type,
            "signatures": [
                {
                    "keyid": each.key_id,
                    "sig": to_base64(each.signature),
                    "chain": [to_base64(der) for der in each.chain.ders()],
                }
                for each in self.signatures
            ],
        }

    def to_json(self) -> bytes:
        """Return the JSON envelope, UTF-8."""
        octets = write_json(self.to_object())
        if len(octets) > LARGEST_ENVELOPE:
            raise InvalidInputError(f"An envelope has at most {LARGEST_ENVELOPE:,} octets.")
        return octets

    @classmethod
    def of_json(cls, octets: bytes) -> Envelope:
        """Read a JSON envelope; nothing of it is genuine yet.

        InvalidInputError if it is none, CertificateError if a chain holds no certificates,
        ProfileError if they have keys that no profile lists.
        """
        return cls.of_object(parse_json(octets, LARGEST_ENVELOPE, "The envelope"))

    @classmethod
    def of_object(cls, value: object) -> Envelope:
        """Read a JSON envelope that stood within another document; errors as `of_json`."""
        fields = JsonObject.of(value, "The envelope")
        fields.only(("payload", "payloadType", "signatures"))
        signatures = fields.items("signatures", MOST_SIGNATURES)
        return cls(
            fields.octets("payload", LARGEST_PAYLOAD),
            fields.text("payloadType", LONGEST_TYPE),
            tuple(_signature(each) for each in signatures),
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """A genuine payload and all who signed it, in the order of their signatures."""

    payload: bytes
    signers: tuple[Peer, ...]


def sign(payload: bytes, payload_type: str, credential: Credential) -> Envelope:
    """Return an envelope of a payload with one signature."""
    made = _sign(payload, payload_type, credential)
    return Envelope(payload, payload_type, (made,))


def add_signature(envelope: Envelope, credential: Credential) -> Envelope:
    """Return the envelope with one more signature; InvalidInputError if this key has signed it."""
    if any(each.chain.leaf.key == credential.key.public for each in envelope.signatures):
        raise InvalidInputError(f"{credential.identity} has signed this envelope already.")
    made = _sign(envelope.payload, envelope.payload_type, credential)
    return replace(envelope, signatures=(*envelope.signatures, made))


def verify(envelope: Envelope, verifier: Verifier, now: float, payload_type: str) -> Verified:
    """Return the payload if it is of this type and every signature and chain on it is good.

    SignatureError for another type, a signature that is not genuine, or one key that signs twice;
    CertificateError (or ExpiredError, RevokedError) and ProfileError from the chains.
    """
    if envelope.payload_type != payload_type:
        raise SignatureError(
            f"A signed message was refused: it is {quoted(envelope.payload_type)}, and "
            f"{payload_type} is what was expected."
        )
    message = pre_authentication_encoding(envelope.payload_type, envelope.payload)
    signers = []
    keys = set()
    for each in envelope.signatures:
        peer = verifier.verify(each.chain, now)
        key = each.chain.leaf.key
        if key in keys:
            raise SignatureError(f"A signed message was refused: {peer.identity} signed it twice.")
        keys.add(key)
        try:
            key.verify(each.signature, message, Label.SIGN_ENVELOPE)
        except SignatureError:
            raise SignatureError(
                f"A signed message was refused: {peer.identity} has not signed this. It was "
                "altered on its way, or somebody only pretends."
            ) from None
        signers.append(peer)
    return Verified(envelope.payload, tuple(signers))


def _check_payload(payload: bytes, payload_type: str) -> None:
    if len(payload) > LARGEST_PAYLOAD:
        raise InvalidInputError(f"A payload has at most {LARGEST_PAYLOAD:,} octets.")
    if not 0 < len(payload_type) <= LONGEST_TYPE or not payload_type.isprintable():
        raise InvalidInputError(
            f"payloadType {quoted(payload_type)}: 1 to {LONGEST_TYPE} printable characters."
        )


def _sign(payload: bytes, payload_type: str, credential: Credential) -> EnvelopeSignature:
    _check_payload(payload, payload_type)
    message = pre_authentication_encoding(payload_type, payload)
    return EnvelopeSignature(
        credential.chain,
        credential.key.sign(message, Label.SIGN_ENVELOPE),
        credential.chain.leaf.key_id.hex(),
    )


def _signature(value: object) -> EnvelopeSignature:
    fields = JsonObject.of(value, "A signature of the envelope")
    fields.only(("keyid", "sig", "chain"))
    chain = []
    for each in fields.items("chain", LONGEST_CHAIN):
        if not isinstance(each, str) or len(each) > (LARGEST_CERTIFICATE + 2) // 3 * 4:
            raise fields.wrong("chain", "a list of certificates in base64")
        chain.append(of_either_base64(each))
    return EnvelopeSignature(
        Chain.of_ders(chain),
        fields.octets("sig", LONGEST_SIGNATURE),
        fields.text("keyid", LONGEST_KEY_ID) if "keyid" in fields.fields else "",
    )
