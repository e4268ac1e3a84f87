"""Times of WireGuard, which its protocol fixes, and those of key rounds, which are our choice."""

from __future__ import annotations

from typing import Final

# Of the protocol (WireGuard white paper of 2020-06-01, section 6.1), in seconds.
REKEY_AFTER_TIME: Final = 120.0
"""Age at which the end that began a session makes a handshake, when it has something to send."""
REJECT_AFTER_TIME: Final = 180.0
"""Age after which a session carries nothing."""
REKEY_TIMEOUT: Final = 5.0
"""After which a handshake without an answer is begun again."""
KEEPALIVE_TIMEOUT: Final = 10.0

# Our choice, in seconds.
ROUND_FROM: Final = 60.0
ROUND_UNTIL: Final = 90.0
"""Age of the last handshake at which a round is due, spread so that tunnels do not move in step:
after most packets of the last handshake, and 30 s and more before the next one."""
OVERDUE: Final = REKEY_AFTER_TIME + 3 * REKEY_TIMEOUT
"""Age at which a tunnel with traffic should have made its handshake: the keys may differ."""
ALARM: Final = 150.0
AWAKE: Final = 3 * REKEY_TIMEOUT
"""How long traffic may go on after a rest without a handshake: WireGuard tries three times."""
TRAFFIC_SECONDS: Final = 30.0
"""How long after its last octets a tunnel counts as in use."""
RESPONDER_WAITS: Final = 5.0
"""After which the responder asks for what the initiator should have begun."""
RESPONDER_WAKES: Final = 1.0
"""The same for the first handshake."""
WAKE_AGAIN: Final = REKEY_TIMEOUT
FULL_SECONDS: Final = 86_400.0
FIRST_WAIT: Final = 0.5
"""The first repetition of a round that failed; doubled after each further one."""
LONGEST_WAIT: Final = 8.0
"""With traffic, or with traffic that waits: ten attempts before the session in use ends."""
LONGEST_IDLE_WAIT: Final = 60.0

TRAFFIC_OCTETS: Final = 320
"""More than a handshake and its keepalives (148 + 92 + 32) both ways: those are no traffic."""
