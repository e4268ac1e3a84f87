"""The duty desk: where to warn, whom it reaches, what is wrong with the words. Nothing goes out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel

from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX, Body, principal_of
from baluardo.authority.doors.rationing import rationed_changes
from baluardo.authority.principal import Principal
from baluardo.authority.warnings.desk import channel_name
from baluardo.authority.warnings.drafting import Checked, Previewed, check_draft, preview_area
from baluardo.authority.warnings.sky import BeamForecast
from baluardo.emergency.area.asked_area import AskedArea
from baluardo.emergency.channels import Channel
from baluardo.emergency.problem import Problem
from baluardo.emergency.writing.draft import Draft
from baluardo.protocol.roles import Role
from baluardo.terms import Bilingual

Text = dict[str, str]
TemplateId = Annotated[str, Path(max_length=64)]
Wanted = Annotated[str, Query(min_length=1, max_length=80)]
MOST_PLACES = 20


class Asked(Body):
    """An area as `emergency.area.asked_area` takes it."""

    area: dict[str, Any]


class Drafted(Body):
    """A draft as `emergency.writing.draft` takes it."""

    draft: dict[str, Any]


class ChannelAnswer(BaseModel):
    """A channel, and whether anything can be sent on it."""

    id: str
    name: Text
    colour: Text
    """For light and dark pages."""
    prefix: Text
    """What stands in front of every text, by language."""
    can_send: bool
    why_not: Text | None


class LevelAnswer(BaseModel):
    """A level of the country's profile."""

    id: str
    name: Text
    message_id: int
    message_id_additional: int
    permitted: list[str]
    """Channels on which it may be sent."""


class TemplateAnswer(BaseModel):
    """A template, named."""

    id: str
    risk: str
    name: Text
    level: str
    languages: list[str]


class DeskAnswer(BaseModel):
    """What the desk is set up with, for whoever asks."""

    country: str
    channels: list[ChannelAnswer]
    levels: list[LevelAnswer]
    languages: list[str]
    templates: list[TemplateAnswer]
    territory: list[str]
    may_write: bool
    may_approve: bool
    beams: bool
    """Whether a sky is connected that tells of beams."""


class PlaceAnswer(BaseModel):
    """A place or a zone that was found."""

    area: dict[str, Any]
    name: str
    kind: Text
    people: float
    lat_deg: float
    lon_deg: float


class PlacesAnswer(BaseModel):
    """What was found, the likeliest first."""

    places: list[PlaceAnswer]


class FullTemplateAnswer(BaseModel):
    """A template with the fields to fill and a draft with their placeholders."""

    id: str
    fields: list[dict[str, Any]]
    draft: dict[str, Any]


class ProblemAnswer(BaseModel):
    """Something wrong: an error stops a release, a warning is shown."""

    code: str
    gravity: str
    text: Text
    field: str
    language: str

    @classmethod
    def of(cls, problem: Problem) -> ProblemAnswer:
        """Tell one problem."""
        return cls(
            code=problem.code,
            gravity=problem.gravity.value,
            text=problem.text.by_language(),
            field=problem.field,
            language=problem.language,
        )


class BeamsAnswer(BaseModel):
    """What beams would do for an area. Seconds from now."""

    satellites: list[str]
    beams_at_once: int
    first_s: float | None
    time_to_95_s: float | None
    curve: list[tuple[float, float]]

    @classmethod
    def of(cls, forecast: BeamForecast) -> BeamsAnswer:
        """Tell a forecast."""
        return cls(
            satellites=list(forecast.satellites),
            beams_at_once=forecast.beams_at_once,
            first_s=forecast.first_s,
            time_to_95_s=forecast.time_to_95_s,
            curve=list(forecast.curve),
        )


class PreviewAnswer(BaseModel):
    """Whom an area holds, and whom its beams reach beside it."""

    outline: dict[str, Any]
    cells: list[dict[str, Any]]
    cells_outline: dict[str, Any]
    people: float
    people_beside: float
    area_km2: float
    beside_km2: float
    approximate: Text | None
    outside_territory: bool
    problems: list[ProblemAnswer]
    beams: BeamsAnswer | None

    @classmethod
    def of(cls, found: Previewed, beams: BeamForecast | None) -> PreviewAnswer:
        """Tell a preview."""
        warned = found.warned
        columns = {
            "people": warned.people,
            "people_beside": warned.people_beside,
            "share": warned.share,
        }
        listed = {name: column.tolist() for name, column in columns.items()}
        cells = [
            {"h3": name, **{key: values[place] for key, values in listed.items()}}
            for place, name in enumerate(warned.cells.names)
        ]
        return cls(
            outline=warned.outline(),
            cells=cells,
            cells_outline=warned.cells_outline(columns),
            people=float(warned.people.sum()),
            people_beside=float(warned.people_beside.sum()),
            area_km2=warned.area_km2,
            beside_km2=warned.beside_km2,
            approximate=_text(warned.approximate),
            outside_territory=found.outside_territory,
            problems=[ProblemAnswer.of(each) for each in found.problems],
            beams=None if beams is None else BeamsAnswer.of(beams),
        )


class CheckAnswer(BaseModel):
    """What is wrong with a draft, and what to sign if nothing stops it."""

    problems: list[ProblemAnswer]
    texts: dict[str, dict[str, Any]]
    alert: str | None
    body: dict[str, Any] | None

    @classmethod
    def of(cls, checked: Checked) -> CheckAnswer:
        """Tell a draft that was checked."""
        return cls(
            problems=[ProblemAnswer.of(each) for each in checked.problems],
            texts=checked.texts,
            alert=None if checked.release is None else checked.release.alert.decode(),
            body=None if checked.release is None else checked.release.to_body(),
        )


def warning_desk_router(authority: Authority) -> APIRouter:
    """Return the door to what is needed for writing a warning."""
    changes = Depends(rationed_changes(authority.clock, 240, 0.25))
    router = APIRouter(prefix=f"{PREFIX}/warnings", tags=["warnings"], dependencies=[changes])
    desk = authority.warnings

    def writer(request: Request) -> Principal:
        principal = principal_of(request)
        principal.require(Role.CIVIL_PROTECTION_OFFICER)
        return principal

    @router.get("/desk")
    async def desk_state(request: Request) -> DeskAnswer:
        principal = principal_of(request)
        principal.require(Role.CIVIL_PROTECTION_OFFICER, Role.SECURITY_OFFICER, Role.AUDITOR)
        return await asyncio.to_thread(_desk, authority, principal)

    @router.get("/places")
    async def places(request: Request, q: Wanted) -> PlacesAnswer:
        writer(request)
        found = await asyncio.to_thread(lambda: desk.atlas.search(q, MOST_PLACES))
        return PlacesAnswer(
            places=[
                PlaceAnswer(
                    area=each.area,
                    name=each.name,
                    kind=each.kind.by_language(),
                    people=each.people,
                    lat_deg=each.lat_deg,
                    lon_deg=each.lon_deg,
                )
                for each in found
            ]
        )

    @router.get("/templates/{template}")
    async def template(request: Request, template: TemplateId) -> FullTemplateAnswer:
        writer(request)
        found = await asyncio.to_thread(lambda: desk.templates.get(template))
        return FullTemplateAnswer(
            id=found.id,
            fields=[each.to_object() for each in found.fields],
            draft=found.draft_object(),
        )

    @router.post("/preview")
    async def preview(request: Request, asked: Asked) -> PreviewAnswer:
        principal = writer(request)
        area = AskedArea.of_object(asked.area, "The area")
        territory = principal.grant.territory
        found = await asyncio.to_thread(preview_area, desk, area, territory)
        beams = None if desk.sky is None else await desk.sky.preview(found.warned)
        return await asyncio.to_thread(PreviewAnswer.of, found, beams)

    @router.post("/check")
    async def check(request: Request, drafted: Drafted) -> CheckAnswer:
        principal, now = writer(request), authority.clock()
        draft = Draft.of_object(drafted.draft, "The draft")
        checked = await authority.store.read(
            lambda connection: check_draft(connection, desk, draft, principal.grant.territory, now)
        )
        return CheckAnswer.of(checked)

    return router


def _desk(authority: Authority, principal: Principal) -> DeskAnswer:
    desk = authority.warnings
    profile, templates = desk.profile, desk.templates
    may = Role.CIVIL_PROTECTION_OFFICER in principal.roles and not principal.break_glass
    channels = []
    for channel in Channel:
        look, why = profile.look(channel), desk.why_not(channel)
        channels.append(
            ChannelAnswer(
                id=channel.value,
                name=channel_name(channel).by_language(),
                colour={"light": look.colour_light, "dark": look.colour_dark},
                prefix=dict(look.words),
                can_send=why is None,
                why_not=_text(why),
            )
        )
    return DeskAnswer(
        country=profile.country,
        channels=channels,
        levels=[
            LevelAnswer(
                id=level.id,
                name=level.name.by_language(),
                message_id=level.message_id,
                message_id_additional=level.message_id_additional,
                permitted=[c.value for c in Channel if profile.permits(c, level.id)],
            )
            for level in profile.levels
        ],
        languages=list(profile.languages),
        templates=[
            TemplateAnswer(
                id=each.id,
                risk=each.risk,
                name=each.name.by_language(),
                level=each.level,
                languages=list(each.languages),
            )
            for each in templates.list()
        ],
        territory=list(principal.grant.territory),
        may_write=may,
        may_approve=may,
        beams=desk.sky is not None,
    )


def _text(text: Bilingual | None) -> Text | None:
    return None if text is None else text.by_language()
