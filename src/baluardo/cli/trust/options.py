"""Arguments that several `trust` commands share, and how secrets come in.

No secret is ever an argument itself: other programs of the machine can read command lines.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from baluardo.cli.output import say
from baluardo.errors import ClockError, CustodyError, InvalidInputError
from baluardo.foreign_input import read_file
from baluardo.trust.clock import EARLIEST, LATEST
from baluardo.trust.custody.passphrase import from_file, from_terminal
from baluardo.trust.custody.shares import Share
from baluardo.trust.secret import Secret

MOST_SHARE_OCTETS = 16_384
TYPED = "-"
"""In the place of a share's file: the custodian types the words."""
ATTEMPTS = 3


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


def add_public_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--public DIRECTORY`."""
    parser.add_argument(
        "--public",
        type=Path,
        required=True,
        metavar="DIRECTORY",
        help="the public half of the authority's directory, or a copy",
    )


def add_share_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what brings the root's key back."""
    parser.add_argument(
        "--share",
        type=Path,
        metavar="FILE",
        action="append",
        required=True,
        help=(
            "a custodian's share as it was printed, or its words alone; - to type the words; as "
            "many as the threshold"
        ),
    )
    parser.add_argument(
        "--share-passphrase-file",
        type=Path,
        metavar="FILE",
        help="the additional passphrase of the shares, if the ceremony set one",
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


def refuse_served(directory: Path) -> None:
    """Refuse to write beside a service: its database would know nothing of it."""
    if (directory / "authority.toml").exists():
        raise InvalidInputError(
            f"{directory} is served: what is issued and revoked there goes through the service. "
            "Use baluardo authority invite, approve and revoke."
        )


def machine_time() -> float:
    """Return the machine's time, POSIX seconds; ClockError if it is none.

    What an authority writes bears this time for ever, so no command lets anybody say another one.
    """
    now = time.time()
    if not EARLIEST <= now <= LATEST:
        raise ClockError(
            "This machine's clock is not between 2025 and 2100: it lost its battery, or was never "
            "set. Nothing was done. Set it right and start again."
        )
    return now


def shares_of(args: argparse.Namespace) -> tuple[list[str], Secret | None]:
    """Return the texts of the shares and their additional passphrase."""
    texts = [
        _typed_share(number) if str(path) == TYPED else _read_share(path)
        for number, path in enumerate(args.share, 1)
    ]
    file = args.share_passphrase_file
    return texts, None if file is None else from_file(file)


def _read_share(path: Path) -> str:
    return read_file(path, MOST_SHARE_OCTETS, "The share").decode(errors="replace")


def _typed_share(number: int) -> str:
    """Ask for the words on the terminal, unseen, until they are those of a share."""
    for attempt in range(1, ATTEMPTS + 1):
        text = from_terminal(f"Words of share {number}").reveal().decode()
        try:
            Share.of_text(text)
        except CustodyError as problem:
            if attempt == ATTEMPTS:
                raise
            say(f"{problem} Type them again.")
        else:
            break
    return text
