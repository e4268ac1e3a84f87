"""The three channels a warning can travel on, which nothing may confuse."""

from __future__ import annotations

from enum import StrEnum

from baluardo.emergency.cap.alert import Status


class Channel(StrEnum):
    """Whom a warning is for; each has message identifiers, a key and a colour of its own."""

    PUBLIC = "public"
    """The population: the only real one."""
    EXERCISE = "exercise"
    """Who takes part in an announced exercise."""
    TEST = "test"
    """Engineers and phones set to receive tests."""

    @property
    def status(self) -> Status:
        """The only status that a CAP alert on this channel may have."""
        return _STATUS[self]


_STATUS = {
    Channel.PUBLIC: Status.ACTUAL,
    Channel.EXERCISE: Status.EXERCISE,
    Channel.TEST: Status.TEST,
}
