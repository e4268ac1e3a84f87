"""A draft as a person fills it in, and the CAP alert that is made of it by rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

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
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.trust.strict_json import JsonObject

MOST_LANGUAGES: Final = 8
LONGEST_LINE: Final = 300
LONGEST_TEXT: Final = 4_000
LONGEST_MINUTES: Final = 1_440
MOST_REFERENCES: Final = 1
LATEST_ONSET: Final = 4_102_444_800.0
"""POSIX seconds, the year 2100."""

_FIELDS: Final = (
    *("channel", "level", "message_type", "references", "template", "area", "area_name"),
    *("category", "response", "urgency", "severity", "certainty", "onset", "expires_minutes"),
    *("web", "contact", "infos"),
)
_INFO: Final = ("language", "event", "headline", "description", "instruction", "broadcast")

Kinds = TypeVar("Kinds", bound=StrEnum)


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
        message_type = _one_of(fields, "message_type", MessageType)
        if message_type not in (MessageType.ALERT, MessageType.UPDATE):
            raise fields.wrong("message_type", "Alert or Update")
        references = tuple(
            each if isinstance(each, str) and len(each) <= 64 else _no_reference(each)
            for each in fields.items("references", MOST_REFERENCES)
        )
        if (message_type is MessageType.UPDATE) != bool(references):
            raise fields.wrong("references", "one warning for an Update, and none for an Alert")
        return cls(
            channel=_one_of(fields, "channel", Channel),
            level=fields.text("level", 32),
            message_type=message_type,
            references=references,
            template=_maybe(fields, "template", 64),
            area=AskedArea.of_object(fields.fields.get("area"), f"{what}: area"),
            area_name=_line(fields, "area_name"),
            category=_one_of(fields, "category", Category),
            response=_one_of(fields, "response", Response),
            urgency=_one_of(fields, "urgency", Urgency),
            severity=_one_of(fields, "severity", Severity),
            certainty=_one_of(fields, "certainty", Certainty),
            onset=_onset(fields),
            expires_minutes=_minutes(fields),
            web=_maybe(fields, "web", LONGEST_LINE),
            contact=_maybe(fields, "contact", LONGEST_LINE),
            infos=infos,
        )


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


_CANCELLED: Final = {
    "it": ("Revoca: {headline}", "L'avviso precedente non vale più. {reason}"),
    "en": ("Cancelled: {headline}", "The warning before this one holds no more. {reason}"),
    "de": ("Aufgehoben: {headline}", "Die vorige Warnung gilt nicht mehr. {reason}"),
    "fr": ("Annulé : {headline}", "L'alerte précédente n'est plus valable. {reason}"),
    "sl": ("Preklic: {headline}", "Prejsnje opozorilo ne velja vec. {reason}"),
}


def cancel_of(
    alert: Alert, reason: str, profile: Profile, sender: str, identifier: str, sent: datetime
) -> Alert:
    """Return the CAP Cancel of an alert: to the same people, in each of its languages.

    The officer's reason is for the log and stands in the note; people are told by rule, as nobody
    could translate it in time.
    """
    infos = tuple(_cancelled(info, alert, profile, sent) for info in alert.infos)
    return replace(
        alert,
        identifier=identifier,
        sender=sender,
        sent=sent,
        message_type=MessageType.CANCEL,
        note=reason,
        references=(alert.reference,),
        infos=infos,
    )


def _cancelled(info: Info, alert: Alert, profile: Profile, sent: datetime) -> Info:
    language = info.language.partition("-")[0].lower()
    headline, text = _CANCELLED.get(language, _CANCELLED["en"])
    channel = next(c for c in Channel if c.status is alert.status)
    word = profile.look(channel).words.get(language, "")
    # The mark of an exercise stands in front once, not before the old headline as well.
    plain = (info.headline or info.event).replace(f"{word} {word} ", "").removesuffix(f" {word}")
    said = headline.format(headline=plain if word else info.headline or info.event)
    why = text.format(reason="").strip()

    def marked(each: str) -> str:
        return profile.marked(channel, language, each)

    return replace(
        info,
        responses=(Response.ALL_CLEAR,),
        urgency=Urgency.PAST,
        effective=sent,
        onset=None,
        expires=max(info.expires, sent + timedelta(minutes=15)) if info.expires else None,
        headline=marked(said),
        description=marked(why),
        instruction=None,
        parameters=(Named(BROADCAST_TEXT, marked(f"{said}. {why}")),),
    )


def _info(value: object, what: str) -> DraftInfo:
    fields = JsonObject.of(value, what)
    fields.only(_INFO)
    language = fields.text("language", 3)
    if not (2 <= len(language) <= 3 and language.isascii() and language.islower()):
        raise fields.wrong("language", "a tag such as it")
    return DraftInfo(
        language,
        _line(fields, "event"),
        _line(fields, "headline"),
        _text(fields, "description"),
        _text(fields, "instruction"),
        _text(fields, "broadcast"),
    )


def _text(fields: JsonObject, name: str) -> str:
    return fields.text(name, LONGEST_TEXT).replace("\r\n", "\n").replace("\r", "\n").strip()


def _line(fields: JsonObject, name: str) -> str:
    found = fields.text(name, LONGEST_LINE).strip()
    if any(not character.isprintable() for character in found):
        raise fields.wrong(name, "one line")
    return found


def _maybe(fields: JsonObject, name: str, most: int) -> str | None:
    if fields.fields.get(name) is None:
        return None
    return fields.text(name, most).strip() or None


def _one_of(fields: JsonObject, name: str, kinds: type[Kinds]) -> Kinds:
    value = fields.text(name, 32)
    try:
        return kinds(value)
    except ValueError:
        raise fields.wrong(name, f"one of {', '.join(kinds)}") from None


def _onset(fields: JsonObject) -> float | None:
    if fields.fields.get("onset") is None:
        return None
    onset = fields.number("onset")
    if not (math.isfinite(onset) and 0.0 <= onset <= LATEST_ONSET):
        raise fields.wrong("onset", "a time in POSIX seconds")
    return onset


def _minutes(fields: JsonObject) -> int:
    value = fields.fields.get("expires_minutes")
    if isinstance(value, bool) or not isinstance(value, int):
        raise fields.wrong("expires_minutes", "a whole number")
    if not 1 <= value <= LONGEST_MINUTES:
        raise fields.wrong("expires_minutes", f"1 to {LONGEST_MINUTES:,}")
    return value


def _no_reference(value: object) -> str:
    raise InvalidInputError(f"references: {quoted(value)} is no id of a warning.")


def _moment(time: float) -> datetime:
    return datetime.fromtimestamp(int(time), UTC)
