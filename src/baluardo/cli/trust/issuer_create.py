"""`baluardo trust issuer create`: a new issuing key, certified by the root."""

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
from baluardo.trust.issuing.authority import IssuingAuthority
from baluardo.trust.issuing.ceremony import create_issuer
from baluardo.trust.issuing.journal import FileJournal
from baluardo.trust.issuing.layout import Layout

EXAMPLE = """\
  $ baluardo trust issuer create authority issuer-2026 --share shares/share-1.txt \\
      --share shares/share-3.txt --share shares/share-4.txt
  issuer-2026, until 2028-11-20T15:00:00Z
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "create",
        "Create an issuer; the newest one is in use, the others run out.",
        EXAMPLE,
    )
    add_authority_argument(parser)
    parser.add_argument("name", metavar="NAME", help="of the issuer, like issuer-2026")
    add_share_arguments(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Create it, and publish its first, empty list."""
    texts, passphrase = shares_of(args)
    layout, now = Layout(args.authority), machine_time()
    root_key = reconstruct_root(texts, passphrase, layout.public.root)
    access = Secrets(args).access()
    with FileJournal.open(layout, access.unlock) as journal:
        issuer = create_issuer(layout, journal, root_key, args.name, access.protection, now)
    with IssuingAuthority.open(args.authority, access.unlock, now) as authority:
        authority.publish_lists(now)
    emit(f"{args.name}, until {format_time(issuer.not_after)}")
    return 0
