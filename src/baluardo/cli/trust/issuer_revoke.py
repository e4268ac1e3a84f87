"""`baluardo trust issuer revoke`: an issuer and all it has issued are no more."""

from __future__ import annotations

import argparse

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.keys import Secrets, add_key_arguments
from baluardo.cli.output import say
from baluardo.cli.trust.options import (
    add_authority_argument,
    add_share_arguments,
    machine_time,
    shares_of,
)
from baluardo.trust.custody.shares import reconstruct_root
from baluardo.trust.issuing.ceremony import issuer_root, revoke_issuer
from baluardo.trust.issuing.journal import FileJournal
from baluardo.trust.issuing.layout import Layout

EXAMPLE = """\
  $ baluardo trust issuer revoke authority issuer-2026 --share shares/share-1.txt \\
      --share shares/share-3.txt --share shares/share-4.txt
  issuer-2026 is revoked. Every certificate it issued is refused wherever the new list is.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "revoke", "Take an issuer back, and with it all it has issued.", EXAMPLE
    )
    add_authority_argument(parser)
    parser.add_argument("name", metavar="NAME", help="of the issuer")
    add_share_arguments(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Revoke it and publish the root's list."""
    texts, passphrase = shares_of(args)
    layout = Layout(args.authority)
    # During a hand-over an issuer may be the older root's: its shares are the ones that count.
    root_key = reconstruct_root(texts, passphrase, issuer_root(layout, args.name))
    with FileJournal.open(layout, Secrets(args).unlock()) as journal:
        revoke_issuer(layout, journal, root_key, args.name, machine_time())
    say(f"{args.name} is revoked. Every certificate it issued is refused wherever the new list is.")
    return 0
