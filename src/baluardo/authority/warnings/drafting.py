"""Drafts and areas looked at before anybody signs: what would go out, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

from sqlalchemy import Connection, select

from baluardo.authority.acts.new_ids import new_id
from baluardo.authority.store import schema
from baluardo.authority.warnings.desk import WarningDesk
from baluardo.authority.warnings.releasing import warning_row
from baluardo.emergency.area.asked_area import AskedArea, resolve
from baluardo.emergency.area.checks import problems_of_area
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.broadcast.message import BroadcastMessage, SerialNumber
from baluardo.emergency.broadcast.pages import MOST_PAGES
from baluardo.emergency.cap.alert import BROADCAST_TEXT, Alert, MessageType
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.cap.writing import write_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.problem import Gravity, Problem
from baluardo.emergency.release import Country, judge
from baluardo.emergency.wording.linter import lint
from baluardo.emergency.writing.checks import DOUBLE_S, Known, problems_of_draft
from baluardo.emergency.writing.draft import Draft, compose, identifier_for
from baluardo.errors import BaluardoError, InvalidInputError
from baluardo.protocol.warnings import WarningRelease
from baluardo.terms import Bilingual

MOST_RECENT: Final = 50
"""Warnings of the last minutes that a draft is held against, and of all times for how many people
are usual."""
LEAST_USUAL: Final = 5


@dataclass(frozen=True, eq=False, slots=True)
class Previewed:
    """An area, whom it holds, and what is wrong with it."""

    warned: WarnedArea
    outside_territory: bool
    problems: tuple[Problem, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Checked:
    """A draft that was looked at; `release` is None while an error stops it."""

    problems: tuple[Problem, ...]
    texts: dict[str, dict[str, Any]] = field(default_factory=dict)
    release: WarningRelease | None = None
    messages: tuple[BroadcastMessage, ...] = ()


def preview_area(desk: WarningDesk, asked: AskedArea, territory: tuple[str, ...]) -> Previewed:
    """Return what an area holds; InvalidInputError where it is none."""
    warned = resolve(asked, desk.atlas)
    outside = _outside(desk, warned, territory)
    problems = list(problems_of_area(warned, desk.atlas))
    if outside is not None:
        problems.append(outside)
    return Previewed(warned, outside is not None, tuple(problems))


def check_draft(
    connection: Connection,
    desk: WarningDesk,
    draft: Draft,
    territory: tuple[str, ...],
    now: float,
) -> Checked:
    """Return what is wrong with a draft, and the body to sign where no error stops it."""
    texts = {
        info.language: _text_state(desk, draft.channel, info.broadcast_words, info.language)
        for info in draft.infos
    }
    try:
        warned = resolve(draft.area, desk.atlas)
        alert = _composed(connection, desk, draft, warned, now)
    except InvalidInputError as problem:
        return Checked((_stop("draft.incomplete", str(problem)),), texts)
    texts = {
        info.language: _text_state(
            desk, draft.channel, info.parameter(BROADCAST_TEXT) or "", info.language
        )
        for info in alert.infos
    }
    known = _known(connection, desk, draft, now)
    risk = "" if known.template is None else known.template.risk
    problems = [
        *problems_of_area(warned, desk.atlas, draft.area_name, risk),
        *problems_of_draft(draft, alert, warned, desk.profile, now, known),
    ]
    outside = _outside(desk, warned, territory)
    if outside is not None:
        problems.append(outside)
    why = desk.why_not(draft.channel)
    if why is not None:
        problems.append(Problem("channel.closed", Gravity.ERROR, why, "channel"))
    if any(each.gravity is Gravity.ERROR for each in problems):
        return Checked(tuple(problems), texts)
    country = Country(desk.profile, desk.atlas, desk.sender)
    try:
        # As the release itself will be judged: what is shown as good must be good then.
        found = judge(alert, draft.channel, draft.level, country, [territory], now)
    except InvalidInputError as problem:
        return Checked((*problems, _stop("release.refused", str(problem))), texts)
    release = WarningRelease(draft.channel, draft.level, write_alert(alert))
    messages = found.messages(SerialNumber(1, 0, 0), desk.profile)
    return Checked(tuple(problems), texts, release, messages)


def _known(connection: Connection, desk: WarningDesk, draft: Draft, now: float) -> Known:
    """Return what a draft is held against: its template, what it follows, what went out lately."""
    table = schema.warning
    sent = (
        table.c.channel == draft.channel.value,
        table.c.message_type != MessageType.CANCEL.value,
    )
    lately = select(table.c.alert).where(*sent, table.c.released > now - DOUBLE_S)
    before = select(table.c.area).where(*sent).order_by(table.c.released.desc())
    people = [float(row.area["people"]) for row in connection.execute(before.limit(MOST_RECENT))]
    return Known(
        desk.templates.find(draft.template),
        tuple(
            read_alert(bytes(warning_row(connection, each).alert), "The warning")
            for each in draft.references
        ),
        tuple(
            read_alert(bytes(row.alert), "The warning")
            for row in connection.execute(lately.limit(MOST_RECENT))
        ),
        # Of few nobody can say what is usual.
        median(people) if len(people) >= LEAST_USUAL else None,
    )


def _composed(
    connection: Connection, desk: WarningDesk, draft: Draft, warned: WarnedArea, now: float
) -> Alert:
    references = tuple(
        read_alert(bytes(warning_row(connection, each).alert), "The warning").reference
        for each in draft.references
    )
    sent = datetime.fromtimestamp(int(now), UTC)
    identifier = identifier_for(desk.profile, draft.channel, sent, new_id()[:8])
    return compose(draft, warned, desk.profile, desk.sender, identifier, sent, references)


def _outside(desk: WarningDesk, warned: WarnedArea, territory: tuple[str, ...]) -> Problem | None:
    if not territory:
        return None
    try:
        desk.atlas.territory(territory).check(warned)
    except BaluardoError as problem:
        return _stop("area.outside-territory", str(problem), "area")
    return None


def _text_state(desk: WarningDesk, channel: Channel, words: str, language: str) -> dict[str, Any]:
    found = lint(words, language, channel, additional=language != desk.profile.languages[0])
    return {
        "coding": found.coding.name_shown,
        "pages": found.pages,
        "pages_limit": MOST_PAGES,
        "characters": found.characters,
        "left_on_page": found.left_on_page,
        "offenders": [
            {"at": each.at, "character": each.character, "offer": each.offer}
            for each in found.offenders
        ],
        "transliterated": found.transliterated,
    }


def _stop(code: str, sentence: str, field_name: str = "") -> Problem:
    # Refusals of the numerics are one sentence in English, as everywhere behind the doors.
    return Problem(code, Gravity.ERROR, Bilingual(it=sentence, en=sentence), field_name)
