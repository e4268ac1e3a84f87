"""How the loop's functions are compiled: without the interpreter's lock, and kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])


def inner(function: _Function) -> _Function:
    """Compile what compiled functions alone call: with no door for Python that takes far less."""
    compiler: Any = njit
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled: _Function = compiler(nogil=True, cache=True, **options)(function)
    return compiled
