"""Where an authority's pages are told to be, and whether only this machine reaches them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from baluardo.authority.context import Authority
from baluardo.authority.settings import Settings
from baluardo.stage.address import bind
from baluardo.stage.authority import place_pages


@dataclass
class Placed:
    """What of an authority says where its pages are."""

    settings: Settings
    web_url: str = ""
    local: bool = True


@pytest.mark.parametrize(
    ("host", "proxy", "local"),
    [("127.0.0.1", False, True), ("127.0.0.1", True, False), ("0.0.0.0", False, False)],  # noqa: S104
)
def test_behind_a_proxy_nobody_counts_as_this_machine(host: str, proxy: bool, local: bool) -> None:
    placed = Placed(Settings(proxy=proxy))
    listener = bind(host, 0)
    with listener.socket:
        place_pages(cast("Authority", placed), listener)
        port = listener.socket.getsockname()[1]
    assert placed.local is local
    name = "authority.baluardo.localhost"
    assert placed.web_url == (f"https://{name}" if proxy else f"http://{name}:{port}")
