"""`baluardo trust root lists`: a root's list of revoked issuers, made anew once a year."""

from __future__ import annotations

import argparse

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.keys import Secrets, add_key_arguments
from baluardo.cli.output import emit
from baluardo.cli.trust.options import (
    add_authority_argument,
    add_share_arguments,
    machine_time,
    shares_of,
)
from baluardo.trust.custody.shares import reconstruct_root
from baluardo.trust.issuing.ceremony import publish_root_list
from baluardo.trust.issuing.journal import FileJournal
from baluardo.trust.issuing.layout import Layout

EXAMPLE = """\
  $ baluardo trust root lists authority --share shares/share-1.txt \\
      --share shares/share-3.txt --share shares/share-4.txt
  italia.example root 2026: next list by 2027-12-26T15:00:00Z
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "lists", "Publish the root's list anew: members refuse one too old.", EXAMPLE
    )
    add_authority_argument(parser)
    add_share_arguments(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Publish it; `issuer create` does so too."""
    texts, passphrase = shares_of(args)
    layout = Layout(args.authority)
    root = layout.public.root
    root_key = reconstruct_root(texts, passphrase, root)
    with FileJournal.open(layout, Secrets(args).unlock()) as journal:
        ends = publish_root_list(layout, journal, root_key, machine_time())
    emit(f"{root.subject}: next list by {format_time(ends)}")
    return 0
