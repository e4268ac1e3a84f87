"""Warnings in the demonstration state: exercises and tests alone, on the beams of the twin."""

from __future__ import annotations

from dataclasses import replace

from baluardo.authority.context import Authority
from baluardo.console.part import ConsolePart
from baluardo.emergency.channels import Channel
from baluardo.stage.emergency.operator import TwinOperator
from baluardo.twin.live import LiveSky

SHOWN = frozenset({Channel.EXERCISE, Channel.TEST})
"""A demonstration holds no key of a real channel, whoever asks."""


def twin_warnings(authority: Authority, live: LiveSky) -> ConsolePart:
    """Give an authority the twin's beams, and return the part that plays them."""
    desk = authority.warnings
    operator = TwinOperator(
        lambda: live.sky, live.sky_time, lambda: desk.atlas, SHOWN, clock=authority.clock
    )
    operator.admit(authority.community, desk.keys.of, authority.store.issuing.verifier)
    desk.settings = replace(desk.settings, channels=SHOWN, sites=SHOWN)
    desk.carriers[operator.name] = operator
    desk.sky = operator
    return ConsolePart(name="warnings", lifespan=operator.running)
