"""What commands print: data to stdout, talk to stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from tqdm import tqdm

T = TypeVar("T")

PROGRESS_AFTER_S = 2.0
"""What ends sooner needs no bar."""


def say(sentence: str) -> None:
    """Write a line of talk to stderr."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def emit(text: str) -> None:
    """Write a line of data to stdout."""
    sys.stdout.write(f"{text}\n")


def emit_json(value: object) -> None:
    """Write one JSON document to stdout; NaN and infinities become null.

    Takes what `json` takes, NumPy arrays and scalars, and sets and tuples.
    """
    emit(json.dumps(jsonable(value), ensure_ascii=False, allow_nan=False, indent=2))


def jsonable(value: Any) -> Any:
    """Return a value as JSON can carry it: arrays as lists, non-finite numbers as None."""
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, str | bool | None):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "tolist"):
        return jsonable(value.tolist())
    if isinstance(value, Iterable):
        return [jsonable(v) for v in value]
    raise TypeError(f"{type(value).__name__} has no form in JSON.")


def table(header: Sequence[str], rows: Iterable[Sequence[object]], right: str = "") -> str:
    """Return a plain text table, columns two spaces apart.

    `right` has one letter a column: "r" where it is flush right (numbers), anything else left;
    missing letters mean left.
    """
    cells = [[str(c) for c in header], *([str(c) for c in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    flush_right = [right[i : i + 1] == "r" for i in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, flush_right, strict=True)
        ).rstrip()
        for row in cells
    )


def progress(items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
    """Hand the items on, with a bar on stderr from the third second on, on a terminal only."""
    yield from progress_bar(label, total, items)


def progress_bar(
    label: str, total: int | None = None, items: Iterable[Any] | None = None
) -> tqdm[Any]:
    """Return the same bar to drive by hand (`update`), as a context manager."""
    return tqdm(
        items,
        total=total,
        desc=label,
        delay=PROGRESS_AFTER_S,
        leave=False,
        file=sys.stderr,
        disable=not sys.stderr.isatty(),
    )
