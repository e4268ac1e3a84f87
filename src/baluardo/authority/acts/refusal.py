"""Refusing with something kept: the act returns why, and it is raised after the commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from baluardo.authority.store.store import Store
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import BaluardoError

T = TypeVar("T")


async def acted(store: Store, do: Callable[[Transaction], T | BaluardoError]) -> T:
    """Do an act, and raise the refusal that it may have returned."""
    done = await store.act(do)
    if isinstance(done, BaluardoError):
        raise done
    return done
