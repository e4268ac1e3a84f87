"""Feeds of others over real HTTP, from their servers to the door of the desk."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from authority.officers import ALDO, MARIO, OTTO, Template
from authority.warnings.others_alerts import (
    NOW,
    alert,
    atom,
    atom_with,
    cancel,
    moment,
    rss,
    serve,
    update,
)
from authority.warnings.warning_country import PAOLA, warning_country
from baluardo.authority.doors import foreign_alerts as door
from baluardo.authority.warnings import feed_settings, foreign_feeds
from baluardo.authority.warnings.desk import WarningDesk
from baluardo.authority.warnings.feed_settings import FeedSettings
from baluardo.authority.warnings.foreign_alerts import FollowedFeed, ForeignAlert
from baluardo.authority.warnings.foreign_areas import Outlines
from baluardo.authority.warnings.foreign_feeds import OWN_FAULT, watching_feeds
from baluardo.authority.warnings.settings import WarningSettings
from baluardo.emergency.cap.alert import Alert, AlertArea, Named, Resource, Severity, Status
from baluardo.emergency.cap.writing import write_alert
from baluardo.trust.certificates.pinned import PinnedCertificate
from baluardo.trust.certificates.xml_seal import XmlSeal, make_xml_seal
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.xml_signature import sign_xml
from twin.web_server import Server, running

pytest_plugins = ["authority.officers_fixtures"]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let feeds be looked at more often than settings permit."""
    monkeypatch.setattr(feed_settings, "LEAST_EVERY_S", 0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def other() -> Iterator[Server]:
    with running() as server:
        yield server


def at(server: Server, name: str = "meteo", **changes: Any) -> FeedSettings:
    return FeedSettings(name, f"{server.address}/feed", 0.02, True, **changes)


def desk_of(*feeds: FeedSettings, directory: Path | None = None) -> WarningDesk:
    return WarningDesk(WarningSettings(feeds=feeds), "italia.example", False, directory)


def shown(desk: WarningDesk, name: str = "meteo") -> set[str]:
    return {each.alert.identifier for each, _ in desk.foreign.feed(name).shown(NOW)}


def sentences(desk: WarningDesk, name: str = "meteo") -> list[str]:
    return [text for _, text in desk.foreign.feed(name).left_out(NOW)]


@asynccontextmanager
async def watched(desk: WarningDesk) -> AsyncIterator[Callable[[Callable[[], Any]], Any]]:
    """Watch, and give what waits until something is so."""

    async def until(so: Callable[[], Any]) -> None:
        while not so():
            await asyncio.sleep(0.01)

    async with asyncio.timeout(60.0), watching_feeds(desk, lambda: NOW):
        yield until


@pytest.mark.parametrize("form", [atom, rss])
def test_a_feed_is_followed_through_updates_cancels_and_ends(
    server: Server, form: Callable[..., bytes]
) -> None:
    first, second, over = alert("A"), alert("B"), alert("C", expires_s=-1.0)
    files = {f"/{each.identifier}": write_alert(each) for each in (first, second, over)}
    files["/feed"] = form(*files)
    serve(server, files)
    desk = desk_of(at(server))

    async def follow() -> None:
        async with watched(desk) as until:
            await until(lambda: shown(desk) == {"A", "B"})
            asked = len(server.asked)
            await until(lambda: len(server.asked) > asked + 2)  # told that nothing has changed
            assert shown(desk) == {"A", "B"}
            assert "if-none-match" in {name.lower() for name in server.asked[-1]}
            later = [update("A2", first), cancel("B2", second)]
            files.update({f"/{each.identifier}": write_alert(each) for each in later})
            files["/feed"] = form("/A2", "/B2", "/gone")
            await until(lambda: shown(desk) == {"A2"})
            await until(lambda: sentences(desk) == [f"{server.address} answered 404."])

    asyncio.run(follow())
    assert desk.foreign.feed("meteo").failure is None
    assert desk.foreign.feed("meteo").reached == NOW


def seal_of(name: str, directory: Path) -> XmlSeal:
    seal = make_xml_seal(Identity(f"{name}.example", Kind.SENDER, "public"), NOW)
    (directory / f"{name}.pem").write_text(PinnedCertificate(seal.certificate.der()).pem())
    return seal


def test_only_what_a_pinned_signer_has_signed_is_shown(server: Server, tmp_path: Path) -> None:
    ours, theirs = seal_of("meteo", tmp_path), seal_of("stranger", tmp_path)
    names = ("good", "forged", "strange", "bare", "empty")
    good, forged, strange, bare, _ = (write_alert(alert(name)) for name in names)
    files = {
        "/good": sign_xml(good, ours),
        "/forged": sign_xml(forged, ours).replace(b"Vento forte", b"Tutto bene"),
        "/strange": sign_xml(strange, theirs),
        "/bare": bare,
        "/empty": b"",
    }
    files["/feed"] = atom(*files)
    serve(server, files)
    desk = desk_of(at(server, signers=("meteo.pem",)), directory=tmp_path)

    async def follow() -> None:
        async with watched(desk) as until:
            await until(lambda: len(sentences(desk)) == 4)
            assert shown(desk) == {"good"}
            # A feed cannot vouch for what it holds within itself, an address that is one alert can.
            files["/feed"] = atom_with(alert("inline"))
            await until(lambda: any("within itself" in each for each in sentences(desk)))
            files["/feed"] = sign_xml(write_alert(alert("alone")), ours)
            await until(lambda: shown(desk) == {"good", "alone"})

    asyncio.run(follow())
    told = " ".join(sentences(desk))
    for words in ("is not genuine", "not among those who are believed", "is not signed", "no XML"):
        assert words in told
    signers = {each.signer for each, _ in desk.foreign.feed("meteo").shown(NOW)}
    assert signers == {PinnedCertificate(ours.certificate.der()).subject}


def test_a_signature_that_has_run_out_is_not_believed(server: Server, tmp_path: Path) -> None:
    seal = make_xml_seal(Identity("meteo.example", Kind.SENDER, "public"), NOW - 9e7)
    (tmp_path / "meteo.pem").write_text(PinnedCertificate(seal.certificate.der()).pem())
    server.says(sign_xml(write_alert(alert("A")), seal))
    desk = desk_of(at(server, signers=("meteo.pem",)), directory=tmp_path)

    async def follow() -> None:
        async with watched(desk) as until:
            await until(lambda: sentences(desk))

    asyncio.run(follow())
    assert "does not hold now" in sentences(desk)[0]
    assert shown(desk) == set()


def test_feeds_that_fail_stop_no_other_and_are_logged_once(
    server: Server, other: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "baluardo.authority.warnings")
    hanging = threading.Event()

    def answer(handler: Any) -> None:
        if handler.path == "/hangs":
            hanging.set()
            other.stopping.wait(120.0)
        else:
            handler.say(200, b"<html>Welcome!</html>")

    other.answer = answer
    server.says(atom_with(alert("A")))
    desk = desk_of(
        replace(at(other, "slow"), url=f"{other.address}/hangs"), at(other, "junk"), at(server)
    )

    async def follow() -> None:
        async with watched(desk) as until:
            await until(lambda: shown(desk) == {"A"} and hanging.is_set())
            await until(lambda: len([e for e in other.asked if e["path"] == "/feed"]) > 3)
            server.says(b"", 503)
            await until(lambda: desk.foreign.feed("meteo").failure)
            assert shown(desk) == {"A"}
            server.says(atom_with(alert("B")))
            await until(lambda: shown(desk) == {"A", "B"})
            other.stopping.set()

    asyncio.run(follow())
    junk = desk.foreign.feed("junk")
    assert junk.failure is not None
    assert "is no feed" in junk.failure
    assert junk.reached is None
    said = [each.getMessage() for each in caplog.records]
    assert sum(each.startswith("The feed junk cannot be read") for each in said) == 1
    assert said.count(f"The feed meteo cannot be read: {server.address} answered 503.") == 1
    assert said.count("The feed meteo is read again.") == 1


def test_a_fault_of_ours_costs_one_feed_and_is_told(
    server: Server,
    other: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def outlines(_: Outlines, found: Alert, __: object) -> tuple[()]:
        if found.identifier == "bad":
            raise RuntimeError("a fault")
        return ()

    monkeypatch.setattr(Outlines, "of_alert", outlines)
    monkeypatch.setattr(foreign_feeds, "MOST_WAIT_S", 0.02)
    server.says(atom_with(alert("bad")))
    other.says(atom_with(alert("A")))
    desk = desk_of(at(server, "wrong"), at(other))

    async def follow() -> None:
        async with watched(desk) as until:
            await until(lambda: desk.foreign.feed("wrong").failure == OWN_FAULT)
            await until(lambda: shown(desk) == {"A"})
            server.says(atom_with(alert("B")))  # and it goes on once it is over
            await until(lambda: shown(desk, "wrong") == {"B"})

    asyncio.run(follow())
    assert desk.foreign.feed("wrong").failure is None
    assert "a fault" in caplog.text


def test_files_beside_the_text_are_not_held(server: Server) -> None:
    resources = (Resource("map", "image/png", content="A" * 100_000),)
    server.says(write_alert(alert("A", resources=resources)))
    desk = desk_of(at(server))

    async def follow() -> None:
        async with watched(desk) as until:
            await until(lambda: shown(desk))

    asyncio.run(follow())
    ((found, _),) = desk.foreign.feed("meteo").shown(NOW)
    assert found.alert.infos[0].resources == ()


def told(feed: FollowedFeed, *alerts: Alert, desk: WarningDesk, now: float) -> None:
    made = [
        ForeignAlert(each, Outlines().of_alert(each, desk.atlas), "CN=Meteo") for each in alerts
    ]
    feed.take(made, ["An entry was wrong."], now)


def test_the_door_tells_what_holds_and_how_it_is_with_the_feeds(
    officers_template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_TOLD", 2)
    feeds = (
        FeedSettings("meteo", "https://meteo.example/secret-path", signers=("meteo.pem",)),
        FeedSettings("away", "https://away.example/"),
    )
    with warning_country(officers_template, tmp_path / "authority", feeds=feeds) as state:
        desk, now = state.authority.warnings, state.calendar.now
        assert state.ask(None, "GET", "/warnings/feeds").status_code == 401
        for name in (OTTO, MARIO):
            assert state.ask(name, "GET", "/warnings/feeds").status_code == 403
        before = state.ask(ALDO, "GET", "/warnings/feeds").json()
        assert before["alerts"] == []
        assert before["feeds"][1] == {
            "name": "away",
            "host": "https://away.example",
            "every_s": 30.0,
            "signed": False,
            "looked": None,
            "reached": None,
            "failure": None,
            "left_out": [],
        }
        unknown = AlertArea("Elsewhere", geocodes=(Named("FIPS6", "048113"),))
        wind = alert("A", now, description="x" * 9_000, instruction="<b>Stay in</b>")
        drill = alert("B", now, status=Status.EXERCISE, severity=Severity.EXTREME)
        sea = alert("C", now, areas=(unknown,), onset=moment(now + 60.0), headline=None)
        told(desk.foreign.feed("meteo"), drill, wind, sea, desk=desk, now=now)
        desk.foreign.feed("away").fail("It is away.", now)
        found = state.ask(PAOLA, "GET", "/warnings/feeds").json()
        assert found["more"] == 1
        first, second = sorted(found["alerts"], key=lambda each: each["identifier"])
        (text,) = first["texts"]
        assert len(text.pop("description")) == door.LONGEST["description"]
        assert text == {
            "language": "it-IT",
            "sender_name": "Servizio meteorologico",
            "event": "Vento",
            "headline": "Vento forte",
            "instruction": "<b>Stay in</b>",
            "urgency": "Expected",
            "severity": "Severe",
            "certainty": "Likely",
            "effective": None,
            "onset": None,
            "expires": float(int(now + 3_600.0)),
        }
        assert first["areas"][0]["outline"]["type"] == "MultiPolygon"
        assert first["areas"][0]["names"] == {"it-IT": "Norcia"}
        assert (first["feed"], first["sender"]) == ("meteo", "cap@meteo.example")
        assert (first["status"], first["state"], first["signer"]) == (
            "Actual",
            "in force",
            "CN=Meteo",
        )
        assert second["areas"][0]["outline"] is None
        assert "FIPS6" in second["areas"][0]["why_not"]
        assert second["texts"][0]["headline"] == ""
        assert [each["failure"] for each in found["feeds"]] == [None, "It is away."]
        assert found["feeds"][0]["left_out"] == [{"at": now, "text": "An entry was wrong."}]
        assert "secret-path" not in str(found)
