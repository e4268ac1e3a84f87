"""A signed proposal with the answers to it, in one file that is carried to who executes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.trust.commands.rule import MOST_APPROVALS
from baluardo.trust.envelope import Envelope
from baluardo.trust.strict_json import JsonObject, write_json

LARGEST_BUNDLE: Final = 8 << 20
"""Octets of JSON."""


@dataclass(frozen=True, slots=True)
class CommandBundle:
    """A proposal and its approvals; nothing of it is genuine until `authorise` has said so."""

    proposal: Envelope
    approvals: tuple[Envelope, ...]

    def __post_init__(self) -> None:
        """Refuse more answers than anybody reads."""
        if len(self.approvals) > 2 * MOST_APPROVALS:
            raise InvalidInputError(f"A command has at most {2 * MOST_APPROVALS} answers.")

    def to_json(self) -> bytes:
        """Return the file's octets."""
        octets = write_json(
            {
                "proposal": self.proposal.to_object(),
                "approvals": [each.to_object() for each in self.approvals],
            }
        )
        if len(octets) > LARGEST_BUNDLE:
            raise InvalidInputError(f"A bundle has at most {LARGEST_BUNDLE:,} octets.")
        return octets

    @classmethod
    def of_json(cls, octets: bytes) -> CommandBundle:
        """Read a file's octets; errors as `Envelope.of_json`."""
        fields = JsonObject.parse(octets, LARGEST_BUNDLE, "The bundle")
        fields.only(("proposal", "approvals"))
        return cls(
            Envelope.of_object(fields.fields.get("proposal")),
            tuple(
                Envelope.of_object(each) for each in fields.items("approvals", 2 * MOST_APPROVALS)
            ),
        )
