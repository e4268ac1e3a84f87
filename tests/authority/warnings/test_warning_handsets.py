"""A handset of an exercise is one browser, hears exercises alone, and a stolen link is logged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from authority.officers import ANNA, MARIO, State, Template
from authority.warnings.warning_country import PAOLA, warning_country
from baluardo.authority.doors.door import PREFIX
from baluardo.authority.doors.handsets import COOKIE
from baluardo.authority.warnings.sky import BeamForecast, OnAir, Reach
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.broadcast.alphabet import Alphabet
from baluardo.emergency.broadcast.message import Coding
from baluardo.emergency.broadcast.pages import pages_of

pytest_plugins = ["authority.officers_fixtures"]
HERE = {"name": "Norcia, piazza", "lat_deg": 42.79, "lon_deg": 13.1}
ITALIAN = Coding.of(Alphabet.GSM7, "it")


class PlayedSky:
    """A sky on which a warning and an exercise are on the air everywhere."""

    async def preview(self, warned: WarnedArea) -> BeamForecast:
        """Nothing is asked."""
        raise NotImplementedError

    def reach(self, _warning: str) -> Reach | None:
        """Nothing is known."""
        return None

    def on_air(self, _lat_deg: float, _lon_deg: float) -> list[OnAir]:
        """Everything, everywhere."""
        pages = pages_of("Prova generale", ITALIAN)
        return [
            OnAir(str(place) * 32, channel, number, 0x4010, "it", pages, b"", ITALIAN.dcs, False)
            for place, channel, number in ((1, "public", 4370), (2, "exercise", 4381))
        ]


@pytest.fixture
def nation(officers_template: Template, tmp_path: Path) -> Iterator[State]:
    with warning_country(officers_template, tmp_path / "authority") as state:
        state.authority.warnings.sky = PlayedSky()
        yield state


def link(state: State) -> str:
    """Have an officer make a handset; the secret behind its link's #."""
    answer = state.ask(PAOLA, "POST", "/warnings/handsets", HERE)
    assert answer.status_code == 200, answer.text
    path, _, secret = answer.json()["link"].partition("#")
    assert path == "/handset"
    return secret


def asked(state: State, method: str, path: str, body: Any = None, cookie: str = "") -> Any:
    """Ask as a browser that nobody has signed in with."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(state.app, client=("127.0.0.1", 1))
        headers = {"cookie": f"{COOKIE}={cookie}"} if cookie else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, f"{PREFIX}{path}", json=body, headers=headers)

    return asyncio.run(ask())


def opened(state: State, secret: str) -> str:
    """Become the handset of a link; its cookie."""
    answer = asked(state, "POST", "/handset/open", {"secret": secret})
    assert answer.status_code == 200, answer.text
    set_cookie = answer.headers["set-cookie"]
    assert all(part in set_cookie for part in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"))
    return set_cookie.partition(";")[0].partition("=")[2]


def test_a_handset_hears_the_exercise_and_not_the_warning(nation: State) -> None:
    cookie = opened(nation, link(nation))
    told = asked(nation, "GET", "/handset/air", cookie=cookie).json()
    assert told["handset"] == HERE
    assert [each["channel"] for each in told["messages"]] == ["exercise"]
    assert told["messages"][0]["text"] == "Prova generale"


def test_a_stolen_link_is_refused_and_logged(nation: State) -> None:
    secret = link(nation)
    opened(nation, secret)
    refused = asked(nation, "POST", "/handset/open", {"secret": secret})
    assert refused.status_code == 409
    assert COOKIE not in refused.headers.get("set-cookie", "")
    assert nation.kinds()[-1] == "warning.handset-refused"


def test_who_has_no_handset_hears_nothing(nation: State) -> None:
    opened(nation, link(nation))
    assert asked(nation, "GET", "/handset/air").status_code == 401
    assert asked(nation, "GET", "/handset/air", cookie="A" * 43).status_code == 401
    assert asked(nation, "GET", "/handset/air", cookie="'; drop").status_code in (400, 401)
    assert asked(nation, "POST", "/handset/open", {"secret": "A" * 22}).status_code == 401
    assert asked(nation, "POST", "/handset/open", {"secret": ""}).status_code == 400


def test_a_handset_ends_with_its_day(nation: State) -> None:
    cookie, waiting = opened(nation, link(nation)), link(nation)
    nation.calendar.now += 86_401.0
    assert asked(nation, "GET", "/handset/air", cookie=cookie).status_code == 401
    assert asked(nation, "POST", "/handset/open", {"secret": waiting}).status_code == 401


def test_officers_alone_make_handsets_somewhere(nation: State) -> None:
    for name in (ANNA, MARIO):
        assert nation.ask(name, "POST", "/warnings/handsets", HERE).status_code == 403
    for wrong in ({"lat_deg": 95.0}, {"lon_deg": 200.0}, {"name": ""}, {"name": "a\nb"}):
        answer = nation.ask(PAOLA, "POST", "/warnings/handsets", {**HERE, **wrong})
        assert answer.status_code == 400, wrong


def test_the_secrets_are_not_kept(nation: State) -> None:
    secret = link(nation)
    cookie = opened(nation, secret)
    rows = nation.authority.store.read_blocking(
        lambda c: [tuple(row) for row in c.exec_driver_sql("select * from handset")]
    )
    assert len(rows) == 1
    assert not {secret, cookie} & {str(value) for value in rows[0]}
