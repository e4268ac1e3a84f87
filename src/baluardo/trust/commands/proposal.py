"""What is to be done: a command as one person proposes and signs it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from baluardo.errors import CommandError, InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.dates import LATEST, SKEW, shown
from baluardo.trust.commands.rule import Rule, check_name
from baluardo.trust.envelope import LARGEST_PAYLOAD, Envelope, sign
from baluardo.trust.identity import LONGEST_URI, Identity, Kind
from baluardo.trust.primitives.hashing import random_octets, sha384
from baluardo.trust.strict_json import JsonObject, write_json

PROPOSAL_TYPE: Final = "application/vnd.baluardo.proposal+json"
ID_OCTETS: Final = 16

_FIELDS: Final = (
    "kind",
    "body",
    "id",
    "community",
    "proposer",
    "rule",
    "created",
    "expires",
    "executor",
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A command before anybody has approved it. Times are POSIX seconds."""

    kind: str
    body: dict[str, object]
    """What the kind asks for; JSON values only."""
    id: bytes
    community: str
    proposer: Identity
    rule: str
    created: float
    expires: float
    executor: Identity | Kind
    """Who is to do it: one member, or every member of a kind, each once."""

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        check_name("kind", self.kind)
        check_name("rule", self.rule)
        if len(self.id) != ID_OCTETS:
            raise InvalidInputError(f"A command's id has {ID_OCTETS} octets.")
        members = [self.proposer]
        if isinstance(self.executor, Identity):
            members.append(self.executor)
        if any(member.community != self.community for member in members):
            raise InvalidInputError("Proposer and executor must be of the command's community.")
        if not 0 <= self.created < self.expires <= LATEST:  # false for NaN too
            raise InvalidInputError("A command expires after its creation, before the year 10000.")

    def to_payload(self) -> bytes:
        """Return the octets to sign."""
        executor = self.executor
        return write_json(
            {
                "kind": self.kind,
                "body": self.body,
                "id": self.id.hex(),
                "community": self.community,
                "proposer": self.proposer.uri,
                "rule": self.rule,
                "created": self.created,
                "expires": self.expires,
                "executor": executor.value if isinstance(executor, Kind) else executor.uri,
            }
        )

    @classmethod
    def of_payload(cls, payload: bytes) -> Proposal:
        """Read the octets that were signed; InvalidInputError if they are no proposal."""
        fields = JsonObject.parse(payload, LARGEST_PAYLOAD, "The proposal")
        fields.only(_FIELDS)
        return cls(
            fields.text("kind", 63),
            fields.inner("body").fields,
            hexadecimal(fields, "id", ID_OCTETS),
            fields.text("community", 63),
            Identity.of_uri(fields.text("proposer", LONGEST_URI)),
            fields.text("rule", 63),
            fields.number("created"),
            fields.number("expires"),
            _executor(fields.text("executor", LONGEST_URI)),
        )

    def check_time(self, now: float) -> None:
        """Return if the proposal is in force; CommandError if it has expired or is of the future.

        Only its beginning is given the skew of clocks: what has expired is never done.
        """
        if now >= self.expires:
            raise CommandError(
                f"The command {self.kind} expired at {shown(self.expires)}; nothing was done. "
                "Propose it anew."
            )
        if now < self.created - SKEW:
            raise CommandError(
                f"The command {self.kind} was made at {shown(self.created)}, which is still to "
                f"come: it is {shown(now)}. Nothing was done. One of the two clocks is wrong."
            )

    @property
    def one_use(self) -> bytes:
        """What is spent when it is carried out, 16 octets: the id, as this proposer's.

        Whoever sees an id may propose under it too; that must not use up somebody else's command.
        """
        return sha384(self.id + self.proposer.holder.encode())[:ID_OCTETS]

    def is_for(self, executor: Identity) -> bool:
        """Tell whether this member is the one to do it."""
        if isinstance(self.executor, Kind):
            return executor.kind is self.executor and executor.community == self.community
        return executor == self.executor


def propose(
    kind: str,
    body: dict[str, object],
    rule: Rule,
    executor: Identity | Kind,
    credential: Credential,
    now: float,
    life: float | None = None,
) -> Envelope:
    """Return a signed proposal that expires after `life` seconds, by default the rule's longest.

    InvalidInputError if the rule does not govern such a command or does not let it live so long.
    """
    life = rule.life if life is None else life
    if kind not in rule.kinds:
        raise InvalidInputError(f"Rule {rule.name} does not govern commands {quoted(kind)}.")
    if not (math.isfinite(life) and 0 < life <= rule.life):
        raise InvalidInputError(
            f"life {life} s: rule {rule.name} lets a command live {rule.life:.0f} s at most."
        )
    proposer = credential.identity
    proposal = Proposal(
        kind,
        body,
        random_octets(ID_OCTETS),
        proposer.community,
        proposer,
        rule.name,
        now,
        now + life,
        executor,
    )
    return sign(proposal.to_payload(), PROPOSAL_TYPE, credential)


def proposal_digest(envelope: Envelope) -> bytes:
    """Return what an approval is given to: SHA-384 over exactly these octets and this signature."""
    signature = single_signature(envelope, "A proposal")
    return sha384(len(envelope.payload).to_bytes(8, "big") + envelope.payload + signature)


def single_signature(envelope: Envelope, what: str) -> bytes:
    """Return the one signature of an envelope; CommandError if there are more."""
    if len(envelope.signatures) != 1:
        raise CommandError(f"{what} has one signature, this one {len(envelope.signatures)}.")
    return envelope.signatures[0].signature


def hexadecimal(fields: JsonObject, name: str, octets: int) -> bytes:
    """Return a field of so many octets, written in small hexadecimal digits."""
    text = fields.text(name, 2 * octets)
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != octets or value.hex() != text:
        raise fields.wrong(name, f"{octets} octets in small hexadecimal digits")
    return value


def _executor(text: str) -> Identity | Kind:
    return Kind(text) if text in {kind.value for kind in Kind} else Identity.of_uri(text)
