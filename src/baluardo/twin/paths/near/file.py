"""A prepared region as a file: NumPy's own archive (.npz, stored) of arrays and one JSON text.

The archive's CRCs tell damage, not forgery: who can write the file can make it say anything. Hence
all that compiled loops follow without looking (bounds, indices, order) is checked when it is read,
and the first minute is compared with what SGP4 says now.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import asdict, fields
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from baluardo.errors import BaluardoError, InvalidInputError
from baluardo.twin.paths.baked import (
    FARTHEST_KM,
    FASTEST_KM_S,
    LATEST_SLOT,
    ONE_MILLIMETRE_KM,
    compare,
    identity,
)
from baluardo.twin.paths.beams import CHANNELS
from baluardo.twin.paths.disruptions import Disruption, DisruptionKind
from baluardo.twin.paths.ephemeris import SLOTS_PER_NODE, node_times
from baluardo.twin.paths.near.sky import Cap, Loads, NearSky
from baluardo.twin.paths.policy import Policy, Weights
from baluardo.twin.paths.world import SlotOptions
from baluardo.twin.sky.laser_pairing import NOBODY, TERMINALS
from baluardo.twin.sky.lasers import PLAN_SLOTS
from baluardo.twin.sky.sky import Sky

VERSION = 1
"""Of the format and of what is in it: raised whenever a region would come out otherwise."""

MOST_BYTES = 4 * 1_073_741_824
"""Our choice: a week of the Mediterranean has 1.3 GB."""

_SHAPES: dict[str, tuple[str, int, int]] = {
    "starts": ("<i8", 1, 1),
    "satellites": ("<i4", 1, 1),
    "states": ("<f8", 2, 6),
    "flag_starts": ("<i8", 1, 1),
    "flags": ("|u1", 1, 1),
    "plans": ("<i4", 3, TERMINALS),
    "load_starts": ("<i8", 1, 1),
    "load_satellites": ("<i4", 1, 1),
    "used": ("<i2", 2, CHANNELS),
    "up_used": ("<i2", 1, 1),
}
"""Of every array: its type, how many axes it has, and how long the last is where that is fixed."""

_HEADER = "header"


def save(near: NearSky, to: BinaryIO) -> None:
    """Write a prepared region."""
    loads = near.loads
    arrays: dict[str, npt.NDArray[Any]] = {
        name: getattr(near, name)
        for name in ("starts", "satellites", "states", "flag_starts", "flags", "plans")
    }
    if loads is not None:
        arrays |= {
            "load_starts": loads.starts,
            "load_satellites": loads.satellites,
            "used": loads.used,
            "up_used": loads.up_used,
        }
    header = json.dumps(
        {
            "version": VERSION,
            "of": identity(near.sky),
            "cap": asdict(near.cap),
            "least_elevation_deg": near.least_elevation_deg,
            "first_slot": near.first_slot,
            "slots": near.slots,
            "options": _options_json(near.options),
        }
    ).encode()
    arrays = {name: np.asarray(a, _SHAPES[name][0]) for name, a in arrays.items()}
    np.savez(to, **arrays, header=np.frombuffer(header, np.uint8))  # type: ignore[arg-type]


def load(source: BinaryIO, name: str, sky: Sky) -> NearSky:
    """Read a prepared region; `name` is the file's, for people.

    InvalidInputError if it is none, was damaged, or is of another catalogue.
    """
    try:
        arrays = _arrays(source, name)
        header = json.loads(arrays.pop(_HEADER, np.empty(0, np.uint8)).tobytes())
        return _near(arrays, header, name, sky)
    except BaluardoError:
        raise
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError),
        *(ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError),
    ):
        raise InvalidInputError(
            f'{name} was not made by "baluardo sky bake --region", or it is damaged.'
        ) from None


def _arrays(source: BinaryIO, name: str) -> dict[str, npt.NDArray[Any]]:
    out: dict[str, npt.NDArray[Any]] = {}
    with zipfile.ZipFile(source) as archive:
        members = archive.infolist()
        if sum(m.file_size for m in members) > MOST_BYTES or len(members) > len(_SHAPES) + 1:
            raise InvalidInputError(f"{name} is larger than a prepared region may be.")
        for member in members:
            key = member.filename.removesuffix(".npy")
            # Stored as they are: what an array takes in memory is what it takes in the file.
            if member.compress_type != zipfile.ZIP_STORED or key not in (*_SHAPES, _HEADER):
                raise InvalidInputError(f"{name}: {member.filename[:40]!r} has no place in it.")
            out[key] = _array(archive.read(member))
    return out


def _array(octets: bytes) -> npt.NDArray[Any]:
    stream = io.BytesIO(octets)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    values = np.frombuffer(octets, dtype, offset=stream.tell())
    if fortran or dtype.hasobject:
        raise ValueError
    return values.reshape(shape)


def _near(arrays: dict[str, npt.NDArray[Any]], header: Any, name: str, sky: Sky) -> NearSky:
    if header["version"] != VERSION:
        raise InvalidInputError(f"{name} is of another version of this program; bake it again.")
    compare(header["of"], identity(sky), name)
    for key, array in arrays.items():
        kind, axes, last = _SHAPES[key]
        if array.dtype != np.dtype(kind) or array.ndim != axes:
            raise ValueError
        if axes > 1 and array.shape[-1] != last:
            raise ValueError
    first, slots = header["first_slot"], header["slots"]
    if type(first) is not int or type(slots) is not int or not 1 <= slots <= 2**24:
        raise ValueError
    if not -LATEST_SLOT <= first <= LATEST_SLOT:
        raise ValueError
    loads = None
    if "load_starts" in arrays:
        loads = Loads(
            *(arrays[key] for key in ("load_starts", "load_satellites", "used", "up_used"))
        )
    near = NearSky(
        sky=sky,
        options=_options(header["options"]),
        cap=Cap(**header["cap"]),
        least_elevation_deg=float(header["least_elevation_deg"]),
        first_slot=first,
        slots=slots,
        starts=arrays["starts"],
        satellites=arrays["satellites"],
        states=arrays["states"],
        flag_starts=arrays["flag_starts"],
        flags=arrays["flags"],
        plans=arrays["plans"],
        loads=loads,
    )
    _check(near, name)
    return near


def _check(near: NearSky, name: str) -> None:
    """Refuse whatever would lead a compiled loop astray."""
    count, slots = len(near.sky.catalogue), near.slots
    last_node = (near.first_slot + slots - 1) // SLOTS_PER_NODE
    nodes = last_node - near.first_node + 2
    hours = (near.first_slot + slots - 1) // PLAN_SLOTS - near.first_slot // PLAN_SLOTS + 1
    rows = (near.first_slot + np.arange(slots)) // SLOTS_PER_NODE - near.first_node
    fine = (
        _bounds_fit(near.starts, nodes, len(near.satellites))
        and len(near.states) == len(near.satellites)
        and _ascending(near.satellites, near.starts, count)
        and _bounds_fit(near.flag_starts, slots, len(near.flags))
        and np.array_equal(np.diff(near.flag_starts), np.diff(near.starts)[rows])
        and near.plans.shape[:2] == (hours, count)
        and _plans_fit(near.plans, count)
        and bool((np.abs(near.states[:, :3]) <= FARTHEST_KM).all())
        and bool((np.abs(near.states[:, 3:]) <= FASTEST_KM_S).all())
    )
    loads = near.loads
    if fine and loads is not None:
        entries = len(loads.satellites)
        fine = (
            _bounds_fit(loads.starts, slots, entries)
            and _ascending(loads.satellites, loads.starts, count)
            and len(loads.used) == len(loads.up_used) == entries
            and bool((loads.used >= 0).all() and (loads.up_used >= 0).all())
        )
    if not fine:
        raise InvalidInputError(f"{name} contradicts itself; bake it again.")
    here = near.satellites[: near.starts[1]]
    now = near.sky.propagator.positions(node_times(np.array([near.first_node])))[0][here]
    stored = near.states[: near.starts[1], :3]
    if not np.allclose(stored, now, rtol=0.0, atol=ONE_MILLIMETRE_KM):
        raise InvalidInputError(f"{name} holds other positions than SGP4 gives now; bake it again.")


def _bounds_fit(starts: npt.NDArray[np.int64], parts: int, entries: int) -> bool:
    return (
        len(starts) == parts + 1
        and int(starts[0]) == 0
        and int(starts[-1]) == entries
        and bool((np.diff(starts) >= 0).all())
    )


def _ascending(values: npt.NDArray[np.int32], starts: npt.NDArray[np.int64], count: int) -> bool:
    """Tell whether every part rises strictly within a catalogue of `count`."""
    if len(values) == 0:
        return True
    rises = np.append(True, np.diff(values) > 0)
    rises[starts[:-1][starts[:-1] < len(values)]] = True
    return bool(rises.all()) and int(values.min()) >= 0 and int(values.max()) < count


def _plans_fit(plans: npt.NDArray[np.int32], count: int) -> bool:
    """Tell whether laser links lead to satellites there are, and go both ways."""
    for plan in plans:
        one, column = np.nonzero(plan != NOBODY)
        other = plan[one, column]
        if ((other < 0) | (other >= count) | (other == one)).any():
            return False
        if not (plan[other] == one[:, None]).any(axis=1).all():
            return False
    return True


def _options_json(options: SlotOptions) -> dict[str, Any]:
    """Return what decides a plan besides the sky; the rest, as a checksum."""
    return {
        "weights": asdict(options.policy.weights),
        "contract": options.policy.contract,
        "seed": int(options.seed),
        "disruptions": [
            [str(d.kind), d.name, _ended(d.start), _ended(d.end)] for d in options.disruptions
        ],
        "rest": _rest(options),
    }


def _options(values: Any) -> SlotOptions:
    names = {f.name for f in fields(Weights)}
    if set(values["weights"]) != names:
        raise ValueError
    options = SlotOptions(
        policy=Policy(Weights(**values["weights"]), bool(values["contract"])),
        seed=values["seed"],
        disruptions=tuple(
            Disruption(
                DisruptionKind(kind),
                name,
                -np.inf if start is None else float(start),
                np.inf if end is None else float(end),
            )
            for kind, name, start, end in values["disruptions"]
        ),
    )
    if values["rest"] != _rest(options):
        raise InvalidInputError(
            "The prepared region is of other radios, demand or masks than this program's."
        )
    return options


def _rest(options: SlotOptions) -> int:
    return zlib.crc32(repr((options.demand, options.radios, options.mask)).encode())


def _ended(moment: float) -> float | None:
    return moment if np.isfinite(moment) else None
