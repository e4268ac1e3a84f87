"""`baluardo trust install`: a granted certificate is taken into use."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.keys import Secrets, add_key_arguments
from baluardo.cli.output import emit
from baluardo.cli.trust.options import add_holder_argument, add_public_argument, machine_time
from baluardo.foreign_input import read_file
from baluardo.trust.certificates.certificate import LARGEST_CHAIN, Chain
from baluardo.trust.identity import LIFETIMES, Kind
from baluardo.trust.issuing.holder import Holder
from baluardo.trust.issuing.publication import public_verifier

EXAMPLE = """\
  $ baluardo trust install bergamini bergamini.pem --public authority/public
  ship/bergamini, until 2026-12-21T09:00:00Z; renew from 2026-12-11T09:00:00Z
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "install", "Take what was granted into use.", EXAMPLE)
    add_holder_argument(parser)
    parser.add_argument("chain", type=Path, metavar="CHAIN", help="what `trust issue` wrote")
    add_public_argument(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Install it if members would accept it, and it was granted for the key that waits here."""
    chain = Chain.of_pem(read_file(args.chain, LARGEST_CHAIN, "The chain"))
    kind = chain.leaf.identity.kind if chain.leaf.identity else Kind.OFFICE
    verifier = public_verifier(args.public, LIFETIMES[kind].list_grace)
    holder, unlock = Holder(args.holder), Secrets(args).unlock()
    credential = holder.install(chain, unlock, verifier, machine_time())
    leaf = credential.chain.leaf
    emit(
        f"{credential.identity}, until {format_time(leaf.not_after)}; "
        f"renew from {format_time(credential.renew_at)}"
    )
    return 0
