"""Why nothing passes, in words: those of the console (`web/src/words`), without "Not served"."""

from __future__ import annotations

from baluardo.terms import Bilingual
from baluardo.twin.paths.rounds import Reason

CAUSES = {
    Reason.SERVED: Bilingual("Servita.", "Served."),
    Reason.NOTHING_IN_VIEW: Bilingual(
        "Nessun satellite è abbastanza alto.",
        "No satellite stands high enough.",
    ),
    Reason.BARRED: Bilingual(
        "I satelliti abbastanza alti sono dietro un ostacolo o troppo vicini all'arco "
        "geostazionario.",
        "The satellites high enough are behind an obstruction or too near to the geostationary "
        "arc.",
    ),
    Reason.FULL: Bilingual(
        "I satelliti in vista non hanno più tempo di fascio sul canale della cella.",
        "The satellites in view have no beam time left on the cell's channel.",
    ),
    Reason.NO_FIX: Bilingual(
        "L'antenna non conosce la propria posizione.",
        "The dish does not know where it is.",
    ),
    Reason.NO_LANDING: Bilingual(
        "Dal satellite non si raggiunge alcuna stazione consentita.",
        "No allowed gateway can be reached from the satellite.",
    ),
    Reason.FADED: Bilingual(
        "La pioggia non lascia segnale.",
        "Rain leaves no signal.",
    ),
}
"""Whole sentences, by reason."""


def cause_name(reason: Reason) -> str:
    """Return a reason as programs read it, the console's name: `nothing-in-view`."""
    return reason.name.lower().replace("_", "-")
