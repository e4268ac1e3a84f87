"""TUN devices: packets of the Internet Protocol as octets of a descriptor.

Source: Linux, Documentation/networking/tuntap.rst and include/uapi/linux/if_tun.h.
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import Final

from baluardo.errors import InvalidInputError, LinkError

DEVICE: Final = "/dev/net/tun"
LONGEST_NAME: Final = 15
VIRTIO_HEADER_OCTETS: Final = 10
"""Before each packet where offload is on: `struct virtio_net_hdr`."""

_TUNSETIFF: Final = 0x4004_54CA
_TUNSETOFFLOAD: Final = 0x4004_54D0
_IFF_TUN: Final = 0x0001
_IFF_NO_PI: Final = 0x1000
_IFF_VNET_HDR: Final = 0x4000
_TUN_F_CSUM: Final = 0x01
_TUN_F_TSO4: Final = 0x02
_TUN_F_TSO6: Final = 0x04
_TUN_F_USO4: Final = 0x20
_TUN_F_USO6: Final = 0x40
TCP_OFFLOAD: Final = _TUN_F_CSUM | _TUN_F_TSO4 | _TUN_F_TSO6
ALL_OFFLOAD: Final = TCP_OFFLOAD | _TUN_F_USO4 | _TUN_F_USO6


def open_tun(name: str, offload: int = 0) -> int:
    """Make a TUN device in the calling thread's namespace; return its descriptor, not blocking.

    Without offload every read and write is one packet; with it (TCP_OFFLOAD, or ALL_OFFLOAD where
    the kernel knows it) each begins with VIRTIO_HEADER_OCTETS, and TCP comes in segments of up to
    64 KiB that are still to be cut. LinkError where it cannot be had; the device is gone once its
    descriptor is closed.
    """
    if not 1 <= len(name) <= LONGEST_NAME or not name.isascii():
        raise InvalidInputError(
            f"{name!r} is no name of an interface: 1 to {LONGEST_NAME} letters."
        )
    flags = _IFF_TUN | _IFF_NO_PI | (_IFF_VNET_HDR if offload else 0)
    try:
        descriptor = os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        raise LinkError(f"{DEVICE} cannot be opened: {problem.strerror}.") from None
    try:
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
        if offload:
            fcntl.ioctl(descriptor, _TUNSETOFFLOAD, offload)
    except OSError as problem:
        os.close(descriptor)
        raise LinkError(f"The device {name} cannot be made: {problem.strerror}.") from None
    return descriptor
