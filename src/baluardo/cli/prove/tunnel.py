"""`baluardo prove tunnel`: a table of what was measured; 0 only if every claim holds."""

from __future__ import annotations

import argparse

from baluardo.cli.arguments import add_json_argument, add_scenario_argument
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.prove.proof import run_proof
from baluardo.stage.prove.tunnel import prove_tunnel

EXAMPLE = """\
  $ baluardo prove tunnel --scenario scenarios/italy.toml
  claim                                   measured                       limit
  ping between every pair                 10 of 10                       10      holds
  clear packets at wire and landings      0 of 41230 captured, ...       0       holds
  takes about four minutes; needs root, or user namespaces where the system allows them.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "tunnel",
        "Prove the encrypted internet: packets, keys, captures, faults, landing.",
        EXAMPLE,
    )
    add_scenario_argument(parser)
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Prove; 1 if a claim does not hold."""
    return run_proof(args, prove_tunnel)
