"""`baluardo prove calls`: a table of what was measured; 0 only if every claim holds."""

from __future__ import annotations

import argparse

from baluardo.cli.arguments import add_json_argument, add_scenario_argument
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.prove.proof import run_proof
from baluardo.stage.prove.calls import prove_calls

EXAMPLE = """\
  $ baluardo prove calls --scenario scenarios/italy.toml
  claim                                   measured                       limit
  dial to ringing, middle of 5            212 ms (...)                   388 ms  holds
  entropy of frames at relays             7.998 bits an octet, ...       7.98    holds
  takes some minutes; needs Chromium. Tunnels need root, or user namespaces where the system allows
  them: elsewhere calls pass the emulated sky without, and the table says what is not shown so.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "calls",
        "Prove the encrypted call: set-up, sound, captures, precedence, authority gone.",
        EXAMPLE,
    )
    add_scenario_argument(parser)
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Prove; 1 if a claim does not hold."""
    return run_proof(args, prove_calls)
