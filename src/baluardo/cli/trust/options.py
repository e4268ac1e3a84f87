"""Arguments that several `trust` commands share, and how secrets come in.

No secret is ever an argument itself: other programs of the machine can read command lines.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from baluardo.cli.arguments import parse_time
from baluardo.errors import ClockError
from baluardo.foreign_input import read_file
from baluardo.trust.clock import EARLIEST, LATEST
from baluardo.trust.custody.passphrase import from_file
from baluardo.trust.secret import Secret

MOST_SHARE_OCTETS = 16_384


def add_authority_argument(parser: argparse.ArgumentParser) -> None:
    """Add AUTHORITY, the directory."""
    parser.add_argument(
        "authority", type=Path, metavar="AUTHORITY", help="the authority's directory"
    )


def add_holder_argument(parser: argparse.ArgumentParser) -> None:
    """Add HOLDER, the directory."""
    parser.add_argument(
        "holder", type=Path, metavar="HOLDER", help="the directory of the holder's keys"
    )


def add_share_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what brings the root's key back."""
    parser.add_argument(
        "--share",
        type=Path,
        metavar="FILE",
        action="append",
        required=True,
        help="a custodian's share; as many as the threshold",
    )
    parser.add_argument(
        "--share-passphrase-file",
        type=Path,
        metavar="FILE",
        help="the additional passphrase of the shares, if the ceremony set one",
    )


def add_time_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--at TIME`."""
    parser.add_argument(
        "--at",
        type=parse_time,
        metavar="TIME",
        default=None,
        help='ISO 8601 or "now" (the default): act as if it were this time',
    )


def parse_days(text: str) -> float:
    """Return a span in days, above 0 and up to ten years."""
    try:
        days = float(text)
    except ValueError:
        days = 0.0
    if not 0.0 < days <= 3_653.0:
        raise argparse.ArgumentTypeError(f'"{text}" is no number of days above 0, up to 3,653.')
    return days


def now_of(args: argparse.Namespace) -> float:
    """Return the time to act at, POSIX seconds; ClockError if the machine's is none."""
    if args.at is not None:
        return float(args.at)
    now = time.time()
    if not EARLIEST <= now <= LATEST:
        raise ClockError(
            "This machine's clock is not between 2025 and 2100: it lost its battery, or was never "
            "set. Nothing was done. Set it right, or say the time with --at."
        )
    return now


def shares_of(args: argparse.Namespace) -> tuple[list[str], Secret | None]:
    """Return the texts of the shares and their additional passphrase."""
    texts = [
        read_file(path, MOST_SHARE_OCTETS, "The share").decode(errors="replace")
        for path in args.share
    ]
    file = args.share_passphrase_file
    return texts, None if file is None else from_file(file)
