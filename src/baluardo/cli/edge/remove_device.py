"""`baluardo edge remove-device`: a plain device is let in no more."""

from __future__ import annotations

import argparse

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.options import add_edge_argument
from baluardo.cli.output import emit, say
from baluardo.edge.exported_devices import ExportedDevices
from baluardo.edge.whereabouts import Whereabouts

EXAMPLE = """\
  $ baluardo edge remove-device bergamini tablet-3
  tablet-3 is let in no more
  an edge that runs shuts it out within moments.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "remove-device", "Let a plain device in no more.", EXAMPLE)
    add_edge_argument(parser)
    parser.add_argument("name", metavar="NAME", help="as it was exported")


def run(args: argparse.Namespace) -> int:
    """Remove it; also where the policy permits no devices any more."""
    Whereabouts.read(args.edge)  # refuses what is no edge's directory
    devices = ExportedDevices(args.edge)
    with devices.held():
        removed = devices.remove(args.name)
    emit(f"{removed.name} is let in no more")
    say("An edge that runs shuts it out within moments; its file is worth nothing now.")
    return 0
