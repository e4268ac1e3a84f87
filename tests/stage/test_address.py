"""Binding the console's address."""

from __future__ import annotations

import socket

import pytest

from baluardo.errors import StageError
from baluardo.stage.address import listen


def test_a_free_port_on_this_machine() -> None:
    listener = listen("127.0.0.1", 0)
    with listener.socket:
        port = listener.socket.getsockname()[1]
        assert listener.url == f"http://127.0.0.1:{port}/"
        assert listener.loopback
        assert set(listener.allowed_hosts) == {"127.0.0.1", "localhost", "::1"}


def test_the_name_localhost_is_kept_as_typed() -> None:
    listener = listen("localhost", 0)
    with listener.socket:
        assert listener.allowed_hosts[0] == "localhost"
        assert listener.loopback


def test_every_address_is_told_apart_from_loopback() -> None:
    listener = listen("0.0.0.0", 0)  # noqa: S104 - what is tested is that it is noticed
    with listener.socket:
        assert not listener.loopback
        assert listener.url.startswith("http://127.0.0.1:")
        assert socket.gethostname().lower() in listener.allowed_hosts


def test_ipv6_where_there_is_any() -> None:
    try:
        listener = listen("::1", 0)
    except StageError:
        pytest.skip("this machine has no IPv6 loopback")
    with listener.socket:
        assert listener.url.startswith("http://[::1]:")
        assert listener.loopback


def test_a_busy_port() -> None:
    first = listen("127.0.0.1", 0)
    with first.socket:
        port = first.socket.getsockname()[1]
        with pytest.raises(StageError) as caught:
            listen("127.0.0.1", port)
    assert str(caught.value) == (
        f"Port {port} is taken by another program; choose one with --port."
    )


@pytest.mark.parametrize("host", ["192.0.2.7", "no such host", "a" * 300, "", "\x00"])
def test_an_address_of_another_machine(host: str) -> None:
    with pytest.raises(StageError, match="is no address of this machine"):
        listen(host, 0)
