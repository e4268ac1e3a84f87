"""One TCP transfer between hosts of two sites, held against what was sent."""

from __future__ import annotations

import socket
import threading
from typing import Final

from baluardo.errors import StageError
from baluardo.network.links.namespaces import Namespace
from baluardo.trust.randomness import random_octets

SECONDS: Final = 30.0


def transfer(here: Namespace, there: Namespace, address: str, octets: int) -> bool:
    """Send random octets from hosts to others at an address; tell whether the same arrived.

    StageError if they do not connect, or stop.
    """
    sent = random_octets(octets)
    listening = there.inside(lambda: _listening(address))
    arrived: list[bytes] = []

    def take() -> None:
        try:
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(SECONDS)
                found = bytearray()
                while part := connection.recv(65_536):
                    found += part
                arrived.append(bytes(found))
        except OSError:
            return

    taking = threading.Thread(target=take, daemon=True)
    taking.start()
    try:
        with here.inside(lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM)) as out:
            out.settimeout(SECONDS)
            out.connect((address, listening.getsockname()[1]))
            out.sendall(sent)
            out.shutdown(socket.SHUT_WR)
            taking.join(SECONDS)
    except OSError as problem:
        raise StageError(f"TCP to {address} failed: {problem}.") from None
    finally:
        listening.close()
    return arrived == [sent]


def _listening(address: str) -> socket.socket:
    listening = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listening.settimeout(SECONDS)
    listening.bind((address, 0))
    listening.listen(1)
    return listening
