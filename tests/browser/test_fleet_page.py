"""The fleet's page in a real browser, over a real sky: symbols, bars, a track drawn and dragged."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import httpx
import numpy as np
import pytest
from browser_page import PATIENCE_MS, Watched, opened
from playwright.sync_api import Browser, Page, expect

from baluardo.console.app import create_console
from baluardo.console.fleet import fleet_part
from baluardo.console.sky import sky_part
from baluardo.scenario.nation import default_path, load
from baluardo.twin.catalogues import Loaded
from baluardo.twin.clock import Readings
from baluardo.twin.live import LiveSky
from baluardo.twin.sky.shells import default_catalogue
from served import served

NOON: Final = 1_748_520_000.0
FEW: Final = default_catalogue().select(np.arange(7_500) % 10 == 0)
"""A tenth of the sky: there are gaps to be watched."""

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Console:
    """A console, and what whoever asks may see there."""

    url: str = ""
    hidden: frozenset[str] = frozenset({"drone"})


@pytest.fixture(scope="module")
def serving() -> Iterator[Console]:
    """Serve the sky at noon, its clock standing, and the fleet under it."""
    console, nation = Console(), load(default_path())
    live = LiveSky(Loaded(FEW), read=lambda: Readings(time.monotonic(), NOON))
    fleet = fleet_part(live, nation, None, lambda _: lambda name: name not in console.hidden)
    with served(create_console([sky_part(live, nation), fleet], ["127.0.0.1"])) as url:
        said = {"sky_time": NOON, "paused": True, "rate": 1}
        assert httpx.post(f"{url}/api/sky/clock", json=said).status_code == 200
        # The first question has the sky's code compiled; the fleet waits for that.
        assert httpx.get(f"{url}/api/sky/sites/rome", timeout=120.0).status_code == 200
        console.url = f"{url}/fleet"
        yield console


@pytest.fixture
def console(serving: Console) -> Iterator[Console]:
    """Return the console as it was before the test before."""
    yield serving
    serving.hidden = Console.hidden


@pytest.fixture
def fleet(chromium: Browser, console: Console) -> Iterator[Watched]:
    """Return the page with its map and plans; whatever the test does, nothing may go wrong."""
    with opened(chromium, console.url) as watched:
        ready(watched.page)
        yield watched
        assert watched.complaints == []


def ready(page: Page) -> None:
    expect(page.locator(".fleet-map")).to_have_attribute("data-ready", "true")
    for name in ("frigate", "helicopter", "patrol-aircraft"):
        expect(page.locator(f"#bar-{name}")).to_be_visible()


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return a point of the window by shares of the map's width and height."""
    box = page.locator(".flat-map-canvas").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def numbers(page: Page) -> list[list[float]]:
    """Return the points of the track as they stand written."""
    text = page.get_by_label("Points of the track").input_value()
    return [[float(each) for each in line.split(",")] for line in text.splitlines()]


def test_each_platform_has_a_row_with_what_serves_it_and_where_it_lands(fleet: Watched) -> None:
    page = fleet.page
    rows = page.locator("[id^=platform-]")
    expect(rows).to_have_count(3)
    row = page.locator("#platform-frigate")
    expect(row).to_contain_text("Frigate, Ionian Sea")
    expect(row).to_contain_text(re.compile(r"Landing: (held|stopped)"))
    expect(row).to_contain_text("never in TR")
    assert page.locator("#platform-helicopter svg").count() > 0, "the symbol"
    expect(page.locator(".watch-list li").first).to_be_visible()


def test_a_bar_is_walked_by_keys_from_gap_to_gap(fleet: Watched) -> None:
    page = fleet.page
    page.get_by_role("button", name="6 h").click()
    bar = page.locator("#bar-helicopter").get_by_role("slider")
    bar.focus()
    page.keyboard.press("Home")
    first = bar.get_attribute("aria-valuetext")
    page.keyboard.press("PageDown")
    gap = bar.get_attribute("aria-valuetext")
    assert first != gap
    page.keyboard.press("End")
    assert bar.get_attribute("aria-valuetext") not in {first, gap}
    table = page.locator("#platform-helicopter").get_by_text("As a table")
    table.click()
    expect(page.locator("#platform-helicopter table tbody tr").first).to_be_visible()


def test_a_track_is_drawn_and_its_plan_follows_the_drag(fleet: Watched) -> None:
    page = fleet.page
    page.locator("#draw").click()
    for x, y in ((0.35, 0.55), (0.5, 0.65), (0.65, 0.55)):
        page.mouse.click(*at(page, x, y))
        page.wait_for_timeout(350)  # two clicks at once are a wish to come nearer
    expect(page.locator("#draft-availability")).to_contain_text("%")
    assert len(numbers(page)) == 3
    before = page.locator("#draft").inner_text()
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if r.method == "POST" else None)
    page.mouse.move(*at(page, 0.65, 0.55))
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(*at(page, 0.65 + 0.02 * step, 0.55 - 0.03 * step))
        page.wait_for_timeout(60)
    during = len(asked)
    page.mouse.up()
    assert during >= 1, "the plan is asked for while one drags, not after"
    lat, lon = numbers(page)[2]
    fleet.wait(f"document.querySelector('#draft').innerText !== {before!r}")
    page.get_by_role("button", name="Take the last point back").click()
    assert len(numbers(page)) == 2
    assert lat > numbers(page)[1][0]
    assert lon > numbers(page)[1][1]
    page.get_by_role("button", name="Clear the track").click()
    expect(page.locator("#draft")).to_have_count(0)


def test_a_track_is_set_by_keys_and_typed(fleet: Watched) -> None:
    page = fleet.page
    page.locator("#draw").focus()
    page.keyboard.press("Enter")
    page.locator(".maplibregl-canvas").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 point set.")).to_be_visible()
    page.get_by_label("Points of the track").fill("37.2, 17.0\n36.3, 18.4")
    expect(page.locator("#draft-rate")).to_contain_text("bit/s")
    page.get_by_label("Speed").fill("90")
    expect(page.locator("#draft")).to_contain_text("which a ship goes")
    page.get_by_label("Speed").fill("16")
    expect(page.locator("#draft-rate")).to_be_visible()
    page.get_by_label("Points of the track").fill("nowhere")
    expect(page.get_by_label("Points of the track")).to_have_attribute("aria-invalid", "true")
    # The refusal of 90 kn is the server's: browsers report its status.
    fleet.complaints[:] = [each for each in fleet.complaints if "422" not in each]


def test_what_policy_hides_goes_while_the_page_is_open(fleet: Watched, console: Console) -> None:
    page = fleet.page
    console.hidden = frozenset({"drone", "helicopter"})
    expect(page.locator("#platform-helicopter")).to_have_count(0)
    console.hidden = frozenset({"drone", "helicopter", "frigate", "patrol-aircraft"})
    expect(page.get_by_text("No platform that you may see")).to_be_visible()
    fleet.complaints[:] = [each for each in fleet.complaints if "404" not in each]


def test_the_page_fits_a_telephone_in_italian(chromium: Browser, console: Console) -> None:
    small = {"viewport": {"width": 360, "height": 800}, "locale": "it-IT", "color_scheme": "light"}
    with opened(chromium, console.url, **small) as watched:
        page = watched.page
        ready(page)
        expect(page.locator("h1")).to_have_text("Flotta")
        wide = page.evaluate(
            """() => [...document.querySelectorAll("main, main *")]
                .filter((each) => !each.closest(".maplibregl-map, table, svg, .unseen"))
                .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
                .map((each) => each.className || each.tagName)"""
        )
        assert wide == []
        assert watched.complaints == []


def test_the_sea_is_mapped_and_its_hours_are_walked(fleet: Watched) -> None:
    page = fleet.page
    page.get_by_label("Show it on the map").check()
    slider = page.get_by_role("slider", name="Time shown")
    expect(slider).to_be_visible(timeout=3 * PATIENCE_MS)
    assert slider.get_attribute("aria-valuetext") == "all hours that are prepared"
    expect(page.locator(".sea-worst li")).to_have_count(5)
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    second = slider.get_attribute("aria-valuetext")
    assert second is not None
    assert re.fullmatch(r"\d\d:\d\d to \d\d:\d\d UTC", second)
    page.get_by_role("button", name="Play").click()
    fleet.wait(
        f"document.querySelector('.sea-time input').getAttribute('aria-valuetext') > '{second}'"
    )
    page.get_by_role("button", name="Pause").click()
    page.get_by_label("What is shown").select_option("rate")
    expect(page.locator(".sea-legend")).to_contain_text("Mbit/s", timeout=3 * PATIENCE_MS)
    assert page.get_by_label("Landing trusted").count() == 0
    page.locator(".sea-worst button").first.click()
    page.get_by_label("Show it on the map").uncheck()
    expect(page.locator(".sea-legend")).to_have_count(0)
