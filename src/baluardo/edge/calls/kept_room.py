"""What is kept for urgent calls, of ports that stand ready and of sessions of the relay.

Calls below immediate leave all of it alone, those below flash override the last call's part of it:
whoever rings many devices at once, a hostile site too, does not keep the most urgent from calling.

Of the rest each other site has a share, so that one that dials without end leaves room for others.
"""

from __future__ import annotations

from typing import Final

from baluardo.calls.media_places import Claim
from baluardo.terms import Precedence

CALL_PORTS: Final = 9
"""That a call within a site takes of a kind at once, at most: the caller's, and 8 that ring."""
KEPT_PORTS: Final = 2 * CALL_PORTS
"""One call for immediate and flash, one for flash override; ports are made again in moments."""
KEPT_SHARE: Final = 8
"""One in so many sessions: of 1,024 they are 128, for 14 calls within a site that ring everywhere,
or 128 with other sites. Our choice."""


def kept_sessions(sessions: int) -> int:
    """Return how many of all sessions are kept."""
    return sessions // KEPT_SHARE


def may_take(claim: Claim, held: int, free: int) -> bool:
    """Say whether a call may take one more of what is `free` for its rank.

    Another site that holds `held` of it may have, below immediate, half of what it holds and of
    what is free together: the next one finds half of the rest.
    """
    has_share = claim.site and claim.rank < Precedence.IMMEDIATE
    return free > (held if has_share else 0)


def left_alone(precedence: Precedence, kept: int) -> int:
    """Return how many of what is kept a call may not touch."""
    if precedence >= Precedence.FLASH_OVERRIDE:
        return 0
    return min(CALL_PORTS, kept // 2) if precedence >= Precedence.IMMEDIATE else kept
