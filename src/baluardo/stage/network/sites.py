"""A site as processes of its own: the root helper and the edge, in the site's namespace."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from baluardo.durable_files import OWNER_ALONE, write_durably
from baluardo.edge.configuration import FILE, BearerKind
from baluardo.edge.media_settings import LOOPBACK
from baluardo.edge.tunnels.serving_satellite import ServingSatellite
from baluardo.edge.whereabouts import Whereabouts
from baluardo.errors import TargetError
from baluardo.network.links.namespaces import Namespace
from baluardo.scenario.bearers import SKY
from baluardo.scenario.nation import Site
from baluardo.stage.network.addresses import Landing, Terminal
from baluardo.stage.network.media_door import MediaDoor
from baluardo.stage.network.process import Kept
from baluardo.stage.network.site_pages import SitePages

DISH_MBPS: Final = 20.0
"""What a dish is bought for upwards (FACTS: 23 in the median); a slot gives less or more."""
HELPER_SOCKET: Final = "links.sock"
PAGES_SOCKET: Final = "pages.sock"
MEDIA_DOOR: Final = "media.sock"
SATELLITE: Final = "satellite.json"


class StagedSite:
    """One site: its processes, and the way to its pages."""

    def __init__(
        self,
        site: Site,
        namespace: Namespace,
        terminals: tuple[Terminal, ...],
        landings: tuple[Landing, ...],
        directory: Path,
        runtime: Path,
    ) -> None:
        """`directory` is the edge's, enrolled; `runtime` a short path for this run's sockets."""
        self.site = site
        self.host = Whereabouts.read(directory).host
        """Name of its pages."""
        self.namespace = namespace
        self.directory = directory
        self._terminals, self._landings = terminals, landings
        self._runtime = runtime
        python = (sys.executable, "-P", "-m")
        self.helper = Kept(
            f"{site.id} helper",
            namespace,
            (*python, "baluardo.network.links.helper", str(self.helper_socket)),
        )
        self.edge = Kept(
            f"{site.id} edge",
            namespace,
            (*python, "baluardo", "edge", "run", str(directory), "--unprotected"),
        )
        self.pages = SitePages(self.pages_socket)
        self.media = MediaDoor(self.media_door)

    @property
    def helper_socket(self) -> Path:
        """Where the root helper answers."""
        return self._runtime / HELPER_SOCKET

    @property
    def pages_socket(self) -> Path:
        """Where the edge serves its pages."""
        return self._runtime / PAGES_SOCKET

    @property
    def media_door(self) -> Path:
        """Where the edge is handed the ports that browsers of this machine send media to."""
        return self._runtime / MEDIA_DOOR

    @property
    def satellite_file(self) -> Path:
        """Where the edge reads which satellite serves its dish."""
        return self._runtime / SATELLITE

    def tell_satellite(self, told: ServingSatellite) -> None:
        """Tell the edge which satellite serves its dish; TargetError if it cannot be written.

        Whole or not at all, and not forced to the disk: in a quarter of a minute it is old.
        """
        part = self.satellite_file.with_suffix(".part")
        try:
            part.write_bytes(told.to_octets())
            part.replace(self.satellite_file)
        except OSError as problem:
            raise TargetError(f"{part} cannot be written: {problem.strerror}.") from None

    def start(self) -> None:
        """Write the edge's configuration and begin.

        TargetError if it cannot be written, StageError if there is no room for its sockets.
        """
        self._runtime.mkdir(mode=0o700, exist_ok=True)
        write_durably(self.directory / FILE, self._configuration().encode(), mode=OWNER_ALONE)
        self.media.start()
        self.helper.start()
        self.edge.start()

    async def stop(self) -> None:
        """End both processes."""
        await self.edge.stop()
        await self.helper.stop()
        await self.pages.close()
        self.media.close()

    def _configuration(self) -> str:
        """Return the file as a person in the field would write it, with the stage's bearers."""
        roles = {each.name: each.role for each in self.site.bearers}
        rates = {each.name: each.up.rate_bps / 1e6 for each in self.site.bearers}
        rates[SKY] = DISH_MBPS
        lines = [
            "# Written anew at each start of the stage.",
            "[pages]",
            f"socket = {json.dumps(str(self.pages_socket))}",
            "proxy = true",
            "[network]",
            "enabled = true",
            f"helper = {json.dumps(str(self.helper_socket))}",
            "ipv4 = true",
            "[calls]  # browsers are on this machine, outside of the site's namespace",
            f'media = "{LOOPBACK}"',
            f"door = {json.dumps(str(self.media_door))}",
        ]
        for each in self._terminals:
            role = roles.get(each.bearer, self.site.sky_role)
            lines += [
                "[[bearers]]",
                f'name = "{each.bearer}"',
                f'kind = "{BearerKind.WIRE}"',
                f'device = "{each.device}"',
                f'role = "{role}"',
                f'address = "{each.address}"',
            ]
            if each.bearer == SKY:
                lines.append("lands = true")
                lines.append(f"satellite = {json.dumps(str(self.satellite_file))}")
            if each.bearer in rates:
                lines.append(f"rate_up_mbps = {rates[each.bearer]:g}")
        for landing in self._landings:
            lines += [
                "[[landings]]  # dishes keep their addresses: only a trace tells who landed where",
                f"name = {json.dumps(landing.name)}",
                f'country = "{landing.country}"',
                f"lat_deg = {landing.place.lat_deg}",
                f"lon_deg = {landing.place.lon_deg}",
                f'hops = ["{landing.address}"]',
            ]
        return "\n".join(lines) + "\n"
