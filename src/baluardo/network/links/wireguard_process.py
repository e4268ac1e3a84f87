"""WireGuard in user space, where the kernel has none: one process for each interface."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final

from baluardo.errors import LinkError
from baluardo.foreign_input import printable
from baluardo.network.links.c_library import call
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.real_time import children_in_real_time

STARTING_SECONDS: Final = 10.0
CONTROL_DIRECTORY: Final = Path("/var/run/wireguard")
"""Compiled into wireguard-go and wg; one for all namespaces of a machine."""

NICENESS: Final = -10
"""Packets wait for nobody who computes. Where real time is not permitted, or not wanted: who floods
what strangers reach must not take the whole machine; less where this is not permitted either."""

_PACKAGES: Final = {"nice": "coreutils", "nsenter": "util-linux", "setpriv": "util-linux"}
"""Of the programs that wireguard-go is started through: each would be found missing by the one
before it alone, under the name of wireguard-go."""

_CAP_NET_ADMIN: Final = 12
_CLONE_NEWNS: Final = 0x0002_0000
_MS_REC: Final = 0x4000
_MS_SLAVE: Final = 0x8_0000
_REFUSED: Final = (
    "The root helper cannot have mounts of its own; run it as root, or in `unshare -Urnm` where "
    "the system allows it"
)


def make_own_control_directory() -> None:
    """Give this process, and its children, a control directory that nobody else sees.

    Otherwise two helpers of one machine could not both have a `wg0`, and a user who is root in a
    user namespace could not write there at all. LinkError where mounting is not permitted.
    """
    call("unshare", _CLONE_NEWNS, otherwise=_REFUSED)
    call("mount", b"none", b"/", None, _MS_REC | _MS_SLAVE, None, otherwise=_REFUSED)
    directory = CONTROL_DIRECTORY.resolve()
    try:
        directory.mkdir(exist_ok=True)
    except OSError:  # only real root writes there; what else is in /run is not needed here
        _mount_over(directory.parent)
        directory.mkdir()
    else:
        _mount_over(directory)


def start_wireguard_go(
    namespace: Namespace, name: str, *, real_time: bool = False
) -> subprocess.Popen[bytes]:
    """Start wireguard-go; it dies with this process, whatever ends this one.

    It reads what strangers send, so that of root's rights it keeps the one that TUN devices need.
    `real_time`, where that is permitted: for one that strangers do not reach.

    Not in a thread of its own: the kernel ends a child when the thread that made it ends.
    LinkError where it, or what it is started through, is not installed, or it does not start.
    """
    for program, package in _PACKAGES.items():
        if shutil.which(program) is None:
            raise LinkError(f"The program {program} is not installed ({package}).")
    control = CONTROL_DIRECTORY / f"{name}.sock"
    control.unlink(missing_ok=True)
    try:
        with contextlib.ExitStack() as stack:
            is_first = real_time and stack.enter_context(children_in_real_time())
            before_others = () if is_first else ("nice", "-n", str(NICENESS))
            process = subprocess.Popen(  # noqa: S603 - programs and arguments are ours
                [
                    *(*before_others, "nsenter", f"--net={namespace.path}"),
                    *("setpriv", "--pdeathsig", "KILL", "--no-new-privs"),
                    *("--inh-caps", "-all", "--bounding-set", "-all,+net_admin"),
                    *("wireguard-go", "--foreground", name),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, "WG_PROCESS_FOREGROUND": "1", "LOG_LEVEL": "error"},
            )
    except OSError as problem:
        raise LinkError(f"wireguard-go cannot be started: {problem.strerror}.") from None
    words: deque[bytes] = deque(maxlen=1)
    reader = threading.Thread(target=_drain, args=(process, words), daemon=True)
    reader.start()
    deadline = time.monotonic() + STARTING_SECONDS
    while not is_listening(control):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            reader.join(1.0)
            said = words[0].decode(errors="replace").strip() if words else "it says nothing"
            raise LinkError(
                "The kernel knows no WireGuard, and wireguard-go does not start: "
                f"{printable(said)}. Install wireguard-go, or a kernel with WireGuard."
            )
        time.sleep(0.005)
    if _rights(process) - {_CAP_NET_ADMIN}:
        process.kill()
        process.wait()
        raise LinkError(
            "wireguard-go would keep rights of root that it must not have. Give the root helper "
            "CAP_SETPCAP, by which it takes them away."
        )
    return process


def is_listening(control: Path) -> bool:
    """Tell whether commands are taken: `wg` removes a socket that does not listen yet."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        try:
            knock.connect(str(control))
        except OSError:
            return False
    return True


def _rights(process: subprocess.Popen[bytes]) -> set[int]:
    """Return the numbers of its effective capabilities; none if it has ended."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    except OSError:
        return set()
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    return {number for number in range(64) if effective >> number & 1}


def is_running(process: subprocess.Popen[bytes]) -> bool:
    """Return whether a process of many threads lives; one that is being taken apart does not.

    Its parent can wait for it only after the last thread, and after its devices are gone.
    """
    if process.poll() is not None:
        return False
    try:
        status = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def _drain(process: subprocess.Popen[bytes], words: deque[bytes]) -> None:
    """Keep the latest line of what a program says, and the rest from filling its pipe."""
    if process.stdout is not None:
        with process.stdout:
            words.extend(process.stdout)


def _mount_over(directory: Path) -> None:
    options = (b"tmpfs", 0, b"mode=0700,size=1m")
    call("mount", b"none", bytes(directory), *options, otherwise=_REFUSED)
