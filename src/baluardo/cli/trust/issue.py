"""`baluardo trust issue`: grants a request, or a renewal signed with the present key."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target, write_whole
from baluardo.cli.keys import Secrets, add_key_arguments
from baluardo.cli.output import emit
from baluardo.cli.trust.options import (
    add_authority_argument,
    machine_time,
    refuse_served,
)
from baluardo.foreign_input import read_file
from baluardo.trust.envelope import LARGEST_ENVELOPE, Envelope
from baluardo.trust.issuing.authority import IssuingAuthority

EXAMPLE = """\
  $ baluardo trust issue authority bergamini.csr --output bergamini.pem
  ship/bergamini, until 2026-12-21T09:00:00Z
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "issue", "Grant a request or a renewal.", EXAMPLE)
    add_authority_argument(parser)
    parser.add_argument(
        "request", type=Path, metavar="REQUEST", help="what `trust request` or `trust renew` wrote"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the chain, PEM")
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Grant it; a request on your word, a renewal on the present key's."""
    refuse_served(args.authority)
    octets = read_file(args.request, LARGEST_ENVELOPE, "The request")
    check_target(args.output)
    now = machine_time()
    with IssuingAuthority.open(args.authority, Secrets(args).unlock(), now) as authority:
        if octets.lstrip().startswith(b"{"):
            chain = authority.renew(Envelope.of_json(octets), now)
        else:
            chain = authority.issue(octets, now)
    write_whole(args.output, chain.pem().encode())
    emit(f"{chain.leaf.identity}, until {format_time(chain.leaf.not_after)}")
    return 0
