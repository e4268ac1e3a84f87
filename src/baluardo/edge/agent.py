"""One edge, assembled: its state, its link to the authorities, its network, its pages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from fastapi import FastAPI

from baluardo.calls.admission import CapacityRule
from baluardo.calls.relay.addresses import Network
from baluardo.console.app import STATIC
from baluardo.console.part import ConsolePart
from baluardo.edge.calls.ceilings import ceilings_of
from baluardo.edge.calls.far_ports import FarPorts
from baluardo.edge.calls.near_ports import NearPorts
from baluardo.edge.calls.path_room import PathRoom, call_rate
from baluardo.edge.calls.relay_places import RelayPlaces
from baluardo.edge.calls.service import CallService, nothing_known
from baluardo.edge.calls.through_tunnels import ThroughTunnels
from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.link import Link
from baluardo.edge.log_copy.keeper import LogKeeper
from baluardo.edge.mail.service import MailService
from baluardo.edge.media_settings import browser_networks
from baluardo.edge.open_files import sessions_of_relay
from baluardo.edge.pages import edge_pages
from baluardo.edge.state import EdgeState
from baluardo.edge.tunnels.addresses import own_interfaces
from baluardo.edge.tunnels.service import TunnelService
from baluardo.trust.clock import Reading
from baluardo.trust.issuing.layout import KeyAccess

logger = logging.getLogger("baluardo.edge")


@dataclass(frozen=True, slots=True)
class BeyondSite:
    """How calls leave a site without tunnels."""

    far: FarPorts
    room: PathRoom


class EdgeAgent:
    """An edge that runs for as long as its application is served."""

    def __init__(
        self,
        state: EdgeState,
        static: Path = STATIC,
        configuration: EdgeConfiguration | None = None,
        beyond: BeyondSite | None = None,
    ) -> None:
        """Assemble it; nothing is opened before the application starts.

        beyond: how calls leave a site that has no tunnels; a stage's, who also tells `calls` its
        neighbours.
        """
        self.state = state
        self.link = Link(state)
        self.tunnels: TunnelService | None = None
        """The site's encrypted network; None where the configuration does not enable it."""
        if configuration is not None and configuration.network.enabled:
            self.tunnels = TunnelService(state, configuration, self.link)
        self.media: RelayPlaces | None = None
        """The relay of the site's calls; None where nobody said where browsers are."""
        beneath = []
        if configuration is not None:
            far = None if beyond is None else beyond.far
            self.media = relay_of(state, configuration, self.tunnels, far)
            beneath.append(ConsolePart(name="media", lifespan=self.media.running))
        capacity: CapacityRule = nothing_known
        room = None if beyond is None else beyond.room
        if self.tunnels is not None:
            room = PathRoom.of_tunnels(self.tunnels)
        if room is not None:
            capacity = room.capacity
            beneath.append(ConsolePart(name="room", lifespan=room.running))
        self.calls = CallService(
            state.identity.path,
            state.verifier,
            state.clock,
            state.directory,
            ceilings_of(lambda: state.policy),
            capacity,
            self.media,
            lambda precedence: call_rate(precedence, state.network.two_layers),
        )
        """The telephone of the site."""
        self.mail = MailService()
        """The way of its written messages."""
        self.calls.mail = self.link.mail = self.mail
        beneath.append(ConsolePart(name="mail", lifespan=self.mail.running))
        self.log = LogKeeper(state, self.link)
        """The site's copy of the audit log, and the site as its witness."""
        neighbours = None
        if self.tunnels is not None:
            neighbours = ThroughTunnels(
                self.calls, self.tunnels, state.endpoint, self.link.channels.watch
            )
        self.app: FastAPI = edge_pages(
            state, self.link, static, self.tunnels, self.calls, neighbours, self.log, beneath
        )

    @classmethod
    def open(
        cls,
        directory: Path,
        access: KeyAccess,
        static: Path = STATIC,
        read: Callable[[], Reading] | None = None,
        configuration: EdgeConfiguration | None = None,
        beyond: BeyondSite | None = None,
    ) -> EdgeAgent:
        """Open an edge's directory; errors as `EdgeState.open`, and of its WireGuard keys."""
        state = EdgeState.open(directory, access, read)
        try:
            return cls(state, static, configuration, beyond)
        except BaseException:
            state.close()
            raise

    def close(self) -> None:
        """Let another program run this edge."""
        self.state.close()


def relay_of(
    state: EdgeState,
    configuration: EdgeConfiguration,
    tunnels: TunnelService | None,
    far: FarPorts | None = None,
) -> RelayPlaces:
    """Return the relay of a site's calls, not running yet; `far` by default in the tunnels."""
    address, calls = configuration.media_address, configuration.calls
    ipv4 = configuration.network.ipv4

    def networks() -> tuple[Network, ...]:
        own = [each.network for each in own_interfaces(state.identity, ipv4=ipv4)]
        beyond = state.network.allowed_networks(state.identity.path)
        return browser_networks(address, calls.networks, (*own, *beyond))

    if not any(ip_address(address) in each for each in networks()):
        logger.warning(
            "Browsers send media to %s, which is in none of the networks where they may be: name "
            "theirs in networks of [calls].",
            address,
        )
    return RelayPlaces(
        state.identity,
        NearPorts(address, calls.door),
        far or FarPorts(tunnels, address),
        networks,
        sessions=sessions_of_relay(),
        real_time=configuration.network.real_time,
    )
