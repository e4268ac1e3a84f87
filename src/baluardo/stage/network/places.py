"""Every place of the stage as a network namespace: sites, landings, and where networks meet."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from baluardo.network.links.interfaces import configure, set_forwarding
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.tun import open_tun
from baluardo.scenario.nation import Site
from baluardo.stage.network.addresses import (
    EXCHANGE,
    EXCHANGE_ADDRESS,
    OUTSIDE,
    Landing,
    Plan,
    Terminal,
)

MTU: Final = 1_500
LANDING_DEVICE: Final = "land0"
FIRST_TABLE: Final = 100
"""Number of the first bearer's routing table: what leaves from a bearer's address leaves by it."""


class Places:
    """Namespaces and the descriptors of their TUN devices, which are the ports of the wire."""

    def __init__(self, plan: Plan) -> None:
        """Make them; LinkError where that is not permitted, and nothing is left then."""
        self.ports: dict[str, int] = {}
        """Descriptors of TUN devices, by the port's name."""
        self._namespaces: dict[str, Namespace] = {}
        self._stack = ExitStack()
        with ExitStack() as undo:
            undo.callback(self.close)
            for site in plan.sites:
                self._make_site(site, plan.of(site))
            for landing in plan.landings:
                self._make_ground(landing.port, landing.address)
            self._make_ground(EXCHANGE, EXCHANGE_ADDRESS)
            undo.pop_all()

    def of_site(self, site: Site) -> Namespace:
        """Return where a site's bearers are."""
        return self._namespaces[site.id]

    def of_landing(self, landing: Landing) -> Namespace:
        """Return where what a landing's antennas received touches ground."""
        return self._namespaces[landing.port]

    @property
    def exchange(self) -> Namespace:
        """Where networks meet, and the authority is."""
        return self._namespaces[EXCHANGE]

    def close(self) -> None:
        """Let go of everything: devices and namespaces are gone once nobody runs there."""
        self._stack.close()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *problem: object) -> None:
        """Let go of it."""
        self.close()

    def _make_site(self, site: Site, terminals: tuple[Terminal, ...]) -> None:
        namespace = self._namespace(site.id)
        for number, each in enumerate(terminals):
            self._device(namespace, each.port, each.device)
            configure(namespace, each.device, [f"{each.address}/32"], mtu=MTU)
            table = FIRST_TABLE + number
            lines = (
                f"route replace default dev {each.device} metric {10 + number}",
                f"route replace default dev {each.device} table {table}",
                f"rule add from {each.address} lookup {table}",
            )
            namespace.run("ip", "-batch", "-", stdin="\n".join(lines) + "\n")

    def _make_ground(self, port: str, address: str) -> None:
        namespace = self._namespace(port)
        self._device(namespace, port, LANDING_DEVICE)
        configure(namespace, LANDING_DEVICE, [f"{address}/32"], [OUTSIDE], mtu=MTU)
        set_forwarding(namespace)

    def _namespace(self, name: str) -> Namespace:
        namespace = self._stack.enter_context(Namespace.create(name))
        self._namespaces[name] = namespace
        return namespace

    def _device(self, namespace: Namespace, port: str, device: str) -> None:
        descriptor = namespace.inside(lambda: open_tun(device))
        self._stack.callback(os.close, descriptor)
        self.ports[port] = descriptor
        namespace.inside(lambda: _without_ipv6(device))


def _without_ipv6(device: str) -> None:
    """Let a kernel not ask for routers outside, where every address is one of IPv4."""
    setting = Path("/proc/sys/net/ipv6/conf", device, "disable_ipv6")
    if setting.exists():
        setting.write_text("1\n", encoding="ascii")
