"""A device's own word under what it asks of the post office, so that no site can ask in its name.

What changes something is signed by the device: publishing, claiming, beginning, committing, sending
and taking. The signature is that of an envelope whose payload and chain are not sent: the payload
is made again from the request, the chain is the one that the device has attended with.

The payload bears a challenge that the authority drew for this device at this channel, and a number
that is used once under it. So a request that was signed counts once, over that channel alone, and
a site that keeps one back cannot bring it after the channel has ended. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from baluardo.errors import InvalidInputError, SignatureError
from baluardo.foreign_input import quoted
from baluardo.protocol.mail_fields import CHALLENGE_OCTETS, check_challenge
from baluardo.protocol.message_fields import whole
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.digest import digest_256
from baluardo.trust.envelope import (
    LONGEST_SIGNATURE,
    Envelope,
    EnvelopeSignature,
    sign,
    verify,
)
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, rewrite_json, write_json

SIGNED_TYPE: Final = "application/vnd.baluardo.mail-request+json"
FIELD: Final = "signed"
"""Where a request bears the device's word."""
SIGNED_KINDS: Final = frozenset({"publish", "packages", "begin", "commit", "send", "taken"})
"""What changes something for a device or a conversation; whatever else is asked only looks."""


@dataclass(frozen=True, slots=True)
class Word:
    """What travels of a signature: the rest is known at both ends."""

    challenge: str
    """That the authority drew for this device at this channel; 32 octets, hexadecimal."""
    number: int
    """From 1, used once under the challenge."""
    signature: bytes

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_challenge(self.challenge)
        if not 0 < self.number <= LARGEST_NUMBER:
            raise InvalidInputError(f"number {quoted(self.number)}: from 1 to {LARGEST_NUMBER}.")
        if not 0 < len(self.signature) <= LONGEST_SIGNATURE:
            raise InvalidInputError(f"signature: 1 to {LONGEST_SIGNATURE:,} octets.")

    def to_object(self) -> dict[str, object]:
        """Return the word as a JSON value."""
        signature = to_base64(self.signature)
        return {"challenge": self.challenge, "number": self.number, "signature": signature}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Self:
        """Read the fields."""
        fields.only(("challenge", "number", "signature"))
        return cls(
            fields.text("challenge", 2 * CHALLENGE_OCTETS),
            whole(fields, "number"),
            fields.octets("signature", LONGEST_SIGNATURE),
        )


def split_word(value: object) -> tuple[JsonObject, Word | None]:
    """Return a request without the device's word, and the word; InvalidInputError if it is none."""
    fields = JsonObject.of(value, "The request")
    kind = fields.fields.get("kind")
    if FIELD not in fields.fields or not isinstance(kind, str) or kind not in SIGNED_KINDS:
        return fields, None
    word = Word.of_fields(fields.inner(FIELD))
    bare = {name: each for name, each in fields.fields.items() if name != FIELD}
    return JsonObject(bare, fields.what), word


def signed_octets(
    request: Mapping[str, object], device_uri: str, challenge: str, number: int
) -> bytes:
    """Return the payload that a device signs under a request, in its one written form.

    `request` is as `mail_requests` writes it.
    `device_uri` names the community too: `spiffe://italia.example/person/anna.rossi/phone`.
    """
    return write_json(
        {
            "challenge": challenge,
            "device": device_uri,
            "kind": request["kind"],
            "number": number,
            "request": digest_256(rewrite_json(dict(request))).hex(),
        }
    )


def sign_request(
    request: Mapping[str, object], credential: Credential, challenge: str, number: int
) -> dict[str, object]:
    """Return a request with the word of the device under it."""
    payload = signed_octets(request, credential.identity.uri, challenge, number)
    (made,) = sign(payload, SIGNED_TYPE, credential).signatures
    return {**request, FIELD: Word(challenge, number, made.signature).to_object()}


def verify_request(
    request: Mapping[str, object], word: Word, chain: Chain, verifier: Verifier, now: float
) -> None:
    """Return if the device of this chain has signed this request; whether anew is judged elsewhere.

    `request` is as `mail_requests` writes what it has read. SignatureError, CertificateError or
    ProfileError says why it is not believed.
    """
    identity = chain.leaf.identity
    if identity is None:
        raise SignatureError("Nobody has signed this request: nothing was done.")
    payload = signed_octets(request, identity.uri, word.challenge, word.number)
    made = EnvelopeSignature(chain, word.signature, "")
    try:
        verify(Envelope(payload, SIGNED_TYPE, (made,)), verifier, now, SIGNED_TYPE)
    except SignatureError:
        raise SignatureError(
            f"{identity.path} has not signed this request: it was altered on its way, or its site "
            "asks in its name. Nothing was done."
        ) from None
