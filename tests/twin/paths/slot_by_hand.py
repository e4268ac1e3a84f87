"""One slot's assignment once more: plain loops over whole tables, for tests of the compiled one.

Written from the words of the modules, not from their loops: no groups, caps or bands; who sees whom
comes from `twin.sky.visibility`, which searches along the geostationary arc.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from baluardo.terms import Mask, Place, slot_start
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.world import World
from baluardo.twin.sky.visibility import Observers, sightings

CHANNELS, BEAM, BEAM_BPS, PARTS, ROUNDS = 8, 1_024, 2.0e9, 4, 2
UP_BEAM_BPS = BEAM_BPS * 62.5 / 480.0
WHOLE = 2**64


def split_mix(value: int) -> int:
    """Return SplitMix64's finaliser of a number."""
    value = (value ^ value >> 30) * 0xBF58_476D_1CE4_E5B9 % WHOLE
    value = (value ^ value >> 27) * 0x94D0_49BB_1331_11EB % WHOLE
    return value ^ value >> 31


def split_mix_of(one: int, other: int) -> int:
    """Return one number from two, in their order."""
    step = 0x9E37_79B9_7F4A_7C15
    return split_mix(split_mix((one + step) % WHOLE) ^ (other * step + 1) % WHOLE)


def fnv_1a(text: str) -> int:
    """Return the 64-bit FNV-1a of a name."""
    value = 0xCBF2_9CE4_8422_2325
    for octet in text.encode():
        value = (value ^ octet) * 0x100_0000_01B3 % WHOLE
    return value


def noise_of(bits: int) -> float:
    """Return four draws of 16 bits as one number of mean 0 and deviation 1."""
    draws = [bits >> shift & 0xFFFF for shift in (0, 16, 32, 48)]
    return (sum(draws) - 131_070) / (65_536.0 * (4.0 / 12.0) ** 0.5)


@dataclass
class Asker:
    """One claim."""

    key: int
    cell: int
    channel: int
    place: Place
    mask: Mask
    units: int
    up_units: int
    first: int = 1
    """0 for contracted priority."""
    mute: bool = False
    usable: list[int] = field(default_factory=list)
    """Satellites, by index into the catalogue."""
    barred: int = 0
    score: dict[int, float] = field(default_factory=dict)
    satellite: int = -1
    granted: int = 0
    up_granted: int = 0

    @property
    def reason(self) -> Reason:
        """Return why it is served or not."""
        if self.satellite >= 0:
            return Reason.SERVED
        if self.mute:
            return Reason.NO_FIX
        if self.usable:
            return Reason.FULL
        return Reason.BARRED if self.barred else Reason.NOTHING_IN_VIEW


def units_of(rate: float, beam: float) -> int:
    """Return beam time in 1/1024, at least one and at most all of it."""
    return int(min(max(np.ceil(rate / (beam / BEAM)), 1), BEAM))


def colour(cell: int) -> int:
    """Return a cell's first channel."""
    return ((cell >> 24) * 0x9E37_79B9_7F4A_7C15 % WHOLE >> 40) % CHANNELS


def crowd_of(world: World, slot: int) -> list[Asker]:
    """Return the commercial users' claims."""
    users, demand, out = world.users, world.options.demand, []
    shares = demand.at(slot_start(slot), users.utc_offset_h)
    for i, cell in enumerate(users.numbers.tolist()):
        place = Place("cell", float(users.lat_deg[i]), float(users.lon_deg[i]))
        down, up = (
            float(users.users[i]) * rate
            for rate in (demand.busy_hour_down_bps, demand.busy_hour_up_bps)
        )
        beams = int(min(max(np.ceil(down / BEAM_BPS), 1), CHANNELS))
        out += [
            Asker(
                key=cell ^ nth,
                cell=cell,
                channel=(colour(cell) + nth) % CHANNELS,
                place=place,
                mask=world.options.mask,
                units=units_of(min(down / beams, BEAM_BPS) * shares[i], BEAM_BPS),
                up_units=units_of(min(up / beams, UP_BEAM_BPS) * shares[i], UP_BEAM_BPS),
            )
            for nth in range(beams)
        ]
    return out


def own_of(
    terminals: list[Terminal], cells: list[int], world: World, mute: set[str]
) -> list[Asker]:
    """Return the terminals' claims; `cells`: H3 numbers of theirs."""
    out = [
        Asker(
            key=fnv_1a(t.name),
            cell=cell,
            channel=-1,
            place=t.place,
            mask=t.mask,
            units=units_of(t.down_bps, BEAM_BPS),
            up_units=units_of(t.up_bps, UP_BEAM_BPS),
            first=0 if t.contract and world.options.policy.contract else 1,
            mute=not t.has_fix or t.name in mute,
        )
        for t, cell in zip(terminals, cells, strict=True)
    ]
    for cell in set(cells):
        here = sorted((a for a in out if a.cell == cell), key=lambda a: a.key)
        for nth, asker in enumerate(here):
            asker.channel = (colour(cell) - 1 - nth) % CHANNELS
    return out


def keep_to_one_beam(crowd: list[Asker], own: list[Asker]) -> None:
    """Cut what is asked for on one channel of a cell to one beam: Nco = 1."""
    left: dict[tuple[int, int], int] = {}
    for asker in sorted(own, key=lambda a: (a.first, a.key)):
        if not asker.mute:
            beam = (asker.cell, asker.channel)
            most = min(asker.units, left.setdefault(beam, BEAM))
            asker.units = most if most * PARTS >= asker.units else 0
            left[beam] -= asker.units
    for asker in crowd:
        asker.units = min(asker.units, left.get((asker.cell, asker.channel), BEAM))


def look(askers: list[Asker], positions: Any, working: Any, world: World, sky: Any) -> None:
    """Find who may use which satellites, and what each is worth."""
    if not askers:
        return
    weights = world.options.policy.weights
    places = [a.place for a in askers]
    seen = sightings(Observers.of(places, [a.mask for a in askers]), positions, working)
    bare = [Mask(min_elevation_deg=a.mask.min_elevation_deg) for a in askers]
    high = sightings(Observers.of(places, bare), positions, working)
    generation = world.ephemeris.sky.catalogue.generation
    for p, asker in enumerate(askers):
        if asker.mute:
            continue
        mine = seen.of(p)
        elevation, azimuth = np.radians(mine.elevation_deg), np.radians(mine.azimuth_deg)
        asker.usable = mine.satellites.tolist()
        asker.barred = len(high.of(p)) - len(mine)
        side = 1.0 if asker.place.lat_deg >= 0.0 else -1.0
        for s, e, a in zip(asker.usable, elevation, azimuth, strict=True):
            asker.score[s] = float(
                weights.sine * np.sin(e)
                + weights.poleward * side * np.cos(e) * np.cos(a)
                + weights.sunlit * sky.lit[s]
                + weights.newer * (generation[s] >= 2)
            )


def by_hand(
    world: World,
    slot: int,
    terminals: list[Terminal],
    cells: list[int],
    *,
    working: Any = None,
    mute: set[str] | None = None,
) -> tuple[list[Asker], list[Asker], Any, Any]:
    """Return commercial claims, terminals' claims, and the units left down and up."""
    sky, weights = world.ephemeris.at(slot), world.options.policy.weights
    numbers = world.ephemeris.sky.catalogue.numbers.tolist()
    generation = world.ephemeris.sky.catalogue.generation
    working = sky.operational if working is None else working
    crowd, own = crowd_of(world, slot), own_of(terminals, cells, world, mute or set())
    keep_to_one_beam(crowd, own)
    look(crowd, sky.positions, working, world, sky)
    look(own, sky.positions, working, world, sky)
    every = crowd + own
    radios = world.options.radios.satellites
    beams = np.array([radios[g].user_down_beams for g in generation])
    room = np.zeros((len(numbers), CHANNELS), dtype=int)
    for c in range(CHANNELS):
        room[:, c] = BEAM * (beams // CHANNELS + (c < beams % CHANNELS))
    up_room = np.array([BEAM * radios[g].user_up_beams for g in generation])
    seed = split_mix_of(world.options.seed, slot % WHOLE)
    pressure = [0.0] * len(numbers)
    if weights.pressure > 0.0:
        pressure = demand_below(every, room, weights.pressure)
    for asker in every:
        key = split_mix_of(asker.key, seed)
        for s in asker.usable:
            asker.score[s] += weights.noise * noise_of(split_mix(key ^ numbers[s])) - pressure[s]
    for first in (0, 1):
        for _ in range(ROUNDS):
            one_round([a for a in every if a.first == first], numbers, room, up_room, seed)
    return crowd, own, room, up_room


def demand_below(every: list[Asker], room: Any, weight: float) -> list[float]:
    """Return what the demand around each satellite takes off its score."""
    below = [0] * len(room)
    for asker in every:
        for s in asker.usable:
            below[s] += asker.units * 4_096 // len(asker.usable)
    return [weight * b / (4_096 * int(r)) for b, r in zip(below, room.sum(axis=1), strict=True)]


def one_round(every: list[Asker], numbers: list[int], room: Any, up_room: Any, seed: int) -> None:
    """Let everybody ask once, and then every satellite take whom it can."""
    asked: dict[int, list[Asker]] = {}
    for asker in every:
        if asker.satellite >= 0 or asker.mute or asker.units == 0:
            continue
        open_ = [
            s
            for s in asker.usable
            if room[s, asker.channel] * PARTS >= asker.units
            and up_room[s] * PARTS >= asker.up_units
        ]
        if open_:
            best = max(open_, key=lambda s: (asker.score[s], -numbers[s]))
            asked.setdefault(best, []).append(asker)
    for s, here in asked.items():
        for asker in sorted(here, key=lambda a: split_mix_of(a.key, seed)):
            take = min(asker.units, int(room[s, asker.channel]))
            take_up = min(asker.up_units, int(up_room[s]))
            if take * PARTS >= asker.units and take_up * PARTS >= asker.up_units:
                room[s, asker.channel] -= take
                up_room[s] -= take_up
                asker.satellite, asker.granted, asker.up_granted = s, take, take_up
