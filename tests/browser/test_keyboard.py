"""The globe by keyboard, wheel and finger: nothing is lost, nothing jumps."""

from __future__ import annotations

import httpx
from browser_page import Watched

from running_console import RunningConsole

FOCUSED = "document.activeElement.dataset.key || document.activeElement.textContent"


def test_the_keyboard_goes_to_the_panel_and_back(globe: Watched) -> None:
    page = globe.page
    page.focus("[data-key=site-rome]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#route .hops")
    assert page.evaluate(f"() => {FOCUSED}") == "Rome"
    assert page.evaluate("() => document.activeElement.tagName") == "H2"
    page.focus(".in-view tbody button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#satellite-panel")
    assert page.evaluate("() => document.activeElement.tagName") == "H2"
    page.keyboard.press("Escape")
    page.wait_for_selector("#satellite-panel", state="detached")
    assert page.evaluate(f"() => {FOCUSED}") == "site-rome"


def test_one_escape_closes_one_thing(globe: Watched) -> None:
    page = globe.page
    page.click("[data-key=site-rome]")
    page.wait_for_selector("#route .hops")
    page.click("#mode")
    page.wait_for_selector(".explanation")
    page.keyboard.press("Escape")
    page.wait_for_selector(".explanation", state="detached")
    assert page.is_visible("#site-panel")
    page.fill("#search", "STARLINK")
    page.keyboard.press("Escape")
    assert page.input_value("#search") == ""
    assert page.is_visible("#site-panel")
    page.keyboard.press("Escape")
    page.wait_for_selector("#site-panel", state="detached")


def test_marks_outside_of_the_window_are_not_walked_to(globe: Watched) -> None:
    page = globe.page
    box = page.locator("[data-key=site-milan] .mark-dot").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    # On a mark the wheel moves the map like anywhere else.
    for _ in range(12):
        page.mouse.wheel(0, -400)
        page.wait_for_timeout(100)
    globe.wait("document.querySelector('[data-key=site-lampedusa]').hidden")
    page.focus(".maplibregl-canvas")
    for _ in range(8):
        page.keyboard.press("Tab")
        x, y = page.evaluate(
            """() => {
                const box = document.activeElement.getBoundingClientRect();
                return [box.left + box.width / 2, box.top + box.height / 2];
            }"""
        )
        assert 0 <= x <= 1280
        assert 0 <= y <= 800
    scrolled = ".globe-page, .globe, .marks, .maplibregl-canvas-container"
    assert (
        page.eval_on_selector_all(
            scrolled, "found => found.map(one => one.scrollTop + one.scrollLeft)"
        )
        == [0] * page.locator(scrolled).count()
    )


def test_a_ship_that_nobody_selected_moves_on(
    globe: Watched, globe_console: RunningConsole
) -> None:
    place = "document.querySelector('[data-key=site-frigate]').style.transform"
    before = globe.page.evaluate(f"() => {place}")
    clock = httpx.get(f"{globe_console.url}api/sky/clock").json()
    wish = {"sky_time": clock["sky_time"] + 6 * 3_600.0}
    httpx.post(f"{globe_console.url}api/sky/clock", json=wish).raise_for_status()
    globe.wait(f"{place} !== '{before}'")
    httpx.post(f"{globe_console.url}api/sky/clock", json={"mode": "now"}).raise_for_status()
