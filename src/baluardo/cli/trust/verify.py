"""`baluardo trust verify`: would a member of the community accept this certificate?"""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.arguments import add_json_argument, format_time, parse_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit, emit_json
from baluardo.cli.trust.options import add_public_argument, machine_time
from baluardo.foreign_input import read_file
from baluardo.trust.certificates.certificate import LARGEST_CHAIN, Chain
from baluardo.trust.certificates.verification import Standing
from baluardo.trust.identity import LIFETIMES, Kind
from baluardo.trust.issuing.publication import public_verifier

EXAMPLE = """\
  $ baluardo trust verify bergamini.pem --public authority/public --as ship
  ship/bergamini, in force until 2026-12-21T09:00:00Z
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "verify", "Judge a certificate as a member of the community would.", EXAMPLE
    )
    parser.add_argument("chain", type=Path, metavar="CHAIN", help="a chain, PEM")
    add_public_argument(parser)
    parser.add_argument(
        "--as",
        dest="kind",
        choices=[kind.value for kind in Kind],
        default=Kind.OFFICE.value,
        help="whose rules: a ship accepts older revocation lists than an office (default: office)",
    )
    parser.add_argument(
        "--at",
        type=parse_time,
        metavar="TIME",
        default=None,
        help='ISO 8601 or "now" (the default): would it be accepted at this time?',
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Judge it; status 1 and the reason if it is refused."""
    chain = Chain.of_pem(read_file(args.chain, LARGEST_CHAIN, "The chain"))
    verifier = public_verifier(args.public, LIFETIMES[Kind(args.kind)].list_grace)
    peer = verifier.verify(chain, machine_time() if args.at is None else args.at)
    if args.json:
        emit_json(
            {
                "identity": peer.identity.uri,
                "serial": f"{peer.serial:x}",
                "standing": peer.standing.name.lower(),
                "not_after": format_time(peer.not_after),
                "fingerprint": peer.fingerprint.hex(),
            }
        )
        return 0
    if peer.standing is Standing.GRACE:
        last = format_time(peer.not_after + peer.identity.lifetime.grace)
        emit(f"{peer.identity}, ended {format_time(peer.not_after)}, in grace until {last}")
    else:
        emit(f"{peer.identity}, in force until {format_time(peer.not_after)}")
    return 0
