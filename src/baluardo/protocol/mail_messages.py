"""Written messages on their way between an edge and the authority.

The request and the answer within are typed by `mail_requests` and `mail_answers`; here they are
JSON objects, so that an edge hands them on as they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from baluardo.calls.bodies import check_device
from baluardo.errors import InvalidInputError
from baluardo.protocol.frames import FrameType
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.mail_fields import LONGEST_KIND
from baluardo.protocol.message_fields import LONGEST_SENTENCE, check_count, check_line, whole
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import LONGEST_URI
from baluardo.trust.strict_json import JsonObject


@dataclass(frozen=True, slots=True)
class MailRequest:
    """One request of a device that sits at the edge, or of the edge for it."""

    type: ClassVar[FrameType] = FrameType.MAIL_REQUEST

    id: int
    """The edge's own; the answer bears it."""
    device: str
    """Whose mailbox it is about: `person/anna.rossi/phone`."""
    attendance: Envelope | None
    """The device's word that it sits here, until the authority has seen it over this channel."""
    request: Mapping[str, object]
    """As `mail_requests` writes it."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds; the request itself is judged by whoever answers it."""
        check_count("id", self.id)
        check_device("device", self.device)

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {
            "id": self.id,
            "device": self.device,
            "attendance": None if self.attendance is None else self.attendance.to_object(),
            "request": dict(self.request),
        }

    @classmethod
    def of_fields(cls, fields: JsonObject) -> MailRequest:
        """Read the payload's fields; errors as `Envelope.of_object`."""
        fields.only(("id", "device", "attendance", "request"))
        attendance = fields.fields.get("attendance", "")
        return cls(
            whole(fields, "id"),
            fields.text("device", LONGEST_URI),
            None if attendance is None else Envelope.of_object(attendance),
            fields.inner("request").fields,
        )


@dataclass(frozen=True, slots=True)
class MailAnswer:
    """What became of one request: an answer, or why there is none."""

    type: ClassVar[FrameType] = FrameType.MAIL_ANSWER

    id: int
    """The request's."""
    answer: Mapping[str, object] | None
    """As `mail_answers` writes it; None if it is refused."""
    refusal: MailRefusal | None = None
    sentence: str = ""
    """With a refusal."""

    def __post_init__(self) -> None:
        """Refuse what is neither, or both."""
        check_count("id", self.id)
        if (self.answer is None) != (self.refusal is not None):
            raise InvalidInputError("There is an answer, or a refusal.")
        if self.refusal is not None:
            check_line("sentence", self.sentence, LONGEST_SENTENCE)
        elif self.sentence:
            raise InvalidInputError("A sentence says why something is refused.")

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        if self.answer is not None:
            return {"id": self.id, "answer": dict(self.answer)}
        refusal = "" if self.refusal is None else self.refusal.value
        return {"id": self.id, "refusal": refusal, "sentence": self.sentence}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> MailAnswer:
        """Read the payload's fields."""
        if "answer" in fields.fields:
            fields.only(("id", "answer"))
            return cls(whole(fields, "id"), fields.inner("answer").fields)
        fields.only(("id", "refusal", "sentence"))
        try:
            refusal = MailRefusal(fields.text("refusal", LONGEST_KIND))
        except ValueError:
            raise fields.wrong("refusal", ", ".join(MailRefusal)) from None
        sentence = fields.text("sentence", LONGEST_SENTENCE)
        return cls(whole(fields, "id"), None, refusal, sentence)


@dataclass(frozen=True, slots=True)
class MailWaiting:
    """Something has come into the mailbox of a device that sits at the edge: collect it."""

    type: ClassVar[FrameType] = FrameType.MAIL_WAITING

    device: str

    def __post_init__(self) -> None:
        """Refuse what is no device."""
        check_device("device", self.device)

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"device": self.device}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> MailWaiting:
        """Read the payload's fields."""
        fields.only(("device",))
        return cls(fields.text("device", LONGEST_URI))
