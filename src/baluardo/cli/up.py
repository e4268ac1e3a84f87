"""`baluardo up`: the live sky and its console."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from baluardo.cli.arguments import (
    add_catalogue_argument,
    add_scenario_argument,
    parse_host_port,
    parse_port,
)
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit, say
from baluardo.console.fleet_observed import Receiver
from baluardo.console.paths import DEFAULT_RAIN_SEED
from baluardo.errors import InvalidInputError
from baluardo.stage.address import DEFAULT_HOST, DEFAULT_PORT
from baluardo.stage.network.user_namespace import enter_if_needed
from baluardo.stage.server import STOP_SIGNALS
from baluardo.stage.up import UpOptions, up

DONE = 0
LEAVING_SECONDS = 0.5
"""Computations that are under way get this long to end when the program does."""

EXAMPLE = f"""\
  $ baluardo up --port 9000 --catalogue starlink.tle
  http://127.0.0.1:9000/
  shows the satellites of that file; Ctrl-C ends it. Without --port it is {DEFAULT_PORT}.

  $ baluardo up --capture rome.pcapng --capture-port rome.sky --capture-port rome.fibre
  http://127.0.0.1:{DEFAULT_PORT}/
  writes what passes Rome's dish and fibre into a new file, for Wireshark.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "up", "Run the live sky and its console until Ctrl-C.", EXAMPLE
    )
    parser.add_argument(
        "--port",
        type=parse_port,
        default=None,
        help=f"TCP port of the console; 0 takes any free one (default: {DEFAULT_PORT})",
    )
    parser.add_argument(
        "--host",
        default=DEFAULT_HOST,
        help=(
            "address to listen at; anything but this machine's own is reachable from others, and "
            f"the sky asks nobody who they are (default: {DEFAULT_HOST})"
        ),
    )
    add_catalogue_argument(parser, default="what the scenario says")
    add_scenario_argument(parser)
    parser.add_argument(
        "--rain",
        type=_parse_rain,
        metavar="SEED",
        default=DEFAULT_RAIN_SEED,
        help=(
            'seed of the simulated rain that paths feel, or "none" for dry weather '
            f"(default: {DEFAULT_RAIN_SEED})"
        ),
    )
    parser.add_argument(
        "--sky-only",
        action="store_true",
        help="show the sky alone, without the demonstration state's people, sites and log",
    )
    parser.add_argument(
        "--no-tunnels",
        action="store_true",
        help="run the sites within this process, as where network namespaces are not permitted",
    )
    parser.add_argument(
        "--capture",
        type=Path,
        metavar="FILE",
        default=None,
        help="write what passes the emulated network into a new file (pcapng), 1 GB at most",
    )
    parser.add_argument(
        "--capture-port",
        action="append",
        metavar="PORT",
        default=[],
        help="of this port alone, such as rome.sky, landing.milan, exchange; may be repeated",
    )
    parser.add_argument(
        "--ais",
        type=_parse_receiver,
        metavar="tcp:HOST:PORT|udp:HOST:PORT",
        default=None,
        help=(
            "receiver of AIS to connect to, or an address here that receivers send to: where "
            "platforms of the missions are that name an mmsi"
        ),
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser")


def _parse_receiver(text: str) -> Receiver:
    way, _, where = text.partition(":")
    if way not in {"tcp", "udp"}:
        raise argparse.ArgumentTypeError(f'"{text}" begins with neither tcp: nor udp:.')
    return Receiver("tcp" if way == "tcp" else "udp", *parse_host_port(where))


def run(args: argparse.Namespace) -> int:
    """Run until Ctrl-C or SIGTERM; 0 then."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if args.capture_port and args.capture is None:
        raise InvalidInputError("--capture-port needs --capture with the file to write into.")
    if not (args.sky_only or args.no_tunnels):
        enter_if_needed(sys.argv[1:])
    options = UpOptions(
        host=args.host,
        port=args.port,
        catalogue=args.catalogue,
        scenario=args.scenario,
        open_browser=args.open,
        rain_seed=args.rain,
        sky_only=args.sky_only,
        no_tunnels=args.no_tunnels,
        capture=args.capture,
        capture_ports=tuple(args.capture_port),
        receiver=args.ais,
    )
    # Until the server takes the signals over, each is the wish to stop, and that is no failure.
    before = {number: signal.signal(number, _interrupt) for number in STOP_SIGNALS}
    try:
        up(options, announce=_announce, say=say)
    except KeyboardInterrupt:
        say("Stopped.")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    _leave_if_busy()
    return DONE


def _parse_rain(text: str) -> int | None:
    """Return a seed from 0 to 2**63 - 1; None for "none"."""
    if text == "none":
        return None
    if not (text.isascii() and text.isdigit() and int(text) < 2**63):
        raise argparse.ArgumentTypeError(
            f'"{text}" is neither a whole number from 0 to 2**63 - 1 nor "none".'
        )
    return int(text)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _announce(address: str) -> None:
    emit(address)
    sys.stdout.flush()


def _leave_if_busy() -> None:
    """End the process now if a thread still computes: nothing that it does is worth waiting for.

    The interpreter would join it, and a first compilation takes many seconds.
    """
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join(LEAVING_SECONDS)
    if any(t.is_alive() and not t.daemon for t in threading.enumerate() if t.name != "MainThread"):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(DONE)
