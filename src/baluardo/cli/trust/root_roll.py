"""`baluardo trust root roll`: a new root, certified by the present one."""

from __future__ import annotations

import argparse

from baluardo.cli.arguments import format_time
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
    add_share_arguments,
    machine_time,
    parse_days,
    shares_of,
)
from baluardo.trust.custody.printing import grouped
from baluardo.trust.custody.shares import reconstruct_root
from baluardo.trust.identity import DAY
from baluardo.trust.issuing.ceremony import roll_root
from baluardo.trust.issuing.journal import FileJournal
from baluardo.trust.issuing.layout import Layout

EXAMPLE = """\
  $ baluardo trust root roll authority --share shares/share-1.txt \\
      --share shares/share-3.txt --share shares/share-4.txt --shares new-shares --overlap-days 90
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "roll", "Hand over to a new root, which the present one certifies.", EXAMPLE
    )
    add_authority_argument(parser)
    add_share_arguments(parser)
    parser.add_argument(
        "--overlap-days",
        type=parse_days,
        default=90.0,
        metavar="DAYS",
        help="how long the present root is still trusted (default: 90, at most 400)",
    )
    add_custodian_arguments(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Hand over; print the new root's fingerprint."""
    texts, passphrase = shares_of(args)
    layout, now = Layout(args.authority), machine_time()
    old_key = reconstruct_root(texts, passphrase, layout.public.root)
    custodians = custodians_of(args)
    with FileJournal.open(layout, Secrets(args).unlock()) as journal:
        hand_out = sheets_in(args.shares, journal.community, custodians, now)
        overlap = args.overlap_days * DAY
        roll = roll_root(layout, journal, old_key, custodians, overlap, now, hand_out)
    emit(f"{roll.root.subject}  {grouped(roll.root.fingerprint)}")
    say(
        f"The old root is trusted until {format_time(roll.until)}. Now create an issuer with the "
        "new shares: baluardo trust issuer create."
    )
    return 0
