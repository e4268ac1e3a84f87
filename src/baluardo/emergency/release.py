"""Whether a warning may go out: judged from the signed alert alone, by whoever carries it out.

Every check that stops a release stands here, so that a page that was left out, or an officer in a
hurry, changes nothing. What is only shown to who writes is `writing.checks`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from baluardo.emergency.area.atlas import Atlas
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.broadcast.message import BroadcastMessage, SerialNumber
from baluardo.emergency.broadcast.of_alert import messages_of
from baluardo.emergency.cap.alert import Alert, MessageType, Scope
from baluardo.emergency.cap.rules import problems_of
from baluardo.emergency.channels import Channel
from baluardo.emergency.problem import Gravity
from baluardo.emergency.profile.profile import Profile
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

LONGEST_LIFE: Final = 86_400.0
"""Seconds between sent and expires: a warning that holds longer is given anew. Our choice."""
STALE_AFTER: Final = 3_600.0
"""Seconds: an alert that was written longer ago says what is no longer so."""
AHEAD: Final = 300.0
"""Seconds by which an alert's `sent` may lie ahead of this clock."""


@dataclass(frozen=True, eq=False, slots=True)
class Releasable:
    """An alert that may go out as far as it tells itself."""

    alert: Alert
    channel: Channel
    level: str
    warned: WarnedArea
    expires: float
    """POSIX seconds, the latest of its texts."""

    def messages(self, serial: SerialNumber, profile: Profile) -> tuple[BroadcastMessage, ...]:
        """Return what is broadcast of it."""
        return messages_of(
            self.alert, self.channel, self.level, profile, serial, self.warned.polygons
        )


@dataclass(frozen=True, eq=False, slots=True)
class Country:
    """By what a country judges its warnings."""

    profile: Profile
    atlas: Atlas
    sender: str


def judge(
    alert: Alert,
    channel: Channel,
    level: str,
    country: Country,
    territories: Iterable[tuple[str, ...]],
    now: float,
) -> Releasable:
    """Return what may go out; InvalidInputError gives the first sentence of why it may not.

    territories: of everybody who has signed, as the policy grants them (none means everywhere): the
    area must lie in each. now: POSIX seconds. Chains and what went out before are not known here.
    """
    _check_frame(alert, channel, country, now)
    for problem in problems_of(alert, now):
        if problem.gravity is Gravity.ERROR:
            raise InvalidInputError(problem.text.en)
    country.profile.check_release(channel, level)
    expires = _expires(alert, now)
    warned = WarnedArea.of_alert(alert, country.atlas)
    if warned.people.sum() + warned.people_beside.sum() <= 0.0 and len(warned.cells) == 0:
        raise InvalidInputError("The area holds no cell: nobody would be warned.")
    for territory in territories:
        if territory:
            country.atlas.territory(territory).check(warned)
    found = Releasable(alert, channel, level, warned, expires)
    found.messages(SerialNumber(1, 0, 0), country.profile)  # every text must fit
    return found


def _check_frame(alert: Alert, channel: Channel, country: Country, now: float) -> None:
    if alert.status is not channel.status:
        raise InvalidInputError(
            f"The alert's status is {alert.status.value}, and on the channel {channel.value} it is "
            f"{channel.status.value}: real warnings and exercises must not be mixed."
        )
    if alert.sender != country.sender:
        raise InvalidInputError(
            f"The alert's sender is {quoted(alert.sender)}, and this country's is {country.sender}."
        )
    if not alert.identifier.startswith(country.profile.prefix(channel)):
        raise InvalidInputError(
            f"The identifier {quoted(alert.identifier)} does not begin with "
            f"{country.profile.prefix(channel)}, as those of the channel {channel.value} do."
        )
    if alert.scope is not Scope.PUBLIC:
        raise InvalidInputError("A warning to phones has the scope Public.")
    if alert.message_type not in (MessageType.ALERT, MessageType.UPDATE):
        raise InvalidInputError(
            f"A release is an Alert or an Update, not {alert.message_type.value}: a cancel has a "
            "way of its own."
        )
    sent = alert.sent.timestamp()
    if not now - STALE_AFTER <= sent <= now + AHEAD:
        raise InvalidInputError(
            "The alert was written more than an hour ago, or for later: write it anew, so that it "
            "says what is so now."
        )


def _expires(alert: Alert, now: float) -> float:
    ends = [info.expires.timestamp() for info in alert.infos if info.expires is not None]
    if len(ends) < len(alert.infos) or not ends:
        raise InvalidInputError("Each text of a warning says when it expires.")
    if max(ends) > now + LONGEST_LIFE + AHEAD:
        raise InvalidInputError("A warning holds for a day at most; give it anew if it must hold.")
    if min(ends) <= now:
        raise InvalidInputError("The warning has expired already: write it anew.")
    return max(ends)
