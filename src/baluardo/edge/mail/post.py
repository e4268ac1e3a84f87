"""What lies in a device's mailbox, on its way to its browser. Pure.

An edge looks at numbers alone; what is in an item is the browser's to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from baluardo.edge.calls.browser_frames import post_frame
from baluardo.errors import InvalidInputError
from baluardo.protocol.mail_fields import MOST_ITEMS
from baluardo.protocol.message_fields import whole
from baluardo.trust.strict_json import JsonObject, rewrite_json

BACK: Final = post_frame((), more=False)
"""Post of nothing: the authority can be asked again."""
LARGEST_POST: Final = 256 << 10
"""Octets of items brought at once, unless one alone is larger: calls of the same browser wait."""


@dataclass(frozen=True, slots=True)
class Post:
    """Items that are brought at once."""

    frame: str
    """Empty if there are none."""
    last: int
    """Number of the last one; 0 if there is none."""
    more: bool
    """Whether others wait beyond them."""


def post_of(answer: Mapping[str, object]) -> Post:
    """Return what of an answer to `Collect` is brought at once: the oldest, within bounds.

    InvalidInputError if it is no such answer.
    """
    fields = JsonObject(dict(answer), "What was collected")
    items = fields.items("items", MOST_ITEMS)
    texts: list[str] = []
    last = octets = 0
    for each in items:
        item = JsonObject.of(each, "An item")
        number = whole(item, "number")
        if number <= last:
            raise InvalidInputError("Numbers of items rise from 1.")
        text = rewrite_json(item.fields).decode()
        octets += len(text)
        if texts and octets > LARGEST_POST:
            break
        texts.append(text)
        last = number
    if not texts:
        return Post("", 0, more=False)
    more = fields.fields.get("more") is True or len(texts) < len(items)
    return Post(post_frame(texts, more=more), last, more)
