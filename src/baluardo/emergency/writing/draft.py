"""A draft as a person fills it in, and the CAP alert that is made of it by rule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from baluardo.emergency.area.asked_area import AskedArea
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.cap.alert import (
    BROADCAST_TEXT,
    Alert,
    Category,
    Certainty,
    Info,
    MessageType,
    Named,
    Reference,
    Response,
    Scope,
    Severity,
    Urgency,
)
from baluardo.emergency.channels import Channel
from baluardo.emergency.profile.profile import Profile
from baluardo.emergency.writing.draft_fields import line, maybe_line, maybe_time, one_of, text
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.trust.strict_json import JsonObject

MOST_LANGUAGES: Final = 8
LONGEST_AREA: Final = 120
LONGEST_MINUTES: Final = 1_440
MOST_REFERENCES: Final = 1

_FIELDS: Final = (
    *("channel", "level", "message_type", "references", "template", "area", "area_name"),
    *("category", "response", "urgency", "severity", "certainty", "onset", "expires_minutes"),
    *("web", "contact", "infos"),
)
_LEVEL: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z", re.ASCII)
_REFERENCE: Final = re.compile(r"[0-9a-f]{1,64}\Z", re.ASCII)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}\Z", re.ASCII)
_INFO: Final = ("language", "event", "headline", "description", "instruction", "broadcast")


@dataclass(frozen=True, slots=True)
class DraftInfo:
    """What is said in one language."""

    language: str
    event: str
    headline: str
    description: str
    instruction: str
    broadcast: str
    """For phones; empty if they are sent headline and instruction."""

    @property
    def broadcast_words(self) -> str:
        """What phones are sent, before it is marked."""
        return self.broadcast or "\n".join(p for p in (self.headline, self.instruction) if p)

    def to_object(self) -> dict[str, str]:
        """Return it as a JSON value."""
        return {name: getattr(self, name) for name in _INFO}


@dataclass(frozen=True, slots=True)
class Draft:
    """A warning that is being written."""

    channel: Channel
    level: str
    message_type: MessageType
    references: tuple[str, ...]
    """Ids of warnings at the authority that this one takes the place of."""
    template: str | None
    area: AskedArea
    area_name: str
    category: Category
    response: Response
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    onset: float | None
    """POSIX seconds."""
    expires_minutes: int
    web: str | None
    contact: str | None
    infos: tuple[DraftInfo, ...]

    @classmethod
    def of_object(cls, value: object, what: str) -> Draft:
        """Read a JSON value; InvalidInputError, beginning with `what`, names the wrong field."""
        fields = JsonObject.of(value, what)
        fields.only(_FIELDS)
        infos = tuple(
            _info(each, f"{what}: infos[{place}]")
            for place, each in enumerate(fields.items("infos", MOST_LANGUAGES))
        )
        if not infos:
            raise fields.wrong("infos", "at least one text")
        if len({info.language for info in infos}) != len(infos):
            raise fields.wrong("infos", "one text for each language")
        message_type = one_of(fields, "message_type", MessageType)
        if message_type not in (MessageType.ALERT, MessageType.UPDATE):
            raise fields.wrong("message_type", "Alert or Update")
        references = tuple(
            each if isinstance(each, str) and _REFERENCE.match(each) else _no_reference(each, what)
            for each in fields.items("references", MOST_REFERENCES)
        )
        if (message_type is MessageType.UPDATE) != bool(references):
            raise fields.wrong("references", "one warning for an Update, and none for an Alert")
        return cls(
            channel=one_of(fields, "channel", Channel),
            level=_form(fields, "level", _LEVEL, "a level such as level-1"),
            message_type=message_type,
            references=references,
            template=maybe_line(fields, "template", 64),
            area=AskedArea.of_object(fields.fields.get("area"), f"{what}: area"),
            area_name=line(fields, "area_name", LONGEST_AREA),
            category=one_of(fields, "category", Category),
            response=one_of(fields, "response", Response),
            urgency=one_of(fields, "urgency", Urgency),
            severity=one_of(fields, "severity", Severity),
            certainty=one_of(fields, "certainty", Certainty),
            onset=maybe_time(fields, "onset"),
            expires_minutes=_minutes(fields),
            web=maybe_line(fields, "web"),
            contact=maybe_line(fields, "contact"),
            infos=infos,
        )

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON value, which `of_object` reads to the same draft."""
        plain = {name: getattr(self, name) for name in _FIELDS}
        return {
            **{
                name: str(each) if isinstance(each, StrEnum) else each
                for name, each in plain.items()
            },
            "references": list(self.references),
            "area": self.area.to_object(),
            "infos": [each.to_object() for each in self.infos],
        }


def compose(
    draft: Draft,
    warned: WarnedArea,
    profile: Profile,
    sender: str,
    identifier: str,
    sent: datetime,
    references: Sequence[Reference] = (),
) -> Alert:
    """Return the alert of a draft; InvalidInputError if the profile knows a language not.

    What stands in front of exercises is added here, and nowhere else.
    """
    area = warned.alert_area(draft.area_name, draft.area.zone)
    infos = []
    for each in draft.infos:
        if each.language not in profile.languages:
            raise InvalidInputError(
                f"{profile.name} knows {', '.join(profile.languages)}, not {each.language}."
            )

        def marked(text: str, language: str = each.language) -> str:
            return profile.marked(draft.channel, language, text) if text else text

        infos.append(
            Info(
                language=each.language,
                categories=(draft.category,),
                event=each.event,
                responses=(draft.response,),
                urgency=draft.urgency,
                severity=draft.severity,
                certainty=draft.certainty,
                effective=sent,
                onset=None if draft.onset is None else _moment(draft.onset),
                expires=sent + timedelta(minutes=draft.expires_minutes),
                sender_name=profile.name,
                headline=marked(each.headline) or None,
                description=marked(each.description) or None,
                instruction=each.instruction or None,
                web=draft.web,
                contact=draft.contact,
                parameters=(Named(BROADCAST_TEXT, marked(each.broadcast_words)),),
                areas=(area,),
            )
        )
    return Alert(
        identifier=identifier,
        sender=sender,
        sent=sent,
        status=draft.channel.status,
        message_type=draft.message_type,
        scope=Scope.PUBLIC,
        references=tuple(references),
        infos=tuple(infos),
    )


def identifier_for(profile: Profile, channel: Channel, sent: datetime, token: str) -> str:
    """Return a CAP identifier that tells its channel, its time and itself."""
    return f"{profile.prefix(channel)}{sent.astimezone(UTC):%Y%m%dT%H%M%SZ}-{token}"


def _info(value: object, what: str) -> DraftInfo:
    fields = JsonObject.of(value, what)
    fields.only(_INFO)
    return DraftInfo(
        _form(fields, "language", _LANGUAGE, "a tag such as it"),
        line(fields, "event"),
        line(fields, "headline"),
        text(fields, "description"),
        text(fields, "instruction"),
        text(fields, "broadcast"),
    )


def _form(fields: JsonObject, name: str, form: re.Pattern[str], right: str) -> str:
    value = fields.text(name, 32)
    if not form.match(value):
        raise fields.wrong(name, right)
    return value


def _minutes(fields: JsonObject) -> int:
    value = fields.fields.get("expires_minutes")
    if isinstance(value, bool) or not isinstance(value, int):
        raise fields.wrong("expires_minutes", "a whole number")
    if not 1 <= value <= LONGEST_MINUTES:
        raise fields.wrong("expires_minutes", f"1 to {LONGEST_MINUTES:,}")
    return value


def _no_reference(value: object, what: str) -> str:
    raise InvalidInputError(f"{what}: references: {quoted(value)} is no id of a warning.")


def _moment(time: float) -> datetime:
    return datetime.fromtimestamp(int(time), UTC)
