"""Work over many slots or places, shared by processes: the one place that knows Dask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

from baluardo.errors import InvalidInputError

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_WORKERS = 256
"""A guard against a mistyped number; our choice."""


def spread(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int = 1
) -> list[Result]:
    """Return `function` of each item, in the order of the items, worked out by so many processes.

    The function stands in a module and depends on its item alone, so that the number of workers
    changes nothing but the time. With one worker, or one item, no process is started. What Numba
    has compiled it keeps on disk: workers read it, they do not compile again. InvalidInputError
    for a number of workers that is not 1 to 256; what the function raises comes through.
    """
    if not 1 <= workers <= MOST_WORKERS:
        raise InvalidInputError(f"workers {workers} is not between 1 and {MOST_WORKERS}.")
    if workers == 1 or len(items) < 2:
        return [function(item) for item in items]
    # Half a second to import, for those alone who want several processes.
    from dask.base import compute  # noqa: PLC0415
    from dask.delayed import delayed  # noqa: PLC0415

    tasks = [
        delayed(function, pure=False)(delayed(item, pure=False, traverse=False)) for item in items
    ]
    count = min(workers, len(items))
    # In chunks of six, as Dask would send them, all runs of one call may go to one process.
    done = compute(  # type: ignore[no-untyped-call]
        *tasks, scheduler="processes", num_workers=count, chunksize=1
    )
    return list(done)


def shares(items: Sequence[Item], workers: int) -> list[Sequence[Item]]:
    """Cut items into as many runs as there are workers, of nearly one length, none empty."""
    if workers < 1:
        raise InvalidInputError(f"workers {workers} is not at least 1.")
    count = min(workers, len(items))
    bounds = [len(items) * k // count for k in range(count + 1)] if count else [0]
    return [items[a:b] for a, b in pairwise(bounds)]
