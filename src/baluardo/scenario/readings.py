"""What several files of a scenario say in the same words: landing rules, obstructions, names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from baluardo.errors import InvalidInputError, ScenarioError
from baluardo.foreign_input import quoted
from baluardo.scenario.table import Table
from baluardo.terms import Bilingual, Obstruction
from baluardo.twin.sky.landing import LandingRule, Lasers, default_ground

T = TypeVar("T")


def read_obstruction(table: Table) -> Obstruction:
    """Read what hides part of the sky; ScenarioError for what is wrong in it."""
    start, end = table.number("from_azimuth_deg"), table.number("to_azimuth_deg")
    elevation = table.number("elevation_deg")
    table.done()
    return possible(table, lambda: Obstruction(start, end, elevation))


def beside(table: Table, key: str, directory: Path | None) -> Path:
    """Return the path of a file that a scenario names; ScenarioError unless it lies beside it."""
    name = table.text(key)
    if directory is None or Path(name).name != name or name.startswith("."):
        table.refuse(key, f"{quoted(name)} is no name of a file beside this one")
    return directory / name


def read_name(table: Table) -> Bilingual:
    """Read a name in the languages of the console; ScenarioError for what is wrong in it."""
    name = Bilingual(it=table.text("it"), en=table.text("en"))
    table.done()
    return name


def read_rule(table: Table) -> LandingRule:
    """Read where traffic may land; ScenarioError for what is wrong in it."""
    gateways = table.texts("gateways") if table.has("gateways") else None
    countries = table.texts("not_in_countries", ())
    try:
        lasers = Lasers(table.text("lasers", Lasers.ANY.value))
    except ValueError:
        table.refuse("lasers", f"must be one of {', '.join(Lasers)}")
    table.done()
    return possible(table, lambda: default_ground().rule(gateways, countries, lasers))


def possible(table: Table, make: Callable[[], T]) -> T:
    """Build a value, and name the table's place where the value is impossible."""
    try:
        return make()
    except ScenarioError:
        raise  # it names its place already
    except InvalidInputError as error:
        raise ScenarioError(f"{table.where}: {error}") from None
