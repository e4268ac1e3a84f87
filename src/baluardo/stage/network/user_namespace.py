"""A person without root may be root of a user namespace of their own, where the system allows it.

Inside, network namespaces and TUN devices can be made; this machine's own network stays the one
that it is, so the console is reached as always. Files belong to the person, as always.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from baluardo.network.links.namespaces import can_make_namespaces

ENTER: Final = ("unshare", "--user", "--map-root-user", "--mount")
ENTERED: Final = "BALUARDO_ENTERED"
"""Set in the environment of the program that was started inside, so that it tries no further."""
SECONDS: Final = 10.0


def enter_if_needed(arguments: Sequence[str]) -> None:
    """Start this program again in a user namespace if only there it can make namespaces.

    Returns where it can already, or nowhere: whoever needs namespaces says what is missing.
    """
    if os.environ.get(ENTERED) or os.geteuid() == 0 or not can_make_namespaces():
        return
    program = shutil.which(ENTER[0])
    if program is None or not _works(program):
        return
    os.environ[ENTERED] = "1"
    sys.stdout.flush()
    inside = [program, *ENTER[1:], sys.executable, "-m", "baluardo", *arguments]
    os.execv(program, inside)  # noqa: S606 - our own program once more


def _works(program: str) -> bool:
    """Tell whether a trial inside can make a namespace and a TUN device."""
    trial = (
        "from baluardo.network.links.namespaces import can_make_namespaces as c; "
        "raise SystemExit(bool(c()))"
    )
    try:
        ended = subprocess.run(  # noqa: S603 - our own program
            [program, *ENTER[1:], sys.executable, "-c", trial],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0
