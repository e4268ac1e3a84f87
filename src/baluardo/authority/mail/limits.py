"""How much, how many, how long: the post office's own choices."""

from __future__ import annotations

from typing import Final

KEPT_SECONDS: Final = 30 * 86_400.0
"""An item that nobody has taken by then leaves, by the authority's trusted time."""
MOST_ITEMS: Final = 2_000
MOST_OCTETS: Final = 32 << 20
"""In one mailbox. One person's devices together hold at most half of either: nobody shuts a
mailbox to everybody else alone. In all mailboxes of one person they hold as much as one takes."""
MOST_ITEMS_OF_ONE: Final = 50_000
MOST_OCTETS_OF_ONE: Final = 512 << 20
"""Of one person's devices in all mailboxes together: in octets what 32 mailboxes take of them."""
MOST_CONVERSATIONS: Final = 5_000
"""Of one person."""
EPOCHS_KEPT: Final = 32
"""Of which a group's notices are kept, so that a commit that is sent again gets the same one."""

SENDS: Final = (10, 1.0)
ORDERS: Final = (5, 10.0)
"""Commits and new groups."""
CLAIMS: Final = (16, 10.0)
"""Key packages of others: nobody is to use up another's one-time packages."""
CLAIMS_OF_ONE: Final = (4, 3_600.0)
"""One-time packages of one device to one person's devices; after them the last resort is given."""
PUBLICATIONS: Final = (8, 10.0)
WORDS: Final = (120, 0.25)
"""Signatures that are verified, genuine or not."""
LOOKS: Final = (240, 0.25)
"""Everything else. Of each: so many at once, and the seconds until there is one more, per device.
"""
