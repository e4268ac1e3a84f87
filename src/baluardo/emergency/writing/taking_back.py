"""A warning taken back: its cancel, and the correction of one that was sent in error.

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
    Certainty,
    Info,
    MessageType,
    Named,
    Response,
    Severity,
    Urgency,
)
from baluardo.emergency.channels import Channel
from baluardo.emergency.profile.profile import Profile
from baluardo.emergency.wording.transliteration import transliterated
from baluardo.emergency.writing.local_time import time_shown

LEAST_LEFT: Final = timedelta(minutes=15)
"""For so long a cancel holds at least: phones that come back into view still get it."""
CORRECTION_HOLDS: Final = timedelta(hours=1)
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
_CORRECTION: Final[Mapping[str, _Words]] = MappingProxyType(
    {
        "it": _Words(
            "Errore: {event}",
            "Il messaggio delle {time} è stato inviato per errore ({event}, {area}).",
            "Il pericolo di cui parlava non c'è. Non devi fare nulla. Ci scusiamo.",
        ),
        "en": _Words(
            "Error: {event}",
            "The message of {time} was sent in error ({event}, {area}).",
            "The danger it spoke of is not there. You need do nothing. We apologise.",
        ),
        "de": _Words(
            "Fehler: {event}",
            "Die Meldung von {time} Uhr wurde irrtümlich gesendet ({event}, {area}).",
            "Die gemeldete Gefahr besteht nicht. Sie müssen nichts tun. Wir bitten um "
            "Entschuldigung.",
        ),
        "fr": _Words(
            "Erreur : {event}",
            "Le message de {time} a été envoyé par erreur ({event}, {area}).",
            "Le danger annoncé n'existe pas. Vous n'avez rien à faire. Veuillez nous excuser.",
        ),
        "sl": _Words(
            "Napaka: {event}",
            "Sporočilo ob {time} je bilo poslano pomotoma ({event}, {area}).",
            "Nevarnosti, o kateri je govorilo, ni. Ni vam treba storiti ničesar. Opravičujemo se.",
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
            _told(info, _CANCEL, alert, profile),
            responses=(Response.NONE,),
            urgency=Urgency.PAST,
            effective=sent,
            onset=None,
            expires=max(info.expires or sent, sent + LEAST_LEFT),
        )
        for info in alert.infos
    )
    return _after(alert, MessageType.CANCEL, infos, sender, identifier, sent, reason)


def correction_of(
    alert: Alert, reason: str, profile: Profile, sender: str, identifier: str, sent: datetime
) -> Alert:
    """Return the Update that says an alert was sent in error, in each of its languages.

    It goes out like any update, by two persons; `cancel_of` stops the first at once.
    """
    infos = tuple(
        replace(
            _told(info, _CORRECTION, alert, profile),
            responses=(Response.NONE,),
            urgency=Urgency.IMMEDIATE,
            severity=Severity.MINOR,
            certainty=Certainty.OBSERVED,
            effective=sent,
            onset=None,
            expires=sent + CORRECTION_HOLDS,
        )
        for info in alert.infos
    )
    return _after(alert, MessageType.UPDATE, infos, sender, identifier, sent, reason)


def _after(
    alert: Alert,
    kind: MessageType,
    infos: tuple[Info, ...],
    sender: str,
    identifier: str,
    sent: datetime,
    reason: str,
) -> Alert:
    return replace(
        alert,
        identifier=identifier,
        sender=sender,
        sent=sent,
        message_type=kind,
        note=reason,
        references=(alert.reference,),
        infos=infos,
    )


def _told(info: Info, said: Mapping[str, _Words], alert: Alert, profile: Profile) -> Info:
    language = language_of(info)
    words = said.get(language, said["en"])
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
