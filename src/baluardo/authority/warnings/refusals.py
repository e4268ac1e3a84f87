"""What was refused at the doors of warnings is in the log: a forgery is news, not only an error."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from baluardo.authority.context import Authority
from baluardo.errors import BaluardoError, StoreError

MOST_A_MINUTE: Final = 30
"""Refusals that are logged: beyond it the log could be filled by whoever wants."""
_MINUTE: Final = 60.0


@contextlib.asynccontextmanager
async def logged_refusals(authority: Authority, what: str, by: str) -> AsyncIterator[None]:
    """Log what is refused within, and refuse it all the same."""
    try:
        yield
    except StoreError:
        raise
    except BaluardoError as problem:
        await log_refusal(authority, what, by, str(problem))
        raise


async def log_refusal(authority: Authority, what: str, by: str, why: str) -> None:
    """Write one refusal to the audit log, unless there were too many in this minute."""
    now = authority.clock()
    recent = authority.warnings.refused
    while recent and not now - _MINUTE < recent[0] <= now:
        recent.popleft()
    if len(recent) >= MOST_A_MINUTE:
        return
    recent.append(now)
    facts = {"what": what, "why": why[:300]}
    with contextlib.suppress(StoreError):
        await authority.store.act(lambda t: t.log("warning.refused", facts, by=by))
