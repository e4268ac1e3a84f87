"""`python -m baluardo.network.wire`: the wire's process, as `control.WireProcess` starts it."""

from __future__ import annotations

import argparse
import contextlib
import signal
import socket
import sys

from baluardo.errors import BaluardoError
from baluardo.network.wire.process import WireServer


def main() -> int:
    """Serve until the parent is gone."""
    parser = argparse.ArgumentParser(
        prog="python -m baluardo.network.wire",
        description="Move packets between ports as told over a socket; started by its parent.",
    )
    parser.add_argument("control", type=int, help="descriptor of a connected SOCK_SEQPACKET socket")
    parser.add_argument("--posix-offset", type=float, required=True, metavar="SECONDS")
    parser.add_argument("--mtu", type=int, default=1_500)
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to answer; it ends us
    with socket.socket(fileno=arguments.control) as control:
        try:
            server = WireServer(control, arguments.posix_offset, arguments.mtu)
        except BaluardoError as problem:
            sys.stderr.write(f"{problem}\n")
            return 1
        try:
            with contextlib.suppress(ConnectionError):  # the parent went in the middle of a word
                server.serve()
        finally:
            server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
