"""`baluardo edge enrol`: from an invitation to a certificate."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.options import add_edge_argument
from baluardo.cli.keys import Secrets, add_key_arguments, add_unprotected_argument
from baluardo.cli.output import emit, say
from baluardo.edge.enrolment import enrol
from baluardo.foreign_input import read_file
from baluardo.protocol.invitation import LONGEST_TEXT, PREFIX

STDIN = "-"
LONGEST_PAPER = 4 * LONGEST_TEXT
"""Characters of a paper of the ceremony: its words, a link, and the text."""
EXAMPLE = """\
  $ baluardo edge enrol bergamini --invitation bergamini.txt --unprotected
  ship/bergamini, until 2026-12-21T09:00:00Z
  waits while an officer has not approved; after an interruption the same line goes on.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "enrol", "Enrol this machine by an invitation.", EXAMPLE)
    add_edge_argument(parser)
    parser.add_argument(
        "--invitation",
        type=Path,
        metavar="FILE",
        help=(
            "the invitation's text, or the ceremony's paper with it; - to read it from stdin "
            "(default: the one that waits in EDGE)"
        ),
    )
    add_unprotected_argument(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Enrol, and tell until when the certificate is good."""
    text = "" if args.invitation is None else _text(args.invitation)
    access = Secrets(args, new=True).access()
    done = asyncio.run(enrol(args.edge, text, access, say))
    until = format_time(done.credential.chain.leaf.not_after)
    emit(f"{done.credential.identity}, until {until}")
    return 0


def _text(path: Path) -> str:
    """Return the invitation; it is a secret, so it is no argument itself."""
    if str(path) == STDIN:
        paper = sys.stdin.read(LONGEST_PAPER + 1)
    else:
        paper = read_file(path, LONGEST_PAPER, "The invitation").decode(errors="replace")
    lines = [line for line in paper.splitlines() if line.startswith(PREFIX)]
    return lines[0] if len(lines) == 1 else paper
