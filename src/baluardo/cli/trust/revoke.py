"""`baluardo trust revoke`: certificates are taken back for ever."""

from __future__ import annotations

import argparse

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit
from baluardo.cli.trust.options import (
    Secrets,
    add_authority_argument,
    add_key_arguments,
    add_time_argument,
    now_of,
)
from baluardo.trust.certificates.revocation_list import Reason
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
        help="a serial number in hexadecimal, or a holder: all its certificates in force",
    )
    parser.add_argument(
        "--reason",
        choices=[reason.name.lower().replace("_", "-") for reason in Reason],
        default="unspecified",
    )
    add_key_arguments(parser)
    add_time_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Revoke; print the serial numbers."""
    reason = Reason[args.reason.upper().replace("-", "_")]
    now = now_of(args)
    with IssuingAuthority.open(args.authority, Secrets(args).unlock(), now) as authority:
        found = authority.find(args.which, now)
        authority.revoke([each.serial for each in found], reason, now)
    for each in found:
        emit(f"revoked {each.serial:x} of {each.identity or 'a holder whose name was erased'}")
    return 0
