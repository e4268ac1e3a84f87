"""`baluardo edge alarm`: a sensor's word that what a standing warning waits for has happened."""

from __future__ import annotations

import argparse
import asyncio
import time

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.options import add_edge_argument
from baluardo.cli.keys import Secrets, add_key_arguments, add_unprotected_argument
from baluardo.cli.output import emit, say
from baluardo.edge.sensor_alarm import raise_alarm
from baluardo.edge.whereabouts import Whereabouts
from baluardo.protocol.warnings import SensorAlarm
from baluardo.trust.issuing.holder import Holder

EXAMPLE = """\
  $ baluardo edge alarm buoy-ionian --standing 3f0c... --reading "0.8 m in 40 s" --unprotected
  Counted: 1 of 2 sensors agree.
  When as many as are needed have said so within two minutes, the warning goes out.
  It is tried again for a minute where no authority answers; exit 1 if it was not counted.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "alarm", "Say, as a sensor, that a standing warning is to go out.", EXAMPLE
    )
    add_edge_argument(parser)
    parser.add_argument(
        "--standing", metavar="ID", required=True, help="of the standing warning, from the desk"
    )
    parser.add_argument(
        "--reading", metavar="TEXT", required=True, help="what was measured, for people"
    )
    add_unprotected_argument(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Sign it and hand it in, beside an edge that runs; 0 once it was counted."""
    alarm = SensorAlarm(args.standing, args.reading, time.time())
    where = Whereabouts.read(args.edge)
    credential = Holder(args.edge / "keys").credential(Secrets(args).existing().unlock)
    counted = asyncio.run(raise_alarm(credential, where.web, alarm, say))
    if counted.warning is None:
        emit(f"Counted: {counted.agreed} of {counted.needed} sensors agree.")
    else:
        emit(f"The warning {counted.warning} went out: {counted.agreed} sensors agree.")
    return 0
