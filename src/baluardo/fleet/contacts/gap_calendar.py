"""A plan's gaps as a calendar (iCalendar, RFC 5545), with an alarm ahead of each.

A new plan of the same platform replaces the old one's events: an event's UID is made of platform
and start, so a gap that stays keeps its UID, with a higher SEQUENCE and a later DTSTAMP. Gaps that
the new plan no longer has are cancelled where the old ones are given.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from icalendar import Alarm, Calendar, Event, vText

from baluardo.errors import InvalidInputError
from baluardo.fleet.contacts.causes import CAUSES, cause_name
from baluardo.fleet.contacts.moments import moment
from baluardo.fleet.contacts.plan import ContactPlan, Gap, gaps
from baluardo.foreign_input import quoted

AHEAD = timedelta(minutes=10)
"""The alarm rings so long before a gap."""

PRODUCT = "-//Baluardo//Contact plans//EN"

LANGUAGES = ("it", "en")


def gap_calendar(
    plan: ContactPlan, made: float, language: str = "it", replaced: Iterable[Gap] = ()
) -> bytes:
    """Return the gaps of a plan as a calendar.

    made: when the plan was made, POSIX seconds, DTSTAMP and SEQUENCE of its events; language: "it"
    or "en" for what people read; replaced: gaps of the plan before, of which those that are no more
    are cancelled. InvalidInputError for another language.
    """
    if language not in LANGUAGES:
        raise InvalidInputError(f"language {quoted(language)} is none of it, en.")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", vText(_plain(plan.platform.name)))
    stamp, found = moment(made), gaps(plan)
    for gap in found:
        calendar.add_component(_event(plan, gap, stamp, language, alarm=True))
    kept = {uid_of(plan.platform.name, gap) for gap in found}
    for gap in replaced:
        if uid_of(plan.platform.name, gap) not in kept and gap.end > plan.start:
            event = _event(plan, gap, stamp, language, alarm=False)
            event.add("status", "CANCELLED")
            calendar.add_component(event)
    octets: bytes = calendar.to_ical()
    return octets


def uid_of(platform: str, gap: Gap) -> str:
    """Return the UID of a gap of a platform, the same in every plan in which it begins then."""
    return f"gap-{round(gap.start)}-{platform.encode().hex()}@baluardo"


def _event(plan: ContactPlan, gap: Gap, stamp: datetime, language: str, *, alarm: bool) -> Event:
    name, seconds = _plain(plan.platform.name), round(gap.end - gap.start)
    cause = CAUSES[gap.cause].by_language()[language]
    summary = {
        "it": f"{name}: {seconds} s senza collegamento",
        "en": f"{name}: {seconds} s without a link",
    }[language]
    event = Event()
    event.add("uid", uid_of(plan.platform.name, gap))
    event.add("dtstamp", stamp)
    event.add("sequence", int(stamp.timestamp()) & 0x7FFFFFFF)
    event.add("dtstart", moment(gap.start))
    event.add("dtend", moment(gap.end))
    event.add("summary", summary)
    event.add("description", cause)
    event.add("categories", [cause_name(gap.cause)])
    event.add("transp", "TRANSPARENT")
    if alarm:
        bell = Alarm()
        bell.add("action", "DISPLAY")
        bell.add("trigger", -AHEAD)
        bell.add("description", f"{summary}. {cause}")
        event.add_component(bell)
    return event


def _plain(name: str) -> str:
    """Return a name without characters that begin a new line of a calendar."""
    return "".join(c if c.isprintable() else " " for c in name)
