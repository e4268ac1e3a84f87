"""`baluardo edge run`: the agent of a site, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

from baluardo.cli.arguments import parse_port
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.options import add_config_argument, add_edge_argument
from baluardo.cli.keys import Secrets, add_key_arguments, add_unprotected_argument
from baluardo.cli.output import emit, say
from baluardo.edge.agent import EdgeAgent
from baluardo.edge.calls.browser_frames import LARGEST_FRAME
from baluardo.edge.configuration import DEFAULT_HOST, DEFAULT_PORT, EdgeConfiguration, Pages
from baluardo.edge.cycle_collection import collect_cycles
from baluardo.edge.open_files import raise_open_files
from baluardo.edge.page_socket import bind_page_socket
from baluardo.edge.supervision import Supervisor
from baluardo.edge.updates.trial import prove, replaced
from baluardo.edge.updates.versions import Versions
from baluardo.stage.address import bind
from baluardo.stage.server import serve

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
    add_config_argument(parser)
    parser.add_argument(
        "--host", help=f"address to listen at for the pages (default: {DEFAULT_HOST})"
    )
    parser.add_argument(
        "--port",
        type=parse_port,
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
    raise_open_files()
    configuration = EdgeConfiguration.read(args.edge, args.config)
    pages = _pages(args, configuration.pages)
    configuration = replace(configuration, pages=pages)
    agent = EdgeAgent.open(args.edge, Secrets(args).existing(), configuration=configuration)
    with (
        contextlib.closing(agent),
        _listening(pages) as bound,
        contextlib.suppress(KeyboardInterrupt),
    ):
        asyncio.run(_serve(agent, bound, pages, Versions(args.edge)))
    say("Stopped.")
    return 0


def _pages(args: argparse.Namespace, configured: Pages) -> Pages:
    """Return where pages are served: what the command line says goes before the file."""
    proxy = args.proxy or configured.proxy
    if args.host is None and args.port is None:
        return replace(configured, proxy=proxy)
    host = configured.host if args.host is None else args.host
    port = configured.port if args.port is None else args.port
    return Pages(host, port, proxy)


@contextlib.contextmanager
def _listening(pages: Pages) -> Iterator[socket.socket]:
    if pages.socket is not None:
        with bind_page_socket(pages.socket) as bound:
            yield bound
        return
    listener = bind(pages.host, pages.port)
    with listener.socket:
        listener.open()
        yield listener.socket


async def _serve(agent: EdgeAgent, bound: socket.socket, pages: Pages, versions: Versions) -> None:
    supervisor, host = Supervisor.of_environment(os.environ), agent.state.whereabouts.host
    serving = asyncio.Event()

    def ready() -> None:
        port = "" if pages.proxy else f":{bound.getsockname()[1]}"
        emit(f"{'https' if pages.proxy else 'http'}://{host}{port}/")
        sys.stdout.flush()
        supervisor.ready(f"{agent.state.identity.path} serves its site.")
        serving.set()

    async with _beside(agent, supervisor, versions, serving):
        try:
            await serve(agent.app, bound, ready, proxy=pages.proxy, largest_message=LARGEST_FRAME)
        finally:
            supervisor.stopping()


@contextlib.asynccontextmanager
async def _beside(
    agent: EdgeAgent, supervisor: Supervisor, versions: Versions, serving: asyncio.Event
) -> AsyncIterator[None]:
    """Live, prove the program, make way for the next one and keep memory tidy while inside."""

    async def prove_itself() -> None:
        await serving.wait()
        await prove(versions, versions.running())

    tidy = collect_cycles(lambda: agent.calls.is_quiet)
    work = (supervisor.live(), prove_itself(), _make_way(supervisor, versions), tidy)
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _make_way(supervisor: Supervisor, versions: Versions) -> None:
    number = await replaced(versions)
    if supervisor.present:
        say(f"Program {number} was put into use: this one makes way.")
        os.kill(os.getpid(), signal.SIGTERM)
    else:
        say(f"Program {number} was put into use: stop and start the edge to run it.")
