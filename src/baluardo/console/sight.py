"""Who may be shown which platform: asked of whoever knows, for every question anew."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request

from baluardo.scenario.nation import Nation, Site

Sight = Callable[[Request], Callable[[str], bool]]
"""Tells of a request which platforms it may be shown, by their names."""


def everything(_: Request) -> Callable[[str], bool]:
    """Show everybody everything: where there is no authority there is nobody to ask."""
    return lambda _: True


def sites_seen(nation: Nation, sight: Sight, request: Request) -> list[Site]:
    """Return the sites that a request may be shown: those that move are platforms."""
    may_see = sight(request)
    return [site for site in nation.sites if site.track is None or may_see(site.id)]
