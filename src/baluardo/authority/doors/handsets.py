"""Handsets for exercises: made by an officer, opened once, told what is on the air where they are.

They never receive what goes to the population: a page is no phone, and must not be taken for one.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Cookie, Request, Response
from pydantic import BaseModel

from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX, Body, principal_of
from baluardo.authority.doors.rationing import Ration
from baluardo.authority.warnings.handsets import handset_of, make_handset, open_handset
from baluardo.authority.warnings.sky import OnAir
from baluardo.emergency.broadcast.receiving import text_of
from baluardo.emergency.channels import Channel
from baluardo.errors import ConflictError, SignInError
from baluardo.trust.one_time import digest_of

COOKIE: Final = "__Host-baluardo-handset"
HANDSET_PREFIX: Final = f"{PREFIX}/handset"
HEARD: Final = frozenset({Channel.EXERCISE.value, Channel.TEST.value})
_CookieText = Annotated[str, Cookie(alias=COOKIE, max_length=200)]


class HandsetWanted(Body):
    """Where a handset is to be."""

    name: str
    lat_deg: float
    lon_deg: float


class HandsetLink(BaseModel):
    """What makes the first browser that opens it the handset: hand it over, do not publish it."""

    link: str


class HandsetSecret(Body):
    """What stands in a link behind its `#`."""

    secret: str


class HandsetAnswer(BaseModel):
    """The handset that this browser is."""

    name: str
    lat_deg: float
    lon_deg: float


class HeardAnswer(BaseModel):
    """A message on the air; repetitions have the same id."""

    id: str
    channel: str
    message_id: int
    serial: int
    language: str
    text: str
    cancelled: bool


class AirAnswer(BaseModel):
    """What the handset receives now. `now` is POSIX seconds."""

    now: float
    messages: list[HeardAnswer]
    handset: HandsetAnswer


def handsets_router(authority: Authority) -> APIRouter:
    """Return the door to handsets."""
    router = APIRouter(tags=["warnings"])
    store = authority.store
    openings = Ration(20, 3.0, authority.clock)

    @router.post(f"{PREFIX}/warnings/handsets")
    async def make(request: Request, wanted: HandsetWanted) -> HandsetLink:
        principal = principal_of(request)
        made = await store.act(
            lambda t: make_handset(
                t, authority, principal, wanted.name, wanted.lat_deg, wanted.lon_deg
            )
        )
        return HandsetLink(link=f"/handset#{made.secret.text()}")

    @router.post(f"{HANDSET_PREFIX}/open")
    async def become(request: Request, response: Response, given: HandsetSecret) -> HandsetAnswer:
        openings.check(request)
        digest = digest_of(given.secret)
        opened = await store.act(lambda t: open_handset(t, digest))
        if opened is None:
            raise ConflictError(
                "Another browser is this handset already: this was refused and is in the log."
            )
        response.set_cookie(
            COOKIE,
            opened.token.text(),
            max_age=max(0, int(opened.row.expires - authority.clock())),
            path="/",
            secure=True,
            httponly=True,
            samesite="strict",
        )
        return HandsetAnswer(
            name=opened.row.name, lat_deg=opened.row.lat_deg, lon_deg=opened.row.lon_deg
        )

    @router.get(f"{HANDSET_PREFIX}/air")
    async def air(cookie: _CookieText = "") -> AirAnswer:
        if not cookie:
            raise SignInError("This browser is no handset. Open a link that an officer has made.")
        digest, now, sky = digest_of(cookie), authority.clock(), authority.warnings.sky
        row = await store.read(lambda c: handset_of(c, digest, now))
        found = () if sky is None else sky.on_air(row.lat_deg, row.lon_deg)
        return AirAnswer(
            now=now,
            messages=[_heard(each) for each in found if each.channel in HEARD],
            handset=HandsetAnswer(name=row.name, lat_deg=row.lat_deg, lon_deg=row.lon_deg),
        )

    return router


def _heard(each: OnAir) -> HeardAnswer:
    return HeardAnswer(
        id=f"{each.message_id}-{each.serial}",
        channel=each.channel,
        message_id=each.message_id,
        serial=each.serial,
        language=each.language,
        text=text_of(each.coding, each.pages),
        cancelled=each.cancel,
    )
