"""`baluardo trust root check`: do these shares bring the root's key back?"""

from __future__ import annotations

import argparse

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit
from baluardo.cli.trust.options import add_authority_argument, add_share_arguments, shares_of
from baluardo.trust.custody.printing import grouped
from baluardo.trust.custody.shares import reconstruct_root
from baluardo.trust.issuing.layout import Layout

EXAMPLE = """\
  $ baluardo trust root check authority --share shares/share-1.txt \\
      --share shares/share-3.txt --share shares/share-4.txt
  the key of italia.example root 2026 came back
  bab0 cc07 4e74 7fbe b315 30ab e044 cb66 3db3 ccf9 2320 6261 4e6a b98d cf31 ab94
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "check",
        "Check that shares bring the root's key back; it is forgotten at once.",
        EXAMPLE,
    )
    add_authority_argument(parser)
    add_share_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Bring it back, compare it with the root's certificate, and forget it."""
    texts, passphrase = shares_of(args)
    root = Layout(args.authority).public.root
    reconstruct_root(texts, passphrase, root)
    emit(f"the key of {root.subject} came back")
    emit(grouped(root.fingerprint))  # custodians compare it with their papers
    return 0
