"""What went wrong elsewhere, looked for in a draft before anybody signs it.

Cases: a drill that went out as real and stood for 38 minutes (Hawaii, 2018); the text of a template
sent live (Milwaukee); the wrong area (Anchorage); an outline meant as an exception that warned a
whole county. `emergency.release` stops what must not go out; here a person is helped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.broadcast.of_alert import words_of
from baluardo.emergency.cap.alert import Alert, Info, MessageType, Response, Severity
from baluardo.emergency.cap.rules import problems_of
from baluardo.emergency.channels import Channel
from baluardo.emergency.problem import Gravity, Problem
from baluardo.emergency.profile.profile import Profile
from baluardo.emergency.wording.linter import lint
from baluardo.emergency.writing.draft import Draft
from baluardo.terms import Bilingual

SHORTEST_MINUTES: Final = 10
LONG_MINUTES: Final = 720

_DRILL: Final = re.compile(
    r"\b(esercitazione|exercise|drill|prova tecnica|this is a test|technical test|übung|probealarm|"
    r"exercice|vaja)\b",
    re.IGNORECASE,
)
_LEAVE: Final = re.compile(r"\b(evacua|evacuate|abbandona(te)? (la zona|l'area))", re.IGNORECASE)
_STAY: Final = re.compile(
    r"\b(resta(te)? (in casa|al chiuso)|rimani in casa|stay (indoors|inside)|shelter)",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\d+(?:[.:,]\d+)*")


def problems_of_draft(
    draft: Draft, alert: Alert, warned: WarnedArea, profile: Profile, now: float
) -> tuple[Problem, ...]:
    """Return what is wrong with a draft and the alert that was made of it.

    now: POSIX seconds. Errors stop it, warnings are to be seen by who signs.
    """
    return (
        *problems_of(alert, now),
        *_of_channel(draft, alert, profile),
        *_of_languages(alert, profile),
        *_of_words(draft, alert),
        *_of_frame(draft),
        *_of_place(draft, warned),
    )


def _of_channel(draft: Draft, alert: Alert, profile: Profile) -> Iterator[Problem]:
    if not profile.permits(draft.channel, draft.level):
        yield _error(
            "level.channel",
            "Il livello scelto non appartiene a questo canale.",
            "The level chosen does not belong to this channel.",
            "level",
        )
    if draft.channel is not Channel.PUBLIC:
        return
    for info in alert.infos:
        if _DRILL.search(f"{info.headline} {info.description} {words_of(info)}"):
            yield _error(
                "channel.drill-words",
                "Il testo parla di un'esercitazione o di una prova, ma il canale è quello reale.",
                "The text speaks of an exercise or a test, but the channel is the real one.",
                "channel",
                info.language,
            )


def _of_languages(alert: Alert, profile: Profile) -> Iterator[Problem]:
    there = {info.language for info in alert.infos}
    if profile.languages[0] not in there:
        yield _error(
            "language.first-missing",
            "Manca la lingua principale del paese.",
            "The country's first language is missing.",
            "infos",
        )
    if len(there) == 1:
        yield _warning(
            "language.alone",
            "Il testo è in una sola lingua: chi non la capisce non è avvisato.",
            "The text is in one language alone: who does not understand it is not warned.",
            "infos",
        )
    numbers = {info.language: sorted(_NUMBER.findall(words_of(info))) for info in alert.infos}
    if len({tuple(each) for each in numbers.values()}) > 1:
        yield _warning(
            "language.numbers-differ",
            "I numeri (ore, strade, telefoni) non sono gli stessi in tutte le lingue.",
            "The numbers (times, roads, telephones) are not the same in all languages.",
            "infos",
        )


def _of_words(draft: Draft, alert: Alert) -> Iterator[Problem]:
    for place, info in enumerate(alert.infos):
        yield from lint(words_of(info), info.language, draft.channel).problems
        if not info.headline:
            yield _error(
                "text.no-headline",
                "Manca il titolo.",
                "The headline is missing.",
                f"infos[{place}].headline",
                info.language,
            )
        if not info.instruction and draft.response is not Response.ALL_CLEAR:
            yield _error(
                "text.no-instruction",
                "Il testo non dice che cosa fare.",
                "The text does not say what to do.",
                f"infos[{place}].instruction",
                info.language,
            )
        yield from _of_response(draft, info, place)


def _of_response(draft: Draft, info: Info, place: int) -> Iterator[Problem]:
    said = f"{info.instruction or ''} {words_of(info)}"
    against = (draft.response is Response.SHELTER and _LEAVE.search(said)) or (
        draft.response is Response.EVACUATE and _STAY.search(said)
    )
    if against:
        yield _error(
            "response.contradicts",
            "Il testo chiede il contrario di quanto indicato come risposta.",
            "The text asks for the opposite of the response that was chosen.",
            f"infos[{place}].instruction",
            info.language,
        )


def _of_frame(draft: Draft) -> Iterator[Problem]:
    if draft.expires_minutes < SHORTEST_MINUTES:
        yield _warning(
            "expires.short",
            "L'avviso scade entro pochi minuti: i fasci potrebbero non raggiungere tutti.",
            "The warning expires within minutes: beams may not reach everybody.",
            "expires_minutes",
        )
    if draft.expires_minutes > LONG_MINUTES:
        yield _warning(
            "expires.long",
            "L'avviso vale per più di dodici ore: chi arriva dopo lo crederà attuale.",
            "The warning holds for more than twelve hours: who comes later takes it for new.",
            "expires_minutes",
        )
    grave = draft.severity in (Severity.EXTREME, Severity.SEVERE)
    if draft.level == "level-1" and not grave:
        yield _warning(
            "level.high",
            "Il livello 1 arriva a tutti, ma la gravità indicata è bassa.",
            "Level 1 reaches everybody, but the severity chosen is low.",
            "level",
        )
    if draft.severity is Severity.EXTREME and draft.level in ("level-3", "level-4"):
        yield _warning(
            "level.low",
            "La gravità è estrema, ma molti hanno spento questo livello.",
            "The severity is extreme, but many have switched this level off.",
            "level",
        )
    if draft.message_type is MessageType.UPDATE and draft.template is not None:
        yield _warning(
            "update.template",
            "Un aggiornamento scritto da un modello: dice che cosa è cambiato?",
            "An update written from a template: does it say what has changed?",
            "infos",
        )


def _of_place(draft: Draft, warned: WarnedArea) -> Iterator[Problem]:
    """Hold the words against the map: an area's name that no text mentions may be another's."""
    words = re.findall(r"[^\W\d_]{4,}", draft.area_name.casefold())
    said = " ".join(info.broadcast_words for info in draft.infos).casefold()
    if words and not any(word in said for word in words):
        yield _warning(
            "area.not-in-text",
            "Nessun testo nomina l'area: chi legge non saprà se lo riguarda.",
            "No text names the area: readers cannot tell whether it concerns them.",
            "area_name",
        )
    people, beside = float(warned.people.sum()), float(warned.people_beside.sum())
    if people > 0.0 and beside > 10.0 * people:
        yield _warning(
            "area.mostly-beside",
            f"I fasci toccano {beside:,.0f} persone per avvisarne {people:,.0f}.",
            f"Beams touch {beside:,.0f} people to warn {people:,.0f}.",
            "area",
        )


def _error(code: str, italian: str, english: str, field: str, language: str = "") -> Problem:
    return Problem(code, Gravity.ERROR, Bilingual(it=italian, en=english), field, language)


def _warning(code: str, italian: str, english: str, field: str, language: str = "") -> Problem:
    return Problem(code, Gravity.WARNING, Bilingual(it=italian, en=english), field, language)
