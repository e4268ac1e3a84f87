"""One person's yes or no to exactly one signed proposal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from baluardo.errors import CommandError, InvalidInputError
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Peer, Verifier
from baluardo.trust.commands.proposal import (
    PROPOSAL_TYPE,
    Proposal,
    hexadecimal,
    proposal_digest,
)
from baluardo.trust.envelope import Envelope, sign, verify
from baluardo.trust.identity import LONGEST_URI, Identity, Kind
from baluardo.trust.strict_json import JsonObject, write_json

APPROVAL_TYPE: Final = "application/vnd.baluardo.approval+json"
DIGEST_OCTETS: Final = 48
LARGEST_APPROVAL: Final = 4_096
LONGEST_REASON: Final = 500


class Decision(Enum):
    """What an approver answers."""

    APPROVE = "approve"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Approval:
    """An answer, as it is signed."""

    proposal: bytes
    """SHA-384 that tells the signed proposal (`proposal_digest`), 48 octets."""
    approver: Identity
    decision: Decision
    time: float
    """POSIX seconds."""
    reason: str = ""

    def to_payload(self) -> bytes:
        """Return the octets to sign."""
        return write_json(
            {
                "proposal": self.proposal.hex(),
                "approver": self.approver.uri,
                "decision": self.decision.value,
                "time": self.time,
                "reason": self.reason,
            }
        )

    @classmethod
    def of_payload(cls, payload: bytes) -> Approval:
        """Read the octets that were signed; InvalidInputError if they are no approval."""
        fields = JsonObject.parse(payload, LARGEST_APPROVAL, "The approval")
        fields.only(("proposal", "approver", "decision", "time", "reason"))
        try:
            decision = Decision(fields.text("decision", 16))
        except ValueError:
            raise fields.wrong("decision", "approve or refuse") from None
        return cls(
            hexadecimal(fields, "proposal", DIGEST_OCTETS),
            Identity.of_uri(fields.text("approver", LONGEST_URI)),
            decision,
            fields.number("time"),
            fields.text("reason", LONGEST_REASON),
        )


@dataclass(frozen=True, slots=True)
class SignedProposal:
    """A genuine proposal that was in force when it was read."""

    proposal: Proposal
    proposer: Peer
    digest: bytes
    """Tells exactly this signed proposal, 48 octets."""


def read_proposal(envelope: Envelope, verifier: Verifier, now: float) -> SignedProposal:
    """Return a genuine proposal that is in force, for an approver to read before deciding.

    SignatureError or CertificateError if it is not genuine, CommandError if it is not in force or
    does not say what its signer may say.
    """
    digest = proposal_digest(envelope)
    proposer = verify(envelope, verifier, now, PROPOSAL_TYPE).signers[0]
    proposal = _read(envelope)
    if proposer.identity != proposal.proposer:
        raise CommandError(
            f"The proposal says that {proposal.proposer} made it, but {proposer.identity} signed "
            "it. Nothing was done."
        )
    proposal.check_time(now)
    return SignedProposal(proposal, proposer, digest)


def approve(
    proposal_envelope: Envelope,
    credential: Credential,
    now: float,
    decision: Decision = Decision.APPROVE,
    reason: str = "",
) -> Envelope:
    """Return a person's signed answer to this proposal; read it with `read_proposal` before.

    CommandError if the proposal is not in force, or is the person's own.
    """
    proposal = _read(proposal_envelope)
    proposal.check_time(now)
    approver = credential.identity
    check_approver(approver, proposal)
    if len(reason) > LONGEST_REASON:
        raise InvalidInputError(f"A reason has at most {LONGEST_REASON} characters.")
    answer = Approval(proposal_digest(proposal_envelope), approver, decision, now, reason)
    return sign(answer.to_payload(), APPROVAL_TYPE, credential)


def check_approver(approver: Identity, proposal: Proposal) -> None:
    """Refuse who can approve no proposal, or not this one, whatever their roles."""
    if approver.kind is not Kind.PERSON or approver.community != proposal.community:
        raise CommandError(f"{approver.uri} cannot approve: a person of {proposal.community} must.")
    if approver.holder == proposal.proposer.holder:
        raise CommandError(
            f"{approver} cannot approve what they have proposed, with whatever device. Ask "
            "somebody else."
        )


def _read(envelope: Envelope) -> Proposal:
    try:
        return Proposal.of_payload(envelope.payload)
    except InvalidInputError as problem:
        raise CommandError(f"A proposal was refused: {problem}") from None
