"""Addresses of pages as the authority hands them out."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

LONGEST_ADDRESS: Final = 200

_WRITTEN = re.compile(r"https?://[a-z0-9.\[\]:-]+\Z", re.ASCII)

_HOST_PORT = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})\Z", re.ASCII)


def check_address(field: str, address: str) -> None:
    """Refuse what is no address of pages: `https://SITE.DOMAIN`, with a port or not, no path.

    Plain http is for the machine itself alone, where nobody stands between.
    """
    if len(address) > LONGEST_ADDRESS or not _WRITTEN.match(address):
        raise _refused(field, address)
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port  # raises where the port is no number
    except ValueError:
        raise _refused(field, address) from None
    if not host or (parts.scheme == "http" and not _is_this_machine(host)):
        raise _refused(field, address)


def host_port(address: str) -> tuple[str, int]:
    """Take HOST:PORT apart; InvalidInputError if it is none."""
    found = _HOST_PORT.match(address)
    if found is None or not 0 < int(found[2]) <= 65_535:
        raise InvalidInputError(f"{quoted(address)} is no address: HOST:PORT.")
    return found[1].strip("[]"), int(found[2])


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761 section 6.3
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(field: str, address: str) -> InvalidInputError:
    return InvalidInputError(
        f"{field} {quoted(address)}: https://NAME or https://NAME:PORT in small letters, without "
        "a path (plain http for this machine alone)."
    )
