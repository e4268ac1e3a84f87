"""`baluardo audit verify`: is this log what it was, and what others have seen?"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from baluardo.cli.arguments import add_json_argument, format_time
from baluardo.cli.audit.options import add_log_argument, parse_count, verifier_key_of
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit, emit_json, progress_bar
from baluardo.foreign_input import read_file
from baluardo.trust.audit.note import MOST_NOTE_OCTETS
from baluardo.trust.audit.verification import Report, examine_log

EXAMPLE = """\
  $ baluardo audit verify authority/public/log --key authority/public/log.vkey \\
      --witness navy.vkey --checkpoint cosigned.txt --witnesses 1
  italia.example/log: 12 entries, signed 2026-11-21T09:00:00Z
  root 5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
  cosigned by witness.example/navy: 12 entries, 2026-11-21T09:05:00Z
  Every entry, hash and signature agrees.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "verify",
        "Recompute a log and compare it with the checkpoints that others keep.",
        EXAMPLE,
    )
    add_log_argument(parser)
    parser.add_argument(
        "--key",
        required=True,
        metavar="FILE|VKEY",
        help="the log's verifier key, from somebody else than whoever holds the log",
    )
    parser.add_argument(
        "--checkpoint",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a checkpoint that was kept elsewhere; may be given several times",
    )
    parser.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="FILE|VKEY",
        help="the verifier key of a witness; may be given several times",
    )
    parser.add_argument(
        "--witnesses",
        type=parse_count,
        default=0,
        metavar="N",
        help="how many of these must have cosigned the log, or what it began with (default: 0)",
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Verify it; status 1 if there is any fault."""
    known = [read_file(path, MOST_NOTE_OCTETS, "The checkpoint") for path in args.checkpoint]
    with progress_bar("verifying") as bar:
        report = examine_log(
            args.log,
            verifier_key_of(args.key),
            [verifier_key_of(word) for word in args.witness],
            known,
            args.witnesses,
            time.time(),
            bar.update,
        )
    if args.json:
        emit_json(_as_json(report))
    else:
        _print(report)
    return 1 if report.faults else 0


def _as_json(report: Report) -> dict[str, object]:
    return {
        "origin": report.origin,
        "verified": not report.faults,
        "size": report.size,
        "root": report.root.hex(),
        "signed_at": format_time(report.signed_at),
        "witnesses": {
            name: {"size": seen.size, "time": format_time(seen.time)}
            for name, seen in report.witnesses.items()
        },
        "faults": [
            {"finding": fault.finding.value, "index": fault.index, "sentence": fault.sentence}
            for fault in report.faults
        ],
        "more_faults": report.more_faults,
    }


def _print(report: Report) -> None:
    if report.root:
        signed = format_time(report.signed_at)
        emit(f"{report.origin}: {report.size} entries, signed {signed}")
        emit(f"root {report.root.hex()}")
    for name, seen in report.witnesses.items():
        emit(f"cosigned by {name}: {seen.size} entries, {format_time(seen.time)}")
    for fault in report.faults:
        emit(f"{fault.finding.value.upper()}: {fault.sentence}")
    if report.more_faults:
        emit(f"and {report.more_faults} more faults")
    if not report.faults:
        emit("Every entry, hash and signature agrees.")
