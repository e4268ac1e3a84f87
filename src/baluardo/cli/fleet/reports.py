"""`baluardo fleet reports`: what a log says of platforms, and which of its lines say nothing."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from baluardo.cli.arguments import format_time, parse_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit, emit_json, table
from baluardo.fleet.motion.voyage import M_S_PER_KNOT
from baluardo.fleet.platform import PlatformKind
from baluardo.fleet.tracks.followed import Followed
from baluardo.fleet.tracks.heard import Heard, StaticReport
from baluardo.fleet.tracks.reading import is_gpx, read_reports
from baluardo.fleet.tracks.report import PositionReport
from baluardo.fleet.tracks.verdicts import Taken, Verdict
from baluardo.foreign_input import printable, read_file

DONE, REFUSED = 0, 1

MOST_BYTES = 512_000_000
MOST_REFUSED = 40
"""Lines, and reports, that are printed; --json has them all."""
MOST_DOUBTED = 10_000
"""Reports not believed that are kept."""

AIRBORNE = 9
"""The message of aircraft on search and rescue (ITU-R M.1371-5)."""

EXAMPLE = """\
  $ baluardo fleet reports harbour.nmea flight.gpx archive.csv
  counts what the log's lines say, lists the ships with their last positions, and tells each line
  that was refused, and each position that is not believed, and why. Exit status 1 if a line was
  refused.
"""


class Log:
    """What lines gave, added up."""

    def __init__(self, platforms: PlatformKind = PlatformKind.SHIP, unit: str = "line") -> None:
        """Begin with nothing; `unit` is what the file is made of, in words."""
        self.platforms, self.unit = platforms, unit
        self.kinds: Counter[str] = Counter()
        self.types: Counter[int] = Counter()
        self.last: dict[str, PositionReport] = {}
        self.statics: dict[str, StaticReport] = {}
        self.refused: list[tuple[int, str]] = []
        self.doubted: list[tuple[PositionReport, Taken]] = []
        """Reports that are not believed, the newest `MOST_DOUBTED`."""
        self._followed = Followed()

    def add(self, heard: Heard) -> Taken | None:
        """Take in what a line gave; return what became of its position, None if it had none."""
        taken = None
        self.kinds[heard.kind] += 1
        if heard.message_type is not None:
            self.types[heard.message_type] += 1
        if heard.position is not None:
            taken = self._position(heard.position, heard.message_type)
        if heard.static is not None:
            known_static = self.statics.get(heard.static.platform)
            name = heard.static.name or (known_static.name if known_static else "")
            self.statics[heard.static.platform] = StaticReport(
                heard.static.platform,
                name,
                heard.static.call_sign or (known_static.call_sign if known_static else ""),
                heard.static.ship_type or (known_static.ship_type if known_static else None),
            )
        if heard.refused is not None:
            self.refused.append((heard.refused.number, heard.refused.reason))
        return taken

    def _position(self, position: PositionReport, message_type: int | None) -> Taken:
        kind = PlatformKind.AIRCRAFT if message_type == AIRBORNE else self.platforms
        taken = self._followed.take(position, kind)
        if taken.believed:
            known = self.last.get(position.platform)
            if known is None or known.time <= position.time:
                self.last[position.platform] = position
        elif taken.verdict is not Verdict.REPEATED:
            # Receivers that hear the same ship repeat each other: nothing is wrong with that.
            self.doubted.append((position, taken))
            del self.doubted[:-MOST_DOUBTED]
        return taken

    def ships(self) -> list[tuple[str, ...]]:
        """Return a row for each platform that told its position, the latest last."""
        rows: list[tuple[str, ...]] = []
        for position in sorted(self.last.values(), key=lambda p: (p.time, p.platform)):
            static = self.statics.get(position.platform)
            rows.append(
                (
                    position.platform,
                    printable(static.name) if static else "",
                    format_time(position.time),
                    f"{position.lat_deg:.4f}",
                    f"{position.lon_deg:.4f}",
                    _or_dash(position.speed_m_s, 1.0 / M_S_PER_KNOT),
                    _or_dash(position.course_deg),
                    _or_dash(position.heading_deg),
                )
            )
        return rows


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "reports", "Read position reports from a log.", EXAMPLE)
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="AIS (NMEA), GPX or CSV"
    )
    parser.add_argument(
        "--at",
        type=parse_time,
        metavar="TIME",
        help="when lines were heard that tell no time themselves",
    )
    parser.add_argument(
        "--kind",
        type=PlatformKind,
        choices=list(PlatformKind),
        default=PlatformKind.SHIP,
        help="what the platforms are, for how fast they may be (default: ship)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object for programs")


def run(args: argparse.Namespace) -> int:
    """Print counts, ships and refused lines of each file; 1 if a line was refused."""
    logs = {}
    for path in args.files:
        content = read_file(path, MOST_BYTES, "The log")
        unit = "point" if is_gpx(content) else "line"
        log = logs[printable(str(path))] = Log(args.kind, unit)
        for heard in read_reports(content, printable(path.stem), args.at):
            log.add(heard)
    status = REFUSED if any(log.refused for log in logs.values()) else DONE
    if args.json:
        emit_json([_as_json(name, log) for name, log in logs.items()])
        return status
    for name, log in logs.items():
        lines = sum(log.kinds.values())
        counts = ", ".join(f"{n:,} {kind}" for kind, n in sorted(log.kinds.items()))
        emit(f"{name}: {lines:,} {log.unit}s: {counts}")
        if log.types:
            types = ", ".join(f"{n:,} of type {k}" for k, n in sorted(log.types.items()))
            emit(f"messages: {types}")
        if log.last:
            header = ("platform", "name", "last heard", "lat", "lon", "kn", "course", "heading")
            emit(table(header, log.ships(), "lllrrrrr"))
        for number, reason in log.refused[:MOST_REFUSED]:
            emit(f"{log.unit} {number} refused: {reason}")
        if len(log.refused) > MOST_REFUSED:
            emit(f"and {len(log.refused) - MOST_REFUSED} more (--json has them all)")
        for position, taken in log.doubted[:MOST_REFUSED]:
            emit(f"{format_time(position.time)} {position.platform} not believed: {why(taken)}")
        if len(log.doubted) > MOST_REFUSED:
            emit(f"and {len(log.doubted) - MOST_REFUSED} more (--json has them all)")
    return status


def why(taken: Taken) -> str:
    """Return the sentence of a report that is not believed."""
    return taken.reason.en if taken.reason is not None else ""


def _or_dash(value: float | None, factor: float = 1.0) -> str:
    return "-" if value is None else f"{value * factor:.1f}"


def _as_json(name: str, log: Log) -> dict[str, object]:
    return {
        "file": name,
        "lines": dict(log.kinds),
        "messages": {str(k): n for k, n in sorted(log.types.items())},
        "platforms": [
            {
                "platform": p.platform,
                "name": log.statics[p.platform].name if p.platform in log.statics else None,
                "time": format_time(p.time),
                "lat_deg": round(p.lat_deg, 6),
                "lon_deg": round(p.lon_deg, 6),
                "speed_m_s": p.speed_m_s,
                "course_deg": p.course_deg,
                "heading_deg": p.heading_deg,
            }
            for p in log.last.values()
        ],
        "refused": [{"line": n, "reason": reason} for n, reason in log.refused],
        "not_believed": [
            {
                "platform": position.platform,
                "time": format_time(position.time),
                "lat_deg": round(position.lat_deg, 6),
                "lon_deg": round(position.lon_deg, 6),
                "verdict": taken.verdict.value,
                "reason": why(taken),
            }
            for position, taken in log.doubted
        ],
    }
