"""Something that is wrong with a warning, told to whoever writes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

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

    @classmethod
    def error(cls, code: str, italian: str, english: str, field: str, language: str = "") -> Self:
        """Return one that stops a release."""
        return cls(code, Gravity.ERROR, Bilingual(it=italian, en=english), field, language)

    @classmethod
    def warning(cls, code: str, italian: str, english: str, field: str, language: str = "") -> Self:
        """Return one that is shown."""
        return cls(code, Gravity.WARNING, Bilingual(it=italian, en=english), field, language)
