"""Evidence that a log has two histories: what its own key signed, twice, and cannot both be true.

Whoever has the log's verifier key can check it; the log's owner cannot explain it away, since a log
writes one history and dates its checkpoints in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError, LogError
from baluardo.foreign_input import quoted
from baluardo.trust.audit.checkpoint import SignedCheckpoint, open_checkpoint
from baluardo.trust.audit.merkle import LONGEST_PROOF, verify_consistency
from baluardo.trust.audit.note import MOST_NOTE_OCTETS, VerifierKey
from baluardo.trust.base64_text import of_base64, to_base64
from baluardo.trust.strict_json import JsonObject, write_json

MOST_EVIDENCE_OCTETS: Final = 4 * MOST_NOTE_OCTETS
FORM: Final = "baluardo/fork-evidence/v1"


@dataclass(frozen=True, slots=True)
class ForkEvidence:
    """Two checkpoints of one log and, where the sizes differ, a proof about the larger one."""

    first: bytes
    """A checkpoint as a signed note."""
    second: bytes
    begins_with: bytes = b""
    """Root of the tree that the larger one begins with, of as many leaves as the smaller has."""
    proof: tuple[bytes, ...] = ()
    """Proof of consistency from that root to the larger one's."""

    def verify(self, log: VerifierKey) -> str:
        """Return a sentence that tells what the log did.

        LogError if this proves nothing against it, SignatureError if it did not sign both.
        """
        one, other = open_checkpoint(self.first, log), open_checkpoint(self.second, log)
        small, large = sorted((one, other), key=lambda signed: signed.size)
        if small.size == large.size:
            if small.root != large.root:
                return (
                    f"The log {quoted(log.name)} is forked: it signed two different histories of "
                    f"{small.size} entries."
                )
        elif small.signed_at > large.signed_at:
            return (
                f"The log {quoted(log.name)} was cut: it signed {large.size} entries, and later "
                f"only {small.size}."
            )
        elif self._rewritten(small, large):
            return (
                f"The log {quoted(log.name)} is forked: the {large.size} entries that it signed "
                f"do not begin with the {small.size} that it signed before."
            )
        raise LogError(f"This proves nothing against the log {quoted(log.name)}.")

    def _rewritten(self, small: SignedCheckpoint, large: SignedCheckpoint) -> bool:
        if not self.begins_with or self.begins_with == small.root:
            return False
        verify_consistency(small.size, large.size, self.proof, self.begins_with, large.root)
        return True

    def octets(self) -> bytes:
        """Return the evidence as a file."""
        return write_json(
            {
                "form": FORM,
                "first": self.first.decode(),
                "second": self.second.decode(),
                "begins_with": to_base64(self.begins_with),
                "proof": [to_base64(each) for each in self.proof],
            }
        )

    @classmethod
    def of_octets(cls, octets: bytes) -> ForkEvidence:
        """Read a file of evidence; LogError if it is none. It is not verified by that."""
        try:
            fields = JsonObject.parse(octets, MOST_EVIDENCE_OCTETS, "The evidence")
            fields.only(("form", "first", "second", "begins_with", "proof"))
            if fields.text("form", len(FORM)) != FORM:
                raise fields.wrong("form", FORM)
            proof = fields.items("proof", LONGEST_PROOF)
            return cls(
                first=fields.text("first", MOST_NOTE_OCTETS).encode(),
                second=fields.text("second", MOST_NOTE_OCTETS).encode(),
                begins_with=fields.octets("begins_with", 32),
                proof=tuple(of_base64(str(each)) for each in proof),
            )
        except InvalidInputError as problem:
            raise LogError(str(problem)) from None
