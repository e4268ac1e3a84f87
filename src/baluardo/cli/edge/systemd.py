"""`baluardo edge systemd`: the units that keep an edge running."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.options import add_config_argument, add_edge_argument
from baluardo.cli.files import check_target
from baluardo.cli.output import emit, say
from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.systemd import DEFAULT_USER, units

EXAMPLE = """\
  $ baluardo edge systemd /var/lib/baluardo/edge --output /etc/systemd/system
  baluardo-edge.service
  baluardo-links.service
  then: systemctl daemon-reload; systemctl enable --now baluardo-edge baluardo-links
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "systemd", "Print or write the units that keep an edge running.", EXAMPLE
    )
    add_edge_argument(parser)
    add_config_argument(parser)
    parser.add_argument(
        "--user",
        default=DEFAULT_USER,
        metavar="NAME",
        help=f"the edge's own user and group (default: {DEFAULT_USER})",
    )
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help="systemd hands this file to the edge, which opens its key (default: unprotected)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", help="write them here (default: print them)"
    )


def run(args: argparse.Namespace) -> int:
    """Print all of them, or write each into its file and print the files' names."""
    edge = args.edge.absolute()
    passphrase = None if args.passphrase_file is None else args.passphrase_file.absolute()
    made = units(edge, EdgeConfiguration.read(edge, args.config), args.user, passphrase)
    if args.output is None:
        emit("\n".join(f"# {name}\n{text}" for name, text in sorted(made.items())).rstrip("\n"))
        return 0
    for name in made:
        check_target(args.output / name)
    for name, text in sorted(made.items()):
        write_durably(args.output / name, text.encode(), mode=FOR_ALL)
        emit(name)
    starts = [each.removesuffix(".service") for each in sorted(made) if "update.s" not in each]
    say(f"Then: systemctl daemon-reload && systemctl enable --now {' '.join(starts)}")
    return 0
