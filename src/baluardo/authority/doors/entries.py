"""Names, languages and numbers as doors take them: bounded here, judged by `acts.profile`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from baluardo.authority.acts.profile import (
    LONGEST_NAME,
    MOST_LANGUAGES,
    MOST_NUMBERS,
    Number,
)
from baluardo.authority.doors.door import Body


class NumberEntry(Body):
    """One number; `visible` is what a page was told of it, and goes back unread."""

    kind: Annotated[str, Field(max_length=32)]
    number: Annotated[str, Field(max_length=40)]
    visible: bool | Annotated[str, Field(max_length=200)] | None = None


DisplayName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Languages = Annotated[list[Annotated[str, Field(max_length=16)]], Field(max_length=MOST_LANGUAGES)]
Numbers = Annotated[list[NumberEntry], Field(max_length=MOST_NUMBERS)]


def numbers_of(entries: list[NumberEntry]) -> tuple[Number, ...]:
    """Return numbers that can be dialled; InvalidInputError names the one that cannot."""
    return tuple(Number(each.kind, each.number) for each in entries)
