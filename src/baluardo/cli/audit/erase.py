"""`baluardo audit erase`: a personal detail goes, the entry that committed to it stays."""

from __future__ import annotations

import argparse

from baluardo.cli.audit.options import (
    add_log_argument,
    add_openings_argument,
    entry_of,
    openings_of,
    parse_count,
    reader_of,
)
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import say
from baluardo.trust.audit.record import Record

EXAMPLE = """\
  $ baluardo audit erase authority/public/log 10 identity
  Erased: identity of entry 10. The log verifies as before.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "erase",
        "Erase a personal detail of an entry for good; the log verifies as before.",
        EXAMPLE,
    )
    add_log_argument(parser)
    parser.add_argument("index", type=parse_count, metavar="INDEX", help="the entry")
    parser.add_argument("name", metavar="NAME", help="the detail, as `audit show` names it")
    add_openings_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Erase it; status 1 if it is not there."""
    _, reader = reader_of(args.log)
    record = Record.of_entry(entry_of(reader, args.index))
    openings_of(args).erase(record, args.name)
    say(f"Erased: {args.name} of entry {args.index}. The log verifies as before.")
    return 0
