"""Times of signalling: two that RFC 3261 gives, and those that are our choice, all in seconds."""

from __future__ import annotations

from typing import Final

# RFC 3261 section 17.1.1.1 and table 4.
FIRST_REPEAT: Final = 0.5
"""T1: after which what was not acknowledged is said again; doubled after each time."""
LONGEST_REPEAT: Final = 4.0
"""T2."""

# Our choice.
ALIVE_AFTER: Final = 10.0
"""Silence of ours after which we say that we are there: the answer, or none, tells of the other."""
GIVE_UP: Final = 30.0
"""How long the other end may leave something unacknowledged: two slots without any path."""
RING: Final = 60.0
"""How long a call may ring."""
LINGER: Final = 40.0
"""How long an ended call is remembered: longer than the other end goes on asking."""
