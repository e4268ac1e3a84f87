"""What becomes of a report, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from baluardo.terms import Bilingual


class Verdict(StrEnum):
    """What becomes of a report."""

    FIRST = "first"
    BELIEVED = "believed"
    LATE = "late"
    """Believed, and put where it belongs among those before."""
    MOVED = "moved"
    """Believed with the last few, against what was believed before."""
    IMPOSSIBLE = "impossible"
    TWO_PLACES = "two-places"
    FUTURE = "future"
    REPEATED = "repeated"
    STALE = "stale"


BELIEVED = frozenset({Verdict.FIRST, Verdict.BELIEVED, Verdict.LATE, Verdict.MOVED})


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a report."""

    verdict: Verdict
    reason: Bilingual | None
    """Whole sentences; None where there is nothing to tell."""

    @property
    def believed(self) -> bool:
        """Whether the estimate follows the report."""
        return self.verdict in BELIEVED


_PLAIN = {
    verdict: Taken(verdict, None) for verdict in (Verdict.FIRST, Verdict.BELIEVED, Verdict.LATE)
}


def taken(verdict: Verdict, *what: float) -> Taken:
    """Return a verdict with its reason; `what` are the figures that its sentence names."""
    if verdict in _PLAIN:
        return _PLAIN[verdict]
    return Taken(verdict, _SENTENCES[verdict](*what))


def _moved(reports: float, far_m: float) -> Bilingual:
    n, km = f"{reports:.0f}", _km(far_m)
    return Bilingual(
        it=f"Creduta di nuovo: {n} rapporti di seguito concordano su una posizione a {km[0]} da "
        "quella creduta prima, da cui non giunge più nulla.",
        en=f"Believed again: {n} reports in a row agree on a position {km[1]} from the one "
        "believed before, from which nothing comes any more.",
    )


def _impossible(far_m: float) -> Bilingual:
    km = _km(far_m)
    return Bilingual(
        it=f"Posizione impossibile: a {km[0]} dall'ultima creduta, più lontano di quanto una "
        "piattaforma di questo tipo arrivi in quel tempo. Resta valida la stima precedente.",
        en=f"Impossible position: {km[1]} from the last that is believed, farther than a platform "
        "of its kind gets in that time. The estimate from before stands.",
    )


def _two_places(far_m: float) -> Bilingual:
    km = _km(far_m)
    return Bilingual(
        it=f"In due luoghi insieme: due trasmettitori, a {km[0]} l'uno dall'altro, usano questa "
        "identità. Si continua a seguire il primo.",
        en=f"Two places at once: two transmitters, {km[1]} apart, use this identity. The first is "
        "followed as before.",
    )


def _future(ahead_s: float) -> Bilingual:
    return Bilingual(
        it=f"L'ora del rapporto è {ahead_s:.0f} s nel futuro.",
        en=f"The report's time is {ahead_s:.0f} s in the future.",
    )


def _repeated() -> Bilingual:
    return Bilingual(
        it="Lo stesso rapporto è già arrivato.",
        en="The same report has come before.",
    )


def _stale(old_s: float) -> Bilingual:
    return Bilingual(
        it=f"Il rapporto è più vecchio di {old_s:.0f} s dell'ultimo: troppo tardi per usarlo.",
        en=f"The report is {old_s:.0f} s older than the last: too late to be of use.",
    )


_SENTENCES: dict[Verdict, Callable[..., Bilingual]] = {
    Verdict.MOVED: _moved,
    Verdict.IMPOSSIBLE: _impossible,
    Verdict.TWO_PLACES: _two_places,
    Verdict.FUTURE: _future,
    Verdict.REPEATED: _repeated,
    Verdict.STALE: _stale,
}


def _km(metres: float) -> tuple[str, str]:
    """Return a distance in Italian and in English."""
    text = f"{metres / 1_000.0:.1f} km"
    return text.replace(".", ","), text
