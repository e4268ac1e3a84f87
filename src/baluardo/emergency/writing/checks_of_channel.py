"""Whether a text and its channel could be confused: a drill sent as real, or the reverse.

In Hawaii in 2018 the recording of an exercise said both "exercise, exercise" and "this is not a
drill", and was taken for real.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from baluardo.emergency.broadcast.of_alert import words_of
from baluardo.emergency.cap.alert import Alert, Info
from baluardo.emergency.channels import Channel
from baluardo.emergency.problem import Problem
from baluardo.emergency.profile.profile import Profile
from baluardo.emergency.writing.draft import Draft
from baluardo.emergency.writing.found import stops, warns

_IS_DRILL: Final = re.compile(
    r"\b(?:questa )?(?<!non )è un'esercitazione|\bmessaggio di (?:prova|esercitazione)|"
    r"\bthis is (?:an exercise|a drill|a test|only a)|\btechnical test|"
    r"\b(?:das|dies) ist (?:eine übung|ein test)|\bprobealarm|"
    r"\bc(?:eci |')est un (?:exercice|essai)|\bto je (?:vaja|preizkus)",
    re.IGNORECASE,
)
_HINT: Final = re.compile(
    r"\besercitazion[ei]|\bdrills?\b|\b(?:the|an) exercise\b|\bübung\b|\bun exercice\b|"
    r"\bvaj[aeoi]\b",
    re.IGNORECASE,
)
_IS_REAL: Final = re.compile(
    r"\bnon è (?:un'esercitazione|una prova)|\b(?:is not|isn't) (?:a|an) (?:drill|exercise|test)|"
    r"\bnot a drill\b|\bkeine übung\b|\bpas un (?:exercice|essai)|\bni vaja\b",
    re.IGNORECASE,
)


def problems_of_channel(draft: Draft, alert: Alert, profile: Profile) -> Iterator[Problem]:
    """Yield where level, texts and channel do not belong together."""
    if not profile.permits(draft.channel, draft.level):
        yield stops(
            "level.channel",
            "Il livello scelto non appartiene a questo canale: scegline uno di quelli offerti.",
            "The level chosen does not belong to this channel: choose one of those offered.",
            "level",
        )
    for place, info in enumerate(alert.infos):
        if draft.channel is Channel.PUBLIC:
            yield from _of_real(info, profile, f"infos[{place}]")
        else:
            yield from _of_drill(info, draft.channel, profile, f"infos[{place}]")


def _of_real(info: Info, profile: Profile, where: str) -> Iterator[Problem]:
    said = _said(info)
    # In capitals, as channels have them: "exercise caution" is no exercise.
    marks = {
        word
        for channel, look in profile.channels.items()
        if channel is not Channel.PUBLIC
        for word in look.words.values()
    }
    marked = any(re.search(rf"\b{re.escape(word)}\b", said) for word in marks)
    if marked or (_IS_DRILL.search(said) and not _IS_REAL.search(said)):
        yield stops(
            "channel.drill-words",
            "Il testo dice che è un'esercitazione o una prova, ma il canale è quello reale: cambia "
            "canale o testo.",
            "The text says that it is an exercise or a test, but the channel is the real one: "
            "change the channel or the text.",
            where,
            info.language,
        )
    elif _HINT.search(said):
        yield warns(
            "channel.drill-hint",
            "Il testo parla di un'esercitazione, e il canale è quello reale: è voluto?",
            "The text speaks of an exercise, and the channel is the real one: is that meant?",
            where,
            info.language,
        )


def _of_drill(info: Info, channel: Channel, profile: Profile, where: str) -> Iterator[Problem]:
    word = profile.look(channel).words.get(info.language)
    for name, text in (
        ("headline", info.headline),
        ("description", info.description),
        ("broadcast", words_of(info)),
    ):
        if text and (word is None or not text.startswith(f"{word} ")):
            yield stops(
                "channel.no-drill-words",
                "Il testo non comincia con la parola del suo canale: sarebbe creduto reale.",
                "The text does not begin with the word of its channel: it would be taken for real.",
                f"{where}.{name}",
                info.language,
            )
    if _IS_REAL.search(_said(info)):
        yield stops(
            "channel.real-words",
            "Il testo dice che non è un'esercitazione, e lo è: togli quelle parole.",
            "The text says that it is no exercise, and it is one: take those words out.",
            where,
            info.language,
        )


def _said(info: Info) -> str:
    parts = (info.event, info.headline, info.description, info.instruction, words_of(info))
    return "\n".join(part for part in parts if part)
