"""What browsers are shown of people: everybody at first, then what has changed. A pure core.

One list of changes serves all browsers, so what is kept does not grow with them. Who is too far
behind is shown everybody anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from baluardo.edge.calls.browser_frames import people_frame, person_entry

MOST_CHANGES: Final = 64
"""Frames kept for browsers that lag behind."""


class ShownPeople:
    """Frames for browsers. They are told in the order of their numbers."""

    def __init__(self, people: Iterable[dict[str, object]]) -> None:
        """Begin with everybody, as `People.view` has them."""
        self.number = 0
        """Of the last change."""
        self._entries = {str(each["person"]): person_entry(each) for each in people}
        self._everybody: str | None = None
        self._changes: deque[str] = deque(maxlen=MOST_CHANGES)

    def change(self, changed: Mapping[str, dict[str, object] | None]) -> None:
        """Take what is different, by person; None for who is known no more."""
        written = {
            person: person_entry(entry) for person, entry in changed.items() if entry is not None
        }
        left = [person for person in changed if person not in written]
        self._entries.update(written)
        for person in left:
            self._entries.pop(person, None)
        self._changes.append(people_frame(written.values(), left))
        self._everybody = None
        self.number += 1

    def after(self, number: int | None) -> tuple[str, int]:
        """Return the frame for who was told up to a number, None for nothing; and its own number.

        What was told must be less than all there is.
        """
        if number is None or self.number - number > len(self._changes):
            return self._whole(), self.number
        return self._changes[number - self.number], number + 1

    def _whole(self) -> str:
        if self._everybody is None:
            self._everybody = people_frame(self._entries[each] for each in sorted(self._entries))
        return self._everybody
