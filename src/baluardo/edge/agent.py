"""One edge, assembled: its state, its link to the authorities, its network, its pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI

from baluardo.console.app import STATIC
from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.link import Link
from baluardo.edge.pages import edge_pages
from baluardo.edge.state import EdgeState
from baluardo.edge.tunnels.service import TunnelService
from baluardo.trust.clock import Reading
from baluardo.trust.issuing.layout import KeyAccess


class EdgeAgent:
    """An edge that runs for as long as its application is served."""

    def __init__(
        self,
        state: EdgeState,
        static: Path = STATIC,
        configuration: EdgeConfiguration | None = None,
    ) -> None:
        """Assemble it; nothing is opened before the application starts."""
        self.state = state
        self.link = Link(state)
        self.tunnels: TunnelService | None = None
        """The site's encrypted network; None where the configuration does not enable it."""
        if configuration is not None and configuration.network.enabled:
            self.tunnels = TunnelService(state, configuration, self.link)
        self.app: FastAPI = edge_pages(state, self.link, static, self.tunnels)

    @classmethod
    def open(
        cls,
        directory: Path,
        access: KeyAccess,
        static: Path = STATIC,
        read: Callable[[], Reading] | None = None,
        configuration: EdgeConfiguration | None = None,
    ) -> EdgeAgent:
        """Open an edge's directory; errors as `EdgeState.open`, and of its WireGuard keys."""
        state = EdgeState.open(directory, access, read)
        try:
            return cls(state, static, configuration)
        except BaseException:
            state.close()
            raise

    def close(self) -> None:
        """Let another program run this edge."""
        self.state.close()
