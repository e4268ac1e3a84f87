"""One time that the root helper serves a site: what was opened, and who is met over it."""

from __future__ import annotations

from dataclasses import dataclass, field

from baluardo.edge.directory import Neighbour
from baluardo.edge.tunnels.bearers_known import Usable
from baluardo.edge.tunnels.lanes import SiteLanes
from baluardo.edge.tunnels.second_layer import SecondLayer
from baluardo.edge.tunnels.site_bearers import SiteBearers
from baluardo.network.bearers.engine import SiteEngine
from baluardo.network.tunnel.exchange import KeyRounds
from baluardo.trust.identity import Identity


@dataclass(slots=True)
class Member:
    """One neighbour as it stands in this run."""

    index: int
    neighbour: Neighbour
    lanes: int
    """How many it shares with us."""
    has_key: bool = False
    """WireGuard has made a handshake with an exchanged key."""
    is_open: bool = False
    has_routes: bool = True
    """Whether hosts here are led to its networks: a site has room for `MOST_ROUTES` of all."""
    refused: int = 0
    """Packets that its shut gate had turned away when that was last looked at."""


@dataclass(slots=True)
class Run:
    """Everything of one time that the helper serves us; gone when it ends."""

    engine: SiteEngine
    bearers: SiteBearers
    lanes: SiteLanes
    rounds: KeyRounds
    second: SecondLayer | None
    """Where the policy asks for two layers."""
    usable: tuple[Usable, ...]
    """The bearers that this run is built on; the engine's, the card's and the probes' order."""
    members: dict[Identity, Member] = field(default_factory=dict)
    alarms: dict[Identity, str] = field(default_factory=dict)

    def judge_gate(self, peer: Identity) -> None:
        """Open or shut a neighbour's gate, by all layers that there are."""
        member = self.members[peer]
        is_open = member.has_key and (self.second is None or self.second.stands(peer))
        if is_open is not member.is_open:
            member.is_open = is_open
            self.engine.open_gate(member.index, is_open)
