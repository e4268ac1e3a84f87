"""Two people dial each other at once: which of the two calls stands, by one rule at both ends.

An emergency call stands before another, then the higher precedence, then the smaller id. Both edges
know all of that of both calls, so they choose alike without a word. Only calls that nobody has
answered meet so: the ids are random, and neither side can be said to have been first.
"""

from __future__ import annotations

from baluardo.calls.bodies import Dial


def stands(one: tuple[str, Dial], other: tuple[str, Dial]) -> str:
    """Return the id of the call that stands, of two given by id and dialling."""
    return min((_order(call, dial), call) for call, dial in (one, other))[1]


def _order(call: str, dial: Dial) -> tuple[bool, int, str]:
    return (not dial.emergency, -dial.precedence, call)
