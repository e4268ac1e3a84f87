"""What a site can send by beside the sky: fibre, mobile, a geostationary satellite."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.network.wire.trace import MOST_OCTETS, Trace
from baluardo.scenario.table import Table
from baluardo.terms import Direction, Role

SKY: Final = "sky"
"""Name of the bearer that every site has: its dish."""
MOST_BEARERS: Final = 3
"""Beside the sky: a plan has four places."""
MOST_MBPS: Final = 100_000.0
MOST_DELAY_MS: Final = 2_000.0

_MEASURED: Final = ("delay_ms", "jitter_ms", "loss")
_NAME = re.compile(r"[a-z][a-z0-9]{0,11}")


@dataclass(frozen=True, slots=True)
class GroundBearer:
    """A bearer whose path does not change, or replays a trace: from the site to the exchange."""

    name: str
    role: Role
    up: Direction
    """With a trace: its rate, and its share of the median round trip."""
    down: Direction
    trace: Trace | None = None
    """What is replayed in place of `up` and `down`."""

    def __post_init__(self) -> None:
        """Refuse names that no interface can have."""
        if not _NAME.fullmatch(self.name) or self.name == SKY:
            raise InvalidInputError(
                f"name {quoted(self.name)}: a small letter and up to eleven more or digits, and "
                f'not "{SKY}", which is the dish'
            )


def read_bearers(
    table: Table, directory: Path | None = None
) -> tuple[Role, tuple[GroundBearer, ...]]:
    """Read a site's bearers: the sky's place in its plan, and those beside it.

    `directory` is where traces are, None where there are no files. ScenarioError where names or
    places are taken twice, or a trace cannot be used.
    """
    found = tuple(_bearer(each, directory) for each in table.tables("bearers", MOST_BEARERS))
    sky = role_of(table, "sky_role", Role.PRIMARY)
    names, roles = [each.name for each in found], [sky, *(each.role for each in found)]
    if len(set(names)) < len(names):
        table.refuse("bearers", "has a name twice")
    if len(set(roles)) < len(roles):
        table.refuse("bearers", "gives one place in the plan to two, the dish among them")
    return sky, found


def _bearer(table: Table, directory: Path | None) -> GroundBearer:
    name, role = table.text("name"), role_of(table, "role", None)
    up_bps, down_bps = _rate(table, "up_mbps"), _rate(table, "down_mbps")
    try:
        if table.has("trace"):
            trace = _trace(table, directory, up_bps, down_bps)
            table.done()
            delay_s = trace.median_rtt_ms / 1_000.0
            up = Direction(trace.up_share * delay_s, 0.0, 0.0, up_bps, 0.0)
            down = Direction((1.0 - trace.up_share) * delay_s, 0.0, 0.0, down_bps, 0.0)
            return GroundBearer(name, role, up, down, trace)
        up, down = _constant(table, up_bps, down_bps)
        table.done()
        return GroundBearer(name, role, up, down)
    except InvalidInputError as problem:
        table.refuse("bearer", f"is impossible: {problem}")


def _constant(table: Table, up_bps: float, down_bps: float) -> tuple[Direction, Direction]:
    loss = table.number("loss", 0.0)
    jitter_s = table.number("jitter_ms", 0.0) / 1_000.0
    delay = table.number("delay_ms")
    if not 0.0 <= delay <= MOST_DELAY_MS:
        table.refuse("delay_ms", f"{delay:g} is not from 0 to {MOST_DELAY_MS:g}")
    delay_s = delay / 1_000.0
    return (
        Direction(delay_s, 0.0, jitter_s, up_bps, loss),
        Direction(delay_s, 0.0, jitter_s, down_bps, loss),
    )


def _trace(table: Table, directory: Path | None, up_bps: float, down_bps: float) -> Trace:
    for key in _MEASURED:
        if table.has(key):
            table.refuse(key, "and a trace exclude each other: the trace tells it")
    name = table.text("trace")
    asked = PurePosixPath(name)
    if asked.is_absolute() or ".." in asked.parts:
        table.refuse(
            "trace", f"{quoted(name)} is not below the scenario's folder; name a file that is"
        )
    if directory is None:
        table.refuse("trace", "is a file beside the scenario's, and this scenario is no file")
    share = table.number("up_share", 0.5)
    try:
        octets = read_file(directory / asked, MOST_OCTETS, "The file")
        shown = printable(name)
        return Trace.read(octets, shown, up_bps=up_bps, down_bps=down_bps, up_share=share)
    except (SourceError, InvalidInputError) as problem:
        table.refuse("trace", f"cannot be replayed: {str(problem).removesuffix('.')}")


def _rate(table: Table, key: str) -> float:
    rate = table.number(key)
    if not 0.0 < rate <= MOST_MBPS:
        table.refuse(key, f"{rate:g} is not above 0 and at most {MOST_MBPS:g}")
    return rate * 1e6


def role_of(table: Table, key: str, default: Role | None) -> Role:
    """Read a bearer's place in a plan; ScenarioError where it is none."""
    text = table.text(key, None if default is None else default.value)
    try:
        return Role(text)
    except ValueError:
        table.refuse(key, f"must be one of {', '.join(Role)}")
