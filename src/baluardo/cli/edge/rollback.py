"""`baluardo edge rollback`: the program before the one in use, put back by hand."""

from __future__ import annotations

import argparse

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.options import add_edge_argument
from baluardo.cli.output import emit, say
from baluardo.edge.updates.versions import Versions
from baluardo.edge.whereabouts import Whereabouts

EXAMPLE = """\
  $ baluardo edge rollback bergamini
  version 0.1.0 in the place of 0.2.0
  what was taken back comes again by: baluardo edge update bergamini FILE --again
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "rollback", "Put the program before the one in use back.", EXAMPLE
    )
    add_edge_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Put it back; it runs from the next start."""
    Whereabouts.read(args.edge)  # refuses what is no edge's directory
    versions = Versions(args.edge)
    with versions.held():
        in_use = versions.program(versions.current)
        former = versions.roll_back()
    emit(f"version {former.version} in the place of {in_use.version}")
    say("It runs from the next start; under systemd the edge starts again by itself.")
    return 0
