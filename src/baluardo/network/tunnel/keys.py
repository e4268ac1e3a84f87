"""The private WireGuard keys of this edge: made once, kept in files of its own.

One for each lane, and one for plain devices.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from baluardo.durable_files import OWNER_ALONE, make_directory, write_durably
from baluardo.errors import CustodyError, InvalidInputError, SourceError
from baluardo.foreign_input import printable, read_file
from baluardo.network.tunnel.derivation import MOST_LANES
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import KEY_CHARACTERS, WireGuardKey

_LARGEST_FILE: Final = KEY_CHARACTERS + 1


def open_lane_keys(directory: Path, lanes: int) -> tuple[WireGuardKey, ...]:
    """Return the key of each lane from a directory, made and durably kept where there is none yet.

    CustodyError if a file holds no key or others may read it; SourceError, TargetError for the
    disk. A key that cannot be read is never replaced: it stands on the card that others have.
    """
    if not 1 <= lanes <= MOST_LANES:
        raise InvalidInputError(f"lanes {lanes}: from 1 to {MOST_LANES}.")
    make_directory(directory)
    return tuple(_open(directory / f"lane{lane}.key") for lane in range(lanes))


def open_devices_key(directory: Path) -> WireGuardKey:
    """Return the key of the site's end for plain devices, kept as those of lanes; errors likewise.

    It is no lane's: what stands in a file for a device must not be what other sites trust.
    """
    make_directory(directory)
    return _open(directory / "devices.key")


def _open(path: Path) -> WireGuardKey:
    if not path.is_symlink() and not path.exists():
        key = WireGuardKey.generate()
        write_durably(path, key.private_text().reveal() + b"\n", mode=OWNER_ALONE, replace=False)
        return key
    try:
        mode = path.lstat().st_mode
    except OSError as problem:
        raise SourceError(f"{printable(str(path))} cannot be read: {problem.strerror}.") from None
    if not stat.S_ISREG(mode) or mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CustodyError(
            f"{printable(str(path))} is not used: others than its owner may read it, or it is no "
            "file. Delete it if its key may have been copied; this edge then makes a new one."
        )
    octets = read_file(path, _LARGEST_FILE, "The WireGuard key")
    try:
        return WireGuardKey.of_private(Secret(octets.removesuffix(b"\n")))
    except InvalidInputError:
        raise CustodyError(
            f"{printable(str(path))} holds no private key of WireGuard. It was left as it is; "
            "bring it back from a copy, or delete it and this edge makes a new one."
        ) from None
