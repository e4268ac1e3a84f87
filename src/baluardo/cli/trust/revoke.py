"""`baluardo trust revoke`: certificates are taken back for ever."""

from __future__ import annotations

import argparse

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.keys import Secrets, add_key_arguments
from baluardo.cli.output import emit, say
from baluardo.cli.trust.options import (
    add_authority_argument,
    machine_time,
    refuse_served,
)
from baluardo.trust.certificates.revocation_list import NOT_FOR_EVER, Reason
from baluardo.trust.issuing.authority import IssuingAuthority

EXAMPLE = """\
  $ baluardo trust revoke authority ship/bergamini --reason key-compromise
  revoked 3f0a9c… of ship/bergamini
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "revoke", "Take certificates back for ever, and publish the lists.", EXAMPLE
    )
    add_authority_argument(parser)
    parser.add_argument(
        "which",
        metavar="SERIAL|KIND/NAME",
        help="a serial number in hexadecimal, or a holder: all its certificates in force, or in "
        "grace; with --reason key-compromise also what they were renewed to",
    )
    parser.add_argument(
        "--reason",
        choices=[
            reason.name.lower().replace("_", "-") for reason in Reason if reason not in NOT_FOR_EVER
        ],
        default="unspecified",
    )
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Revoke; print the serial numbers."""
    refuse_served(args.authority)
    reason = Reason[args.reason.upper().replace("-", "_")]
    now = machine_time()
    with IssuingAuthority.open(args.authority, Secrets(args).unlock(), now) as authority:
        found = authority.find(args.which, now)
        revoked = authority.revoke([each.serial for each in found], reason, now)
    if not revoked:
        say("It was revoked before; nothing was done.")
    for each in revoked:
        emit(f"revoked {each.serial:x} of {each.identity or 'a holder whose name was erased'}")
    return 0
