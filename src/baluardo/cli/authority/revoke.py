"""`baluardo authority revoke`: take certificates back, alone or with a second person."""

from __future__ import annotations

import argparse

from baluardo.cli.authority.officer import Desk, add_officer_arguments, at_desk
from baluardo.cli.authority.proposing import propose_command
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit, say
from baluardo.protocol.dangerous import Dangerous, MassRevocation
from baluardo.trust.certificates.revocation_list import Reason

REASONS = {
    "superseded": Reason.SUPERSEDED,
    "cessation": Reason.CESSATION,
    "key-compromise": Reason.KEY_COMPROMISE,
    "privilege-withdrawn": Reason.PRIVILEGE_WITHDRAWN,
    "unspecified": Reason.UNSPECIFIED,
}

EXAMPLE = """\
  $ baluardo authority revoke ship/bergamini --keys anna --reason key-compromise
  revoked ship/bergamini: 1 certificate
  $ baluardo authority revoke person/anna.neri office/rome --keys anna --reason key-compromise
  proposed 0c77aa81b2d4
  waits for a second officer: baluardo authority approve
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "revoke",
        "Take back the certificates of one holder, or propose it for several.",
        EXAMPLE,
    )
    parser.add_argument(
        "holders",
        nargs="+",
        metavar="HOLDER",
        help="person/NAME (every device), office/NAME or ship/NAME; several take two persons",
    )
    parser.add_argument(
        "--reason",
        choices=sorted(REASONS),
        required=True,
        help="key-compromise takes back all that was renewed from a key as well",
    )
    parser.add_argument(
        "--two-persons",
        action="store_true",
        help="propose it for one holder too: a security officer is revoked by two",
    )
    add_officer_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Revoke, or propose it."""
    reason = REASONS[args.reason]
    holders = tuple(sorted(set(args.holders)))

    async def one(desk: Desk) -> int:
        body = {"holder": holders[0], "reason": reason.value}
        done = await desk.post("/certificates/revoke", body)
        count = len(done["certificates"])
        emit(f"revoked {holders[0]}: {count} certificate{'' if count == 1 else 's'}")
        return 0

    async def several(desk: Desk) -> int:
        body = MassRevocation(holders, reason).to_body()
        command = await propose_command(desk, Dangerous.REVOKE_CERTIFICATES, body)
        emit(f"proposed {command[:12]}")
        say("It waits for a second officer: baluardo authority approve.")
        return 0

    return at_desk(args, one if len(holders) == 1 and not args.two_persons else several)
