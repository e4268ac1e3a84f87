"""One WireGuard interface: of the kernel where it knows the type, of wireguard-go where not.

Settings go through `wg`, which speaks to both. Keys reach it through pipes, never as arguments:
arguments of a process are for everybody to read.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from collections.abc import Sequence
from contextlib import closing
from typing import Final

from baluardo.errors import LinkError
from baluardo.foreign_input import printable
from baluardo.network.links.answers import LaneView, PeerView
from baluardo.network.links.device_requests import DeviceSetting
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.requests import MOST_PEERS, PeerSetting
from baluardo.network.links.wireguard_process import is_running, start_wireguard_go
from baluardo.trust.base64_text import to_base64
from baluardo.trust.secret import Secret

PEER_PORT: Final = 51_820
"""Of every peer's own loopback address."""
FIRST_PORT: Final = 51_821
"""Where the first lane's WireGuard listens; each further lane on the next."""

WG_SECONDS: Final = 3.0
"""WireGuard answers `wg` within milliseconds; one that takes longer hangs."""
BUFFER_OCTETS: Final = 4 * 1_024 * 1_024
"""Of each socket, in each direction."""

_UNKNOWN_TYPE: Final = ("Unknown device type", "Operation not supported")
"""How `ip` says that the kernel has no WireGuard: as the kernel words it, and of older ones."""
_SOL_PACKET: Final = 263
_PACKET_IGNORE_OUTGOING: Final = 23
_ETH_P_ALL: Final = 3
_SO_SNDBUFFORCE: Final = 32
_SO_RCVBUFFORCE: Final = 33
_SIOCETHTOOL: Final = 0x8946
_ETHTOOL_SGRO: Final = 0x0000_002C


def peer_address(index: int) -> str:
    """Return the loopback address that stands for a peer: 127.1, and its index in two octets."""
    return f"127.1.{index >> 8}.{index & 0xFF}"


def bring_up(namespace: Namespace, device: str, mtu: int, queue: int = 1_000) -> None:
    """Bring an interface up that makes no address of its own (which it would the moment it is)."""
    namespace.run(
        *("ip", "-batch", "-"),
        stdin=f"link set dev {device} addrgenmode none mtu {mtu} txqueuelen {queue}\n"
        f"link set dev {device} up\n",
    )


class WireGuardInterface:
    """An interface without addresses, and up: a lane's, in the namespace of the encrypted side."""

    def __init__(
        self,
        namespace: Namespace,
        name: str,
        port: int,
        mtu: int,
        outside: Namespace | None = None,
    ) -> None:
        """Make it; LinkError where neither the kernel nor wireguard-go gives one.

        With `outside` its socket is there: it is made there, and then moved. The kernel leaves the
        socket where the interface was made, wireguard-go where it was started.
        """
        self.name = name
        self.port = port
        self._namespace = namespace
        self._process: subprocess.Popen[bytes] | None = None
        home = namespace if outside is None else outside
        try:
            home.run("ip", "link", "add", "dev", name, "type", "wireguard")
        except LinkError as problem:
            if not any(each in str(problem) for each in _UNKNOWN_TYPE):
                raise
            self._process = start_wireguard_go(home, name, real_time=outside is None)
        try:
            if outside is not None:
                self._move(outside)
            bring_up(namespace, name, mtu)
            self._wg("set", name, "listen-port", str(port))
            self.index: int = namespace.inside(self._index_without_merging)
        except BaseException:
            self.close()
            raise

    @property
    def in_kernel(self) -> bool:
        """Whether the kernel does it."""
        return self._process is None

    def is_there(self) -> bool:
        """Return whether it is still the interface that was made."""
        if self._process is not None and not is_running(self._process):
            return False
        try:
            return self._namespace.inside(lambda: socket.if_nametoindex(self.name)) == self.index
        except OSError:
            return False

    def open_packet_socket(self) -> socket.socket:
        """Return a socket for clear packets of every protocol, deaf to what goes out."""
        return self._namespace.inside(self._packet_socket)

    def open_peer_socket(self, index: int) -> socket.socket:
        """Return the UDP socket that WireGuard takes for a peer.

        Lanes share the peer's address: the kernel tells their sockets apart by who sends.
        """

        def opened() -> socket.socket:
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                udp.bind((peer_address(index), PEER_PORT))
                udp.connect(("127.0.0.1", self.port))
            except OSError as problem:
                udp.close()
                raise LinkError(
                    f"There is no socket for peer {index}: {problem.strerror}."
                ) from None
            return _unblocked(udp)

        return self._namespace.inside(opened)

    def _move(self, outside: Namespace) -> None:
        """Bring it from where it was made to where it is to be."""
        try:
            outside.run("ip", "link", "set", "dev", self.name, "netns", self._namespace.path)
        except LinkError:
            if self.in_kernel:
                outside.run("ip", "link", "delete", "dev", self.name)
            raise

    def configure(
        self, private_key: Secret | None, peers: Sequence[PeerSetting], *, only: bool
    ) -> None:
        """Set the key and some peers; LinkError, with nothing done, for a peer without secret."""
        known = {each.public_key for each in self.show().peers}
        named = {each.public_key for each in peers}
        for each in peers:
            if each.public_key not in known and not each.removed:
                _check_new(each)
        leaving = known - named if only else set()
        staying = {each.public_key for each in peers if not each.removed} - known
        if len(known - leaving) + len(staying) > MOST_PEERS:
            raise LinkError(f"A lane has at most {MOST_PEERS:,} peers. Nothing was changed.")
        arguments: list[str] = []
        with closing(_Pipes()) as pipes:
            if private_key is not None:
                arguments += ["private-key", pipes.add(private_key)]
            for each in peers:
                if not each.removed or each.public_key in known:
                    arguments += _arguments(each, pipes)
            for public_key in sorted(leaving):
                arguments += ["peer", public_key, "remove"]
            if arguments:
                self._wg("set", self.name, *arguments, descriptors=pipes.reading)

    def set_devices(self, private_key: Secret, devices: Sequence[DeviceSetting]) -> None:
        """Set the key and these peers alone; where they are they say themselves.

        LinkError if WireGuard does not take them.
        """
        named = {each.public_key for each in devices}
        leaving = [each for each in self.show().peers if each.public_key not in named]
        with closing(_Pipes()) as pipes:
            arguments = ["private-key", pipes.add(private_key)]
            for each in leaving:
                arguments += ["peer", each.public_key, "remove"]
            for setting in devices:
                arguments += ["peer", setting.public_key]
                arguments += ["preshared-key", pipes.add(setting.preshared_key)]
                arguments += ["allowed-ips", ",".join(setting.addresses)]
            self._wg("set", self.name, *arguments, descriptors=pipes.reading)

    def show(self) -> LaneView:
        """Return what WireGuard tells; the keys in its answer that are secret are dropped here."""
        first, *rows = self._wg("show", self.name, "dump").splitlines()
        _, public_key, port, _ = first.split("\t")
        return LaneView(
            "" if public_key == "(none)" else public_key,
            int(port),
            tuple(_peer_view(row) for row in rows),
        )

    def close(self) -> None:
        """Take it away."""
        if self._process is None:
            try:
                self._namespace.run("ip", "link", "delete", "dev", self.name)
            except LinkError:
                return  # it is gone already
        else:
            self._process.kill()
            self._process.wait()

    def _index_without_merging(self) -> int:
        """Switch the merging of received packets off: what is read must be a packet each."""
        setting = ctypes.create_string_buffer(struct.pack("II", _ETHTOOL_SGRO, 0))
        request = struct.pack("16sP16x", self.name.encode(), ctypes.addressof(setting))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            try:
                fcntl.ioctl(control, _SIOCETHTOOL, request)
            except OSError as problem:
                raise LinkError(
                    f"{self.name} merges packets, and does not let it be: {problem.strerror}."
                ) from None
        return socket.if_nametoindex(self.name)

    def _packet_socket(self) -> socket.socket:
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        try:
            packets.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
            packets.bind((self.name, _ETH_P_ALL))
        except OSError as problem:
            packets.close()
            raise LinkError(f"{self.name} has no packet socket: {problem.strerror}.") from None
        return _unblocked(packets)

    def _wg(self, *arguments: str, descriptors: Sequence[int] = ()) -> str:
        def act() -> subprocess.CompletedProcess[str]:
            return subprocess.run(  # noqa: S603 - programs and arguments are ours
                ["wg", *arguments],  # noqa: S607 - of the system
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=WG_SECONDS,
                check=False,
                pass_fds=descriptors,
            )

        try:
            ended = self._namespace.inside(act)
        except FileNotFoundError:
            raise LinkError("The program wg is not installed (wireguard-tools).") from None
        except subprocess.TimeoutExpired:
            if self._process is not None:
                self.close()  # it is made anew by whoever finds that it is not there
            raise LinkError(
                f"WireGuard of {self.name} does not answer within {WG_SECONDS:g} s (wg "
                f"{arguments[0]}). Try again; nothing passes unless it is encrypted."
            ) from None
        if ended.returncode != 0:
            raise LinkError(f"wg {arguments[0]} {self.name}: {printable(ended.stderr.strip())}")
        return ended.stdout


class _Pipes:
    """Pipes that hold a key each, for a program that reads them by name."""

    def __init__(self) -> None:
        self.reading: list[int] = []

    def add(self, secret: Secret) -> str:
        reading, writing = os.pipe()
        self.reading.append(reading)
        try:
            os.write(writing, f"{to_base64(secret.reveal())}\n".encode())
        finally:
            os.close(writing)
        return f"/dev/fd/{reading}"

    def close(self) -> None:
        while self.reading:
            os.close(self.reading.pop())


def _check_new(setting: PeerSetting) -> None:
    missing = [
        name
        for name, value in (
            ("preshared key", setting.preshared_key),
            ("index", setting.index),
            ("networks", setting.networks),
        )
        if value is None
    ]
    if missing:
        raise LinkError(
            f"The peer {setting.public_key} is new and comes without {', '.join(missing)}. "
            "Nothing was changed; no tunnel is ever without a preshared key."
        )


def _arguments(setting: PeerSetting, pipes: _Pipes) -> list[str]:
    arguments = ["peer", setting.public_key]
    if setting.removed:
        return [*arguments, "remove"]
    if setting.preshared_key is not None:
        arguments += ["preshared-key", pipes.add(setting.preshared_key)]
    if setting.index is not None:
        arguments += ["endpoint", f"{peer_address(setting.index)}:{PEER_PORT}"]
    if setting.keepalive_s is not None:
        arguments += ["persistent-keepalive", str(setting.keepalive_s)]
    if setting.networks is not None:
        arguments += ["allowed-ips", ",".join(setting.networks)]
    return arguments


def _peer_view(row: str) -> PeerView:
    public_key, _, _, _, handshake, received, sent, keepalive = row.split("\t")
    return PeerView(
        public_key,
        int(handshake),
        int(received),
        int(sent),
        0 if keepalive == "off" else int(keepalive),
    )


def _unblocked(opened: socket.socket) -> socket.socket:
    """Make it not block, with room for what comes while the engine does something else."""
    opened.setblocking(False)
    for forced, plain in ((_SO_RCVBUFFORCE, socket.SO_RCVBUF), (_SO_SNDBUFFORCE, socket.SO_SNDBUF)):
        try:
            opened.setsockopt(socket.SOL_SOCKET, forced, BUFFER_OCTETS)
        except OSError:  # root of a user namespace only: as much as everybody may have
            opened.setsockopt(socket.SOL_SOCKET, plain, BUFFER_OCTETS)
    return opened
