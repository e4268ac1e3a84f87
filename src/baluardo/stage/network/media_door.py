"""UDP ports of this machine, handed to a site's edge that is in a namespace without browsers.

The person's browser sends to loopback, and a site's namespace has another one. A socket stays where
it was made, so it is made here, in the process that serves the pages, and handed over. That needs
no right: it works in a user namespace, from which nobody may enter this machine's own network.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path
from typing import Final

from baluardo.calls.relay.sockets import open_port
from baluardo.edge.calls.near_ports import HANDED
from baluardo.edge.media_settings import LOOPBACK
from baluardo.errors import BaluardoError, StageError
from baluardo.foreign_input import printable

OWNER_ALONE: Final = 0o600
AGAIN_SECONDS: Final = 0.5
_BACKLOG: Final = 64

logger = logging.getLogger(__name__)


class MediaDoor:
    """Gives one port to each connection, from `start` to `close`."""

    def __init__(self, path: Path) -> None:
        """Take where to be asked: a directory that nobody else may enter."""
        self._path = path
        self._listener: socket.socket | None = None
        self._pause: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Listen; StageError if that cannot be."""
        if self._listener is not None:
            return
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
        try:
            self._path.unlink(missing_ok=True)
            listener.bind(str(self._path))
            self._path.chmod(OWNER_ALONE)
            listener.listen(_BACKLOG)
        except OSError as problem:
            listener.close()
            raise StageError(
                f"The socket {printable(str(self._path))} cannot be opened: "
                f"{problem.strerror or problem}."
            ) from None
        listener.setblocking(False)
        self._listener = listener
        self._listen()

    def close(self) -> None:
        """Hand out no more; those that were handed out are whose they are."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
            self._path.unlink(missing_ok=True)

    def _listen(self) -> None:
        self._pause = None
        if self._listener is not None:
            asyncio.get_running_loop().add_reader(self._listener, self._serve, self._listener)

    def _serve(self, listener: socket.socket) -> None:
        """Answer who asks in one step: what waits for a connection can be cancelled with it."""
        loop = asyncio.get_running_loop()
        try:
            connection, _ = listener.accept()
            with connection, open_port(LOOPBACK) as port:
                connection.setblocking(False)
                socket.send_fds(connection, [HANDED], [port.fileno()])
        except BlockingIOError:  # who asked is gone again
            return
        except (BaluardoError, OSError) as problem:  # who asked sees the connection end
            logger.warning("No port could be handed out: %s", problem)
            loop.remove_reader(listener)
            self._pause = loop.call_later(AGAIN_SECONDS, self._listen)
