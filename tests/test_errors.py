"""The exception tree is drawn once, and the drawing is complete."""

from __future__ import annotations

import inspect
import re
from itertools import pairwise

from baluardo import errors

LINE = re.compile(r"^    (?P<branch>[│├└─ ]*)(?P<name>\w+Error)\s+\S")


def drawn() -> dict[str, str]:
    """Name of each class in the drawing, with its parent's."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := LINE.match(line):
            depth, name = len(match["branch"]), match["name"]
            above = [(d, n) for d, n in above if d < depth]
            parents[name] = above[-1][1] if above else ""
            above.append((depth, name))
    return parents


def existing() -> dict[str, type[BaseException]]:
    return {
        name: value
        for name, value in vars(errors).items()
        if inspect.isclass(value) and value.__module__ == errors.__name__
    }


def test_the_tree_that_is_drawn_is_the_tree_that_stands() -> None:
    standing = {
        name: "" if name == "BaluardoError" else kind.__bases__[0].__name__
        for name, kind in existing().items()
    }
    assert drawn() == standing
    assert all(issubclass(kind, errors.BaluardoError) for kind in existing().values())


def test_the_drawing_is_in_the_order_of_the_file() -> None:
    assert list(drawn()) == list(existing())


def test_branches_are_drawn_to_their_ends() -> None:
    """The last child of each parent, and no other, has the corner."""
    rows = [m for line in (errors.__doc__ or "").splitlines() if (m := LINE.match(line))]
    by_parent: dict[str, list[str]] = {}
    parents = drawn()
    for row in rows[1:]:
        by_parent.setdefault(parents[row["name"]], []).append(row["branch"])
    for branches in by_parent.values():
        assert branches[-1].endswith("└── ")
        assert all(branch.endswith("├── ") for branch in branches[:-1])
    assert all(len(b["branch"]) - len(a["branch"]) <= 4 for a, b in pairwise(rows))


def test_every_class_says_what_it_means() -> None:
    for name, kind in existing().items():
        assert kind.__doc__, name
        assert kind.__doc__ != kind.__bases__[0].__doc__, name
