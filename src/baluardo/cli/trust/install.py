"""`baluardo trust install`: a granted certificate is taken into use."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.keys import Secrets, add_key_arguments
from baluardo.cli.output import emit
from baluardo.cli.trust.options import (
    add_holder_argument,
)
from baluardo.foreign_input import read_file
from baluardo.trust.certificates.certificate import LARGEST_CHAIN, Chain
from baluardo.trust.issuing.holder import Holder

EXAMPLE = """\
  $ baluardo trust install bergamini bergamini.pem
  ship/bergamini, until 2026-12-21T09:00:00Z; renew from 2026-12-11T09:00:00Z
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "install", "Take what was granted into use.", EXAMPLE)
    add_holder_argument(parser)
    parser.add_argument("chain", type=Path, metavar="CHAIN", help="what `trust issue` wrote")
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Install it if it was granted for the key that waits here."""
    chain = Chain.of_pem(read_file(args.chain, LARGEST_CHAIN, "The chain"))
    credential = Holder(args.holder).install(chain, Secrets(args).unlock())
    leaf = credential.chain.leaf
    emit(
        f"{credential.identity}, until {format_time(leaf.not_after)}; "
        f"renew from {format_time(credential.renew_at)}"
    )
    return 0
