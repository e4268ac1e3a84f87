"""`baluardo authority policy`: the policy in force, or another one proposed."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from baluardo.cli.authority.officer import Desk, add_officer_arguments, at_desk
from baluardo.cli.authority.proposing import policy_in_force, propose_command
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit, say
from baluardo.foreign_input import read_file
from baluardo.protocol.dangerous import Dangerous, PolicyChange
from baluardo.protocol.policy import LARGEST_POLICY, Policy
from baluardo.trust.strict_json import parse_json

EXAMPLE = """\
  $ baluardo authority policy --keys anna > policy.json
  is edited: its number goes up by one, then
  $ baluardo authority policy --keys anna --propose policy.json
  proposed 0c77aa81b2d4
  waits for a second officer: baluardo authority approve
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "policy", "Show the policy, or propose another.", EXAMPLE)
    parser.add_argument(
        "--propose", type=Path, metavar="FILE", help="propose the policy in this file, JSON"
    )
    add_officer_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print it, or propose another."""
    if args.propose is None:
        return at_desk(args, _show)
    policy = _read(args.propose)
    return at_desk(args, lambda desk: _propose(desk, policy))


async def _show(desk: Desk) -> int:
    policy = await policy_in_force(desk)
    emit(json.dumps(policy.to_object(), indent=2, ensure_ascii=False))
    return 0


async def _propose(desk: Desk, policy: Policy) -> int:
    (await policy_in_force(desk)).check_successor(policy)
    body = PolicyChange(policy).to_body()
    command = await propose_command(desk, Dangerous.SET_POLICY, body)
    emit(f"proposed {command[:12]}")
    say("It waits for a second officer: baluardo authority approve.")
    return 0


def _read(path: Path) -> Policy:
    """Read a policy in whatever layout a person has given it."""
    octets = read_file(path, 2 * LARGEST_POLICY, "The policy")
    return Policy.of_object(parse_json(octets, 2 * LARGEST_POLICY, "The policy"))
