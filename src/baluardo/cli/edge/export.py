"""`baluardo edge export`: plain WireGuard for a device that runs nothing of ours."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.options import add_config_argument, add_edge_argument
from baluardo.cli.files import check_target
from baluardo.cli.output import emit, say
from baluardo.durable_files import OWNER_ALONE, write_durably
from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.device_export import DeviceSite
from baluardo.errors import BaluardoError, InvalidInputError
from baluardo.network.tunnel.plain_export import PlainExport, as_qr, check_device_name

STDOUT = Path("-")
EXAMPLE = """\
  $ baluardo edge export bergamini tablet-3 --endpoint bergamini.example --out tablet-3.conf
  tablet-3 at fd12:3456:789a:1::d:1, let in at bergamini.example, UDP port 51821
  not post-quantum; only where the policy names the site in plain_export.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "export",
        "Let a device in by plain WireGuard, which is not post-quantum, where allowed.",
        EXAMPLE,
    )
    add_edge_argument(parser)
    parser.add_argument("name", metavar="NAME", help="of the device: small letters and digits")
    parser.add_argument(
        "--endpoint",
        metavar="HOST",
        help="name or address at which devices reach this site (default: a bearer's address)",
    )
    parser.add_argument(
        "--address",
        action="append",
        default=[],
        metavar="A",
        help="the device's, in the site's network; twice for both families (default: free ones)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="a new file for the configuration; - prints it, secrets and all (default: NAME.conf)",
    )
    parser.add_argument(
        "--qr",
        action="store_true",
        help="print a QR code for a telephone's camera in the place of a file",
    )
    add_config_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Export it; the site knows it before its file is written."""
    check_device_name(args.name)
    file = _file(args)
    if file is not None:
        check_target(file)
        if file.exists():
            raise InvalidInputError(f"{file} is already there and was left as it is.")
    configuration = EdgeConfiguration.read(args.edge, args.config)
    site = DeviceSite.read(args.edge, configuration)
    endpoint = args.endpoint or _endpoint(configuration)
    made = site.export(args.name, endpoint, args.address)
    try:
        _hand_over(args, made, file)
    except BaseException:
        _take_back(site, args.name)  # nobody has its key
        raise
    addresses = ", ".join(str(each.ip) for each in made.addresses)
    port = configuration.network.devices_port
    (emit if file is not None else say)(
        f"{made.name} at {addresses}, let in at {endpoint}, UDP port {port}"
    )
    say(
        "This device is not post-quantum. Bring the configuration to it by hand, import it, and "
        f"delete it elsewhere. A firewall must let UDP port {port} in."
    )
    if site.left_out:
        say(f"Too many for a file, so it is not led to: {', '.join(map(str, site.left_out))}.")
    return 0


def _file(args: argparse.Namespace) -> Path | None:
    """Return the file to write; None where the configuration is printed."""
    if args.out == STDOUT:
        if args.qr:
            raise InvalidInputError("--qr and --out - both print: name one of them.")
        return None
    if args.out is None:
        return None if args.qr else Path(f"{args.name}.conf")
    return Path(args.out)


def _hand_over(args: argparse.Namespace, made: PlainExport, file: Path | None) -> None:
    code = as_qr(made) if args.qr else None
    if file is not None:
        write_durably(file, made.text.reveal(), mode=OWNER_ALONE, replace=False)
    printed = code if code is not None else made.text if file is None else None
    if printed is not None:
        sys.stdout.write(printed.reveal().decode())
        sys.stdout.flush()


def _take_back(site: DeviceSite, name: str) -> None:
    """Let a device in no more; what came before is told, whether this can be or not."""
    try:
        site.remove(name)
    except (BaluardoError, OSError) as problem:
        say(f"{name} stays on the list: {problem} Take it away by `baluardo edge remove-device`.")


def _endpoint(configuration: EdgeConfiguration) -> str:
    found = next((each.address for each in configuration.bearers if each.address), "")
    if not found:
        raise InvalidInputError(
            "Where do devices reach this site? No bearer in edge.toml has an address: name one "
            "with --endpoint HOST."
        )
    return found
