"""What an edge says to the authority."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from baluardo.errors import InvalidInputError
from baluardo.protocol.frames import FrameType
from baluardo.protocol.message_fields import (
    check_count,
    check_line,
    checked_lists,
    list_numbers,
    whole,
)
from baluardo.trust.envelope import Envelope
from baluardo.trust.strict_json import JsonObject

LONGEST_SOFTWARE: Final = 100
LONGEST_NONCE: Final = 64


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message: what the edge runs and holds, so that it is told what it lacks."""

    type: ClassVar[FrameType] = FrameType.HELLO

    software: str
    """Name and version."""
    lists: Mapping[str, int]
    """Number of the newest revocation list held, by its issuer's key id in hexadecimal digits."""
    policy: int
    """Number of the policy in force here; 0 for none."""
    checkpoint: int
    """Size of the log that the edge has last seen; 0 for none."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_line("software", self.software, LONGEST_SOFTWARE)
        object.__setattr__(self, "lists", checked_lists(self.lists))
        check_count("policy", self.policy)
        check_count("checkpoint", self.checkpoint)

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {
            "software": self.software,
            "lists": dict(self.lists),
            "policy": self.policy,
            "checkpoint": self.checkpoint,
        }

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Hello:
        """Read the payload's fields."""
        fields.only(("software", "lists", "policy", "checkpoint"))
        return cls(
            fields.text("software", LONGEST_SOFTWARE),
            list_numbers(fields),
            whole(fields, "policy"),
            whole(fields, "checkpoint"),
        )


@dataclass(frozen=True, slots=True)
class AskTime:
    """Asks for signed time; `Time` answers with the nonce in it."""

    type: ClassVar[FrameType] = FrameType.ASK_TIME

    nonce: bytes

    def __post_init__(self) -> None:
        """Refuse what an old answer could be given to."""
        if not 16 <= len(self.nonce) <= LONGEST_NONCE:
            raise InvalidInputError(f"A nonce has 16 to {LONGEST_NONCE} octets.")

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"nonce": self.nonce.hex()}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> AskTime:
        """Read the payload's fields."""
        fields.only(("nonce",))
        text = fields.text("nonce", 2 * LONGEST_NONCE)
        try:
            nonce = bytes.fromhex(text)
        except ValueError:
            nonce = b""
        if nonce.hex() != text:
            raise fields.wrong("nonce", "octets in small hexadecimal digits")
        return cls(nonce)


@dataclass(frozen=True, slots=True)
class AskRenewal:
    """Asks for the next certificate (`trust.issuing.renewal`); `Granted` or `Refused` answers."""

    type: ClassVar[FrameType] = FrameType.ASK_RENEWAL

    envelope: Envelope

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"envelope": self.envelope.to_object()}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> AskRenewal:
        """Read the payload's fields; errors as `Envelope.of_object`."""
        fields.only(("envelope",))
        return cls(Envelope.of_object(fields.fields.get("envelope")))


@dataclass(frozen=True, slots=True)
class Applied:
    """What the edge judges by from now on: said after each news, once it is on the edge's disk."""

    type: ClassVar[FrameType] = FrameType.APPLIED

    lists: Mapping[str, int]
    """As in `Hello`."""
    policy: int

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        object.__setattr__(self, "lists", checked_lists(self.lists))
        check_count("policy", self.policy)

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"lists": dict(self.lists), "policy": self.policy}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Applied:
        """Read the payload's fields."""
        fields.only(("lists", "policy"))
        return cls(list_numbers(fields), whole(fields, "policy"))


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks whether the other end is there; `Pong` answers."""

    type: ClassVar[FrameType] = FrameType.PING

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields: none."""
        return {}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Ping:
        """Read the payload's fields: none."""
        fields.only(())
        return cls()
