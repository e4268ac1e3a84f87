"""The globe in a real browser, on a real sky: what a person sees and can do."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from browser_page import Watched, opened
from PIL import Image
from playwright.sync_api import Browser

from running_console import RunningConsole

SKY = {"x": 300, "y": 110, "width": 960, "height": 600}
"""The part of the window between the cards, where nothing but the globe is."""

rounding_ms = 0.02
"""Delays are shown with two digits; the data attributes carry them in full."""


@pytest.fixture(autouse=True)
def _clock(globe_console: RunningConsole) -> Iterator[None]:
    """Start and leave every test with the sky of now."""
    yield
    set_clock(globe_console, mode="now")


def set_clock(console: RunningConsole, **wish: object) -> None:
    httpx.post(f"{console.url}api/sky/clock", json=wish).raise_for_status()


def picture(watched: Watched) -> npt.NDArray[np.int16]:
    """Return the globe as shown, shape (height, width, 3)."""
    image = Image.open(io.BytesIO(watched.page.screenshot(clip=SKY)))  # type: ignore[arg-type]
    return np.asarray(image.convert("RGB"), dtype=np.int16)


def legend_colours(watched: Watched) -> list[tuple[int, int, int]]:
    """Return the colours that the legend gives to satellites."""
    colours = watched.page.eval_on_selector_all(
        ".legend-families .swatch", "found => found.map(one => one.style.backgroundColor)"
    )
    return [tuple(map(int, c[4:-1].replace(",", " ").split())) for c in colours]  # type: ignore[misc]


def pixels_of(image: npt.NDArray[np.int16], colours: list[tuple[int, int, int]]) -> int:
    """Count the pixels within 20 steps of one of the colours."""
    near = np.zeros(image.shape[:2], dtype=bool)
    for colour in set(colours):
        near |= np.abs(image - np.array(colour, dtype=np.int16)).max(axis=-1) < 20
    return int(near.sum())


def test_satellites_are_seen_and_go_when_switched_off(globe: Watched) -> None:
    colours = legend_colours(globe)
    assert len(set(colours)) >= 8
    with_satellites = pixels_of(picture(globe), colours)
    shown = globe.number("baluardoGlobe.satellitesShown")
    assert 500 < shown < 4_000  # about a fifth of 7,500 is on this side and within the window
    globe.page.uncheck("#show-satellites")
    globe.wait("baluardoGlobe.satellitesShown === 0")
    drawn = globe.number("baluardoGlobe.framesDrawn")
    globe.wait(f"baluardoGlobe.framesDrawn > {drawn} + 2")
    without = pixels_of(picture(globe), colours)
    # Most satellites are one or two full pixels wide, some are hidden by names and cards.
    assert with_satellites - without > shown / 2
    assert without < with_satellites / 8


def test_the_picture_moves(globe: Watched, globe_console: RunningConsole) -> None:
    set_clock(globe_console, rate=60)
    globe.wait("document.querySelector('[data-rate=\"60\"]').ariaPressed === 'true'")
    before = picture(globe)
    drawn = globe.number("baluardoGlobe.framesDrawn")
    globe.wait(f"baluardoGlobe.framesDrawn > {drawn} + 10")
    assert (np.abs(picture(globe) - before).max(axis=-1) > 40).sum() > 500


def test_a_site_shows_its_route_and_the_satellites_it_sees(globe: Watched) -> None:
    page = globe.page
    before = picture(globe)
    page.click("[data-key=site-rome]")
    page.wait_for_selector("#route .hops")
    # All at once: a slot may begin between two looks.
    delays, kinds, total, shown = page.evaluate(
        """() => {
            const all = (kind) => [...document.querySelectorAll(`#route [data-${kind}]`)];
            return [
                all("delay").map(({ dataset }) => Number(dataset.delay)),
                all("kind").map(({ dataset }) => dataset.kind),
                Number(all("total")[0].dataset.total),
                document.querySelector("#route .hops-total")?.textContent,
            ];
        }"""
    )
    assert kinds[0] == "uplink"
    assert kinds[-2:] == ["downlink", "fibre"]
    assert all(delay >= 0 for delay in delays)
    assert math.isclose(sum(delays), total, abs_tol=1e-6)
    assert f"{total:.2f} ms" in shown
    elevations = page.eval_on_selector_all(
        ".in-view tbody tr", "rows => rows.map(row => parseFloat(row.cells[2].textContent))"
    )
    assert len(elevations) >= 5
    assert elevations == sorted(elevations, reverse=True)
    assert min(elevations) >= 25
    # The route and the sight lines are drawn.
    assert (np.abs(picture(globe) - before).max(axis=-1) > 60).sum() > 1_000
    page.keyboard.press("Escape")
    page.wait_for_selector("#site-panel", state="detached")


def test_the_panel_is_asked_again_every_second(globe: Watched) -> None:
    globe.page.click("[data-key=site-rome]")
    globe.page.wait_for_selector("#route .route-time")
    first = globe.page.text_content("#route .route-time")
    globe.wait(f"document.querySelector('#route .route-time')?.textContent !== '{first}'")


def test_a_satellite_is_found_by_name_and_by_click(globe: Watched) -> None:
    page = globe.page
    page.fill("#search", "540 P05 S11")
    page.keyboard.press("Enter")
    page.wait_for_selector("#height")
    assert "P05 S11" in (page.text_content("#satellite-panel h2") or "")
    height = float((page.text_content("#height") or "").replace(",", ""))
    assert 520 < height < 565  # the 540 km shell above the ellipsoid
    lasers = page.eval_on_selector_all(
        ".lasers span", "found => found.map(one => parseFloat(one.textContent.replace(',', '')))"
    )
    assert 1 <= len(lasers) <= 4
    assert max(lasers) <= 5_400
    page.click(".lasers button")
    globe.wait("!document.querySelector('#satellite-panel h2').textContent.includes('P05 S11')")
    page.keyboard.press("Escape")
    page.wait_for_selector("#satellite-panel", state="detached")


def test_a_click_picks_the_satellite_under_the_pointer(
    globe: Watched, globe_console: RunningConsole
) -> None:
    set_clock(globe_console, paused=True)
    globe.wait("document.querySelector('#pause').ariaPressed === 'true'")
    colours = legend_colours(globe)
    globe.page.wait_for_timeout(1_500)
    image = picture(globe)
    near = np.zeros(image.shape[:2], dtype=bool)
    for colour in set(colours):
        near |= np.abs(image - np.array(colour, dtype=np.int16)).max(axis=-1) < 12
    # Away from marks and controls: the south of the picture is open land.
    rows, columns = np.nonzero(near[380:560, 250:700])
    x, y = int(columns[0]) + 250 + SKY["x"], int(rows[0]) + 380 + SKY["y"]
    globe.page.mouse.move(x, y)
    globe.wait("!document.querySelector('.hover').hidden")
    name = globe.page.text_content(".hover")
    globe.page.mouse.click(x, y)
    globe.page.wait_for_selector("#height")
    assert globe.page.text_content("#satellite-panel h2") == name


def test_a_pause_stops_the_sky_and_says_so(globe: Watched) -> None:
    page = globe.page
    page.click("[data-rate='60']")
    page.wait_for_selector("[data-rate='60'][aria-pressed=true]")
    assert page.text_content("#mode") == "REPLAY"
    page.click("#pause")
    page.wait_for_selector("#pause[aria-pressed=true]")
    page.wait_for_timeout(4_000)
    frozen = page.get_attribute("#sky-time", "data-posix")
    page.wait_for_timeout(2_500)
    assert page.get_attribute("#sky-time", "data-posix") == frozen
    page.click("#pause")
    globe.wait(f"document.querySelector('#sky-time').dataset.posix > {frozen} + 20")
    page.click("#mode-now")
    globe.wait("document.querySelector('#mode').textContent === 'NOW'")


def test_colours_by_generation(globe: Watched) -> None:
    globe.page.click("text=Generation")
    globe.page.wait_for_selector(".legend-families >> text=v2 mini, direct to cell")
    colours = legend_colours(globe)
    assert len(set(colours)) == 3
    drawn = globe.number("baluardoGlobe.framesDrawn")
    globe.wait(f"baluardoGlobe.framesDrawn > {drawn} + 2")
    assert pixels_of(picture(globe), colours) > 300


def test_language_and_theme_are_switched_and_kept(globe: Watched) -> None:
    page = globe.page
    dark = picture(globe).mean()
    page.click("#language-switch")
    page.wait_for_selector("text=Stazioni di terra")
    assert page.get_attribute("html", "lang") == "it"
    assert page.get_attribute("#search", "placeholder") == "Cerca un satellite o una sede"
    page.click("#theme-switch")
    globe.wait("document.documentElement.dataset.theme === 'light'")
    page.wait_for_timeout(1_000)
    assert picture(globe).mean() > dark + 60
    page.reload()
    globe.wait_for_sky()
    assert page.get_attribute("html", "lang") == "it"
    assert page.get_attribute("html", "data-theme") == "light"


def test_the_first_visit_follows_the_browser(
    chromium: Browser, globe_console: RunningConsole
) -> None:
    settings = {"locale": "it-IT", "color_scheme": "light"}
    with opened(chromium, globe_console.url, **settings) as watched:
        watched.wait_for_sky()
        assert watched.page.get_attribute("html", "lang") == "it"
        assert watched.page.get_attribute("html", "data-theme") == "light"
        assert watched.page.title().endswith("Baluardo")
        assert watched.complaints == []


def test_a_phone_shows_everything_within_its_width(
    chromium: Browser, globe_console: RunningConsole
) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with opened(chromium, globe_console.url, **phone) as watched:
        watched.wait_for_sky()
        watched.page.tap("[data-key=site-lampedusa]")
        watched.page.wait_for_selector("#route .hops")
        assert watched.number("document.documentElement.scrollWidth") <= 360
        outside = watched.page.eval_on_selector_all(
            "header *, .strip *, .card, .card *",
            """found => found.filter(one => {
                if (one.closest('.strip-catalogue') !== null) return false;  // cut by design
                const box = one.getBoundingClientRect();
                return box.width > 0 && (box.left < -1 || box.right > 361);
            }).map(one => one.outerHTML.slice(0, 80))""",
        )
        assert outside == []
        body = "document.querySelector('.panel-body')"
        assert watched.number(f"{body}.scrollWidth - {body}.clientWidth") <= 0
        assert watched.complaints == []


def test_everything_can_be_reached_by_keyboard(globe: Watched) -> None:
    page = globe.page
    reached: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                const at = document.activeElement;
                const name = at.getAttribute('aria-label') || at.textContent || '';
                return at.dataset.key || at.id || name.trim();
            }"""
            )
        )
    for expected in ("language-switch", "theme-switch", "mode", "search", "site-rome", "pause"):
        assert expected in reached
    page.focus("[data-key=site-rome]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#site-panel")


def test_the_diagnostics_cannot_be_written(globe: Watched) -> None:
    frozen = globe.page.evaluate(
        """() => {
            try { window.baluardoGlobe.framesDrawn = -1; } catch (error) { /* strict mode */ }
            try { window.baluardoGlobe = null; } catch (error) { /* strict mode */ }
            return window.baluardoGlobe !== null && window.baluardoGlobe.framesDrawn > 0;
        }"""
    )
    assert frozen


def test_an_unknown_address_shows_a_page(chromium: Browser, globe_console: RunningConsole) -> None:
    with opened(chromium, f"{globe_console.url}nowhere") as watched:
        watched.page.wait_for_selector("text=There is no such page")
        assert watched.page.get_attribute("main a", "href") == "/"
        # The browser itself notes that the page came with status 404.
        assert [c for c in watched.complaints if "404" not in c] == []
