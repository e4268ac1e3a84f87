"""A member's sealing key, published under its certificate: who seals knows to whom.

A signed envelope (`envelope`) around the encoded key. It is good as long as the certificate that
signed it is: whoever renews publishes anew, with the same sealing key or another.
"""

from __future__ import annotations

from typing import Final

from baluardo.errors import CertificateError, InvalidInputError, ProfileError
from baluardo.foreign_input import quoted
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Peer, Verifier
from baluardo.trust.envelope import Envelope, sign, verify
from baluardo.trust.sealing import SealingPublicKey
from baluardo.trust.strict_json import JsonObject, write_json
from baluardo.trust.suites import P, Profile

SEALING_KEY_TYPE: Final = "application/vnd.baluardo.sealing-key+json"
MOST_STATEMENT_OCTETS: Final = 8_192
MOST_KEY_OCTETS: Final = 4_096


def publish_sealing_key(key: SealingPublicKey[P], credential: Credential) -> Envelope:
    """Return a member's statement that messages for it are to be sealed to this key."""
    body = {"key": to_base64(key.octets), "profile": key.profile.name}
    return sign(write_json(body), SEALING_KEY_TYPE, credential)


def read_sealing_key(
    envelope: Envelope, profile: Profile[P], verifier: Verifier, now: float
) -> tuple[Peer, SealingPublicKey[P]]:
    """Return who published a key, and the key; SignatureError or CertificateError if nobody did.

    ProfileError if the key, or the community that judges, is of another profile.
    """
    verified = verify(envelope, verifier, now, SEALING_KEY_TYPE)
    if len(verified.signers) != 1:
        raise CertificateError("A sealing key is published by one member alone: refused.")
    try:
        body = JsonObject.parse(verified.payload, MOST_STATEMENT_OCTETS, "The statement")
        body.only(("key", "profile"))
        name = body.text("profile", 32)
        octets = body.octets("key", MOST_KEY_OCTETS)
        if not name == profile.name == verifier.anchors.profile.name:
            raise ProfileError(
                f"This sealing key is of the profile {quoted(name)}, not {profile.name}: refused."
            )
        return verified.signers[0], SealingPublicKey(profile, octets)
    except InvalidInputError as problem:
        raise CertificateError(f"This publishes no sealing key: {problem}") from None
