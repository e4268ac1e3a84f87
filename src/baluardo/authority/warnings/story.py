"""What happened to a warning, in words, as the desk shows it; the audit log is what proves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from baluardo.authority.store import schema
from baluardo.authority.warnings.reading import Delivery, WarningState
from baluardo.emergency.cap.alert import MessageType
from baluardo.terms import Bilingual


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened. `at` is POSIX seconds."""

    at: float
    text: Bilingual
    by: str = ""


_RELEASED = {
    MessageType.ALERT.value: Bilingual(it="Avviso diffuso.", en="Warning released."),
    MessageType.UPDATE.value: Bilingual(it="Aggiornamento diffuso.", en="Update released."),
    MessageType.CANCEL.value: Bilingual(it="Revoca diffusa.", en="Cancel sent out."),
}
_FOLLOWED = {
    MessageType.UPDATE.value: Bilingual(
        it="Un aggiornamento ne prende il posto.", en="An update takes its place."
    ),
    MessageType.CANCEL.value: Bilingual(it="Revocato.", en="Cancelled."),
}


def story_of(
    connection: Connection, state: WarningState, deliveries: Sequence[Delivery]
) -> list[Happening]:
    """Return what happened, the first first."""
    row = state.row
    table = schema.warning
    follows = connection.execute(select(table).where(table.c.follows == row.id))
    found = [
        Happening(row.released, _RELEASED[row.message_type], ", ".join(row.by)),
        *(Happening(each.at, _delivered(each)) for each in deliveries if each.at is not None),
        *(Happening(f.released, _FOLLOWED[f.message_type], ", ".join(f.by)) for f in follows),
    ]
    return sorted(found, key=lambda each: each.at)


def _delivered(each: Delivery) -> Bilingual:
    if each.state == "sent":
        return Bilingual(
            it=f"Consegnato alla via {each.way}.", en=f"Handed to the way out {each.way}."
        )
    return Bilingual(
        it=f"Rifiutato dalla via {each.way}: {each.detail.get('it', '')}",
        en=f"Refused by the way out {each.way}: {each.detail.get('en', '')}",
    )
