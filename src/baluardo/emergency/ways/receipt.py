"""The satellite operator's signed receipt for a request. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from baluardo.emergency.ways.air_message import whole
from baluardo.emergency.ways.request import BeamRequest, one_of, only_signer
from baluardo.errors import CertificateError, ConflictError, InvalidInputError
from baluardo.foreign_input import printable
from baluardo.terms import Bilingual
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.digest import digest_256
from baluardo.trust.envelope import Envelope, sign, verify
from baluardo.trust.identity import Identity
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, write_json

RECEIPT_TYPE: Final = "application/vnd.baluardo.beam-receipt+json"
LARGEST_RECEIPT: Final = 8_192
LONGEST_SENTENCE: Final = 1_000


class Outcome(StrEnum):
    """What the operator says to a request."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """For good: the same request will be refused again."""


@dataclass(frozen=True, slots=True)
class BeamReceipt:
    """The operator's word about one request."""

    key: str
    request: str
    """SHA-256 of the request's payload, small hexadecimal digits."""
    outcome: Outcome
    at: int
    """POSIX milliseconds, by the operator's clock."""
    detail: Bilingual
    """What the operator will do, or why not."""

    def __post_init__(self) -> None:
        """Refuse times that are none."""
        if not 0 <= self.at <= LARGEST_NUMBER:
            raise InvalidInputError("The receipt's time is no count of milliseconds.")

    @classmethod
    def of_request(
        cls, request: BeamRequest, outcome: Outcome, now: float, detail: Bilingual
    ) -> BeamReceipt:
        """Return the answer to a request; now: POSIX seconds."""
        octets = digest_256(request.to_octets()).hex()
        return cls(request.key, octets, outcome, round(now * 1_000), detail)

    def to_octets(self) -> bytes:
        """Return the one written form."""
        return write_json(
            {
                "key": self.key,
                "request": self.request,
                "outcome": self.outcome.value,
                "at": self.at,
                "detail": self.detail.by_language(),
            }
        )

    @classmethod
    def of_octets(cls, octets: bytes) -> BeamReceipt:
        """Read the written form; InvalidInputError for any other."""
        fields = JsonObject.parse(octets, LARGEST_RECEIPT, "The receipt")
        fields.only(("key", "request", "outcome", "at", "detail"))
        detail = fields.inner("detail")
        detail.only(("it", "en"))
        receipt = cls(
            fields.text("key", 96),
            fields.text("request", 64),
            one_of(fields, "outcome", Outcome),
            whole(fields, "at"),
            Bilingual(detail.text("it", LONGEST_SENTENCE), detail.text("en", LONGEST_SENTENCE)),
        )
        if receipt.to_octets() != octets:
            raise InvalidInputError("The receipt is not in its one written form: refused.")
        return receipt

    def sign(self, credential: Credential) -> Envelope:
        """Return it signed by the operator."""
        return sign(self.to_octets(), RECEIPT_TYPE, credential)


def read_receipt(
    envelope: Envelope, verifier: Verifier, now: float, request: Envelope, operator: Identity
) -> BeamReceipt:
    """Return the operator's acceptance of just this request.

    ConflictError if the operator has refused it for good; CertificateError if somebody else has
    signed, or it is for another request; InvalidInputError, SignatureError or ProfileError as
    `envelope.verify`.
    """
    signer = only_signer(verify(envelope, verifier, now, RECEIPT_TYPE).signers)
    if signer.identity != operator:
        raise CertificateError(
            f"{signer.identity} signs a receipt, and is not {operator}: refused."
        )
    receipt = BeamReceipt.of_octets(envelope.payload)
    if receipt.request != digest_256(request.payload).hex():
        raise CertificateError("The operator's receipt is for another request: refused.")
    if receipt.outcome is Outcome.REFUSED:
        raise ConflictError(f"The operator refuses: {printable(receipt.detail.en)}")
    return receipt
