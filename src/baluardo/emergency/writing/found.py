"""Problems as the checks of a draft make them, each with a sentence in both languages."""

from __future__ import annotations

from baluardo.emergency.problem import Gravity, Problem
from baluardo.terms import Bilingual


def stops(code: str, italian: str, english: str, field: str, language: str = "") -> Problem:
    """Return a problem that stops a release."""
    return Problem(code, Gravity.ERROR, Bilingual(it=italian, en=english), field, language)


def warns(code: str, italian: str, english: str, field: str, language: str = "") -> Problem:
    """Return a problem that is shown."""
    return Problem(code, Gravity.WARNING, Bilingual(it=italian, en=english), field, language)
