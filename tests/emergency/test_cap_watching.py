"""A feed of alerts watched over real HTTP: each new alert once, gently, within bounds."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cap_alerts import FULL, GOOD

from baluardo.emergency.cap import feeds, watching
from baluardo.emergency.cap.alert import Alert
from baluardo.emergency.cap.watching import FeedWatcher, Round
from baluardo.emergency.cap.writing import write_alert
from baluardo.emergency.ways.posting import Target
from baluardo.errors import BaluardoError, InvalidInputError, SourceError
from twin.web_server import Handler, Server, running

OTHER = replace(GOOD, identifier="IT-EXERCISE-0007")


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


def watcher(server: Server, every_s: float = 10.0) -> FeedWatcher:
    return FeedWatcher(Target(f"{server.address}/feed", private=True, answer_s=30.0), every_s)


def look(watched: FeedWatcher) -> Round:
    return asyncio.run(watched.look())


def atom(*links: str) -> bytes:
    body = "".join(f'<entry><id>{each}</id><link href="{each}"/></entry>' for each in links)
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{body}</feed>'.encode()


def serve(server: Server, files: dict[str, bytes], **headers: str) -> None:
    def answer(handler: Handler) -> None:
        found = files.get(handler.path)
        handler.say(404 if found is None else 200, found or b"", **headers)

    server.answer = answer


def paths(server: Server) -> list[str]:
    return [each["path"] for each in server.asked]


def test_each_new_alert_comes_once(server: Server) -> None:
    files = {"/feed": atom("/1"), "/1": write_alert(GOOD), "/2": write_alert(FULL)}
    serve(server, files)
    watched = watcher(server)
    assert look(watched) == Round((GOOD,))
    assert look(watched) == Round()
    files["/feed"] = atom("/2", "/1")
    assert look(watched) == Round((FULL,))
    assert paths(server) == ["/feed", "/1", "/feed", "/feed", "/2"]
    # The same alert at another address, and out of the feed and in again.
    files["/feed"], files["/3"] = atom("/3"), write_alert(GOOD)
    assert look(watched) == Round()


def test_alerts_within_the_feed_and_a_bare_one(server: Server) -> None:
    inner = write_alert(GOOD).partition(b"?>")[2]
    server.says(b"<rss><channel><item>" + inner + b"</item></channel></rss>")
    watched = watcher(server)
    assert look(watched).alerts == (GOOD,)
    server.says(write_alert(FULL))
    assert look(watched).alerts == (FULL,)
    server.says(write_alert(OTHER))
    assert look(watched).alerts == (OTHER,)
    assert look(watched).alerts == ()


def test_the_feed_is_asked_for_news_alone(server: Server) -> None:
    serve(server, {"/feed": atom("/1"), "/1": write_alert(GOOD)}, ETag='"a"', Last_Modified="now")
    watched = watcher(server)
    look(watched)
    server.answer = lambda handler: handler.say(304)
    assert look(watched) == Round(changed=False)
    first, alert, second = server.asked
    assert "if-none-match" not in {name.lower() for name in first | alert}
    asked = {name.lower(): value for name, value in second.items()}
    assert asked["if-none-match"] == '"a"'
    assert asked["if-modified-since"] == "now"


def test_what_cannot_be_fetched_is_tried_again_and_then_left(server: Server) -> None:
    files = {"/feed": atom("/gone", "/1"), "/1": write_alert(GOOD)}
    serve(server, files, ETag='"a"')
    watched = watcher(server)
    found = look(watched)
    assert found.alerts == (GOOD,)
    assert found.problems == (f"{server.address} answered 404.",)
    for _ in range(watching.MOST_TRIES - 1):
        assert len(look(watched).problems) == 1
    assert look(watched) == Round()
    # While it was tried the feed was asked for as a whole; now for news alone.
    assert ["If-None-Match" in each or "if-none-match" in each for each in server.asked][-1]


def test_an_alert_that_comes_late_is_taken(server: Server) -> None:
    files = {"/feed": atom("/1")}
    serve(server, files)
    watched = watcher(server)
    assert not look(watched).alerts
    files["/1"] = write_alert(GOOD)
    assert look(watched).alerts == (GOOD,)


def test_broken_alerts_cost_the_others_nothing(server: Server) -> None:
    serve(server, {"/feed": atom("/b", "ftp://x/", "/1"), "/b": b"{}", "/1": write_alert(GOOD)})
    watched = watcher(server)
    found = look(watched)
    assert found.alerts == (GOOD,)
    assert len(found.problems) == 2
    assert all(each.isprintable() and each.endswith(".") for each in found.problems)
    assert look(watched) == Round()


def test_two_alerts_by_one_name_are_told(server: Server) -> None:
    forged = write_alert(replace(GOOD, note="changed"))
    serve(server, {"/feed": atom("/1", "/2"), "/1": write_alert(GOOD), "/2": forged})
    found = look(watcher(server))
    assert found.alerts == (GOOD,)
    assert "that differ" in found.problems[0]


def test_rounds_are_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_AT_ONCE", 2)
    alerts = [replace(GOOD, identifier=f"A{n}") for n in range(5)]
    files = {f"/{n}": write_alert(each) for n, each in enumerate(alerts)}
    serve(server, {**files, "/feed": atom(*files)}, ETag='"a"')
    watched = watcher(server)
    assert [look(watched).alerts for _ in range(4)] == [
        *(tuple(alerts[n : n + 2]) for n in (0, 2, 4)),
        (),
    ]


def test_failures_make_it_wait_and_success_no_more(server: Server) -> None:
    watched = watcher(server, 10.0)
    waits = []
    for _ in range(12):
        with pytest.raises(SourceError, match=r"answered 404\."):
            look(watched)
        waits.append(watched.wait_s)
    assert waits[:3] == [20.0, 40.0, 80.0]
    assert waits[-1] == watching.MOST_WAIT_S
    server.says(atom())
    look(watched)
    assert watched.wait_s == 10.0
    server.says(b"", 503, Retry_After="300")
    with pytest.raises(SourceError):
        look(watched)
    assert watched.wait_s == 300.0
    server.says(b"", 429, Retry_After="999999999")
    with pytest.raises(SourceError):
        look(watched)
    assert watched.wait_s == watching.MOST_WAIT_S


def test_large_and_compressed_answers_are_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.says(gzip.compress(b"0" * 50_000_000), Content_Encoding="gzip")
    with pytest.raises(SourceError, match="compressed"):
        look(watcher(server))
    assert {name.lower(): v for name, v in server.asked[0].items()}["accept-encoding"] == "identity"
    monkeypatch.setattr(feeds, "LARGEST", 1_000)
    server.says(atom() + b" " * 1_000)
    with pytest.raises(SourceError, match="more than 1000 octets"):
        look(watcher(server))
    serve(server, {"/feed": atom("/1"), "/1": b" " * 2_000_001})
    assert "more than 2000000 octets" in look(watcher(server)).problems[0]


def test_redirects_are_followed_a_little(server: Server) -> None:
    def answer(handler: Handler) -> None:
        at = int(handler.path.strip("/feds") or 0)
        if at < 3:
            handler.say(302, Location=f"/{at + 1}#x")
        else:
            handler.say(200, write_alert(GOOD))

    server.answer = answer
    assert look(watcher(server)).alerts == (GOOD,)
    server.answer = lambda handler: handler.say(302, Location="/feed")
    with pytest.raises(SourceError, match="over 3 other"):
        look(watcher(server))
    for location in ("ftp://a/", "", "file:///etc/passwd", "http://user@a/", "http://[/"):
        server.answer = lambda handler, to=location: handler.say(302, Location=to)
        with pytest.raises(BaluardoError):
            look(watcher(server))


def test_a_public_feed_leads_into_no_private_network() -> None:
    for url in ("https://127.0.0.1:1/", "https://localhost:1/", "https://[::1]:1/"):
        with pytest.raises(SourceError, match="private network"):
            look(FeedWatcher(Target(url)))
    with pytest.raises(SourceError, match="unprotected"):
        watching._led_on(Target("https://a.example/"), "http://a.example/")


@pytest.mark.parametrize("octets", [b"", b"{}", b"<html/>", b"<rss>", b"<!DOCTYPE a><rss/>"])
def test_what_is_no_feed_counts_as_a_failure(server: Server, octets: bytes) -> None:
    server.says(octets)
    watched = watcher(server)
    with pytest.raises(InvalidInputError):
        look(watched)
    assert watched.wait_s == 20.0


def test_watching_goes_on_after_failures_until_it_is_stopped(server: Server) -> None:
    taken: list[Alert] = []
    told: list[str] = []

    async def watch() -> None:
        stop = asyncio.Event()

        async def take(found: Round) -> None:
            told.extend((*found.problems, *filter(None, [found.failure])))
            taken.extend(found.alerts)
            if found.failure is not None:
                serve(server, {"/feed": atom("/1"), "/1": write_alert(GOOD)})
            if found.alerts == (GOOD,):
                serve(server, {"/feed": atom("/1", "/gone", "/2"), "/2": write_alert(FULL)})
            if found.alerts == (FULL,):
                stop.set()

        async with asyncio.timeout(60.0):
            await watcher(server, 0.05).watch(take, stop)

    asyncio.run(watch())
    assert taken == [GOOD, FULL]
    assert f"{server.address} answered 404." in told
