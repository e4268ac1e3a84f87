"""What a part of the product gives the console: routes, pages, a line of status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter
from starlette.types import ASGIApp

from baluardo.console.warnings_in_force import WarningInForce
from baluardo.errors import InvalidInputError

LANGUAGES = ("it", "en")
"""Every text that a page shows exists in each of these."""

Level = Literal["ok", "notice", "warning"]
Text = Mapping[str, str]
"""One sentence in every language of `LANGUAGES`."""


def _require_languages(what: str, text: Text) -> None:
    missing = [language for language in LANGUAGES if not text.get(language)]
    if missing:
        raise InvalidInputError(f"{what} has no text in: {', '.join(missing)}.")


@dataclass(frozen=True, slots=True)
class StatusItem:
    """One line of the status strip that every page shows."""

    id: str
    level: Level
    text: Text

    def __post_init__(self) -> None:
        """Refuse a text that lacks a language."""
        _require_languages(f"status {self.id}", self.text)


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """A page: its address, the built HTML file behind it, and its name in the navigation."""

    path: str
    entry: str
    title: Text

    def __post_init__(self) -> None:
        """Refuse addresses that are no plain path and files that are no plain name."""
        _require_languages(f"page {self.path}", self.title)
        if not self.path.startswith("/") or self.path.startswith(("//", "/api", "/assets")):
            raise InvalidInputError(
                f"page {self.path}: a page's path starts with one slash and lies outside "
                "/api and /assets."
            )
        if "/" in self.entry or not self.entry.endswith(".html"):
            raise InvalidInputError(f"page {self.path}: {self.entry} is not the name of a page.")


@dataclass(frozen=True, slots=True)
class ConsolePart:
    """One part of the product as the console sees it. Everything but the name may be absent."""

    name: str
    router: APIRouter | None = None
    pages: tuple[ConsolePage, ...] = ()
    status: Callable[[], Awaitable[list[StatusItem]]] | None = None
    """Asked each time a page refreshes its status strip; has to answer at once."""
    warnings: Callable[[], Awaitable[list[WarningInForce]]] | None = None
    """Public warnings that hold, the newest first; asked every few seconds by every page."""
    healthy: Callable[[], bool] | None = None
    """False while the part does not do its work; /healthz then answers 503."""
    lifespan: Callable[[], AbstractAsyncContextManager[None]] | None = None
    """Entered when the server starts, left when it stops."""
    wrap: Callable[[ASGIApp], ASGIApp] | None = None
    """Stands between the console's door and everything behind it: who asks, what is counted."""
