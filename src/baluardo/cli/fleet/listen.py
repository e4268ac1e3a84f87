"""`baluardo fleet listen`: AIS as it comes, from a receiver's TCP port or by UDP."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from baluardo.cli.arguments import format_time, parse_host_port, parse_port
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.fleet.reports import Log, why
from baluardo.cli.output import emit, say
from baluardo.fleet.motion.voyage import M_S_PER_KNOT
from baluardo.fleet.tracks.feed import Feed
from baluardo.fleet.tracks.heard import Heard

DONE = 0

EXAMPLE = """\
  $ baluardo fleet listen --tcp receiver.local:10110
  prints every position as it comes, until Ctrl-C; what breaks off is connected to again.

  $ baluardo fleet listen --udp 10110 --host 0.0.0.0 --seconds 60
  listens for a minute for what receivers send here. AIS is signed by nobody: it tells what
  somebody says.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "listen", "Listen to a receiver of AIS.", EXAMPLE)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--tcp", type=parse_host_port, metavar="HOST:PORT", help="connect to a receiver"
    )
    where.add_argument("--udp", type=parse_port, metavar="PORT", help="listen for datagrams")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)"
    )
    parser.add_argument(
        "--seconds", type=_seconds, metavar="S", help="end after so long (default: never)"
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value <= 1e7:
        raise argparse.ArgumentTypeError(f'"{text}" is no number of seconds above 0.')
    return value


def run(args: argparse.Namespace) -> int:
    """Print positions as they come, and counts in the end."""
    log = Log()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_listen(args, log))
    counts = ", ".join(f"{n:,} {kind}" for kind, n in sorted(log.kinds.items()))
    say(f"Heard: {counts or 'nothing'}.")
    return DONE


async def _listen(args: argparse.Namespace, log: Log) -> None:
    def take(heard: Heard) -> None:
        taken = log.add(heard)
        if heard.position is None or taken is None:
            return
        p = heard.position
        name = log.statics[p.platform].name if p.platform in log.statics else ""
        speed = "" if p.speed_m_s is None else f" {p.speed_m_s / M_S_PER_KNOT:.1f} kn"
        course = "" if p.course_deg is None else f" {p.course_deg:.0f}°"
        emit(
            f"{format_time(p.time)} {p.platform} {p.lat_deg:.5f} {p.lon_deg:.5f}{speed}{course}"
            f" {name}".rstrip()
            + ("" if taken.believed else f" (not believed: {why(taken)})")
        )

    feed = Feed(take)
    transport = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(args.seconds):
            try:
                if args.tcp is not None:
                    await feed.tcp(*args.tcp)
                else:
                    transport, port = await feed.udp(args.udp, args.host)
                    say(f"Listening on UDP port {port} of {args.host}.")
                    await asyncio.Event().wait()
            finally:
                if transport is not None:
                    transport.close()
                if feed.problem:
                    say(feed.problem)
                if feed.too_long:
                    say(f"{feed.too_long} lines without end were thrown away.")
