"""Why admission decided as it did: in English for the log, in both languages for a site's pages."""

from __future__ import annotations

from typing import Final

from baluardo.calls.causes import Cause
from baluardo.terms import Bilingual, Precedence

_ITALIAN: Final = {
    Precedence.ROUTINE: "ordinaria",
    Precedence.PRIORITY: "prioritaria",
    Precedence.IMMEDIATE: "immediata",
    Precedence.FLASH: "lampo",
    Precedence.FLASH_OVERRIDE: "lampo assoluta",
}


def admitted_reason(
    precedence: Precedence, emergency: bool, yielding: int, is_above: bool
) -> Bilingual:
    """Say why a call is let in."""
    kind = _kind(precedence, emergency)
    if is_above:
        return Bilingual(
            f"{kind.it}: passa sempre, anche oltre quanto porta il collegamento.",
            f"{kind.en}: it always passes, also above what the path carries.",
        )
    if yielding:
        return Bilingual(
            f"{kind.it}: chiamate che cedono il posto: {yielding}.",
            f"{kind.en}: calls that yield their room: {yielding}.",
        )
    return Bilingual(
        f"{kind.it}: c'è posto, adesso e nei prossimi intervalli.",
        f"{kind.en}: there is room, now and in the next slots.",
    )


def refused_reason(cause: Cause, precedence: Precedence) -> Bilingual:
    """Say why a call is refused."""
    if cause is Cause.NO_ROOM:
        return Bilingual(
            f"Chiamata {_ITALIAN[precedence]}: il collegamento è pieno, adesso o in uno dei "
            "prossimi intervalli, di chiamate che non devono cedere a questa.",
            f"A call of precedence {precedence.dsn}: the path is full, now or in one of the next "
            "slots, of calls that need not yield to it.",
        )
    return cause.sentence


def yields_reason(own: Precedence, to: Precedence, emergency: bool) -> Bilingual:
    """Say why a call yields to another."""
    kind = _kind(to, emergency)
    return Bilingual(
        f"Chiamata {_ITALIAN[own]}: cede il posto. {kind.it}.",
        f"A call of precedence {own.dsn} yields its room. {kind.en}.",
    )


def shrunk_reason(own: Precedence) -> Bilingual:
    """Say why a call yields when a path carries less."""
    return Bilingual(
        f"Chiamata {_ITALIAN[own]}: il collegamento porta meno di prima, e cedono per prime le "
        "chiamate di precedenza più bassa.",
        f"A call of precedence {own.dsn}: the path carries less than before, and calls of the "
        "lowest precedence yield first.",
    )


def _kind(precedence: Precedence, emergency: bool) -> Bilingual:
    if emergency:
        return Bilingual(
            f"Nuova chiamata di emergenza, {_ITALIAN[precedence]}",
            f"A new emergency call of precedence {precedence.dsn}",
        )
    return Bilingual(
        f"Nuova chiamata {_ITALIAN[precedence]}", f"A new call of precedence {precedence.dsn}"
    )
