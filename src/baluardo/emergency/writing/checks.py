"""What went wrong elsewhere, looked for in a draft before anybody signs it.

Cases: a drill that went out as real and stood for 38 minutes (Hawaii, 2018); the text of a template
sent live (Milwaukee); the wrong area (Anchorage); an outline meant as an exception that warned a
whole county. `emergency.release` stops what must not go out; here a person is helped. What the map
alone tells is `area.checks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.broadcast.of_alert import language_of, words_of
from baluardo.emergency.cap.alert import (
    Alert,
    Certainty,
    MessageType,
    Response,
    Severity,
    Urgency,
)
from baluardo.emergency.cap.rules import problems_of
from baluardo.emergency.channels import Channel
from baluardo.emergency.problem import Problem
from baluardo.emergency.profile.profile import Profile
from baluardo.emergency.writing.checks_of_channel import problems_of_channel
from baluardo.emergency.writing.checks_of_words import problems_of_words
from baluardo.emergency.writing.draft import Draft
from baluardo.emergency.writing.found import stops, warns
from baluardo.emergency.writing.languages import spoken_in
from baluardo.emergency.writing.local_time import local_time, time_shown
from baluardo.emergency.writing.templates import Template

SHORTEST_MINUTES: Final = 10
LONG_MINUTES: Final = 720
"""Where no template says what is usual for the risk. Our choice."""
DOUBLE_S: Final = 900.0
"""Seconds in which the same words again are probably a second press of a button."""
UNUSUAL: Final = 10.0
"""Times the people that are usually warned."""
UNTIL_MINUTES: Final = 30
"""By which the end that a text names may differ from the alert's own."""

_UNTIL: Final = re.compile(
    r"\b(?:fino alle|until|bis|jusqu'à|do) (?:le ore )?([01]?\d|2[0-3])[:.]([0-5]\d)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the draft; what is absent is not held against it."""

    template: Template | None = None
    referenced: tuple[Alert, ...] = ()
    """Alerts that this one takes the place of."""
    recent: tuple[Alert, ...] = ()
    """Alerts that went out on the same channel lately."""
    usual_people: float | None = None
    """Warned by an alert of this channel as a rule."""


NOTHING_KNOWN: Final = Known()


def problems_of_draft(
    draft: Draft,
    alert: Alert,
    warned: WarnedArea,
    profile: Profile,
    now: float,
    known: Known = NOTHING_KNOWN,
) -> tuple[Problem, ...]:
    """Return what is wrong with a draft and the alert that was made of it.

    now: POSIX seconds. Errors stop it, warnings are to be seen by who signs.
    """
    return (
        *problems_of(alert, now),
        *problems_of_channel(draft, alert, profile),
        *_of_languages(alert, warned, profile),
        *problems_of_words(draft, alert, profile),
        *_of_times(draft, alert, profile, known.template),
        *_of_level(draft, profile),
        *_of_chain(draft, alert, now, profile, known),
        *_of_place(draft, warned, known.usual_people),
    )


def _of_languages(alert: Alert, warned: WarnedArea, profile: Profile) -> Iterator[Problem]:
    there = {info.language for info in alert.infos}
    if profile.languages[0] not in there:
        yield stops(
            "language.first-missing",
            f"Manca il testo nella lingua principale del paese («{profile.languages[0]}»).",
            f"The text in the country's first language (“{profile.languages[0]}”) is missing.",
            "infos",
        )
    if len(there) == 1:
        yield warns(
            "language.alone",
            "Il testo è in una sola lingua: chi non la capisce non è avvisato.",
            "The text is in one language alone: who does not understand it is not warned.",
            "infos",
        )
    for language in spoken_in(warned):
        if language in profile.languages and language not in there:
            yield warns(
                "language.spoken-there",
                f"Nell'area si parla anche «{language}»: aggiungi quel testo.",
                f"In this area people also speak “{language}”: add that text.",
                "infos",
                language,
            )


def _of_times(
    draft: Draft, alert: Alert, profile: Profile, template: Template | None
) -> Iterator[Problem]:
    least = SHORTEST_MINUTES if template is None else template.expires_least
    most = LONG_MINUTES if template is None else template.expires_most
    if draft.expires_minutes < least:
        yield warns(
            "expires.short",
            f"Il messaggio scade entro {draft.expires_minutes} minuti, e per questo rischio se ne "
            f"usano almeno {least}: i fasci potrebbero non raggiungere tutti.",
            f"The warning expires within {draft.expires_minutes} minutes, and for this risk {least}"
            " are the least: beams may not reach everybody.",
            "expires_minutes",
        )
    if draft.expires_minutes > most:
        yield warns(
            "expires.long",
            f"Il messaggio vale {draft.expires_minutes} minuti, e per questo rischio se ne usano "
            f"al massimo {most}: chi arriva dopo lo crederà attuale.",
            f"The warning holds for {draft.expires_minutes} minutes, and for this risk {most} are "
            "the most: who comes later takes it for new.",
            "expires_minutes",
        )
    if draft.urgency is Urgency.PAST and draft.response not in (Response.ALL_CLEAR, Response.NONE):
        yield warns(
            "urgency.past",
            "L'urgenza dice che il pericolo è passato, ma il testo chiede di agire.",
            "The urgency says that the danger is past, but the text asks people to act.",
            "urgency",
        )
    for place, info in enumerate(alert.infos):
        ends = None if info.expires is None else local_time(info.expires, profile.country)
        named = _UNTIL.findall(words_of(info))
        if ends is None or info.expires is None or not named:
            continue
        minutes = [int(hour) * 60 + int(minute) for hour, minute in named]
        apart = [abs(each - ends.hour * 60 - ends.minute) for each in minutes]
        if min(min(each, 1_440 - each) for each in apart) > UNTIL_MINUTES:
            shown = time_shown(info.expires, profile.country)
            yield warns(
                "expires.text-differs",
                f"Il testo dice fino alle {':'.join(named[-1])}, ma il messaggio scade alle "
                f"{shown}: correggi uno dei due.",
                f"The text says until {':'.join(named[-1])}, but the warning expires at {shown}: "
                "mend one of them.",
                f"infos[{place}].broadcast",
                info.language,
            )


def _of_level(draft: Draft, profile: Profile) -> Iterator[Problem]:
    public = [each for each in profile.levels if each.channel is Channel.PUBLIC]
    at = next((place for place, each in enumerate(public) if each.id == draft.level), None)
    if at is None:
        return
    # A correction goes to whoever was frightened, and an all-clear to whoever was warned.
    over = draft.response in (Response.ALL_CLEAR, Response.NONE)
    grave = draft.severity in (Severity.EXTREME, Severity.SEVERE)
    if at == 0 and not over and (not grave or draft.certainty is Certainty.UNLIKELY):
        yield warns(
            "level.high",
            "Questo livello arriva a tutti, ma la gravità o la certezza indicata è bassa.",
            "This level reaches everybody, but the severity or certainty chosen is low.",
            "level",
        )
    if not over and (
        (draft.severity is Severity.EXTREME and at >= 2)
        or (draft.severity is Severity.SEVERE and at >= 3)
    ):
        yield warns(
            "level.low",
            "La gravità è alta, ma molti hanno spento questo livello: scegline uno più alto.",
            "The severity is high, but many have switched this level off: choose a higher one.",
            "level",
        )


def _of_chain(
    draft: Draft, alert: Alert, now: float, profile: Profile, known: Known
) -> Iterator[Problem]:
    if draft.message_type is MessageType.UPDATE and draft.template is not None:
        yield warns(
            "update.template",
            "Un aggiornamento scritto da un modello: dice che cosa è cambiato?",
            "An update written from a template: does it say what has changed?",
            "infos",
        )
    there = {language_of(info) for info in alert.infos}
    for first in known.referenced:
        if first.status is not alert.status:
            yield stops(
                "update.channel",
                "Il messaggio da aggiornare è su un altro canale.",
                "The message to update is on another channel.",
                "references",
            )
        for info in first.infos:
            if language_of(info) not in there:
                yield stops(
                    "update.language-missing",
                    f"Il primo messaggio aveva un testo in «{language_of(info)}»: aggiungilo.",
                    f"The first message had a text in “{language_of(info)}”: add it.",
                    "infos",
                    language_of(info),
                )
        if _said(first) == _said(alert):
            yield warns(
                "update.same-text",
                "L'aggiornamento dice le stesse parole di prima: che cosa è cambiato?",
                "The update says the same words as before: what has changed?",
                "infos",
            )
    for earlier in known.recent:
        if earlier in known.referenced or _said(earlier) != _said(alert):
            continue
        if not 0.0 <= now - earlier.sent.timestamp() <= DOUBLE_S:
            continue
        same = _areas(earlier) == _areas(alert) and draft.message_type is MessageType.ALERT
        shown = time_shown(earlier.sent, profile.country)
        yield (stops if same else warns)(
            "double.sent",
            f"Lo stesso testo è già partito alle {shown}: per cambiarlo scegli un aggiornamento.",
            f"The same text went out at {shown} already: to change it, choose an update.",
            "infos",
        )


def _of_place(draft: Draft, warned: WarnedArea, usual: float | None) -> Iterator[Problem]:
    """Hold the words against the map: an area's name that no text mentions may be another's."""
    words = re.findall(r"[^\W\d_]{4,}", draft.area_name.casefold())
    said = " ".join(info.broadcast_words for info in draft.infos).casefold()
    if words and not any(word in said for word in words):
        yield warns(
            "area.not-in-text",
            "Nessun testo nomina l'area: chi legge non saprà se lo riguarda.",
            "No text names the area: readers cannot tell whether it concerns them.",
            "area_name",
        )
    people = float(warned.people.sum())
    if usual is not None and usual > 0.0 and people > UNUSUAL * usual:
        shown = f"{people:,.0f}"
        yield warns(
            "area.unusual",
            f"Saranno avvisate {shown.replace(',', '.')} persone, più di {UNUSUAL:.0f} volte il "
            "solito: controlla l'area.",
            f"{shown} people will be warned, over {UNUSUAL:.0f} times as many as usual: check the "
            "area.",
            "area",
        )


def _said(alert: Alert) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted((language_of(info), " ".join(words_of(info).split())) for info in alert.infos)
    )


def _areas(alert: Alert) -> list[object]:
    return [(area.polygons, area.circles) for info in alert.infos for area in info.areas]
