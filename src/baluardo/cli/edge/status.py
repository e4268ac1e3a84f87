"""`baluardo edge status`: who an edge is and what it judges by, as its disk tells."""

from __future__ import annotations

import argparse
from typing import Any

from baluardo.cli.arguments import add_json_argument, format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.devices import summary, told_devices
from baluardo.cli.edge.options import add_config_argument, add_edge_argument
from baluardo.cli.output import emit, emit_json
from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.device_export import DeviceSite
from baluardo.edge.state import read_known, read_policy
from baluardo.edge.updates.versions import Versions
from baluardo.edge.whereabouts import Whereabouts
from baluardo.trust.issuing.holder import Holder

EXAMPLE = """\
  $ baluardo edge status bergamini
  ship/bergamini of italia.example, pages at bergamini.baluardo.localhost
  certificate until 2026-12-21T09:00:00Z; renewed from 2026-12-11T09:00:00Z
  policy 3, in force since 2026-11-20T10:00:00Z
  list 12 of 8f3a0c5d91e6, due again by 2026-11-28T09:00:00Z: 2 revoked
  authorities: 127.0.0.1:8471
  program: version 0.2.0 by update 7, on trial
  bearers: dish (starlink at eth1, primary), mobile (interface at wwan0, alternate)
  devices, not post-quantum: 1, let in: 1; last handshake 2026-11-22T09:14:02Z, 52,114 octets
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "status",
        "Show who this edge is and what it judges by, from its disk.",
        EXAMPLE,
    )
    add_edge_argument(parser)
    add_config_argument(parser)
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Read it beside a program that runs: nothing is changed, no key is opened."""
    told = _told(args)
    if args.json:
        emit_json(told)
        return 0
    emit(f"{told['identity']} of {told['community']}, pages at {told['host']}")
    certificate, policy = told["certificate"], told["policy"]
    emit(
        f"certificate until {format_time(certificate['not_after'])}; "
        f"renewed from {format_time(certificate['renew_at'])}"
    )
    if policy is None:
        emit("no policy yet")
    else:
        emit(f"policy {policy['number']}, in force since {format_time(policy['executed_at'])}")
    for each in told["lists"]:
        emit(
            f"list {each['number']} of {each['issuer'][:12]}, due again by "
            f"{format_time(each['next_update'])}: {each['revoked']} revoked"
        )
    emit(f"authorities: {', '.join(told['channels']) or 'none known'}")
    _emit_program(told["program"])
    bearers = [
        f"{each['name']} ({each['kind']} at {each['device']}, {each['role']})"
        for each in told["bearers"]
    ]
    if bearers:
        emit(f"bearers: {', '.join(bearers)}{'' if told['network'] else '; the network is off'}")
    if told["devices"]["devices"] or told["devices"]["problem"]:
        emit(summary(told["devices"]))
    return 0


def _emit_program(program: dict[str, Any]) -> None:
    came = f" by update {program['update']}" if program["update"] else ", as first installed"
    emit(f"program: version {program['version']}{came}{'' if program['proven'] else ', on trial'}")


def _told(args: argparse.Namespace) -> dict[str, Any]:
    whereabouts = Whereabouts.read(args.edge)
    known, policy = read_known(args.edge), read_policy(args.edge)
    leaf = Holder(args.edge / "keys").chain().leaf
    life = leaf.not_after - leaf.not_before
    configuration, versions = EdgeConfiguration.read(args.edge, args.config), Versions(args.edge)
    program = versions.program(versions.current)
    return {
        "identity": whereabouts.identity.path,
        "community": whereabouts.identity.community,
        "host": whereabouts.host,
        "web": list(whereabouts.web),
        "channels": list(whereabouts.channels),
        "certificate": {
            "serial": f"{leaf.serial:x}",
            "not_after": leaf.not_after,
            "renew_at": leaf.not_before + life * 2 / 3,
        },
        "policy": policy and {"number": policy.policy.number, "executed_at": policy.executed_at},
        "lists": [
            {
                "issuer": key_id.hex(),
                "number": held.number,
                "next_update": held.next_update,
                "revoked": len(held.revoked),
            }
            for key_id, held in known.revocations.lists.items()
        ],
        "program": {
            "version": program.version,
            "update": program.number,
            "proven": versions.is_proven(program.number),
        },
        "network": configuration.network.enabled,
        "devices": told_devices(DeviceSite.read(args.edge, configuration)),
        "bearers": [
            {
                "name": each.name,
                "kind": each.kind.value,
                "device": each.device,
                "role": each.role.value,
            }
            for each in configuration.bearers
        ],
    }
