"""The address that a console answers at: a bound socket, and sentences where there is none.

Binding and listening are two steps: a port that is taken is refused at once, and nobody connects
before there is something to answer with.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass
from typing import NamedTuple

from baluardo.errors import StageError

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8470

STUCK_CLIENT_MS = 15_000
"""A client that takes nothing for so long loses its connection."""

SEND_BUFFER_BYTES = 262_144
"""What the kernel may hold for a client: two or three frames, not the half minute it would else."""

_BACKLOG = 128


class Options(NamedTuple):
    """How a person sets an address, for sentences."""

    host: str = "--host"
    port: str = "--port"


DEFAULT_OPTIONS = Options()


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that is bound, and how people and browsers name it."""

    socket: socket.socket
    url: str
    allowed_hosts: tuple[str, ...]
    """Names that a request may put in its Host header."""
    loopback: bool
    """True if only this machine can reach it."""
    options: Options = DEFAULT_OPTIONS
    """Where another address is set."""

    def open(self) -> None:
        """Let clients connect; StageError if another program has meanwhile taken the port."""
        try:
            self.socket.listen(_BACKLOG)
        except OSError as error:
            host, port = self.socket.getsockname()[:2]
            raise StageError(_why_not(error, host, port, self.options)) from None


def bind(host: str, port: int, options: Options = DEFAULT_OPTIONS) -> Listener:
    """Bind a TCP port (0: any free one) at a host's address; StageError with the reason if not."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise StageError(f'"{host}" is no address of this machine; see {options.host}.') from None
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Also covers a peer that is alive but does not read (zero window), which the server's
            # own close cannot get past: it waits for its buffer to drain.
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_CLIENT_MS)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise StageError(_why_not(error, host, port, options)) from None
    bound.setblocking(False)
    name = bound.getsockname()
    ip = _address(name[0])
    return Listener(
        socket=bound,
        url=f"http://{_in_url(_reachable(ip))}:{name[1]}/",
        allowed_hosts=_names(host, ip),
        loopback=ip.is_loopback,
        options=options,
    )


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return a bound address; an IPv4 address written as IPv6 (RFC 4291, 2.5.5.2) as what it is."""
    ip = ipaddress.ip_address(name)
    return (ip.ipv4_mapped or ip) if ip.version == 6 else ip


def _why_not(error: OSError, host: str, port: int, options: Options) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program; choose one with {options.port}."
    if error.errno == errno.EACCES:
        return (
            f"Port {port} is kept for the administrator; choose one above 1023 with {options.port}."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f'"{host}" is no address of this machine; see {options.host}.'
    return f"Port {port} at {host} cannot be opened: {error.strerror}."


def _reachable(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Return an address at which a browser on this machine gets through."""
    if not ip.is_unspecified:
        return str(ip)
    return "127.0.0.1" if ip.version == 4 else "::1"


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _names(host: str, ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> tuple[str, ...]:
    """Return the names of a listening address; for "any address" those of the whole machine."""
    names = [host.lower(), str(ip)]
    if ip.is_loopback or ip.is_unspecified:
        names += ["localhost", "127.0.0.1", "::1"]
    if ip.is_unspecified:
        own = socket.gethostname()
        names.append(own.lower())
        try:
            found = socket.getaddrinfo(own, None, type=socket.SOCK_STREAM)
        except OSError:
            found = []
        names += [str(entry[4][0]) for entry in found]
    return tuple(dict.fromkeys(names))
