"""What a site can send by beside the sky: fibre, mobile, a geostationary satellite."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.scenario.table import Table
from baluardo.terms import Direction

SKY: Final = "sky"
"""Name of the bearer that every site has: its dish."""
MOST_BEARERS: Final = 3
"""Beside the sky: a plan has four places."""
MOST_MBPS: Final = 100_000.0
MOST_DELAY_MS: Final = 2_000.0

_NAME = re.compile(r"[a-z][a-z0-9]{0,11}")


class Role(StrEnum):
    """Place of a bearer in a site's plan: the first that works is used."""

    PRIMARY = "primary"
    ALTERNATE = "alternate"
    CONTINGENCY = "contingency"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class GroundBearer:
    """A bearer whose path does not change: up and down as from the site to the exchange."""

    name: str
    role: Role
    up: Direction
    down: Direction

    def __post_init__(self) -> None:
        """Refuse names that no interface can have."""
        if not _NAME.fullmatch(self.name) or self.name == SKY:
            raise InvalidInputError(
                f"name {quoted(self.name)}: a small letter and up to eleven more or digits, and "
                f'not "{SKY}", which is the dish'
            )


def read_bearers(table: Table) -> tuple[Role, tuple[GroundBearer, ...]]:
    """Read a site's bearers: the sky's place in its plan, and those beside it.

    ScenarioError where names or places are taken twice.
    """
    found = tuple(_bearer(each) for each in table.tables("bearers", MOST_BEARERS))
    sky = _role(table, "sky_role", Role.PRIMARY)
    names, roles = [each.name for each in found], [sky, *(each.role for each in found)]
    if len(set(names)) < len(names):
        table.refuse("bearers", "has a name twice")
    if len(set(roles)) < len(roles):
        table.refuse("bearers", "gives one place in the plan to two, the dish among them")
    return sky, found


def _bearer(table: Table) -> GroundBearer:
    name, role = table.text("name"), _role(table, "role", None)
    loss = table.number("loss", 0.0)
    jitter = table.number("jitter_ms", 0.0) / 1_000.0
    delay = table.number("delay_ms")
    if not 0.0 <= delay <= MOST_DELAY_MS:
        table.refuse("delay_ms", f"{delay:g} is not from 0 to {MOST_DELAY_MS:g}")
    rates = [table.number(key) for key in ("up_mbps", "down_mbps")]
    for key, rate in zip(("up_mbps", "down_mbps"), rates, strict=True):
        if not 0.0 < rate <= MOST_MBPS:
            table.refuse(key, f"{rate:g} is not above 0 and at most {MOST_MBPS:g}")
    table.done()
    try:
        up, down = (Direction(delay / 1_000.0, 0.0, jitter, rate * 1e6, loss) for rate in rates)
        return GroundBearer(name, role, up, down)
    except InvalidInputError as problem:
        table.refuse("bearer", f"is impossible: {problem}")


def _role(table: Table, key: str, default: Role | None) -> Role:
    text = table.text(key, None if default is None else default.value)
    try:
        return Role(text)
    except ValueError:
        table.refuse(key, f"must be one of {', '.join(Role)}")
