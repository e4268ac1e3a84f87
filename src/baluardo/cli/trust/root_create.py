"""`baluardo trust root create`: the ceremony that makes an authority."""

from __future__ import annotations

import argparse

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.keys import Secrets, add_key_arguments
from baluardo.cli.output import emit, say
from baluardo.cli.trust.custodians import (
    add_custodian_arguments,
    custodians_of,
    sheets_in,
)
from baluardo.cli.trust.options import (
    add_authority_argument,
    machine_time,
)
from baluardo.trust.custody.printing import grouped
from baluardo.trust.issuing.ceremony import create_root
from baluardo.trust.suites import PROFILES, profile_named

EXAMPLE = """\
  $ baluardo trust root create authority --community italia.example --custodians 5 --threshold 3 \\
      --shares shares
  creates the directory authority, and shares/share-1.txt to share-5.txt, one for each custodian.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "create",
        "Create an authority with a root whose key only custodians hold.",
        EXAMPLE,
    )
    add_authority_argument(parser)
    parser.add_argument(
        "--community", required=True, metavar="NAME", help="whose authority, like italia.example"
    )
    parser.add_argument(
        "--profile",
        choices=sorted(PROFILES),
        default="eu-hybrid",
        help="the suites that everything of this community uses (default: eu-hybrid)",
    )
    add_custodian_arguments(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Create it; print the root's fingerprint."""
    custodians = custodians_of(args)
    profile = profile_named(args.profile)
    access = Secrets(args).access()
    now = machine_time()
    hand_out = sheets_in(args.shares, args.community, custodians, now)
    root = create_root(
        args.authority, args.community, profile, custodians, access.protection, now, hand_out
    )
    emit(f"{root.subject}  {grouped(root.fingerprint)}")
    say(
        f"The root's key is nowhere but in the {custodians.count} shares in {args.shares}. Print "
        "each, give it to its custodian, destroy the files, then check: baluardo trust root check."
    )
    return 0
