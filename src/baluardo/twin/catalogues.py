"""Where catalogues come from: the built-in shells, a file, an address, or a CelesTrak group.

The driver around the pure parsers of `baluardo.twin.sky`: it reads, hands over, and tells in
notices what the person should know. It never replaces a catalogue in use: it answers or raises.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

from baluardo.errors import SourceError
from baluardo.foreign_input import printable, read_file
from baluardo.terms import Bilingual
from baluardo.twin.clock import Dated
from baluardo.twin.downloads import (
    Cache,
    FetchLimits,
    ask_politely,
    fetch,
    host_of,
    shown_address,
)
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.formats import parse_catalogue
from baluardo.twin.sky.records import MAX_BYTES
from baluardo.twin.sky.shells import catalogue_from_shells, default_catalogue
from baluardo.twin.sky.status import stale

CELESTRAK = "https://celestrak.org/NORAD/elements/gp.php?GROUP={group}&FORMAT=json"
"""CelesTrak's GP service; `{group}` is replaced by the group's name."""

BUILT_IN = "shells"
"""Name of the built-in catalogue."""

_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_SUFFIXES = frozenset({".tle", ".txt", ".json", ".csv", ".xml", ".kvn", ".omm", ".toml", ".3le"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """A catalogue and what a person should know about how it was come by."""

    catalogue: Catalogue
    notices: tuple[Bilingual, ...] = ()


def load_catalogue(
    spec: str | None,
    cache_dir: Path | None = None,
    now: Callable[[], float] = time.time,
    celestrak: str = CELESTRAK,
    limits: FetchLimits = FetchLimits(),  # noqa: B008  # frozen, hence safe to share
) -> Loaded:
    """Load the catalogue that a person named.

    `spec` is None or "shells" for the built-in shells, a path (an existing file, or anything with
    a slash or a known suffix), an http or https address, or else the name of a CelesTrak GP group.
    A path or address ending in ".toml" is read as shells. `cache_dir` (default: the user's cache
    folder) keeps CelesTrak's answers, which is asked at most every two hours; `now` is the wall
    clock, POSIX seconds.

    SourceError if nothing could be read, CatalogueError if what was read is no catalogue; either
    way the catalogue in use stays in use.
    """
    if spec is None or spec.strip() == BUILT_IN:
        return Loaded(default_catalogue())
    spec = spec.strip()
    if "://" in spec:
        return _with_broken(_from_address(spec, cache_dir, now, celestrak, limits))
    path = _path_of(spec)
    if path is not None:
        return _with_broken(Loaded(_parse(read_file(path, MAX_BYTES), printable(path.name))))
    if _GROUP.fullmatch(spec) is None:
        raise SourceError(
            f"{spec!r} is neither a file, nor an address, nor the name of a CelesTrak group."
        )
    address = celestrak.format(group=spec)
    return _with_broken(_from_celestrak(address, f"CelesTrak {spec}", cache_dir, now, limits))


def age_notices(catalogue: Catalogue, time: float) -> tuple[Bilingual, ...]:
    """Return what to say about the age of a catalogue's elements at a sky time, if anything."""
    old, n = int(np.count_nonzero(stale(catalogue, time))), len(catalogue)
    if old == 0:
        return ()
    return (
        Bilingual(
            it=f"Gli elementi orbitali di {_it(old)} satelliti su {_it(n)} non sono attendibili a "
            "questa data (valgono 2 giorni sotto i 400 km, 7 giorni sopra): le loro posizioni "
            "sono incerte.",
            en=f"The elements of {old:,} of {n:,} satellites do not hold at this date (they do for "
            "2 days under 400 km, 7 days above): their positions are uncertain.",
        ),
    )


def sky_time_offset(catalogue: Catalogue, now: float) -> float:
    """Return what to add to the wall clock to get the time of the sky, seconds.

    0 where the catalogue is ageless or its epoch within 14 days of `now`. Otherwise the sky is
    replayed from the catalogue's epoch on: ask once, at the start, and keep the answer.
    """
    if Dated(catalogue.epoch, catalogue.ageless).can_now(now):
        return 0.0
    return catalogue.epoch - now


def replay_notices(catalogue: Catalogue, now: float) -> tuple[Bilingual, ...]:
    """Return what to say where `sky_time_offset` is not 0: the sky is not that of now."""
    if sky_time_offset(catalogue, now) == 0.0:
        return ()
    epoch = datetime.datetime.fromtimestamp(catalogue.epoch, datetime.UTC)
    return (
        Bilingual(
            it=f"Replica: il catalogo è del {epoch:%Y-%m-%d}, a più di 14 giorni da oggi. Il tempo "
            f"del cielo parte dalle {epoch:%H:%M} UTC di quel giorno: non è il cielo di adesso.",
            en=f"Replay: the catalogue is of {epoch:%Y-%m-%d}, more than 14 days from today. Sky "
            f"time starts at {epoch:%H:%M} UTC of that day: this is not the sky of now.",
        ),
    )


def _it(count: int) -> str:
    return f"{count:,}".replace(",", ".")


def _with_broken(loaded: Loaded) -> Loaded:
    """Add a notice of the records that were skipped: how many, and the first by line and reason."""
    broken, source = loaded.catalogue.broken, loaded.catalogue.source
    if not broken:
        return loaded
    n, first = len(broken), f"{broken[0].line}: {broken[0].reason}"
    notice = Bilingual(
        it=f"{source}: record non validi e saltati: {_it(n)}. Il primo, alla riga {first}.",
        en=f"{source}: broken records skipped: {n:,}. The first, at line {first}.",
    )
    return Loaded(loaded.catalogue, (*loaded.notices, notice))


def _parse(data: bytes, source: str) -> Catalogue:
    if source.lower().endswith(".toml"):
        return catalogue_from_shells(data, source)
    return parse_catalogue(data, source)


def _path_of(spec: str) -> Path | None:
    """Return the path a person meant, None if it cannot be one."""
    path = Path(spec)
    try:
        path = path.expanduser()
        there = path.is_file()
    except (OSError, ValueError, RuntimeError):  # a folder that is shut, a NUL, no such home
        there = True
    if there or "/" in spec or "\\" in spec or path.suffix.lower() in _SUFFIXES:
        return path
    return None


def _from_address(
    address: str,
    cache_dir: Path | None,
    now: Callable[[], float],
    celestrak: str,
    limits: FetchLimits,
) -> Loaded:
    """Fetch an address; one of CelesTrak's goes through the cache however it was named."""
    if host_of(address) == host_of(celestrak.format(group="")):
        return _from_celestrak(address, shown_address(address), cache_dir, now, limits)
    body = fetch(address, limits).body
    if body is None:
        raise SourceError(f"{shown_address(address)} sent nothing.")
    return Loaded(_parse(body, shown_address(address)))


def _from_celestrak(
    address: str,
    source: str,
    cache_dir: Path | None,
    now: Callable[[], float],
    limits: FetchLimits,
) -> Loaded:
    folder = (cache_dir or platformdirs.user_cache_path("baluardo")) / "celestrak"
    asked = ask_politely(
        address, Cache(folder, address), now, limits, lambda body: _parse(body, source)
    )
    if asked.problem is None:
        return Loaded(asked.value)
    when = datetime.datetime.fromtimestamp(asked.fetched, datetime.UTC)
    return Loaded(asked.value, (_copy_notice(source, f"{when:%Y-%m-%d %H:%M} UTC", asked.problem),))


def _copy_notice(source: str, when: str, problem: str) -> Bilingual:
    return Bilingual(
        it=f"{source}: nessun aggiornamento; resta in uso la copia del {when} ({problem})",
        en=f"{source}: no update; the copy of {when} stays in use ({problem})",
    )
