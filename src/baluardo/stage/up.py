"""`baluardo up`: scenario, live sky and console assembled in one process, until it is told to stop.

Assembly only: what the pieces do is theirs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
import webbrowser
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from starlette.types import ASGIApp

from baluardo.authority.context import Authority
from baluardo.authority.doors.fleet import fleet_sight
from baluardo.authority.service import AuthorityService
from baluardo.console.app import create_console
from baluardo.console.fleet import fleet_part
from baluardo.console.fleet_observed import Receiver
from baluardo.console.part import ConsolePart
from baluardo.console.paths import DEFAULT_RAIN_SEED, paths_part
from baluardo.console.paths_plans import Plans
from baluardo.console.sight import everything
from baluardo.console.sky import site_question, sky_part
from baluardo.edge.calls.browser_frames import LARGEST_FRAME
from baluardo.errors import BaluardoError, StageError
from baluardo.protocol.roles import Role
from baluardo.scenario.nation import Nation, default_path, load
from baluardo.stage.address import DEFAULT_HOST, DEFAULT_PORT, Listener, bind
from baluardo.stage.authority import place_pages
from baluardo.stage.demonstration import Demonstration, open_demonstration
from baluardo.stage.emergency.part import twin_warnings
from baluardo.stage.hosts import ByHost
from baluardo.stage.instances import Instance, RunDirectory
from baluardo.stage.network.addresses import Plan
from baluardo.stage.network.capture import Capture
from baluardo.stage.network.open_wire import OpenWire
from baluardo.stage.network.part import network_part, open_wire_part
from baluardo.stage.network.staged import StagedNetwork, why_no_tunnels
from baluardo.stage.server import serve
from baluardo.terms import Bilingual
from baluardo.twin.catalogues import (
    Loaded,
    age_notices,
    load_catalogue,
    replay_notices,
    sky_time_offset,
)
from baluardo.twin.live import LiveSky
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.landing import default_ground

logger = logging.getLogger(__name__)

VISITOR = frozenset({Role.MEMBER, Role.AUDITOR})
"""Whoever reaches a demonstration sees of platforms what its members and auditors see."""

RELOAD_SECONDS = 2 * 3_600.0
"""How often a catalogue is read again; CelesTrak asks for no more than that."""

SLOW_SECONDS = 2.0
"""Loading or preparation that takes longer is talked about."""

WARM_UP_SITES = 2
"""Every site runs the same code; the second is there in case the first has no route just then."""


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What a person may choose; None leaves it to the scenario or to the default."""

    host: str = DEFAULT_HOST
    port: int | None = None
    catalogue: str | None = None
    scenario: Path | None = None
    open_browser: bool = False
    rain_seed: int | None = DEFAULT_RAIN_SEED
    """Which simulated rain falls; None: none does."""
    sky_only: bool = False
    """Without the demonstration state: no people, no sites, no log."""
    no_tunnels: bool = False
    """Sites within this process and without tunnels, as where namespaces are not permitted."""
    capture: Path | None = None
    """A new file for what passes the wire."""
    capture_ports: tuple[str, ...] = ()
    """Of which ports; empty: of all."""
    receiver: Receiver | None = None
    """Of AIS, for platforms of the missions that name an MMSI."""


def up(options: UpOptions, announce: Callable[[str], None], say: Callable[[str], None]) -> None:
    """Run until a signal to stop; `announce` gets the console's address, `say` every sentence.

    BaluardoError where it cannot start: nothing is left behind then.
    """
    nation = load(options.scenario or default_path())
    runs = RunDirectory(_run_directory())
    removed = runs.clean()
    if removed:
        files = "file" if removed == 1 else "files"
        say(f"Cleaned up after a run that ended without notice ({removed} {files}).")
    listener = _bind(options, runs)
    with (
        listener.socket,
        runs.entered(listener.url),
        _capture(options, nation, listener, say) as capture,
    ):
        loaded = _load(options.catalogue or nation.catalogue, say)
        for notice in (*loaded.notices, *_about(loaded.catalogue)):
            say(notice.en)
        if not listener.loopback:
            say(
                f"Warning: {listener.url} can be reached from other machines, and the sky asks "
                "nobody who they are. The demonstration state stays closed."
            )
        authority = _demonstration(options, listener, say)
        try:
            asyncio.run(_run(options, nation, loaded, listener, authority, capture, announce, say))
        finally:
            if authority is not None:
                authority.store.close()
    say("Stopped.")


def _capture(
    options: UpOptions, nation: Nation, listener: Listener, say: Callable[[str], None]
) -> AbstractContextManager[Capture | None]:
    """Make the file of the capture that is asked for, before anything slow is begun for it."""
    if options.capture is None:
        return contextlib.nullcontext()
    if options.sky_only or not listener.loopback:
        raise StageError(
            "There is nothing to capture: the wire runs with the demonstration state alone, which "
            "stays closed with --sky-only and with a --host that other machines can reach."
        )
    return Capture(options.capture, options.capture_ports, Plan(nation, default_ground()), say)


def _demonstration(
    options: UpOptions, listener: Listener, say: Callable[[str], None]
) -> Authority | None:
    """Open the demonstration state; None where it was not asked for, or cannot be had."""
    if options.sky_only or not listener.loopback:
        return None
    try:
        authority = open_demonstration(_demonstration_directory())
    except BaluardoError as problem:
        say(f"The sky alone is shown; the demonstration state could not be opened: {problem}")
        return None
    place_pages(authority, listener)
    say(f"A demonstration state, with people and sites that do not exist: {authority.web_url}/")
    return authority


def _load(catalogue: str, say: Callable[[str], None]) -> Loaded:
    sentence = "Loading the catalogue takes a while; the console answers once it is there."
    slow = threading.Timer(SLOW_SECONDS, say, (sentence,))
    slow.daemon = True
    slow.start()
    try:
        return load_catalogue(catalogue)
    finally:
        slow.cancel()


def _about(catalogue: Catalogue) -> tuple[Bilingual, ...]:
    """Return what to say about a catalogue at the moment at which its sky starts."""
    wall = time.time()
    sky_time = wall + sky_time_offset(catalogue, wall)
    return (*replay_notices(catalogue, wall), *age_notices(catalogue, sky_time))


def _run_directory() -> Path:
    return platformdirs.user_state_path("baluardo", appauthor=False) / "run"


def _demonstration_directory() -> Path:
    return platformdirs.user_state_path("baluardo", appauthor=False) / "demonstration"


def _bind(options: UpOptions, runs: RunDirectory) -> Listener:
    """Bind the port; an instance of ours that runs already is named with its process and page."""
    running = runs.running()
    if running and options.port is None:
        first = running[0]
        raise StageError(
            f"Baluardo runs already (process {first.pid}) at {first.address}. Open that page, or "
            "start another one beside it with --port."
        )
    port = DEFAULT_PORT if options.port is None else options.port
    ours = next((i for i in running if i.address.endswith(f":{port}/")), None)
    try:
        listener = bind(options.host, port)
    except StageError:
        if ours is None:
            raise
        raise _taken_by(ours, port) from None
    # An instance that still loads does not listen yet, and such a port can be bound twice.
    if ours is not None and ours.address == listener.url:
        listener.socket.close()
        raise _taken_by(ours, port)
    return listener


def _taken_by(instance: Instance, port: int) -> StageError:
    return StageError(
        f"Port {port} is taken by Baluardo itself (process {instance.pid}); choose another one "
        "with --port."
    )


async def _run(
    options: UpOptions,
    nation: Nation,
    loaded: Loaded,
    listener: Listener,
    authority: Authority | None,
    capture: Capture | None,
    announce: Callable[[str], None],
    say: Callable[[str], None],
) -> None:
    live = LiveSky(loaded)
    name = options.catalogue or nation.catalogue
    plans = Plans(live, nation, options.rain_seed)
    sight = everything if authority is None else fleet_sight(authority, nobody=VISITOR)
    parts = [
        sky_part(live, nation, sight),
        paths_part(live, nation, options.rain_seed, plans, sight),
        fleet_part(live, nation, options.rain_seed, sight, options.receiver),
        _keeper(live, nation, name, say),
    ]
    hosts = [*listener.allowed_hosts]
    sites: Mapping[str, ASGIApp] = {}
    if authority is None and capture is not None:
        raise StageError(
            "Without the demonstration state there is no wire, and nothing to capture."
        )
    if authority is not None:
        service = AuthorityService(authority)
        network = _network(options, nation, live, plans, say)
        wired = network or OpenWire(nation, live.sky.ground, live.sky_time, plans.paths)
        if isinstance(wired, OpenWire):
            parts.append(open_wire_part(wired))
        wired.capture = capture
        state = Demonstration(
            _demonstration_directory(), authority, nation, lambda: service.door.port, say, network
        )
        parts += [twin_warnings(authority, live), service.part(), state.part()]
        hosts += authority.settings.page_hosts
        sites = state.pages
        if network is not None:
            parts.append(network_part(network))
    app = ByHost(create_console(parts, hosts), sites)

    def ready() -> None:
        announce(listener.url)
        if options.open_browser:
            # Some browsers keep the call until they are closed.
            threading.Thread(target=webbrowser.open, args=(listener.url,), daemon=True).start()

    listener.open()
    await serve(app, listener.socket, ready, largest_message=LARGEST_FRAME)


def _network(
    options: UpOptions,
    nation: Nation,
    live: LiveSky,
    plans: Plans,
    say: Callable[[str], None],
) -> StagedNetwork | None:
    """Return the nation's network, not started yet; None where it cannot be, and why is said."""
    if options.no_tunnels:
        say("The sites run without tunnels, as --no-tunnels asks.")
        return None
    why = why_no_tunnels()
    if why:
        say(why)
        return None
    return StagedNetwork(
        nation,
        live.sky.ground,
        live.sky_time,
        plans.paths,
        names=lambda: live.sky.catalogue.names,
    )


def _keeper(
    live: LiveSky, nation: Nation, catalogue: str, say: Callable[[str], None]
) -> ConsolePart:
    """Return the part without routes that warms the sky up and keeps its catalogue fresh."""

    @contextlib.asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_warm_up(live, nation, say))]
        if not live.catalogue.ageless:
            tasks.append(asyncio.create_task(_reload(live, catalogue, say)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return ConsolePart(name="stage", lifespan=lifespan)


async def _warm_up(live: LiveSky, nation: Nation, say: Callable[[str], None]) -> None:
    """Ask for a site or two, so that the code behind the panels is compiled before a person asks.

    The compiled code is kept on disk: only the first start on a machine takes long.
    """
    asking = asyncio.gather(
        *(live.ask(("site", site.id), site_question(site)) for site in nation.sites[:WARM_UP_SITES])
    )
    try:
        done, _ = await asyncio.wait((asking,), timeout=SLOW_SECONDS)
        if not done:
            say("Preparing the computations in the background; the globe runs meanwhile.")
        await asking
        if not done:
            say("Prepared: routes and satellites answer at once.")
    except BaluardoError as error:
        say(f"The sky could not be prepared: {error}")
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def _reload(live: LiveSky, catalogue: str, say: Callable[[str], None]) -> None:
    """Read the catalogue again from time to time; one that cannot be used changes nothing."""
    while True:
        await asyncio.sleep(RELOAD_SECONDS)
        if not await live.exchange(lambda: load_catalogue(catalogue)):
            say(f"The catalogue in use stays in use: {live.reload_problem}")
