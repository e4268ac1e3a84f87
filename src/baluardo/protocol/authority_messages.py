"""What the authority says to an edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Final

from baluardo.errors import InvalidInputError
from baluardo.protocol.frames import FrameType
from baluardo.protocol.message_fields import (
    LONGEST_SENTENCE,
    check_line,
    check_time,
)
from baluardo.protocol.policy import LARGEST_POLICY
from baluardo.protocol.public_bundle import MOST_FILES, check_files
from baluardo.terms import Bilingual
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.certificate import LARGEST_CHAIN, Chain
from baluardo.trust.envelope import Envelope
from baluardo.trust.strict_json import JsonObject

LARGEST_NEWS: Final = 3_000_000
"""Octets of all files of one message: in base64 they fit into a frame."""
LARGEST_POLICY_BUNDLE: Final = 1_750_000
"""Octets of a policy's command with its approvals; in base64 beside the policy it fits."""
MOST_UPDATES: Final = 64
"""In one message; more, or larger ones, go into the next."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """The first answer: where else the authority is, and what time it has."""

    type: ClassVar[FrameType] = FrameType.WELCOME

    whereabouts: Envelope
    """Signed (`protocol.whereabouts`): who has no channel yet believes nothing else."""
    now: float
    """POSIX seconds; not signed, `AskTime` for that."""

    def __post_init__(self) -> None:
        """Refuse a time that is none."""
        check_time("now", self.now)

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"whereabouts": self.whereabouts.to_object(), "now": self.now}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Welcome:
        """Read the payload's fields; errors as `Envelope.of_object`."""
        fields.only(("whereabouts", "now"))
        return cls(Envelope.of_object(fields.fields.get("whereabouts")), fields.number("now"))


@dataclass(frozen=True, slots=True)
class News:
    """Files of the public half that the edge lacks: roots, links, issuers, lists."""

    type: ClassVar[FrameType] = FrameType.NEWS

    files: Mapping[str, bytes]
    """By path below the public directory, as in `PublicBundle`."""

    def __post_init__(self) -> None:
        """Refuse other files, and more than fits."""
        check_files(self.files)
        if sum(map(len, self.files.values())) > LARGEST_NEWS:
            raise InvalidInputError(f"News have at most {LARGEST_NEWS:,} octets of files.")
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"files": {path: to_base64(octets) for path, octets in self.files.items()}}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> News:
        """Read the payload's fields."""
        fields.only(("files",))
        inner = fields.inner("files")
        if len(inner.fields) > MOST_FILES:
            raise fields.wrong("files", f"at most {MOST_FILES} files")
        return cls({path: inner.octets(path, LARGEST_NEWS) for path in inner.fields})


@dataclass(frozen=True, slots=True)
class PolicyUpdate:
    """A policy and what it can be judged by; nothing of it is genuine yet."""

    policy: bytes
    """Its one written form."""
    bundle: bytes | None
    """The command that set it with its approvals (`CommandBundle`); none for the ceremony's."""
    statement: Envelope | None
    """The authority's word for it, for an edge that held no policy before."""
    executed_at: float
    """When it came into force, POSIX seconds: the command is judged as of then."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds, and a policy that nothing speaks for."""
        if len(self.policy) > LARGEST_POLICY or len(self.bundle or b"") > LARGEST_POLICY_BUNDLE:
            raise InvalidInputError(
                f"A policy has at most {LARGEST_POLICY:,} octets, and its command "
                f"{LARGEST_POLICY_BUNDLE:,}."
            )
        if self.bundle is None and self.statement is None:
            raise InvalidInputError("A policy comes with its command or with a signed statement.")
        check_time("executed_at", self.executed_at)

    def to_object(self) -> dict[str, object]:
        """Return the update as a JSON value."""
        return {
            "policy": to_base64(self.policy),
            "bundle": None if self.bundle is None else to_base64(self.bundle),
            "statement": None if self.statement is None else self.statement.to_object(),
            "executed_at": self.executed_at,
        }

    @classmethod
    def of_object(cls, value: object) -> PolicyUpdate:
        """Read a JSON value; InvalidInputError, and what `Envelope.of_object` raises."""
        fields = JsonObject.of(value, "A policy's update")
        fields.only(("policy", "bundle", "statement", "executed_at"))
        bundled = fields.fields.get("bundle", "") is not None
        stated = fields.fields.get("statement")
        return cls(
            fields.octets("policy", LARGEST_POLICY),
            fields.octets("bundle", LARGEST_POLICY_BUNDLE) if bundled else None,
            None if stated is None else Envelope.of_object(stated),
            fields.number("executed_at"),
        )


@dataclass(frozen=True, slots=True)
class PolicyNews:
    """Policies that the edge lacks, the oldest first."""

    type: ClassVar[FrameType] = FrameType.POLICY_NEWS

    updates: tuple[PolicyUpdate, ...]

    def __post_init__(self) -> None:
        """Refuse more than anybody reads."""
        if len(self.updates) > MOST_UPDATES:
            raise InvalidInputError(f"At most {MOST_UPDATES} policies go into one message.")

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"updates": [each.to_object() for each in self.updates]}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> PolicyNews:
        """Read the payload's fields."""
        fields.only(("updates",))
        items = fields.items("updates", MOST_UPDATES)
        return cls(tuple(PolicyUpdate.of_object(each) for each in items))


@dataclass(frozen=True, slots=True)
class Time:
    """Signed time (`trust.clock`), with the nonce that was asked with."""

    type: ClassVar[FrameType] = FrameType.TIME

    envelope: Envelope

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"envelope": self.envelope.to_object()}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Time:
        """Read the payload's fields; errors as `Envelope.of_object`."""
        fields.only(("envelope",))
        return cls(Envelope.of_object(fields.fields.get("envelope")))


@dataclass(frozen=True, slots=True)
class Granted:
    """The next certificate with its chain; `Holder.install` judges it."""

    type: ClassVar[FrameType] = FrameType.GRANTED

    chain: Chain

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"chain": self.chain.pem()}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Granted:
        """Read the payload's fields; CertificateError or ProfileError for what is no chain."""
        fields.only(("chain",))
        return cls(Chain.of_pem(fields.text("chain", LARGEST_CHAIN)))


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a renewal is not granted."""

    type: ClassVar[FrameType] = FrameType.REFUSED

    sentence: str

    def __post_init__(self) -> None:
        """Refuse what is no sentence."""
        check_line("sentence", self.sentence, LONGEST_SENTENCE)

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"sentence": self.sentence}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Refused:
        """Read the payload's fields."""
        fields.only(("sentence",))
        return cls(fields.text("sentence", LONGEST_SENTENCE))


class NoticeLevel(StrEnum):
    """How a notice is shown."""

    INFORMATION = "information"
    WARNING = "warning"
    ALARM = "alarm"
    """A red banner on every page."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that everybody at a site is to know."""

    type: ClassVar[FrameType] = FrameType.NOTICE

    level: NoticeLevel
    text: Bilingual

    def __post_init__(self) -> None:
        """Refuse what cannot be shown."""
        check_line("text", self.text.it, LONGEST_SENTENCE)
        check_line("text", self.text.en, LONGEST_SENTENCE)

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {"level": self.level.value, "text": self.text.by_language()}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Notice:
        """Read the payload's fields."""
        fields.only(("level", "text"))
        try:
            level = NoticeLevel(fields.text("level", 16))
        except ValueError:
            raise fields.wrong("level", ", ".join(NoticeLevel)) from None
        text = fields.inner("text")
        text.only(("it", "en"))
        it, en = text.text("it", LONGEST_SENTENCE), text.text("en", LONGEST_SENTENCE)
        return cls(level, Bilingual(it, en))


@dataclass(frozen=True, slots=True)
class Pong:
    """Answers `Ping`."""

    type: ClassVar[FrameType] = FrameType.PONG

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields: none."""
        return {}

    @classmethod
    def of_fields(cls, fields: JsonObject) -> Pong:
        """Read the payload's fields: none."""
        fields.only(())
        return cls()
