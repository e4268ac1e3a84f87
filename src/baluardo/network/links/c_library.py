"""libc for calls from Python, where the standard library has none."""

from __future__ import annotations

import ctypes
import os

from baluardo.errors import LinkError


def call(name: str, *arguments: object, otherwise: str) -> None:
    """Call a function of libc that returns 0 when it has done what it says.

    LinkError: the sentence `otherwise`, with the function's name and the kernel's reason.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise LinkError(f"{otherwise} ({name}: {reason}).")
