"""`baluardo edge run`: the agent of a site, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import sys

from baluardo.cli.arguments import parse_port
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.options import add_edge_argument
from baluardo.cli.keys import Secrets, add_key_arguments, add_unprotected_argument
from baluardo.cli.output import emit, say
from baluardo.edge.agent import EdgeAgent
from baluardo.stage.address import DEFAULT_HOST, Listener, bind
from baluardo.stage.server import serve

DEFAULT_PORT = 8480
EXAMPLE = f"""\
  $ baluardo edge run bergamini --port {DEFAULT_PORT} --unprotected
  http://bergamini.baluardo.localhost:{DEFAULT_PORT}/
  serves the site's pages; calls an authority until one answers. Ctrl-C ends it.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "run",
        "Serve the site's pages and keep a channel to an authority until Ctrl-C.",
        EXAMPLE,
    )
    add_edge_argument(parser)
    parser.add_argument(
        "--host",
        default=DEFAULT_HOST,
        help=f"address to listen at for the pages (default: {DEFAULT_HOST})",
    )
    parser.add_argument(
        "--port",
        type=parse_port,
        default=DEFAULT_PORT,
        help=f"TCP port of the pages; 0 takes any free one (default: {DEFAULT_PORT})",
    )
    parser.add_argument(
        "--proxy",
        action="store_true",
        help="a proxy with TLS stands before the pages: believe its X-Forwarded-For and -Proto",
    )
    add_unprotected_argument(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run until Ctrl-C or SIGTERM; 0 then."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("baluardo.edge").setLevel(logging.INFO)
    agent = EdgeAgent.open(args.edge, Secrets(args).existing())
    with contextlib.closing(agent):
        listener = bind(args.host, args.port)
        with listener.socket, contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(agent, listener, proxy=args.proxy))
    say("Stopped.")
    return 0


async def _serve(agent: EdgeAgent, listener: Listener, *, proxy: bool) -> None:
    port, host = listener.socket.getsockname()[1], agent.state.whereabouts.host

    def ready() -> None:
        emit(f"https://{host}/" if proxy else f"http://{host}:{port}/")
        sys.stdout.flush()

    listener.open()
    await serve(agent.app, listener.socket, ready, proxy=proxy)
