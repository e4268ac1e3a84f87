"""`baluardo sky d2c`: the satellites that reach ordinary phones at a place, now and soon."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from baluardo.cli.arguments import add_elevation_argument, add_sky_arguments, format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.opening import OpenedSky, open_sky
from baluardo.cli.output import emit, emit_json, table
from baluardo.cli.places import Spot, find_spot
from baluardo.cli.sky.moments import add_hours_argument, add_start_argument, slots_asked, span_text
from baluardo.geo.ellipsoid import places_earth_fixed
from baluardo.terms import Lever, Mask, slot_start
from baluardo.twin.paths.direct import (
    Window,
    direct_satellites,
    edge_residual_hz,
    gaps,
    windows,
)
from baluardo.twin.radio.direct_to_cell import (
    BLOCKS,
    DirectToCell,
    direct_links,
    doppler_rate_hz_s,
    doppler_shift_hz,
)
from baluardo.twin.sky.visibility import Observers, sightings

DONE = 0

CHANNELS = {f"{width / 1e6:g}": width for width in BLOCKS}

EXAMPLE = """\
  $ baluardo sky d2c norcia --at 2025-05-29T12:00:00Z
  lists the satellites that phones around Norcia can use now, what a beam of each carries, and the
  windows and gaps of the next hour; mountains that hide the sky from the site count.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "d2c", "Find the satellites that reach ordinary phones at a place.", EXAMPLE
    )
    parser.add_argument(
        "place", metavar="PLACE", help="a site of the scenario, or LAT,LON such as 41.9,12.5"
    )
    add_hours_argument(parser, 1.0)
    add_elevation_argument(parser)
    parser.add_argument(
        "--channel",
        choices=list(CHANNELS),
        default="5",
        metavar="MHZ",
        help=f"width of the LTE channel (contract): {', '.join(CHANNELS)} (default: 5)",
    )
    parser.add_argument(
        "--beams",
        type=_beams,
        default=DirectToCell().beams,
        metavar="N",
        help="beams for phones of one satellite, not published (default: 8)",
    )
    add_sky_arguments(parser)
    add_start_argument(parser)


def _beams(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 1_000):
        raise argparse.ArgumentTypeError(f'"{text}" is no whole number from 1 to 1000.')
    return int(text)


@dataclass(frozen=True, slots=True)
class _Answer:
    opened: OpenedSky
    spot: Spot
    mask: Mask
    options: DirectToCell
    slots: range
    windows: tuple[Window, ...]
    gaps: tuple[tuple[float, float], ...]
    in_view: list[dict[str, Any]]

    @property
    def span(self) -> tuple[float, float]:
        """From the moment asked about to the end of the last slot."""
        return self.opened.time, slot_start(self.slots.stop)

    def summary(self) -> dict[str, Any]:
        start, end = self.span
        lengths = [b - a for a, b in self.gaps]
        open_s = sum(w.end - w.rise for w in self.windows)
        return {
            "seconds": round(end - start, 1),
            "windows": len(self.windows),
            "satellites": len({w.satellite for w in self.windows}),
            "mean_in_view": round(open_s / (end - start), 3),
            "seconds_without": round(sum(lengths), 1),
            "gaps": len(lengths),
            "longest_gap_s": round(max(lengths, default=0.0), 1),
        }


def run(args: argparse.Namespace) -> int:
    """Print who is in view now, the windows and gaps to come; none is an answer too."""
    spot = find_spot(args.place)
    options = DirectToCell(channel_hz=CHANNELS[args.channel], beams=args.beams)
    # What hides a dish hides a phone beside it; geostationary satellites are no concern of phones.
    mask = Mask(args.min_elevation, spot.mask.obstructions)
    opened = open_sky(args)
    slots = slots_asked(opened, args.hours)
    start, end = opened.time, slot_start(slots.stop)
    found = _from(windows(opened.sky, spot.place_at, mask, slots), start)
    answer = _Answer(
        opened,
        spot,
        mask,
        options,
        slots,
        found,
        gaps(found, start, end),
        _in_view(opened, spot, mask, options, found),
    )
    if args.json:
        emit_json(_as_json(answer))
    else:
        for line in _lines(answer):
            emit(line)
    return DONE


def _from(found: Sequence[Window], start: float) -> tuple[Window, ...]:
    """Return the windows that are not over at a moment, cut there; its slot began before it."""
    return tuple(replace(w, rise=max(w.rise, start)) for w in found if w.end > start)


def _in_view(
    opened: OpenedSky, spot: Spot, mask: Mask, options: DirectToCell, found: Sequence[Window]
) -> list[dict[str, Any]]:
    place, snapshot = spot.place_at(opened.time), opened.sky.snapshot(opened.time)
    built = np.zeros(len(snapshot.operational), dtype=np.bool_)
    built[direct_satellites(opened.sky)] = True
    usable = snapshot.operational & built
    seen = sightings(Observers.of([place], mask), snapshot.positions, usable)
    if len(seen) == 0:
        return []
    links = direct_links(seen.elevation_deg, seen.range_km, options)
    here = places_earth_fixed([place])
    moving = snapshot.positions[seen.satellites], snapshot.velocities[seen.satellites]
    shift = doppler_shift_hz(here, *moving, options.down_hz)
    rate = doppler_rate_hz_s(here, *moving, options.down_hz)
    until = {w.satellite: w.end for w in found if w.rise <= opened.time}
    catalogue = opened.sky.catalogue
    out = []
    for k, s in enumerate(seen.satellites.tolist()):
        along, across = float(links.along_km[k]), float(links.across_km[k])
        left = edge_residual_hz(
            place,
            snapshot.positions[s],
            snapshot.velocities[s],
            options.down_hz,
            along,
            across,
        )
        out.append(
            {
                "name": catalogue.names[s],
                "number": int(catalogue.numbers[s]),
                "azimuth_deg": round(float(seen.azimuth_deg[k]), 3),
                "elevation_deg": round(float(seen.elevation_deg[k]), 3),
                "range_km": round(float(seen.range_km[k]), 3),
                "until": None if s not in until else format_time(until[s]),
                "seconds_left": None if s not in until else round(until[s] - opened.time, 1),
                "beams": options.beams,
                "footprint_along_km": round(along, 2),
                "footprint_across_km": round(across, 2),
                "snr_down_db": round(float(links.snr_down_db[k]), 2),
                "snr_up_db": round(float(links.snr_up_db[k]), 2),
                "beam_down_bps": round(float(links.down_bps[k])),
                "beam_up_bps": round(float(links.up_bps[k])),
                "phone_up_bps": round(float(links.phone_up_bps[k])),
                "outdoors": bool(links.outdoors[k]),
                "indoors": bool(links.indoors[k]),
                "doppler_hz": round(float(shift[k]), 1),
                "doppler_rate_hz_s": round(float(rate[k]), 2),
                "residual_doppler_hz": round(left, 1),
            }
        )
    return out


def _as_json(a: _Answer) -> dict[str, Any]:
    catalogue = a.opened.sky.catalogue
    place, o = a.spot.place_at(a.opened.time), a.options
    return a.opened.preamble() | {
        "place": {"name": place.name, "lat_deg": place.lat_deg, "lon_deg": place.lon_deg},
        "start": format_time(a.span[0]),
        "end": format_time(a.span[1]),
        "min_elevation_deg": a.mask.min_elevation_deg,
        "service": {
            "lever": Lever.CONTRACT,
            "down_mhz": o.down_hz / 1e6,
            "up_mhz": o.up_hz / 1e6,
            "channel_mhz": o.channel_hz / 1e6,
            "beams_per_satellite": o.beams,
            "below_filed_db": o.measured_below_filed_db,
        },
        "lever": Lever.OBSERVED,
        "in_view": a.in_view,
        "summary": a.summary(),
        "windows": [
            {
                "name": catalogue.names[w.satellite],
                "number": int(catalogue.numbers[w.satellite]),
                "rise": round(w.rise, 2),
                "rise_time": format_time(w.rise),
                "end": round(w.end, 2),
                "end_time": format_time(w.end),
                "seconds": round(w.seconds, 1),
                "cut": w.rise <= a.span[0] or w.end >= a.span[1],
                "highest_deg": round(w.highest_deg, 3),
                "highest_time": format_time(w.highest_at),
            }
            for w in a.windows
        ],
        "gaps": [
            {"start": format_time(begin), "end": format_time(end), "seconds": round(end - begin, 1)}
            for begin, end in a.gaps
        ],
    }


def _lines(a: _Answer) -> list[str]:
    place, o, found = a.spot.place_at(a.opened.time), a.options, a.summary()
    hidden = ", obstructions of the site" if a.mask.obstructions else ""
    lines = [
        *a.opened.heading(),
        f"place:     {place.name}, {place.lat_deg:.4f}, {place.lon_deg:.4f}; "
        f"{a.mask.min_elevation_deg:g}° or more above the horizon{hidden}",
        f"service:   {o.channel_hz / 1e6:g} MHz at {o.down_hz / 1e6:g} MHz, {o.beams} beams a "
        f"satellite, {o.measured_below_filed_db:g} dB below the filed budget (contract)",
        f"slots:     {span_text(a.slots)}",
        "",
        f"In view now (observed): {len(a.in_view)} of {len(direct_satellites(a.opened.sky))} "
        "satellites for phones, each with its beam on the place.",
    ]
    if a.in_view:
        lines += [_now_table(a.in_view), ""]
    if not a.windows:
        lines.append(f"None comes in the {found['seconds']:.0f} s asked about.")
        return lines
    lines += [
        f"Windows (observed): {found['windows']} of {found['satellites']} satellites, "
        f"{found['mean_in_view']:.1f} in view at a time on average.",
        _window_table(a),
        "",
    ]
    if not a.gaps:
        lines.append(f"Never without one in the {found['seconds']:.0f} s asked about.")
    else:
        lines.append(
            f"Without any for {found['seconds_without']:.1f} s of {found['seconds']:.0f}, in "
            f"{found['gaps']} gap{'' if found['gaps'] == 1 else 's'}, "
            f"{found['longest_gap_s']:.1f} s the longest:"
        )
        rows = [(_clock(b), _clock(e), f"{e - b:.1f}") for b, e in a.gaps]
        lines.append(table(["from", "to", "s"], rows, right="llr"))
    return lines


def _now_table(in_view: Sequence[dict[str, Any]]) -> str:
    header = [
        *("satellite", "elev °", "azim °", "km", "left s", "beam km", "SNR dB", "down M", "up M"),
        *("phone up k", "Doppler kHz", "Hz/s", "residual Hz", "indoors"),
    ]
    return table(
        header,
        [
            (
                s["name"],
                f"{s['elevation_deg']:.1f}",
                f"{s['azimuth_deg']:.1f}",
                f"{s['range_km']:.0f}",
                "-" if s["seconds_left"] is None else f"{s['seconds_left']:.0f}",
                f"{s['footprint_along_km']:.0f} x {s['footprint_across_km']:.0f}",
                f"{s['snr_down_db']:.1f}",
                f"{s['beam_down_bps'] / 1e6:.2f}",
                f"{s['beam_up_bps'] / 1e6:.2f}",
                f"{s['phone_up_bps'] / 1e3:.0f}",
                f"{s['doppler_hz'] / 1e3:+.2f}",
                f"{s['doppler_rate_hz_s']:.0f}",
                f"{s['residual_doppler_hz']:.0f}",
                "yes" if s["indoors"] else "no",
            )
            for s in in_view
        ],
        right="lrrrrrrrrrrrrl",
    )


def _window_table(a: _Answer) -> str:
    names = a.opened.sky.catalogue.names
    return table(
        ["satellite", "from", "to", "s", "highest °"],
        [
            (
                names[w.satellite],
                _clock(w.rise),
                _clock(w.end),
                f"{w.seconds:.1f}",
                f"{w.highest_deg:.1f}",
            )
            for w in a.windows
        ],
        right="lllrr",
    )


def _clock(time: float) -> str:
    """Return a time to the tenth of a second, which is what is known of it."""
    tenths = round(time * 10.0)
    return f"{format_time(tenths // 10).removesuffix('Z')}.{tenths % 10}Z"
