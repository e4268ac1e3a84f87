"""Paths on the globe: who serves a site, its strip chart, cells by load and rain."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from browser_page import Watched, opened
from PIL import Image
from playwright.sync_api import Browser, Route

from running_console import RunningConsole

SKY = {"x": 300, "y": 110, "width": 560, "height": 600}
"""The part of the window between legend and panel."""

rounding_ms = 0.050_1
"""Delays are shown with one digit."""

NOON = 1_748_520_000.0

SERVING_DARK = (104, 244, 255)
"""`MAP_COLOURS.dark.serving` of the pages."""


@pytest.fixture(autouse=True)
def _clock(globe_console: RunningConsole) -> Iterator[None]:
    """Stand still at one noon, so that pictures can be compared; leave the sky of now."""
    set_clock(globe_console, sky_time=NOON, paused=True, rate=1)
    yield
    set_clock(globe_console, mode="now")


def set_clock(console: RunningConsole, **wish: object) -> None:
    httpx.post(f"{console.url}api/sky/clock", json=wish).raise_for_status()


def picture(watched: Watched) -> npt.NDArray[np.int16]:
    """Return the globe as shown, shape (height, width, 3)."""
    image = Image.open(io.BytesIO(watched.page.screenshot(clip=SKY)))  # type: ignore[arg-type]
    return np.asarray(image.convert("RGB"), dtype=np.int16)


def changed(one: npt.NDArray[np.int16], other: npt.NDArray[np.int16]) -> int:
    return int((np.abs(one - other).max(axis=-1) > 12).sum())


def settle(watched: Watched) -> None:
    """Let a few pictures be drawn."""
    drawn = watched.number("baluardoGlobe.framesDrawn")
    watched.wait(f"baluardoGlobe.framesDrawn > {drawn} + 4")


def open_site(watched: Watched, site: str) -> None:
    watched.page.click(f"[data-key=site-{site}]")
    watched.page.wait_for_selector("#strip-chart")
    watched.wait("document.querySelectorAll('#strip-chart [data-state=served]').length === 40")


def test_the_panel_says_what_the_console_says(
    globe: Watched, globe_console: RunningConsole
) -> None:
    open_site(globe, "rome")
    answer = httpx.get(f"{globe_console.url}api/paths/sites/rome").json()
    now, page = answer["now"], globe.page

    def text(row: str) -> str:
        return page.text_content(f"#path-{row} > span") or ""

    assert text("serving") == now["satellite"]["name"]
    assert text("elevation").startswith(f"{now['satellite']['elevation_deg']:.1f}°")
    assert text("elevation").endswith(f"{now['in_view']} usable")
    assert text("delay") == f"{now['delay_down_ms']:.1f} / {now['delay_up_ms']:.1f} ms"
    assert text("rate").startswith(f"{now['rate_down_bps'] / 1e6:.0f} / ")
    assert text("landing") == f"{now['gateway']} → {now['point_of_presence']}"
    assert text("landing-rule").startswith("only at Foggia, Marsala")
    following = answer["slot"] + 1 - answer["series"]["first_slot"]
    assert ("stays" in text("next")) != answer["series"]["handover"][following]
    left = int((page.text_content("#countdown") or "").split()[-2])
    assert left == answer["slot_end"] - NOON
    page.click("#path-serving button")
    page.wait_for_selector("#satellite-panel")
    assert page.text_content("#satellite-panel h2") == now["satellite"]["name"]


def test_every_value_is_marked_in_both_languages(globe: Watched) -> None:
    open_site(globe, "rome")
    page = globe.page
    levers = "found => found.map(one => [one.dataset.lever, one.textContent, one.title])"
    rows = page.locator("#path dd").count()
    english = page.eval_on_selector_all("#path .lever", levers)
    assert len(english) == rows >= 12
    assert {(kind, name) for kind, name, _ in english} == {
        ("ours", "ours"),
        ("contract", "contract"),
        ("observed", "observed"),
    }
    page.click("#language-switch")
    page.wait_for_selector("text=Satellite in servizio")
    italian = page.eval_on_selector_all("#path .lever", levers)
    assert [kind for kind, _, _ in italian] == [kind for kind, _, _ in english]
    assert {name for _, name, _ in italian} == {"nostro", "contratto", "osservato"}
    assert all(meaning.endswith(".") for _, _, meaning in italian)


def test_the_chart_has_forty_slots_and_says_so_in_words(
    globe: Watched, globe_console: RunningConsole
) -> None:
    open_site(globe, "milan")
    page = globe.page
    series = httpx.get(f"{globe_console.url}api/paths/sites/milan").json()["series"]
    slots = page.eval_on_selector_all(
        "#strip-chart [data-slot]", "found => found.map(one => Number(one.dataset.slot))"
    )
    assert slots == list(range(series["first_slot"], series["first_slot"] + 40))
    marks = page.locator("#strip-chart [data-slot] .chart-handover").count()
    assert marks == sum(series["handover"])
    words = page.get_attribute("#strip-chart svg[role=img]", "aria-label") or ""
    assert "40 slots" in words
    assert f"hand-overs: {marks}" in words
    assert "slots without service: 0" in words
    assert page.locator("#strip-chart tbody tr").count() == 0
    page.click("#strip-chart summary")
    page.wait_for_selector("#strip-chart tbody tr")
    rows = page.eval_on_selector_all(
        "#strip-chart tbody tr", "rows => rows.map(row => row.cells[2].textContent.split('/'))"
    )
    delays = zip(series["delay_down_ms"], series["delay_up_ms"], strict=True)
    np.testing.assert_allclose(
        np.array(rows, dtype=np.float64), list(delays), rtol=0, atol=rounding_ms
    )


def test_a_line_goes_from_a_site_to_its_satellite(globe: Watched) -> None:
    open_site(globe, "lampedusa")
    settle(globe)
    image = picture(globe)
    near = np.abs(image - np.array(SERVING_DARK, dtype=np.int16)).max(axis=-1) < 30
    assert near.sum() > 60


def test_cells_are_coloured_counted_and_go_again(
    globe: Watched, globe_console: RunningConsole
) -> None:
    page = globe.page
    settle(globe)
    without = picture(globe)
    assert not page.is_checked("#show-cells")
    page.check("#show-cells")
    page.wait_for_selector("#cells-summary[data-slot]")
    settle(globe)
    page.wait_for_timeout(500)
    assert changed(picture(globe), without) > 3_000
    answer = httpx.get(f"{globe_console.url}api/paths/cells").json()
    assert f"{len(answer['load_percent']):,} cells" in (page.text_content("#cells-summary") or "")
    counts = page.eval_on_selector_all(
        "#cells-legend .legend-number", "found => found.map(one => one.textContent)"
    )
    refused = sum(reason != 0 for reason in answer["reason"])
    assert sum(int(count.replace(",", "")) for count in counts) == len(answer["load_percent"])
    assert counts[-1] == f"{refused:,}"
    assert page.get_attribute("#show-cells", "aria-describedby") == "cells-legend"
    page.uncheck("#show-cells")
    settle(globe)
    for _ in range(40):  # a machine that draws in software and does much else takes its time
        if changed(picture(globe), without) < 300:
            break
        page.wait_for_timeout(250)
    assert changed(picture(globe), without) < 300
    assert page.locator("#cells-legend").count() == 0


def test_refused_cells_have_stripes(globe: Watched) -> None:
    page = globe.page

    def all_refused(route: Route) -> None:
        answer = httpx.get(route.request.url).json()
        answer["reason"] = [answer["reasons"].index("full")] * len(answer["reason"])
        route.fulfill(json=answer)

    page.route("**/api/paths/cells", all_refused)
    page.check("#show-cells")
    page.wait_for_selector("#cells-summary[data-slot]")
    settle(globe)
    page.wait_for_timeout(500)
    image = picture(globe)
    striped = (image[..., 0] > 150) & (image[..., 2] < 110) & (image[..., 1] < 150)
    assert striped.sum() > 2_000
    # Neither all of the ground nor whole cells: the load shows between the stripes.
    south_east = striped[300:420, 250:420]
    assert 0.05 < south_east.mean() < 0.9


def test_rain_is_shown_and_said_to_be_simulated(globe: Watched) -> None:
    page = globe.page
    settle(globe)
    without = picture(globe)
    page.check("#show-rain")
    page.wait_for_selector("#rain-summary[data-slot]")
    settle(globe)
    page.wait_for_timeout(500)
    assert changed(picture(globe), without) > 500
    words = page.text_content("#rain-summary") or ""
    assert "simulated (seed 1)" in words
    assert page.locator("#rain-legend .swatch").count() == 5
    page.click("#theme-switch")
    page.wait_for_timeout(1_000)
    light = picture(globe)
    page.uncheck("#show-rain")
    settle(globe)
    page.wait_for_timeout(500)
    assert changed(picture(globe), light) > 500


def test_another_slot_brings_another_answer(globe: Watched, globe_console: RunningConsole) -> None:
    page = globe.page
    page.check("#show-cells")
    page.check("#show-rain")
    open_site(globe, "norcia")
    page.wait_for_selector("#cells-summary[data-slot]")
    page.wait_for_selector("#rain-summary[data-slot]")
    places = ("#path", "#cells-summary", "#rain-summary")
    before = [int(page.get_attribute(place, "data-slot") or 0) for place in places]
    assert len(set(before)) == 1
    set_clock(globe_console, sky_time=NOON + 600.0, paused=True)
    for place in places:
        globe.wait(f"Number(document.querySelector('{place}')?.dataset.slot) === {before[0] + 40}")


def test_at_the_fastest_pace_the_panel_keeps_up(
    globe: Watched, globe_console: RunningConsole
) -> None:
    open_site(globe, "rome")
    before = globe.number("document.querySelector('#path').dataset.slot")
    set_clock(globe_console, rate=300, paused=False)
    globe.wait(f"Number(document.querySelector('#path')?.dataset.slot) > {before} + 60")


def test_a_phone_shows_the_chart_within_its_width(
    chromium: Browser, globe_console: RunningConsole
) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with opened(chromium, globe_console.url, **phone) as watched:
        watched.wait_for_sky()
        watched.page.tap("[data-key=site-lampedusa]")
        watched.page.wait_for_selector("#strip-chart")
        watched.wait("document.querySelectorAll('#strip-chart [data-state=served]').length === 40")
        outside = watched.page.eval_on_selector_all(
            "#site-panel, #site-panel *",
            """found => found.filter(one => {
                const box = one.getBoundingClientRect();
                return box.width > 0 && (box.left < -1 || box.right > 361);
            }).map(one => one.outerHTML.slice(0, 80))""",
        )
        assert outside == []
        assert watched.complaints == []
