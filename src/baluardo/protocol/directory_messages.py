"""Tunnel cards on their way: an edge's own to the authority, everybody's to every edge.

What is signed inside is the site's own word (`network.tunnel.card`); the authority orders cards and
passes them on, it cannot make one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from baluardo.errors import InvalidInputError
from baluardo.protocol.frames import FrameType
from baluardo.protocol.message_fields import LONGEST_SENTENCE, check_count, check_line, texts, whole
from baluardo.protocol.network_policy import MOST_SITES, check_site
from baluardo.trust.envelope import Envelope
from baluardo.trust.strict_json import JsonObject, write_json

LARGEST_CARD: Final = 120_000
"""Octets of one card's envelope as JSON: with the message around it, it fits into its frame."""
LARGEST_CARDS: Final = 3_500_000
"""Octets of all envelopes of one message; what is beyond goes into the next."""


@dataclass(frozen=True, slots=True)
class PublishCard:
    """The edge's own tunnel card; `CardAnswer` says whether it is kept."""

    type: ClassVar[FrameType] = FrameType.PUBLISH_CARD

    envelope: Envelope

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"envelope": self.envelope.to_object()}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> PublishCard:
        """Read the payload's fields; errors as `Envelope.of_object`."""
        fields.only(("envelope",))
        return cls(Envelope.of_object(fields.fields.get("envelope")))


@dataclass(frozen=True, slots=True)
class AskDirectory:
    """Asks for cards of permitted sites, and for every change from then on."""

    type: ClassVar[FrameType] = FrameType.ASK_DIRECTORY

    number: int
    """Of the newest change that the edge holds (`Directory.number`); 0 for the full list."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_count("number", self.number)

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"number": self.number}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> AskDirectory:
        """Read the payload's fields."""
        fields.only(("number",))
        return cls(whole(fields, "number"))


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """What became of a card that was published."""

    type: ClassVar[FrameType] = FrameType.CARD_ANSWER

    number: int
    """Of the card that the authority keeps of this edge by now; 0 for none."""
    refusal: str
    """Why the one that came is not kept; empty if it is."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_count("number", self.number)
        if self.refusal:
            check_line("refusal", self.refusal, LONGEST_SENTENCE)

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"number": self.number, "refusal": self.refusal}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> CardAnswer:
        """Read the payload's fields."""
        fields.only(("number", "refusal"))
        return cls(whole(fields, "number"), fields.text("refusal", LONGEST_SENTENCE))


@dataclass(frozen=True, slots=True)
class Directory:
    """Changes of the directory, the oldest first; who is permitted to see more asks for more."""

    type: ClassVar[FrameType] = FrameType.DIRECTORY

    since: int
    """The change after which it tells; 0 begins the full list."""
    number: int
    """The change up to which it tells."""
    newest: int
    """The newest there is: if it is higher, `AskDirectory` with `number` brings what follows."""
    cards: tuple[Envelope, ...] = ()
    """Signed by one site each; nothing of them is genuine yet."""
    removed: tuple[str, ...] = ()
    """Sites that are in the directory no more, by path ("ship/bergamini")."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        for name in ("since", "number", "newest"):
            check_count(name, getattr(self, name))
        if not self.since <= self.number <= self.newest:
            raise InvalidInputError("The directory's numbers must not fall: since, number, newest.")
        if max(len(self.cards), len(self.removed)) > MOST_SITES:
            raise InvalidInputError(f"A directory speaks of at most {MOST_SITES:,} sites.")
        for path in self.removed:
            check_site("removed", path)

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {
            "since": self.since,
            "number": self.number,
            "newest": self.newest,
            "cards": [each.to_object() for each in self.cards],
            "removed": list(self.removed),
        }

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Directory:
        """Read the payload's fields; errors as `Envelope.of_object`."""
        fields.only(("since", "number", "newest", "cards", "removed"))
        cards = fields.items("cards", MOST_SITES)
        return cls(
            whole(fields, "since"),
            whole(fields, "number"),
            whole(fields, "newest"),
            tuple(Envelope.of_object(each) for each in cards),
            texts(fields, "removed", MOST_SITES),
        )


def check_card_size(envelope: Envelope) -> bytes:
    """Return a card's envelope as it is kept; InvalidInputError if it is larger than it may be."""
    octets = write_json(envelope.to_object())
    if len(octets) > LARGEST_CARD or len(envelope.signatures) != 1:
        raise InvalidInputError(
            f"A tunnel card has one signature and at most {LARGEST_CARD:,} octets with it: refused."
        )
    return octets
