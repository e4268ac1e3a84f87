"""Alerts of others, as feeds tell them: to be looked at. Nothing here sends them on."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel

from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX, principal_of
from baluardo.authority.doors.warnings import SEERS
from baluardo.authority.warnings.feed_settings import FeedSettings
from baluardo.authority.warnings.foreign_alerts import FollowedFeed, ForeignAlert
from baluardo.authority.warnings.foreign_areas import ForeignArea
from baluardo.emergency.cap.alert import Info
from baluardo.emergency.cap.chains import State
from baluardo.terms import Bilingual

Text = dict[str, str]
MOST_TOLD: Final = 200
"""Alerts in one answer: the real, grave and new ones; of the others the number."""
MOST_TEXTS: Final = 6
"""Of one alert: those in the page's languages first."""
PAGE_LANGUAGES: Final = ("it", "en")
LONGEST: Final = {"description": 2_000, "instruction": 1_000}
LONGEST_WORD: Final = 300
"""Characters of every other text."""


class LeftOutAnswer(BaseModel):
    """Something in a feed that was left out, and why. POSIX seconds."""

    at: float
    text: str


class FeedAnswer(BaseModel):
    """How it is with a feed. Times are POSIX seconds, null where it was not yet."""

    name: str
    host: str
    every_s: float
    signed: bool
    """Whether only alerts with a signature that is believed are shown."""
    looked: float | None
    reached: float | None
    failure: str | None
    left_out: list[LeftOutAnswer]


class ForeignTextAnswer(BaseModel):
    """One text of an alert. Times are POSIX seconds."""

    language: str
    sender_name: str
    event: str
    headline: str
    description: str
    instruction: str
    urgency: str
    severity: str
    certainty: str
    effective: float | None
    onset: float | None
    expires: float | None

    @classmethod
    def of(cls, info: Info) -> ForeignTextAnswer:
        """Tell one, cut to what fits on a desk."""
        return cls(
            language=info.language,
            sender_name=_cut(info.sender_name),
            event=_cut(info.event),
            headline=_cut(info.headline),
            description=_cut(info.description, LONGEST["description"]),
            instruction=_cut(info.instruction, LONGEST["instruction"]),
            urgency=info.urgency.value,
            severity=info.severity.value,
            certainty=info.certainty.value,
            effective=_moment(info.effective),
            onset=_moment(info.onset),
            expires=_moment(info.expires),
        )


class ForeignAreaAnswer(BaseModel):
    """An area, by language; its outline as GeoJSON, or why there is none."""

    names: Text
    outline: dict[str, Any] | None
    why_not: str | None
    approximate: Text | None

    @classmethod
    def of(cls, area: ForeignArea) -> ForeignAreaAnswer:
        """Tell one."""
        why: Bilingual | None = area.approximate
        return cls(
            names={language: _cut(name) for language, name in area.names[:MOST_TEXTS]},
            outline=area.outline,
            why_not=area.why_not,
            approximate=None if why is None else why.by_language(),
        )


class ForeignAlertAnswer(BaseModel):
    """An alert of somebody else that holds, or will. Times are POSIX seconds."""

    feed: str
    sender: str
    identifier: str
    sent: float
    status: str
    message_type: str
    scope: str
    state: str
    """`in force` or `waiting`."""
    severity: str
    """The gravest of its texts."""
    signer: str | None
    """Whose signature was verified, as their certificate says; null where none was asked for."""
    texts: list[ForeignTextAnswer]
    areas: list[ForeignAreaAnswer]

    @classmethod
    def of(cls, feed: str, found: ForeignAlert, state: State) -> ForeignAlertAnswer:
        """Tell one."""
        alert = found.alert
        return cls(
            feed=feed,
            sender=_cut(alert.sender),
            identifier=_cut(alert.identifier),
            sent=alert.sent.timestamp(),
            status=alert.status.value,
            message_type=alert.message_type.value,
            scope=alert.scope.value,
            state=state.value,
            severity=found.severity.value,
            signer=None if found.signer is None else _cut(found.signer),
            texts=[
                ForeignTextAnswer.of(each)
                for each in sorted(alert.infos, key=_foreign_to_the_page)[:MOST_TEXTS]
            ],
            areas=[ForeignAreaAnswer.of(each) for each in found.areas],
        )


class ForeignAlertsAnswer(BaseModel):
    """Feeds and what they tell, what matters most first."""

    feeds: list[FeedAnswer]
    alerts: list[ForeignAlertAnswer]
    more: int
    """Alerts that hold and are not in this answer."""


def foreign_alerts_router(authority: Authority) -> APIRouter:
    """Return the door to the alerts of others; it goes before that of `/warnings/{warning}`."""
    router = APIRouter(prefix=f"{PREFIX}/warnings", tags=["warnings"])
    desk = authority.warnings

    @router.get("/feeds")
    async def feeds(request: Request) -> ForeignAlertsAnswer:
        principal_of(request).require(*SEERS)
        now = authority.clock()
        followed = [(each, desk.foreign.feed(each.name)) for each in desk.settings.feeds]
        found = [
            (alert, state, feed.name)
            for feed, followed_feed in followed
            for alert, state in followed_feed.shown(now)
        ]
        found.sort(key=lambda each: each[0].order)
        return ForeignAlertsAnswer(
            feeds=[_feed(feed, followed_feed, now) for feed, followed_feed in followed],
            alerts=[
                ForeignAlertAnswer.of(feed, alert, state)
                for alert, state, feed in found[:MOST_TOLD]
            ],
            more=max(0, len(found) - MOST_TOLD),
        )

    return router


def _feed(feed: FeedSettings, followed: FollowedFeed, now: float) -> FeedAnswer:
    return FeedAnswer(
        name=feed.name,
        host=feed.target.shown,
        every_s=feed.every_s,
        signed=bool(feed.signers),
        looked=followed.looked,
        reached=followed.reached,
        failure=followed.failure,
        left_out=[LeftOutAnswer(at=at, text=text) for at, text in followed.left_out(now)],
    )


def _foreign_to_the_page(info: Info) -> bool:
    return info.language.partition("-")[0].lower() not in PAGE_LANGUAGES


def _cut(text: str | None, longest: int = LONGEST_WORD) -> str:
    text = (text or "").strip()
    return text if len(text) <= longest else f"{text[: longest - 1]}\u2026"


def _moment(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
