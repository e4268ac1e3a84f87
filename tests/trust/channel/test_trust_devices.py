"""Channels that go by one device: whatever the routes say, they leave by no other."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from baluardo.errors import ChannelLostError
from baluardo.network.links.interfaces import add_veth, configure, let_rules_judge
from baluardo.network.links.namespaces import Namespace, can_make_namespaces
from baluardo.trust.channel.devices import listen_by
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.server import serve
from baluardo.trust.channel.stream import Channel, open_channel
from trust.community import NOW, TestCommunity, make_community

_why = can_make_namespaces()
in_namespaces = pytest.mark.skipif(bool(_why), reason=_why or "")

SERVER, HERE, THERE = "10.9.9.9", ("10.9.1.1", "10.9.2.1"), ("10.9.1.2", "10.9.2.2")
SERVER6, HERE6, THERE6 = "fd09:9::9", ("fd09:1::1", "fd09:2::1"), ("fd09:1::2", "fd09:2::2")
PORT = 51_822
SECONDS = 2.0
"""For a channel that is not to come about."""
HANGS_SECONDS = 30.0


@dataclass
class Ends:
    """Two namespaces joined by two devices; all routes of the first prefer its b0."""

    near: Namespace
    far: Namespace
    italy: TestCommunity

    def endpoint(self, path: str) -> Endpoint:
        """Somebody of the community."""
        return Endpoint(self.italy.credential(path), self.italy.verifier(), lambda: NOW)

    @contextmanager
    def served(self, host: str, device: str | None) -> Iterator[list[tuple[str, bytes]]]:
        """Serve in the far one while inside; gives from where each came, and by which device."""
        came: list[tuple[str, bytes]] = []
        ready = threading.Event()
        over: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

        async def take(channel: Channel) -> None:
            sock = channel._carrier._transport.get_extra_info("socket")  # type: ignore[union-attr]
            bound = sock.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\0")
            came.append((channel.address, bound))
            await channel.read()

        async def serving() -> None:
            over.append((asyncio.get_running_loop(), asyncio.Event()))
            server = await serve(self.endpoint("ship/bergamini"), take, host, PORT, device=device)
            async with server:
                ready.set()
                await over[0][1].wait()

        thread = threading.Thread(target=lambda: self.far.inside(lambda: asyncio.run(serving())))
        thread.start()
        try:
            assert ready.wait(HANGS_SECONDS)
            yield came
        finally:
            if over:
                over[0][0].call_soon_threadsafe(over[0][1].set)
            thread.join(HANGS_SECONDS)

    def reach(self, host: str, from_host: str, device: str | None) -> None:
        """Open a channel from the near one and close it; ChannelLostError if none comes about."""

        async def reaching() -> None:
            channel = await open_channel(
                *(host, PORT, self.endpoint("office/roma")),
                self.italy.identity("ship/bergamini"),
                deadline=SECONDS,
                from_host=from_host,
                device=device,
            )
            await channel.close()

        self.near.inside(lambda: asyncio.run(reaching()))


@pytest.fixture(scope="module")
def ends() -> Iterator[Ends]:
    with ExitStack() as undo:
        near, far = (undo.enter_context(Namespace.create(name)) for name in ("near", "far"))
        for number in range(2):
            device = f"b{number}"
            add_veth(near, device, far, device)
            configure(near, device, [f"{HERE[number]}/24", f"{HERE6[number]}/64"])
            configure(far, device, [f"{THERE[number]}/24", f"{THERE6[number]}/64"])
        for address, bits, gateways in ((SERVER, 32, THERE), (SERVER6, 128, THERE6)):
            far.run("ip", "address", "add", f"{address}/{bits}", "dev", "lo")
            for metric, gateway in enumerate(gateways, start=1):
                where = ("via", gateway, "dev", f"b{metric - 1}", "metric", str(metric))
                near.run("ip", "route", "add", f"{address}/{bits}", *where)
        let_rules_judge(near)
        let_rules_judge(far)
        yield Ends(near, far, make_community())


@in_namespaces
@pytest.mark.parametrize(("host", "here"), [(SERVER, HERE), (SERVER6, HERE6)])
def test_a_channel_leaves_by_its_device_though_routes_prefer_another(
    ends: Ends, host: str, here: tuple[str, str]
) -> None:
    with ends.served(host, "b1") as came:
        # The control: from the second device's address, by the first one.
        with pytest.raises(ChannelLostError):
            ends.reach(host, here[1], None)
        assert came == []
        ends.reach(host, here[1], "b1")
    assert came == [(here[1], b"b1")]


@in_namespaces
def test_a_channel_that_cannot_go_by_its_device_goes_by_none(ends: Ends) -> None:
    with ends.served(THERE[0], None) as came:
        ends.reach(THERE[0], HERE[0], "b0")
        with pytest.raises(ChannelLostError):
            ends.reach(THERE[0], HERE[0], "b1")  # no route leads there by it
    assert came == [(HERE[0], b"")]


@in_namespaces
def test_a_device_that_is_gone_is_a_sentence(ends: Ends) -> None:
    with pytest.raises(ChannelLostError, match="No such device"):
        ends.reach(SERVER, HERE[1], "b7")
    with pytest.raises(OSError, match="No such device"):
        ends.far.inside(lambda: listen_by("b7", SERVER, PORT))


@in_namespaces
def test_what_comes_in_two_pieces_is_not_held_back_by_a_device(ends: Ends) -> None:
    """Named protocols are what asyncio sets TCP_NODELAY for; the second would else wait 40 ms."""
    with ends.far.inside(lambda: listen_by("lo", SERVER, 0)) as bound:
        assert bound.proto == socket.IPPROTO_TCP


def test_names_are_not_asked_for_by_a_device() -> None:
    async def reaching() -> None:
        italy = make_community()
        endpoint = Endpoint(italy.credential("office/roma"), italy.verifier(), lambda: NOW)
        whom = italy.identity("ship/bergamini")
        await open_channel("bergamini.example", PORT, endpoint, whom, device="lo")

    with pytest.raises(ChannelLostError, match=r"bergamini\.example"):
        asyncio.run(reaching())


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", "AF_INET"), ("::1", "AF_INET6")])
def test_no_rights_are_needed(host: str, family: str) -> None:
    program = (
        "import asyncio, socket\n"
        "from baluardo.trust.channel.devices import connect_by, listen_by\n"
        f"server = listen_by('lo', {host!r}, 0)\n"
        "server.listen()\n"
        f"client = asyncio.run(connect_by('lo', {host!r}, server.getsockname()[1], {host!r}))\n"
        "status = open('/proc/self/status').read()\n"
        "print(client.family.name, status.partition('CapEff:')[2].split()[0].strip('0') or 'none')"
    )
    command = [sys.executable, "-P", "-c", program]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout.strip(), ended.stderr) == (f"{family} none", "")
