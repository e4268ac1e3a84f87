"""`baluardo prove mediterranean`: a table of what was measured; 0 only if every claim holds."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.arguments import add_json_argument
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.prove.proof import run_proof
from baluardo.scenario import nation
from baluardo.stage.prove.mediterranean import prove_mediterranean

SCENARIO = "ionian.toml"

EXAMPLE = """\
  $ baluardo prove mediterranean --json
  prints one object for programs; without --json it is a table:

  claim                                   measured                       limit
  hand-over: contacts as planned          10 of 10                       10      holds
  ...
  takes about nine minutes; needs Chromium, and root, or user namespaces where the system allows
  them.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "mediterranean",
        "Prove platforms at sea: six hours planned, five moments of them lived.",
        EXAMPLE,
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Prove; 1 if a claim does not hold."""
    args.scenario = Path(nation.__file__).parent / "data" / SCENARIO
    return run_proof(args, prove_mediterranean)
