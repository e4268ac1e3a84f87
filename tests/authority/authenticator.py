"""An authenticator in software, for tests: ES256, no attestation, and not always honest."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from baluardo.trust.base64_text import of_base64url, to_base64url

PRESENT = 0x01
VERIFIED = 0x04
ATTESTED = 0x40


@dataclass
class Passkey:
    """One discoverable credential."""

    id: bytes
    key: ec.EllipticCurvePrivateKey
    handle: bytes
    count: int = 0

    def cose(self) -> bytes:
        """Return the public key as COSE_Key (RFC 9053 section 7.1.1)."""
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})


@dataclass
class Authenticator:
    """What one person carries: passkeys by relying party, the newest of which is used."""

    origin: str
    passkeys: dict[str, list[Passkey]] = field(default_factory=dict)
    verifies: bool = True
    """Whether it verifies its user."""

    def copy(self) -> Authenticator:
        """Return another one with the same passkeys, as nobody could make of real ones."""
        held = {place: [replace(each) for each in all_] for place, all_ in self.passkeys.items()}
        return Authenticator(self.origin, held, self.verifies)

    def make(self, options: dict[str, Any], origin: str | None = None) -> dict[str, Any]:
        """Make a passkey for creation options; return RegistrationResponseJSON."""
        rp_id = options["rp"]["id"]
        passkey = Passkey(
            os.urandom(16),
            ec.generate_private_key(ec.SECP256R1()),
            of_base64url(options["user"]["id"]),
        )
        self.passkeys.setdefault(rp_id, []).append(passkey)
        client = self._client_data("webauthn.create", options["challenge"], origin)
        length = len(passkey.id).to_bytes(2, "big")
        attested = bytes(16) + length + passkey.id + passkey.cose()
        data = self._head(rp_id, ATTESTED, passkey.count) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            passkey,
            client,
            {"attestationObject": to_base64url(attestation), "transports": ["internal"]},
        )

    def use(self, options: dict[str, Any], origin: str | None = None) -> dict[str, Any]:
        """Use the newest passkey for request options; return AuthenticationResponseJSON."""
        passkey = self.passkeys[options["rpId"]][-1]
        passkey.count += 1
        client = self._client_data("webauthn.get", options["challenge"], origin)
        data = self._head(options["rpId"], 0, passkey.count)
        signed = data + hashlib.sha256(client).digest()
        signature = passkey.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            passkey,
            client,
            {
                "authenticatorData": to_base64url(data),
                "signature": to_base64url(signature),
                "userHandle": to_base64url(passkey.handle),
            },
        )

    def _client_data(self, kind: str, challenge: str, origin: str | None) -> bytes:
        fields = {
            "type": kind,
            "challenge": challenge,
            "origin": origin or self.origin,
            "crossOrigin": False,
        }
        return json.dumps(fields).encode()

    def _head(self, rp_id: str, flags: int, count: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    @staticmethod
    def _answer(passkey: Passkey, client: bytes, response: dict[str, Any]) -> dict[str, Any]:
        named = to_base64url(passkey.id)
        return {
            "id": named,
            "rawId": named,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {"clientDataJSON": to_base64url(client), **response},
        }
