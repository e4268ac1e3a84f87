"""`baluardo trust cbom`: the cryptographic bill of materials."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from baluardo.cli.arguments import add_json_argument, format_time, parse_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target, write_whole
from baluardo.cli.output import emit, say
from baluardo.trust.bill.cyclonedx import bill_of_materials

EXAMPLE = """\
  $ baluardo trust cbom --output baluardo.cdx.json
  writes every algorithm, certificate and protocol of this version as CycloneDX 1.6.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "cbom", "Print the cryptographic bill of materials (CycloneDX).", EXAMPLE
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write it to a file instead")
    parser.add_argument(
        "--at",
        type=parse_time,
        metavar="TIME",
        help='stamp it with a time, ISO 8601 or "now"; without, it is the same at any time',
    )
    add_json_argument(parser)  # the bill is JSON in any case


def run(args: argparse.Namespace) -> int:
    """Print or write the bill."""
    if args.output is not None:
        check_target(args.output)
    bill = bill_of_materials(None if args.at is None else format_time(args.at))
    text = json.dumps(bill, ensure_ascii=False, indent=2)
    if args.output is None:
        emit(text)
    else:
        write_whole(args.output, f"{text}\n".encode())
        say(f"Wrote {args.output}.")
    return 0
