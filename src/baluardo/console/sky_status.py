"""What the status strip says about the sky, on every page."""

from __future__ import annotations

from datetime import UTC, datetime

from baluardo.console.part import Level, StatusItem
from baluardo.terms import Bilingual
from baluardo.twin.catalogues import age_notices, replay_notices
from baluardo.twin.clock import Mode
from baluardo.twin.live import LiveSky

STANDS_STILL = StatusItem(
    "stands-still",
    "warning",
    {
        "it": "Il cielo è fermo: non si calcolano nuove immagini. Il registro dice perché; se "
        "resta fermo, riavviare il programma.",
        "en": "The sky stands still: no new frames are made. The log says why; if it does not "
        "go on, start the program again.",
    },
)


async def sky_status(live: LiveSky) -> list[StatusItem]:
    """Return the catalogue in use and every notice about it."""
    catalogue = live.catalogue
    count = f"{len(catalogue):,}"
    date = "" if catalogue.ageless else f", {_utc(catalogue.epoch):%Y-%m-%d}"
    about = StatusItem(
        "catalogue",
        "ok",
        {
            "it": f"{count.replace(',', '.')} satelliti: {catalogue.source}{date}",
            "en": f"{count} satellites: {catalogue.source}{date}",
        },
    )
    return [about, *_notice_items(live)]


def notices(live: LiveSky) -> list[dict[str, str]]:
    """Return what has to be said with everything that shows this sky."""
    return [dict(item.text) for item in _notice_items(live)]


def _notice_items(live: LiveSky) -> list[StatusItem]:
    items = [
        *([STANDS_STILL] if live.stands_still else []),
        *_items("catalogue-notice", "notice", live.loaded.notices),
        *_items("replay", "notice", replay_notices(live.catalogue, live.wall_time())),
        *_items("age", "warning", age_notices(live.catalogue, live.moment)),
    ]
    if live.clock.mode is Mode.REPLAY and live.can_now():
        when = f"{_utc(live.moment):%Y-%m-%d %H:%M} UTC"
        items.append(
            StatusItem(
                "not-now",
                "notice",
                {
                    "it": f"Replica: il cielo mostrato è del {when}, non quello di adesso.",
                    "en": f"Replay: the sky shown is that of {when}, not of now.",
                },
            )
        )
    if live.reload_problem is not None:
        items.append(
            StatusItem(
                "reload",
                "warning",
                {
                    "it": "Il catalogo nuovo non è utilizzabile; resta in uso il precedente "
                    f"({live.reload_problem})",
                    "en": "The newer catalogue cannot be used; the one in use stays "
                    f"({live.reload_problem})",
                },
            )
        )
    if not live.warm:
        items.append(
            StatusItem(
                "preparing",
                "notice",
                {
                    "it": "Preparazione dei calcoli in corso; le prime risposte sono più lente.",
                    "en": "Preparing the computations; the first answers take longer.",
                },
            )
        )
    return items


def _items(name: str, level: Level, found: tuple[Bilingual, ...]) -> list[StatusItem]:
    return [
        StatusItem(f"{name}-{i}", level, notice.by_language()) for i, notice in enumerate(found)
    ]


def _utc(posix_s: float) -> datetime:
    return datetime.fromtimestamp(posix_s, UTC)
