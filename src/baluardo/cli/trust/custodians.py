"""Custodians: the arguments that say how many, and the shares as files to print."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.durable_files import write_durably
from baluardo.errors import CustodyError, TargetError
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.custody.passphrase import from_file
from baluardo.trust.custody.printing import printable_share, read_page
from baluardo.trust.custody.shares import Share
from baluardo.trust.issuing.ceremony import Custodians, HandOut


def add_custodian_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how many custodians there are, how many bring the key back, where shares go."""
    parser.add_argument("--custodians", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument(
        "--threshold",
        type=int,
        default=3,
        metavar="K",
        help="how many of them bring the key back (default: 3)",
    )
    parser.add_argument(
        "--shares",
        type=Path,
        required=True,
        metavar="DIRECTORY",
        help="where the shares are written, one file for each custodian",
    )
    parser.add_argument(
        "--shares-passphrase-file",
        type=Path,
        metavar="FILE",
        help="an additional passphrase that every use of these new shares will need",
    )


def custodians_of(args: argparse.Namespace) -> Custodians:
    """Return the custodians; TargetError, before any key is made, if shares cannot be written."""
    directory: Path = args.shares
    try:
        if directory.exists() and not directory.is_dir():
            raise TargetError(f"{directory} is no directory; name a new one for new shares.")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise TargetError(f"{directory} is not empty; name a new directory for new shares.")
    except OSError as error:
        raise TargetError(f"{directory} cannot be made: {error.strerror or error}.") from None
    file = args.shares_passphrase_file
    passphrase = None if file is None else from_file(file, new=True)
    return Custodians(args.custodians, args.threshold, passphrase)


def sheets_in(directory: Path, community: str, custodians: Custodians, now: float) -> HandOut:
    """Return what writes each share as a sheet to print: share-1.txt and so on."""

    def write(root: Certificate, shares: tuple[Share, ...]) -> None:
        for number, share in enumerate(shares, 1):
            sheet = printable_share(share, root.fingerprint, community, custodians.count, now)
            if read_page(sheet).share != share:  # before the root's key is forgotten
                raise CustodyError("A sheet does not read as its share: nothing is trusted yet.")
            write_durably(directory / f"share-{number}.txt", sheet.encode(), replace=False)

    return write
