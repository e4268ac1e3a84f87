"""`baluardo audit show`: what stands in a log."""

from __future__ import annotations

import argparse
import json
from typing import Any

from baluardo.cli.arguments import add_json_argument, format_time
from baluardo.cli.audit.options import (
    add_log_argument,
    add_openings_argument,
    entry_of,
    openings_of,
    parse_count,
    reader_of,
)
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit, emit_json, say, table
from baluardo.errors import LogError
from baluardo.foreign_input import printable, quoted
from baluardo.trust.audit.openings import Openings
from baluardo.trust.audit.reading import LogReader
from baluardo.trust.audit.record import Record

LAST = 20

EXAMPLE = """\
  $ baluardo audit show authority/public/log --last 2
  entry  time                  kind                 facts
     10  2026-11-21T09:00:00Z  certificate.issued   {"identity": "ship/bergamini", ...}
     11  2026-11-21T09:00:00Z  list.published       {"issuer": "5e1f...", "number": 3, ...}
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "show", "Show entries of a log.", EXAMPLE)
    add_log_argument(parser)
    parser.add_argument(
        "index", type=parse_count, nargs="?", metavar="INDEX", help="one entry, in full"
    )
    parser.add_argument(
        "--last",
        type=parse_count,
        default=LAST,
        metavar="N",
        help=f"the last so many entries (default: {LAST})",
    )
    add_openings_argument(parser)
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print the entries as the log's files tell them."""
    checkpoint, reader = reader_of(args.log)
    openings = openings_of(args)
    last = range(max(0, checkpoint.size - args.last), checkpoint.size)
    indexes = last if args.index is None else range(args.index, args.index + 1)
    entries = [_entry(reader, index, openings) for index in indexes]
    if args.json:
        emit_json({"origin": checkpoint.origin, "size": checkpoint.size, "entries": entries})
    elif args.index is None:
        _print_table(entries)
    else:
        _print_one(entries[0])
    say("Not verified; see: baluardo audit verify.")
    return 0


def _entry(reader: LogReader, index: int, openings: Openings) -> dict[str, Any]:
    octets = entry_of(reader, index)
    try:
        record = Record.of_entry(octets)
    except LogError:  # another program's log, perhaps
        return {"index": index, "octets": octets.hex()}
    kept = {disclosure.digest: disclosure for disclosure in openings.of(record)}
    return {
        "index": index,
        "time": format_time(record.time),
        "kind": record.kind,
        "actor": record.actor,
        "facts": dict(record.facts),
        "personal": {d.name: d.value for d in kept.values()},
        "closed": [digest for digest in record.digests if digest not in kept],
    }


def _print_table(entries: list[dict[str, Any]]) -> None:
    rows = [
        (
            entry["index"],
            entry.get("time", ""),
            entry.get("kind", "unknown"),
            _told(entry["facts"] | entry["personal"]) if "facts" in entry else "",
        )
        for entry in entries
    ]
    emit(table(["entry", "time", "kind", "facts"], rows, right="r"))


def _print_one(entry: dict[str, Any]) -> None:
    if "octets" in entry:
        emit(f"octets  {entry['octets']}")
        return
    for name in ("time", "kind", "actor"):
        emit(f"{name:6}  {entry[name]}")
    for name, value in entry["facts"].items():
        emit(f"fact    {_shown(name)}: {_told(value)}")
    for name, value in entry["personal"].items():
        emit(f"detail  {_shown(name)}: {_told(value)}")
    for digest in entry["closed"]:
        emit(f"closed  {digest} (a personal detail that is not kept here, or was erased)")


def _told(value: object) -> str:
    return printable(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _shown(name: str) -> str:
    return name if name.isprintable() else quoted(name)
