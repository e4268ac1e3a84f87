"""The authority's signed word for the policy in force, for an edge that held none before.

Every later policy an edge judges by the one before it (`edge.policy`); the first it takes
from whoever it has just been enrolled by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baluardo.errors import CertificateError, InvalidInputError, SignatureError
from baluardo.foreign_input import quoted
from baluardo.protocol.message_fields import check_count, check_time, whole
from baluardo.protocol.policy import Policy
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.dates import SKEW, shown
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope, sign, verify
from baluardo.trust.identity import Kind
from baluardo.trust.strict_json import JsonObject, write_json

STATEMENT_TYPE: Final = "application/vnd.baluardo.policy-statement+json"
LARGEST_STATEMENT: Final = 1_024
DIGEST_OCTETS: Final = 48


@dataclass(frozen=True, slots=True)
class PolicyStatement:
    """Which policy is in force, and since when."""

    number: int
    digest: bytes
    """SHA-384 of its one written form (`Policy.digest`), 48 octets."""
    executed_at: float
    """POSIX seconds."""

    def __post_init__(self) -> None:
        """Refuse what speaks of no policy."""
        check_count("number", self.number)
        check_time("executed_at", self.executed_at)
        if len(self.digest) != DIGEST_OCTETS:
            raise InvalidInputError(f"A policy's digest has {DIGEST_OCTETS} octets.")

    def sign(self, credential: Credential) -> Envelope:
        """Return it signed; InvalidInputError unless an authority signs."""
        if credential.identity.kind is not Kind.AUTHORITY:
            raise InvalidInputError(f"{credential.identity} is no authority: it states no policy.")
        body = {
            "number": self.number,
            "digest": self.digest.hex(),
            "executed_at": self.executed_at,
        }
        return sign(write_json(body), STATEMENT_TYPE, credential)


def read_policy_statement(envelope: Envelope, verifier: Verifier, now: float) -> PolicyStatement:
    """Return what an authority states; SignatureError or CertificateError if none does."""
    verified = verify(envelope, verifier, now, STATEMENT_TYPE)
    for signer in verified.signers:
        if signer.identity.kind is not Kind.AUTHORITY:
            raise CertificateError(
                f"{signer.identity} states which policy is in force, and is no authority: refused."
            )
    try:
        fields = JsonObject.parse(verified.payload, LARGEST_STATEMENT, "The statement")
        fields.only(("number", "digest", "executed_at"))
        stated = PolicyStatement(
            whole(fields, "number"), _digest(fields), fields.number("executed_at")
        )
    except InvalidInputError as problem:
        raise CertificateError(f"This states no policy: {problem}") from None
    if stated.executed_at > now + SKEW:
        raise CertificateError(
            f"A policy is said to be in force from {shown(stated.executed_at)}, and it is "
            f"{shown(now)} here: refused. One of the two clocks is wrong."
        )
    return stated


def state_policy(policy: Policy, executed_at: float, credential: Credential) -> Envelope:
    """Return the authority's statement that a policy is in force since a time (POSIX seconds)."""
    return PolicyStatement(policy.number, policy.digest, executed_at).sign(credential)


def check_statement(envelope: Envelope, policy: Policy, verifier: Verifier, now: float) -> float:
    """Return since when an authority says that this very policy is in force, POSIX seconds.

    SignatureError if it says so of another one; errors else as `read_policy_statement`.
    """
    stated = read_policy_statement(envelope, verifier, now)
    if (stated.number, stated.digest) != (policy.number, policy.digest):
        raise SignatureError(
            f"The authority states that policy {stated.number} is in force, and what came is "
            "another policy: it was not taken."
        )
    return stated.executed_at


def _digest(fields: JsonObject) -> bytes:
    text = fields.text("digest", 2 * DIGEST_OCTETS)
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InvalidInputError(f"{quoted(text)} is no digest.") from None
