"""Binding the console's address."""

from __future__ import annotations

import socket

import pytest

from baluardo.errors import StageError
from baluardo.stage.address import bind


def test_a_free_port_on_this_machine() -> None:
    listener = bind("127.0.0.1", 0)
    with listener.socket:
        port = listener.socket.getsockname()[1]
        assert listener.url == f"http://127.0.0.1:{port}/"
        assert listener.loopback
        assert set(listener.allowed_hosts) == {"127.0.0.1", "localhost", "::1"}


def test_the_name_localhost_is_kept_as_typed() -> None:
    listener = bind("localhost", 0)
    with listener.socket:
        assert listener.allowed_hosts[0] == "localhost"
        assert listener.loopback


def test_every_address_is_told_apart_from_loopback() -> None:
    listener = bind("0.0.0.0", 0)  # noqa: S104 - what is tested is that it is noticed
    with listener.socket:
        assert not listener.loopback
        assert listener.url.startswith("http://127.0.0.1:")
        assert socket.gethostname().lower() in listener.allowed_hosts


def test_ipv6_where_there_is_any() -> None:
    try:
        listener = bind("::1", 0)
    except StageError:
        pytest.skip("this machine has no IPv6 loopback")
    with listener.socket:
        assert listener.url.startswith("http://[::1]:")
        assert listener.loopback


def test_an_ipv4_address_written_as_ipv6_is_what_it_is() -> None:
    try:
        listener = bind("::ffff:127.0.0.1", 0)
    except StageError:
        pytest.skip("this machine has no IPv6")
    with listener.socket:
        assert listener.loopback
        assert listener.url.startswith("http://127.0.0.1:")
        assert {"127.0.0.1", "localhost"} < set(listener.allowed_hosts)


def test_a_busy_port() -> None:
    first = bind("127.0.0.1", 0)
    with first.socket:
        port = first.socket.getsockname()[1]
        first.open()
        with pytest.raises(StageError) as caught:
            bind("127.0.0.1", port)
    assert str(caught.value) == (
        f"Port {port} is taken by another program; choose one with --port."
    )


def test_nobody_gets_through_before_it_is_opened() -> None:
    listener = bind("127.0.0.1", 0)
    with listener.socket:
        address = listener.socket.getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)
        listener.open()
        socket.create_connection(address, timeout=5).close()


def test_a_port_that_another_opened_meanwhile() -> None:
    first = bind("127.0.0.1", 0)
    port = first.socket.getsockname()[1]
    second = bind("127.0.0.1", port)
    with first.socket, second.socket:
        first.open()
        with pytest.raises(StageError, match=f"Port {port} is taken by another program"):
            second.open()


@pytest.mark.parametrize("host", ["192.0.2.7", "no such host", "a" * 300, "", "\x00"])
def test_an_address_of_another_machine(host: str) -> None:
    with pytest.raises(StageError, match="is no address of this machine"):
        bind(host, 0)
