"""An authenticator and its browser in software: makes and uses passkeys as WebAuthn says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from baluardo.trust.base64_text import to_base64url
from baluardo.trust.primitives.hashing import sha256

AnyKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 1, 4, 8, 16, 64


def cose(key: AnyKey) -> dict[int, Any]:
    """The public key as COSE_Key (RFC 9053)."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        x = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {1: 1, 3: -8, -1: 6, -2: x}
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        octets = key.key_size // 8
        return {1: 3, 3: -257, -1: numbers.n.to_bytes(octets, "big"), -2: b"\1\0\1"}
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    half = len(point) // 2
    alg, curve = {32: (-7, 1), 48: (-35, 2)}[half]
    return {1: 2, 3: alg, -1: curve, -2: point[1 : 1 + half], -3: point[1 + half :]}


@dataclass
class Authenticator:
    """One passkey and the page it is used on; any of its words may be bent."""

    rp_id: str = "baluardo.localhost"
    origin: str = "https://rome.baluardo.localhost"
    key: AnyKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = b"\x05" * 32
    handle: bytes = b"\x09" * 32
    count: int = 0
    counts: bool = True
    flags: int = PRESENT | VERIFIED
    format: str = "none"
    client: dict[str, Any] = field(default_factory=dict)
    """Bent or further fields of what the browser signs."""
    cose: dict[int, Any] | None = None

    def _client_data(self, kind: str, challenge: bytes) -> bytes:
        fields = {"type": kind, "challenge": to_base64url(challenge), "origin": self.origin}
        return json.dumps(fields | {"crossOrigin": False} | self.client).encode()

    def _data(self, flags: int, attested: bytes = b"") -> bytes:
        if self.counts:
            self.count += 1
        head = sha256(self.rp_id.encode()) + bytes([flags])
        return head + self.count.to_bytes(4, "big") + attested

    def make(self, challenge: bytes) -> dict[str, Any]:
        """What `navigator.credentials.create()` gives, in JSON."""
        client = self._client_data("webauthn.create", challenge)
        key = cbor2.dumps(cose(self.key) if self.cose is None else self.cose)
        length = len(self.credential_id).to_bytes(2, "big")
        attested = b"\x03" * 16 + length + self.credential_id + key
        data = self._data(self.flags | ATTESTED, attested)
        statement: dict[str, Any] = {}
        if self.format == "packed":
            statement = {"alg": -7, "sig": self.sign(data + sha256(client))}
        made = {"fmt": self.format, "attStmt": statement, "authData": data}
        return self._credential(
            {
                "clientDataJSON": to_base64url(client),
                "attestationObject": to_base64url(cbor2.dumps(made)),
                "transports": ["internal", "hybrid", "carrier-pigeon"],
            }
        )

    def use(self, challenge: bytes) -> dict[str, Any]:
        """What `navigator.credentials.get()` gives, in JSON."""
        client = self._client_data("webauthn.get", challenge)
        data = self._data(self.flags)
        return self._credential(
            {
                "clientDataJSON": to_base64url(client),
                "authenticatorData": to_base64url(data),
                "signature": to_base64url(self.sign(data + sha256(client))),
                "userHandle": to_base64url(self.handle),
            }
        )

    def sign(self, octets: bytes) -> bytes:
        """Sign with the passkey's key."""
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(octets)
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(octets, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(octets, ec.ECDSA(hashes.SHA256()))

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        identifier = to_base64url(self.credential_id)
        return {
            "id": identifier,
            "rawId": identifier,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }
