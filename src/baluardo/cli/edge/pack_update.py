"""`baluardo edge pack-update`: an officer proposes what all edges are to run."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.authority.officer import add_officer_arguments
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.device import at_device
from baluardo.cli.files import check_target
from baluardo.cli.output import emit, say
from baluardo.edge.updates.judgement import propose_update
from baluardo.edge.updates.manifest import (
    LARGEST_UPDATE,
    LARGEST_WHEEL,
    MOST_WHEELS,
    PROGRAM,
    UpdateManifest,
)
from baluardo.edge.updates.package import write_update
from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import printable, read_file
from baluardo.trust.certificates.dates import shown
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.commands.proposal import Proposal

OLDEST_PYTHON = "3.11"
EXAMPLE = """\
  $ baluardo edge pack-update baluardo-0.2.0.update --wheels wheels --number 7 --keys anna
  update 7: version 0.2.0, 61 wheels
  waits for a second officer: baluardo edge approve-update
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "pack-update", "Propose, as an officer, what edges are to run.", EXAMPLE
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a new file for the update")
    parser.add_argument(
        "--wheels",
        type=Path,
        required=True,
        metavar="FOLDER",
        help=f"the wheel of {PROGRAM} and all that it needs: pip download -r requirements/run.lock",
    )
    parser.add_argument(
        "--number",
        type=int,
        required=True,
        metavar="N",
        help="of this decision: greater than that of any update before",
    )
    parser.add_argument(
        "--python",
        default=OLDEST_PYTHON,
        metavar="VERSION",
        help=f"the oldest Python that can run it (default: {OLDEST_PYTHON})",
    )
    parser.add_argument(
        "--allow-older",
        action="store_true",
        help="it may replace a newer version: edges are to go back",
    )
    add_officer_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Sign it, and write it with its wheels into one file."""
    check_target(args.file)
    wheels = _wheels(args.wheels)
    manifest = UpdateManifest.of_wheels(
        wheels, args.number, _version(wheels), args.python, allow_older=args.allow_older
    )
    with at_device(args) as device:
        proposal = propose_update(manifest, device.credential, device.clock())
    write_update(args.file, CommandBundle(proposal, ()), wheels, replace=False)
    emit(f"update {manifest.number}: version {manifest.version}, {len(wheels)} wheels")
    expires = shown(Proposal.of_payload(proposal.payload).expires)
    say(f"It waits until {expires} for a second officer: baluardo edge approve-update.")
    return 0


def _wheels(folder: Path) -> dict[str, bytes]:
    try:
        paths = sorted(folder.glob("*.whl"))
        size = sum(path.stat().st_size for path in paths)
    except OSError as problem:
        shown_folder = printable(str(folder))
        raise SourceError(f"{shown_folder} cannot be read: {problem.strerror}.") from None
    if not 1 <= len(paths) <= MOST_WHEELS or size > LARGEST_UPDATE:
        raise InvalidInputError(
            f"{printable(str(folder))} must hold 1 to {MOST_WHEELS} wheels of at most "
            f"{LARGEST_UPDATE:,} octets in all; it holds {len(paths)} of {size:,} octets."
        )
    return {path.name: read_file(path, LARGEST_WHEEL, "The wheel") for path in paths}


def _version(wheels: dict[str, bytes]) -> str:
    found = [name.split("-")[1] for name in wheels if name.startswith(f"{PROGRAM}-")]
    if len(found) != 1:
        raise InvalidInputError(f"One wheel of {PROGRAM} is needed, and {len(found)} are there.")
    return found[0]
