"""A warning taken back: its cancel. (One sent in error is corrected by an update, from a template.)

People are told by rule, in every language of the first message: when minutes count nobody can
translate, and a language left out would go on believing the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from baluardo.emergency.broadcast.of_alert import language_of
from baluardo.emergency.cap.alert import (
    BROADCAST_TEXT,
    Alert,
    Info,
    MessageType,
    Named,
    Response,
    Urgency,
)
from baluardo.emergency.channels import Channel
from baluardo.emergency.profile.profile import Profile
from baluardo.emergency.wording.transliteration import transliterated
from baluardo.emergency.writing.local_time import time_shown

LEAST_LEFT: Final = timedelta(minutes=15)
"""For so long a cancel holds at least: phones that come back into view still get it."""
LONGEST_NAME: Final = 60
"""Characters of an event or an area that are said again."""


@dataclass(frozen=True, slots=True)
class _Words:
    headline: str
    what: str
    advice: str


_CANCEL: Final[Mapping[str, _Words]] = MappingProxyType(
    {
        "it": _Words(
            "Annullato: {event}",
            "Il messaggio delle {time} non vale più ({event}, {area}).",
            "Non seguire più le sue indicazioni. Segui chi lavora sul posto.",
        ),
        "en": _Words(
            "Cancelled: {event}",
            "The message of {time} holds no more ({event}, {area}).",
            "Do not follow it any longer. Follow those who work on the spot.",
        ),
        "de": _Words(
            "Aufgehoben: {event}",
            "Die Meldung von {time} Uhr gilt nicht mehr ({event}, {area}).",
            "Folgen Sie ihr nicht mehr. Folgen Sie den Einsatzkräften vor Ort.",
        ),
        "fr": _Words(
            "Annulé : {event}",
            "Le message de {time} n'est plus valable ({event}, {area}).",
            "Ne suivez plus ses consignes. Suivez les secours sur place.",
        ),
        "sl": _Words(
            "Preklicano: {event}",
            "Sporočilo ob {time} ne velja več ({event}, {area}).",
            "Ne sledite mu več. Sledite reševalcem na kraju.",
        ),
    }
)
"""Other languages are told in English: better than a language that hears nothing."""


def cancel_of(
    alert: Alert, reason: str, profile: Profile, sender: str, identifier: str, sent: datetime
) -> Alert:
    """Return the CAP Cancel of an alert: to the same people, in each of its languages.

    The officer's reason is in one language, and for the log: it stands in the note.
    """
    infos = tuple(
        replace(
            _told(info, alert, profile),
            responses=(Response.NONE,),
            urgency=Urgency.PAST,
            effective=sent,
            onset=None,
            expires=max(info.expires or sent, sent + LEAST_LEFT),
        )
        for info in alert.infos
    )
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


def _told(info: Info, alert: Alert, profile: Profile) -> Info:
    language = language_of(info)
    words = _CANCEL.get(language, _CANCEL["en"])
    facts = {
        "event": _short(info.event),
        "time": time_shown(alert.sent, profile.country),
        "area": _short("; ".join(area.description for area in info.areas)),
    }
    channel = next(each for each in Channel if each.status is alert.status)

    def marked(text: str) -> str:
        return profile.marked(channel, language, text)

    what = words.what.format(**facts).replace(", )", ")")
    return replace(
        info,
        headline=marked(words.headline.format(**facts)),
        description=marked(what),
        instruction=words.advice,
        parameters=(
            *(each for each in info.parameters if each.name != BROADCAST_TEXT),
            # Phones get it without marks that would double its length.
            Named(
                BROADCAST_TEXT,
                marked(transliterated(f"{profile.name}: {what} {words.advice}")),
            ),
        ),
        resources=(),
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3].rstrip()}..."
