"""`baluardo audit witness`: what the log is now follows what it was, or it is refused."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from baluardo.cli.audit.options import add_log_argument, verifier_key_of
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target, write_whole
from baluardo.cli.keys import Secrets, add_key_arguments
from baluardo.cli.output import emit
from baluardo.trust.audit.witness import Witness, cosign_directory
from baluardo.trust.custody.keyfile import read_key

EXAMPLE = """\
  $ baluardo audit witness public/log --of log.vkey --key navy.key --name witness.example/navy \\
      --state navy --output cosigned.txt
  italia.example/log: 12 entries cosigned, 3 more than before
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "witness",
        "Cosign a log's newest checkpoint if it follows the one cosigned before.",
        EXAMPLE,
    )
    add_log_argument(parser)
    parser.add_argument(
        "--of",
        required=True,
        metavar="FILE|VKEY",
        help="the log's verifier key, from somebody else than whoever holds the log",
    )
    parser.add_argument(
        "--key", type=Path, required=True, metavar="KEYFILE", help="the witness's own key"
    )
    parser.add_argument(
        "--name", required=True, metavar="NAME", help="the witness's, like witness.example/navy"
    )
    parser.add_argument(
        "--state",
        type=Path,
        required=True,
        metavar="DIRECTORY",
        help="the witness's memory: whoever takes it away can show this witness another history",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="also write the cosigned checkpoint here, for others to verify the log with",
    )
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Cosign; status 1 and the evidence's place if the log has two histories."""
    log = verifier_key_of(args.of)
    if args.output is not None:
        check_target(args.output)
    key = read_key(args.key, Secrets(args).unlock())
    with Witness(args.state, args.name, key, [log]) as witness:
        before = witness.size(log.name)
        cosign_directory(witness, args.log, time.time())
        if args.output is not None:
            write_whole(args.output, witness.cosigned(log.name))
        after = witness.size(log.name)
    emit(f"{log.name}: {after} entries cosigned, {after - before} more than before")
    return 0
