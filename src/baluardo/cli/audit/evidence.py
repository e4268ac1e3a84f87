"""`baluardo audit evidence`: does this file convict a log of having two histories?"""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.audit.options import verifier_key_of
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit
from baluardo.foreign_input import read_file
from baluardo.trust.audit.evidence import MOST_EVIDENCE_OCTETS, ForkEvidence

EXAMPLE = """\
  $ baluardo audit evidence navy/7afed3feef1c476e.fork-0bee5c74b3901fb2.json --key log.vkey
  The log 'italia.example/log' was cut: it signed 12 entries, and later only 9.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "evidence", "Verify a witness's evidence that a log was forked or cut.", EXAMPLE
    )
    parser.add_argument("evidence", type=Path, metavar="FILE", help="what the witness wrote")
    parser.add_argument(
        "--key",
        required=True,
        metavar="FILE|VKEY",
        help="the log's verifier key, from somebody else than whoever wrote the evidence",
    )


def run(args: argparse.Namespace) -> int:
    """Tell what the log did; status 1 if this proves nothing against it."""
    octets = read_file(args.evidence, MOST_EVIDENCE_OCTETS, "The evidence")
    emit(ForkEvidence.of_octets(octets).verify(verifier_key_of(args.key)))
    return 0
