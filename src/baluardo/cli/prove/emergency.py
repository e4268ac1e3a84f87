"""`baluardo prove emergency`: a table of what was measured; 0 only if every claim holds."""

from __future__ import annotations

import argparse
import asyncio
import logging
from pathlib import Path

from baluardo.cli.arguments import add_json_argument
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import say
from baluardo.cli.prove.proof import tell
from baluardo.scenario.event import default_event_path, load_event
from baluardo.stage.prove.emergency import prove_emergency
from baluardo.twin.catalogues import load_catalogue

EXAMPLE = """\
  $ baluardo prove emergency --event scenarios/norcia2016.toml
  claim                                           measured                   limit
  from the second approval to the plan of beams   0.31 s, first dwell in ... 1 s      holds
  sent after kill -9 between release and air      1 time                     1 time   holds
  takes about a minute; needs neither root nor a browser.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "emergency",
        "Prove public warnings: release, beams, reach, update, cancel, drill, kill -9.",
        EXAMPLE,
    )
    parser.add_argument(
        "--event",
        type=Path,
        metavar="FILE",
        default=None,
        help="the emergency to play (default: the earthquake of Norcia, 2016)",
    )
    parser.add_argument(
        "--catalogue",
        metavar="WHAT",
        default="shells",
        help='satellites: "shells" (the default), a file, an address or a CelesTrak group',
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Prove; 1 if a claim does not hold."""
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    event = load_event(args.event or default_event_path())
    catalogue = load_catalogue(args.catalogue).catalogue
    return tell(asyncio.run(prove_emergency(event, catalogue, say)), as_json=args.json)
