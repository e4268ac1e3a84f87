"""`baluardo edge update`: a newer program, if two officers have signed it."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.options import add_config_argument, add_edge_argument
from baluardo.cli.output import emit, say
from baluardo.durable_files import make_directory
from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.updates.installation import install
from baluardo.edge.updates.package import Header
from baluardo.edge.updates.sources import fetched
from baluardo.edge.updates.versions import Versions
from baluardo.errors import ConflictError, InvalidInputError

EXAMPLE = """\
  $ baluardo edge update bergamini baluardo-0.2.0.update
  update 7: version 0.2.0 in the place of 0.1.0
  runs from the next start, and is taken back if it does not work three times.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "update", "Install a program that two officers have signed.", EXAMPLE
    )
    add_edge_argument(parser)
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="the update (default: what source in edge.toml has, if it is newer)",
    )
    parser.add_argument(
        "--again", action="store_true", help="try the newest once more after it was taken back"
    )
    add_config_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Install it; 0 too where the source has nothing newer."""
    if args.file is not None:
        _install(args, args.file)
        return 0
    source = EdgeConfiguration.read(args.edge, args.config).updates.source
    if not source:
        raise InvalidInputError(
            "No update's file was named, and edge.toml names no source of updates."
        )
    versions = Versions(args.edge)
    make_directory(versions.directory)

    def wanted(header: Header) -> bool:
        try:
            versions.check_next(header.claimed, again=args.again)
        except ConflictError as problem:
            say(str(problem))
            return False
        return True

    with fetched(source, versions.directory, wanted) as file:
        if file is not None:
            _install(args, file)
    return 0


def _install(args: argparse.Namespace, file: Path) -> None:
    versions = Versions(args.edge)
    before = versions.program(versions.current)
    taken = install(args.edge, file, again=args.again)
    emit(f"update {taken.number}: version {taken.version} in the place of {before.version}")
    say("It runs from the next start; under systemd the edge starts again by itself.")
