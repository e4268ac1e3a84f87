"""A plain interface as a bearer: what the kernel tells of it, also while it changes."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import needs_namespaces

from baluardo.errors import InvalidInputError, SourceError, StageError
from baluardo.network.bearers.interface import (
    InterfaceState,
    InterfaceWatch,
    look,
    open_socket,
    read_ip_json,
)
from baluardo.network.bearers.trace import trace
from baluardo.network.links.interfaces import add_veth, configure, set_forwarding
from baluardo.network.links.namespaces import Namespace

PATIENCE = 30.0
_Result = TypeVar("_Result")


@pytest.fixture
def site() -> Iterator[Namespace]:
    """A namespace with `sky0`, joined to a provider that routes on to a server."""
    with (
        Namespace.create("site") as site,
        Namespace.create("provider") as provider,
        Namespace.create("server") as server,
    ):
        add_veth(site, "sky0", provider, "down0")
        add_veth(provider, "up0", server, "net0")
        configure(provider, "down0", ["10.7.0.1/24", "fd07::1/64"])
        configure(provider, "up0", ["10.8.0.1/24", "fd08::1/64"])
        configure(server, "net0", ["10.8.0.2/24", "fd08::2/64"])
        set_forwarding(provider)
        server.run("ip", "route", "add", "default", "via", "10.8.0.1")
        server.run("ip", "-6", "route", "add", "default", "via", "fd08::1")
        configure(site, "sky0", ["10.7.0.2/24", "fd07::2/64"])
        site.run("ip", "route", "add", "default", "via", "10.7.0.1", "dev", "sky0")
        site.run("ip", "-6", "route", "add", "default", "via", "fd07::1", "dev", "sky0")
        yield site


def wait_for(condition: Callable[[], _Result]) -> _Result:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if result := condition():
            return result
        time.sleep(0.01)
    pytest.fail("it did not come")


@needs_namespaces
def test_interface_is_seen_as_it_stands(site: Namespace) -> None:
    state = site.inside(lambda: look("sky0"))
    assert state == InterfaceState(
        "sky0",
        present=True,
        up=True,
        carrier=True,
        mtu=1_500,
        addresses=("10.7.0.2", "fd07::2"),
        gateway4="10.7.0.1",
        gateway6="fd07::1",
    )
    assert state.usable
    assert (state.address(4), state.address(6)) == ("10.7.0.2", "fd07::2")


@needs_namespaces
def test_interface_that_is_down_or_gone_is_not_usable(site: Namespace) -> None:
    site.run("ip", "link", "set", "sky0", "down")
    state = site.inside(lambda: look("sky0"))
    assert state.present
    assert not state.carrier
    assert not state.usable
    site.run("ip", "link", "del", "sky0")
    assert site.inside(lambda: look("sky0")) == InterfaceState("sky0", present=False)


@needs_namespaces
def test_watch_tells_of_each_change_without_waiting_for_its_poll(site: Namespace) -> None:
    told: list[InterfaceState] = []
    watch = InterfaceWatch(["sky0"], told.append, told_s=600.0, poll_s=600.0)
    site.inside(watch.start)  # threads begin where their maker is
    try:
        wait_for(lambda: told and told[-1].usable)
        site.run("ip", "address", "add", "10.7.0.9/24", "dev", "sky0")
        wait_for(lambda: "10.7.0.9" in told[-1].addresses)
        site.run("ip", "link", "set", "sky0", "down")
        wait_for(lambda: not told[-1].usable)
        site.run("ip", "link", "del", "sky0")
        wait_for(lambda: not told[-1].present)
    finally:
        watch.close()


@needs_namespaces
def test_watch_looks_by_itself_once_nobody_tells(site: Namespace) -> None:
    told: list[InterfaceState] = []
    watch = InterfaceWatch(["sky0"], told.append, told_s=600.0, poll_s=0.05)
    site.inside(watch.start)
    try:
        wait_for(lambda: told and told[-1].usable)
        (monitor,) = monitors()
        os.kill(monitor, signal.SIGKILL)
        wait_for(lambda: not monitors())
        site.run("ip", "address", "add", "10.7.0.9/24", "dev", "sky0")
        wait_for(lambda: "10.7.0.9" in told[-1].addresses)
    finally:
        watch.close()


def monitors() -> list[int]:
    """Processes of ours that tell of changes."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has ended meanwhile
            continue
        if int(parent) == os.getpid() and b"monitor" in words:
            found.append(int(process.name))
    return found


@needs_namespaces
def test_socket_leaves_by_its_interface_alone(site: Namespace) -> None:
    opened = site.inside(lambda: open_socket("sky0", "10.7.0.2", 51_820))
    with opened:
        assert opened.getsockname() == ("10.7.0.2", 51_820)
        bound = opened.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
        assert bound.rstrip(b"\0") == b"sky0"
        assert not os.get_inheritable(opened.fileno())
        with pytest.raises(StageError, match=r"10\.7\.0\.2 port 51820 on sky0"):
            site.inside(lambda: open_socket("sky0", "10.7.0.2", 51_820))


@needs_namespaces
@pytest.mark.parametrize(
    ("target", "router"), [("10.8.0.2", "10.7.0.1"), ("fd08::2", "fd07::1")], ids=["4", "6"]
)
def test_trace_tells_of_the_router_and_reaches_the_server(
    site: Namespace, target: str, router: str
) -> None:
    way = site.inside(lambda: trace(target, "sky0", most_hops=5, timeout_s=10.0))
    assert way.reached
    assert way.hops == (router, target)


@needs_namespaces
def test_trace_into_nowhere_ends(site: Namespace) -> None:
    way = site.inside(lambda: trace("10.8.0.77", "sky0", most_hops=3, timeout_s=0.5))
    assert not way.reached
    assert way.hops[:1] == ("10.7.0.1",)


def test_socket_of_an_interface_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(StageError, match="see that the interface is up"):
        open_socket("nowhere0", "127.0.0.1", 0)


@pytest.mark.parametrize("name", ["", "a" * 16, "../lo", "-json", "sky 0", "sky0\n", "è"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="not the name of an interface"):
        look(name)


@given(octets=st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_whatever_ip_says_is_read_or_refused(octets: bytes) -> None:
    try:
        assert all(isinstance(each, dict) for each in read_ip_json(octets))
    except SourceError as problem:
        assert str(problem).isprintable()


@pytest.mark.parametrize("octets", [b"[" * 100_000, b'{"a":1}', b"[1]", b"nonsense"])
def test_what_is_no_list_of_objects_is_refused(octets: bytes) -> None:
    with pytest.raises(SourceError, match="nothing was taken from it"):
        read_ip_json(octets)
