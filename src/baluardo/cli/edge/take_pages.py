"""`baluardo edge take-pages`: hand browsers a list of pages that two officers have signed."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.options import add_edge_argument
from baluardo.cli.output import emit, say
from baluardo.edge.page_copy.judgement import SignedPages
from baluardo.edge.updates.judgement import Judge
from baluardo.foreign_input import read_file
from baluardo.trust.commands.bundle import LARGEST_BUNDLE

EXAMPLE = """\
  $ baluardo edge take-pages bergamini pages-3.json
  pages 3: version 0.2.0
  browsers that keep a copy take it at their next start.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "take-pages", "Hand out a list of pages that two officers have signed.", EXAMPLE
    )
    add_edge_argument(parser)
    parser.add_argument("file", type=Path, metavar="FILE", help="the signed list")


def run(args: argparse.Namespace) -> int:
    """Judge it, and put it in the place of the one before; an edge that runs need not stop."""
    octets = read_file(args.file, LARGEST_BUNDLE, "The list")
    taken = SignedPages(args.edge).take(octets, Judge.of_edge(args.edge))
    emit(f"pages {taken.number}: version {taken.version}")
    say("Browsers that keep a copy take it at their next start.")
    return 0
