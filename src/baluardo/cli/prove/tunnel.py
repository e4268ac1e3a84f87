"""`baluardo prove tunnel`: a table of what was measured; 0 only if every claim holds."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from baluardo.cli.arguments import add_json_argument
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit, emit_json, say
from baluardo.scenario.nation import default_path, load
from baluardo.stage.network.user_namespace import enter_if_needed
from baluardo.stage.prove.result import table
from baluardo.stage.prove.tunnel import prove_tunnel
from baluardo.twin.catalogues import load_catalogue

DONE, FAILED = 0, 1
EXAMPLE = """\
  $ baluardo prove tunnel --scenario scenarios/italy.toml
  claim                                   measured                       limit
  ping between every pair                 10 of 10                       10      holds
  clear packets at wire and landings      0 of 41230 captured, ...       0       holds
  takes about three minutes; needs root, or user namespaces where the system allows them.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "tunnel",
        "Prove the encrypted internet: packets, keys, captures, faults, landing.",
        EXAMPLE,
    )
    parser.add_argument(
        "--scenario",
        type=Path,
        metavar="FILE",
        default=None,
        help="nation to run, a TOML file (default: the built-in italy.toml)",
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Prove; 1 if a claim does not hold."""
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    enter_if_needed(sys.argv[1:])
    nation = load(args.scenario or default_path())
    catalogue = load_catalogue(nation.catalogue).catalogue
    findings = asyncio.run(prove_tunnel(nation, catalogue, say))
    if args.json:
        emit_json([each.to_object() for each in findings])
    else:
        emit(table(findings))
    return DONE if findings and all(each.holds for each in findings) else FAILED
