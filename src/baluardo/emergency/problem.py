"""Something that is wrong with a warning, told to whoever writes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from baluardo.terms import Bilingual


class Gravity(StrEnum):
    """What a problem does."""

    ERROR = "error"
    """It stops a release."""
    WARNING = "warning"
    """It is shown, and whoever releases has seen it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and what to do about it."""

    code: str
    """Stable, for machines: "area.too-large"."""
    gravity: Gravity
    text: Bilingual
    field: str = ""
    """Which field of the draft or element of the alert, such as "infos[0].headline"."""
    language: str = ""
    """Of the text, where it is about one."""
