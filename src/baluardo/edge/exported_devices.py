"""Plain devices that a site has handed configurations to: on the disk before anybody gets one.

    tunnel/devices.json   name, public key, preshared key, addresses, when
    tunnel/devices.key    the private key of the site's end (`network.tunnel.keys`)
    tunnel/devices.lock   one program at a time changes them

A device's private key is in its own file alone. The edge that runs looks whether the first of them
has changed; nobody has to tell it.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.durable_files import OWNER_ALONE, hold_alone, make_directory, write_durably
from baluardo.errors import ConflictError, InvalidInputError, SourceError, TargetError
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.network.links.device_requests import ADDRESSES_EACH, MOST_DEVICES
from baluardo.network.links.request_fields import public_key, secret
from baluardo.network.tunnel.plain_export import check_device_name
from baluardo.protocol.message_fields import check_time, texts
from baluardo.protocol.network_policy import Address
from baluardo.trust.base64_text import to_base64
from baluardo.trust.secret import Secret
from baluardo.trust.strict_json import JsonObject, write_json

FOLDER: Final = "tunnel"
"""Of the edge's directory, beside the keys of its lanes."""
LARGEST_FILE: Final = 64 * 1_024
LONGEST_DEVICE_NAME: Final = 63
LONGEST_ADDRESS: Final = 39

_WHAT: Final = "The list of devices"


@dataclass(frozen=True, slots=True)
class ExportedDevice:
    """One device that may call this site."""

    name: str
    public_key: str
    """As WireGuard writes it."""
    preshared_key: Secret
    """32 octets, as in the device's file."""
    addresses: tuple[Address, ...]
    exported_at: float
    """POSIX seconds, by the machine's clock."""

    def to_object(self) -> dict[str, object]:
        """Return it as a JSON value, the preshared key in it."""
        return {
            "name": self.name,
            "public_key": self.public_key,
            "preshared_key": to_base64(self.preshared_key.reveal()),
            "addresses": list(map(str, self.addresses)),
            "exported_at": self.exported_at,
        }

    @classmethod
    def of_object(cls, value: object) -> ExportedDevice:
        """Read a JSON value; InvalidInputError says what is wrong, and shows no secret."""
        fields = JsonObject.of(value, f"{_WHAT}: a device")
        fields.only(_FIELDS)
        name = fields.text("name", LONGEST_DEVICE_NAME)
        check_device_name(name)
        shared, exported_at = secret(fields, "preshared_key"), fields.number("exported_at")
        if shared is None:
            raise InvalidInputError(f"{_WHAT}: {name} has no preshared key.")
        check_time("exported_at", exported_at)
        addresses = tuple(map(_address, texts(fields, "addresses", ADDRESSES_EACH)))
        if not addresses:
            raise fields.wrong("addresses", "one address at least")
        return cls(name, public_key(fields, "public_key"), shared, addresses, exported_at)


_FIELDS: Final = ("name", "public_key", "preshared_key", "addresses", "exported_at")


def read_devices(octets: bytes) -> tuple[ExportedDevice, ...]:
    """Read the file's octets; InvalidInputError says what is wrong, and shows no secret."""
    fields = JsonObject.parse(octets, LARGEST_FILE, _WHAT)
    fields.only(("devices",))
    listed = fields.fields.get("devices")
    if not isinstance(listed, list) or len(listed) > MOST_DEVICES:
        raise InvalidInputError(f"{_WHAT} holds no list of at most {MOST_DEVICES}.")
    devices = tuple(map(ExportedDevice.of_object, listed))
    for number, each in enumerate(devices):
        check_apart(each, devices[:number])
    return devices


def write_devices(devices: Sequence[ExportedDevice]) -> bytes:
    """Return the file's octets."""
    return write_json({"devices": [each.to_object() for each in devices]})


def check_apart(device: ExportedDevice, others: Sequence[ExportedDevice]) -> None:
    """Refuse a device that takes what another has; ConflictError."""
    for other in others:
        if other.name == device.name:
            raise ConflictError(
                f"A device {device.name} was exported already: take it away first "
                "(`baluardo edge remove-device`), or choose another name. Nothing was changed."
            )
        shared = set(other.addresses) & set(device.addresses)
        if shared:
            raise ConflictError(
                f"{min(map(str, shared))} is the address of {other.name}. Nothing was changed."
            )
        if other.public_key == device.public_key:
            raise ConflictError(f"{other.name} has the key of {device.name}: each has its own.")


class ExportedDevices:
    """The devices of one edge's directory."""

    def __init__(self, edge: Path) -> None:
        """Name an edge's directory; nothing is made before a device is exported."""
        self.directory = edge / FOLDER
        self._file = self.directory / "devices.json"

    def stamp(self) -> tuple[int, int, int] | None:
        """Return what changes whenever the file does; None while there is none. OSError."""
        try:
            status = self._file.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    @property
    def is_readable(self) -> bool:
        """Whether this user may look: others than the edge's own and root may not."""
        try:
            return not self._file.exists() or os.access(self._file, os.R_OK)
        except OSError:
            return False

    def read(self) -> tuple[ExportedDevice, ...]:
        """Return all devices, the oldest first; SourceError if the file was damaged."""
        if not self._file.exists():
            return ()
        octets = read_file(self._file, LARGEST_FILE, _WHAT)
        try:
            return read_devices(octets)
        except (InvalidInputError, ConflictError) as problem:
            raise SourceError(
                f"{printable(str(self._file))} was damaged: {problem} No device is let in. Put a "
                "saved copy back, or delete it and export the devices anew."
            ) from None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other programs from changing anything while inside; TargetError if one does.

        TargetError for any other user than the one that the edge runs as: its files would be
        closed to the edge.
        """
        edge = self.directory.parent
        owner = edge.stat().st_uid
        if owner != os.geteuid():
            raise TargetError(
                f"{printable(str(edge))} is of user {owner}: do this as that user (sudo -u "
                f"'#{owner}')."
            )
        make_directory(self.directory)
        busy = "Devices are being changed here already: try again."
        hold = hold_alone(self.directory / "devices.lock", busy)
        try:
            yield
        finally:
            hold.release()

    def add(self, device: ExportedDevice) -> None:
        """Add one, while held; it is on the disk when this returns. ConflictError if it cannot."""
        devices = self.read()
        check_room(devices)
        check_apart(device, devices)
        self._write((*devices, device))

    def remove(self, name: str) -> ExportedDevice:
        """Remove one, while held, and return it; on the disk likewise. ConflictError for none."""
        devices = self.read()
        found = next((each for each in devices if each.name == name), None)
        if found is None:
            raise ConflictError(f"No device {quoted(name)} was exported here.")
        self._write([each for each in devices if each is not found])
        return found

    def _write(self, devices: Sequence[ExportedDevice]) -> None:
        write_durably(self._file, write_devices(devices), mode=OWNER_ALONE)


def check_room(devices: Sequence[ExportedDevice]) -> None:
    """Refuse one device more than a site may have; ConflictError."""
    if len(devices) >= MOST_DEVICES:
        raise ConflictError(
            f"A site has at most {MOST_DEVICES} plain devices: take one away first "
            "(`baluardo edge remove-device`)."
        )


def _address(text: str) -> Address:
    try:
        address = ipaddress.ip_address(text) if len(text) <= LONGEST_ADDRESS else None
    except ValueError:
        address = None
    if address is None or str(address) != text or "%" in text:
        raise InvalidInputError(f"{_WHAT}: {quoted(text)} is no address in its one written form.")
    return address
