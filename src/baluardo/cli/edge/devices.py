"""`baluardo edge devices`: the plain devices of a site, and what WireGuard sees of them."""

from __future__ import annotations

import argparse
from typing import Any

from baluardo.cli.arguments import add_json_argument, format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.options import add_config_argument, add_edge_argument
from baluardo.cli.output import emit, emit_json, say, table
from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.device_export import DeviceSite
from baluardo.edge.exported_devices import ExportedDevice
from baluardo.errors import BaluardoError
from baluardo.network.links.client import Links
from baluardo.network.links.device_answers import DevicesView

HELPER_SECONDS = 3.0
EXAMPLE = """\
  $ baluardo edge devices bergamini
  device    address                exported              handshake               sent  received
  tablet-3  fd12:3456:789a:1::d:1  2026-11-20T10:00:00Z  2026-11-22T09:14:02Z  48,213     3,901
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "devices", "List plain devices, which are not post-quantum.", EXAMPLE
    )
    add_edge_argument(parser)
    add_config_argument(parser)
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Read the disk, and ask the root helper where one answers: nothing is changed."""
    told = told_devices(DeviceSite.read(args.edge, EdgeConfiguration.read(args.edge, args.config)))
    if args.json:
        emit_json(told)
        return 1 if told["problem"] else 0
    if told["problem"]:
        say(told["problem"])
        return 1
    if not told["readable"]:
        say("The list of devices is closed to this user: ask as the edge's own, or as root.")
    elif not told["devices"]:
        say("No device was exported here.")
    else:
        emit(table(_HEADER, [_row(each) for each in told["devices"]], "llllrr"))
        say("These devices are not post-quantum.")
    if not told["permitted"]:
        say("The policy in force does not name this site in plain_export: no device is let in.")
    elif told["devices"] and not any(each["let_in"] for each in told["devices"]):
        say("None is let in now: the edge does not run, or the root helper does not answer.")
    return 0


def told_devices(site: DeviceSite) -> dict[str, Any]:
    """Return what disk and root helper tell of a site's devices, as far as this user may look.

    A list that was damaged is a `problem` among the rest: then there is no device.
    """
    readable, problem = site.devices.is_readable, ""
    devices: tuple[ExportedDevice, ...] = ()
    try:
        devices = site.devices.read() if readable else ()
    except (BaluardoError, OSError) as refused:
        problem = str(refused)
    view = _view(site) if devices else None
    seen = {} if view is None else {each.public_key: each for each in view.devices}
    found = []
    for each in devices:
        peer = seen.get(each.public_key)
        found.append(
            {
                "name": each.name,
                "addresses": list(map(str, each.addresses)),
                "exported_at": each.exported_at,
                "let_in": peer is not None,
                "handshake_at": peer.handshake if peer is not None and peer.handshake else None,
                "sent_octets": 0 if peer is None else peer.sent,
                "received_octets": 0 if peer is None else peer.received,
            }
        )
    return {
        "post_quantum": False,
        "permitted": site.is_permitted,
        "readable": readable,
        "problem": problem,
        "port": site.configuration.network.devices_port,
        "devices": found,
    }


def summary(told: dict[str, Any]) -> str:
    """Return a line about a site's devices."""
    if told["problem"]:
        return f"devices, not post-quantum: {told['problem']}"
    devices = told["devices"]
    let_in = [each for each in devices if each["let_in"]]
    latest = max((each["handshake_at"] or 0 for each in let_in), default=0)
    octets = sum(each["sent_octets"] + each["received_octets"] for each in let_in)
    return (
        f"devices, not post-quantum: {len(devices)}, let in: {len(let_in)}"
        f"{'' if told['permitted'] else ', as the policy permits none'}; last handshake "
        f"{format_time(latest) if latest else 'never'}, {octets:,} octets"
    )


_HEADER = ("device", "address", "exported", "handshake", "sent", "received")


def _row(device: dict[str, Any]) -> tuple[object, ...]:
    handshake = device["handshake_at"]
    never = "never" if device["let_in"] else "not let in"
    return (
        device["name"],
        " ".join(device["addresses"]),
        format_time(device["exported_at"]),
        never if handshake is None else format_time(handshake),
        f"{device['sent_octets']:,}",
        f"{device['received_octets']:,}",
    )


def _view(site: DeviceSite) -> DevicesView | None:
    try:
        with Links.connect(site.configuration.network.helper, HELPER_SECONDS) as links:
            return links.view_devices()
    except BaluardoError:
        return None
