"""The twin's beams for warnings, dwell by dwell: planned ahead, played, and heard by handsets.

Time is the sky's. What was played is kept, and handsets live through it from the beginning each
time they are asked about: their dice hang on nothing but their number and the step, so that what
they had heard they have heard.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.beams.contacts import DWELL_S, PhoneContacts
from baluardo.emergency.beams.forecast import ReachForecast, forecast
from baluardo.emergency.beams.phones import Phones
from baluardo.emergency.beams.plan import BeamPlan, Standing, plan, standing_after
from baluardo.emergency.beams.wanted import CellWarning, Wanted
from baluardo.emergency.cap.alert import Severity
from baluardo.emergency.channels import Channel
from baluardo.emergency.reach.curve import ReachCurve, curve
from baluardo.emergency.reach.handsets import Handsets, populate, simulate
from baluardo.emergency.ways.request import BeamRequest
from baluardo.terms import SLOT_PHASE_SECONDS

Floats = npt.NDArray[np.float64]

AHEAD: Final = 24
"""Dwells that are planned at a time: two minutes."""
FORESEEN: Final = 360
"""Dwells of a forecast: half an hour."""
HANDSETS: Final = 20_000
"""For each broadcast while people look on: its reach is then seen to half a per cent."""
SEED: Final = 20_161_030
_SEVERITY: Final = {
    Severity.EXTREME: 4,
    Severity.SEVERE: 3,
    Severity.MODERATE: 2,
    Severity.MINOR: 1,
    Severity.UNKNOWN: 2,
}
_REAL: Final = 8
"""Added to what is real: no exercise takes a beam from it."""


class ContactsOf(Protocol):
    """Who can light whom: latitudes and longitudes of cells, first moment, dwells."""

    def __call__(
        self, lat_deg: Floats, lon_deg: Floats, start: float, dwells: int
    ) -> PhoneContacts:
        """Return the contacts of so many dwells from a moment of the sky on."""


@dataclass(eq=False)
class Broadcast:
    """Something that is on the air, or was."""

    request: BeamRequest
    warned: WarnedArea
    severity: int
    octets: float
    began: float
    """Sky time of the first dwell that may carry it."""
    identifier: str
    """Of its CAP alert."""
    populate: Callable[[], Handsets]
    """Places the handsets under it; called once, when somebody first asks."""
    foreseen: ReachForecast | None = None
    ended: float | None = None
    lit: list[Floats] = field(default_factory=list)
    """Signal to noise on each of its cells, dB, NaN where dark: one for each dwell played."""

    @cached_property
    def handsets(self) -> Handsets:
        """The phones under it."""
        return self.populate()

    def curve(self, phones: Phones) -> ReachCurve:
        """Return whom it has reached, from its first dwell on."""
        return curve(
            self.handsets,
            simulate(
                _played(self),
                self.handsets,
                phones,
                octets=np.full(len(self.warned.cells), self.octets),
            ),
        )


@dataclass(frozen=True, slots=True)
class Shining:
    """One beam of the dwell that is played now."""

    satellite: int
    """Index into the catalogue."""
    cell: str
    until: float
    """Sky time."""


class BeamSchedule:
    """All broadcasts of one operator, on one sky."""

    def __init__(
        self,
        contacts_of: ContactsOf,
        phones: Phones | None = None,
        ground_lost: Callable[[Floats, Floats], Floats] | None = None,
        handsets: int = HANDSETS,
    ) -> None:
        """Start with nothing on the air.

        ground_lost: share of the ground network that is gone at places; all of it where not given.
        """
        self.phones = phones or Phones()
        self._contacts_of, self._ground_lost, self._count = contacts_of, ground_lost, handsets
        self.broadcasts: list[Broadcast] = []
        self._names: list[str] = []
        self._lat = self._lon = np.empty(0)
        self._standing: Standing | None = None
        """When the chunk begins."""
        self._contacts: PhoneContacts | None = None
        self._chunk: BeamPlan | None = None
        self._planned = Wanted.of(1, [])
        """What the chunk was planned for."""
        self._at = 0
        """Dwells of the chunk that were played."""

    @property
    def active(self) -> list[Broadcast]:
        """What is on the air."""
        return [each for each in self.broadcasts if each.ended is None]

    def find(self, key: str) -> Broadcast | None:
        """Return the broadcast of a request's key; None if there is none."""
        return next((each for each in self.broadcasts if each.request.key == key), None)

    def take(
        self,
        request: BeamRequest,
        warned: WarnedArea,
        severity: Severity,
        identifier: str,
        replaces: Sequence[str],
        now: float,
    ) -> Broadcast:
        """Put a request on the air from the next dwell on; what it replaces ends there.

        replaces: CAP identifiers. InvalidInputError if its messages are too long for a dwell.
        """
        self.advance(now)
        began = _next_dwell(now)
        octets = float(sum(len(page) for each in request.messages for page in each.pages))
        self.phones.in_time(octets, DWELL_S)
        broadcast = Broadcast(
            request=request,
            warned=warned,
            severity=_SEVERITY[severity] + (_REAL if request.channel is Channel.PUBLIC else 0),
            octets=octets,
            began=began,
            identifier=identifier,
            populate=partial(self._populate, warned),
        )
        for each in self.active:
            if each.identifier in replaces:
                each.ended = began
        self.broadcasts.append(broadcast)
        self._replan(began, fresh=set(warned.cells.names))
        return broadcast

    def foresee(self, broadcast: Broadcast) -> None:
        """Forecast whom a broadcast that was just taken will reach, as all stands then."""
        chunk = self._chunk
        if broadcast.ended is None and chunk is not None and chunk.starts[0] == broadcast.began:
            broadcast.foreseen = self._foresee(broadcast)

    def _populate(self, warned: WarnedArea) -> Handsets:
        return populate(
            warned.people + _LEAST,
            self._count,
            SEED,
            self.phones,
            people_beside=warned.people_beside,
            ground_lost=self._lost(warned.cells.lat_deg, warned.cells.lon_deg),
        )

    def end(self, broadcast: Broadcast, now: float) -> None:
        """Take a broadcast off the air."""
        self.advance(now)
        broadcast.ended = _next_dwell(now)
        self._replan(broadcast.ended, fresh=set())

    def advance(self, now: float) -> None:
        """Play every dwell that has begun by now (sky time)."""
        while self._chunk is not None and self.active:
            if self._chunk.starts[self._at] > now:
                return
            self._play()

    def preview(
        self, warned: WarnedArea, octets: float, now: float
    ) -> tuple[BeamPlan, ReachForecast, PhoneContacts]:
        """Return what would be if a warning for an area were taken now, nothing else on the air."""
        contacts = self._contacts_of(
            warned.cells.lat_deg, warned.cells.lon_deg, _next_dwell(now), FORESEEN
        )
        every = np.arange(len(warned.cells), dtype=np.int32)
        asked = CellWarning(every, warned.people + _LEAST, _SEVERITY[Severity.EXTREME], octets)
        wanted = Wanted.of(len(warned.cells), [asked])
        lost = self._lost(warned.cells.lat_deg, warned.cells.lon_deg)
        made = plan(contacts, wanted, self.phones, ground_lost=lost)
        told = forecast(made, asked, self.phones, octets=wanted.octets, ground_lost=lost)
        return made, told, contacts

    def shining(self) -> list[Shining]:
        """Return the beams of the dwell that was played last."""
        chunk, contacts = self._chunk, self._contacts
        if chunk is None or contacts is None or self._at == 0:
            return []
        k = self._at - 1
        part = slice(int(chunk.first[k]), int(chunk.first[k + 1]))
        until = float(chunk.starts[k]) + chunk.dwell_s
        return [
            Shining(int(contacts.satellites[s]), self._names[c], until)
            for s, c in zip(chunk.satellite[part].tolist(), chunk.cell[part].tolist(), strict=True)
        ]

    def load(self) -> tuple[int, int]:
        """Return the beams in use for warnings and those of the satellites in view, just now."""
        chunk, contacts = self._chunk, self._contacts
        if chunk is None or contacts is None:
            return 0, 0
        k = max(self._at - 1, 0)
        seen = np.unique(contacts.satellite[int(contacts.first[k]) : int(contacts.first[k + 1])])
        return int(chunk.warned_beams[k].sum()), int(contacts.beams[seen].sum())

    def _play(self) -> None:
        chunk = self._chunk
        if chunk is None:
            return
        k = self._at
        part = slice(int(chunk.first[k]), int(chunk.first[k + 1]))
        signal = np.full(len(self._names), np.nan)
        signal[chunk.cell[part]] = chunk.snr_db[part]
        where = {name: place for place, name in enumerate(self._names)}
        for each in self.active:
            each.lit.append(signal[[where[name] for name in each.warned.cells.names]])
        self._at += 1
        if self._at == chunk.dwells:
            self._next_chunk(chunk.end, chunk.standing)

    def _replan(self, start: float, fresh: set[str]) -> None:
        """Plan anew from a dwell on; in the fresh cells nobody has heard what is new."""
        before = self._standing_now()
        old = {name: place for place, name in enumerate(self._names)}
        cells = {
            name: (lat, lon)
            for each in self.active
            for name, lat, lon in zip(
                each.warned.cells.names,
                each.warned.cells.lat_deg.tolist(),
                each.warned.cells.lon_deg.tolist(),
                strict=True,
            )
        }
        self._names = sorted(cells)
        self._lat = np.array([cells[name][0] for name in self._names])
        self._lon = np.array([cells[name][1] for name in self._names])
        if not self._names:
            self._chunk = self._contacts = self._standing = None
            self._at = 0
            return
        standing = Standing.fresh(len(self._names), self.phones, start)
        if before is not None:
            out, indoors, lit = standing.outdoors, standing.indoors, standing.lit_at
            for place, name in enumerate(self._names):
                if name in old and name not in fresh:
                    out[place] = before.outdoors[old[name]]
                    indoors[place] = before.indoors[old[name]]
                    lit[place] = before.lit_at[old[name]]
            standing = Standing(before.outdoors_now, out, indoors, lit)
        self._next_chunk(start, standing)

    def _standing_now(self) -> Standing | None:
        """Return how far everything has come, in the middle of a chunk too."""
        chunk, before = self._chunk, self._standing
        if chunk is None or before is None or self._at == 0:
            return before
        return standing_after(chunk, self._at, self._planned, self.phones, before)

    def _next_chunk(self, start: float, standing: Standing) -> None:
        self._standing = standing
        self._contacts = self._contacts_of(self._lat, self._lon, start, AHEAD)
        self._planned = self._wanted()
        self._chunk = plan(
            self._contacts, self._planned, self.phones, ground_lost=self._here(), standing=standing
        )
        self._at = 0

    def _foresee(self, broadcast: Broadcast) -> ReachForecast:
        contacts = self._contacts_of(self._lat, self._lon, broadcast.began, FORESEEN)
        wanted, lost = self._wanted(), self._here()
        made = plan(contacts, wanted, self.phones, ground_lost=lost, standing=self._standing)
        asked = wanted.warnings[self.active.index(broadcast)]
        return forecast(made, asked, self.phones, octets=wanted.octets, ground_lost=lost)

    def _wanted(self) -> Wanted:
        where = {name: place for place, name in enumerate(self._names)}
        return Wanted.of(
            len(self._names),
            [
                CellWarning(
                    np.array([where[name] for name in each.warned.cells.names], dtype=np.int32),
                    each.warned.people + _LEAST,
                    each.severity,
                    each.octets,
                )
                for each in self.active
            ],
        )

    def _here(self) -> Floats:
        return self._lost(self._lat, self._lon)

    def _lost(self, lat_deg: Floats, lon_deg: Floats) -> Floats:
        if self._ground_lost is None:
            return np.ones(len(lat_deg))
        return self._ground_lost(lat_deg, lon_deg)


_LEAST: Final = 1e-3
"""People in a cell where nobody lives: somebody may pass there, and it is lit last."""


def _next_dwell(now: float) -> float:
    """Return when the next dwell begins; dwells divide the slots."""
    return math.floor((now - SLOT_PHASE_SECONDS) / DWELL_S + 1.0) * DWELL_S + SLOT_PHASE_SECONDS


def _played(broadcast: Broadcast) -> BeamPlan:
    """Return what was played of a broadcast as a plan: its own cells, dwell by dwell."""
    cells, dwells = len(broadcast.warned.cells), max(1, len(broadcast.lit))
    lit = np.array(broadcast.lit) if broadcast.lit else np.full((1, cells), np.nan)
    dwell, cell = np.nonzero(~np.isnan(lit))
    nothing = np.zeros((dwells, 1), dtype=np.int32)
    return BeamPlan(
        starts=broadcast.began + DWELL_S * np.arange(float(dwells)),
        dwell_s=DWELL_S,
        cells=cells,
        first=np.searchsorted(dwell, np.arange(dwells + 1)).astype(np.int64),
        satellite=np.zeros(len(cell), dtype=np.int32),
        cell=cell.astype(np.int32),
        rate_bps=np.zeros(len(cell), dtype=np.float32),
        snr_db=lit[dwell, cell].astype(np.float32),
        warned_beams=nothing,
        commercial_beams=nothing,
        displaced_beams=np.zeros(dwells, dtype=np.int32),
        displaced_bps=np.zeros(dwells),
        seen=np.ones(cells, dtype=np.bool_),
        standing=Standing.fresh(cells, Phones(), broadcast.began),
    )
