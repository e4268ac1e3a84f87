"""The live globe in headless Chromium without a graphics card: pictures drawn per second.

Usage: python benchmarks/globe.py [--seconds N]

Prints one JSON line. `frames_per_second` are the pictures that the page drew of the whole built-in
constellation while it moved at 60 times the real pace, at 1280x800, everything (browser, graphics
by the processor, server) on this machine's cores; `with_route` the same with a site's route and
sight lines drawn. The control in the same run is an empty page that only asks for animation frames:
what the browser could do at most.

Exit status 1 below 5 pictures a second; 0 with the reason on stderr where nothing can be measured
(no Chromium, no Playwright).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

if find_spec("playwright") is None:
    print("Playwright is not here (`make test` installs it): nothing measured.", file=sys.stderr)
    sys.exit(0)
from playwright.sync_api import Browser, Page, sync_playwright

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY / folder) for folder in ("benchmarks", "tools", "tests")]
sys.path.insert(0, str(REPOSITORY / "tests" / "browser"))
from browser_page import FLAGS, PATIENCE_MS  # type: ignore[import-not-found]  # noqa: E402

from browser import find_browser  # noqa: E402
from machine import machine  # noqa: E402
from running_console import running  # type: ignore[import-not-found]  # noqa: E402

LEAST_FRAMES_PER_SECOND = 5.0
COUNTER = """() => {
  window.counted = 0;
  const count = () => { window.counted += 1; requestAnimationFrame(count); };
  requestAnimationFrame(count);
}"""


def rate_of(page: Page, expression: str, seconds: float) -> float:
    """Return by how much a count on the page grows in a second."""
    before, start = page.evaluate(f"() => {expression}"), time.perf_counter()
    page.wait_for_timeout(seconds * 1_000.0)
    after = page.evaluate(f"() => {expression}")
    return float(after - before) / (time.perf_counter() - start)


def measure(browser: Browser, url: str, seconds: float) -> dict[str, float | int]:
    """Measure the empty page, the moving sky, and the sky with a route."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE_MS)
    page.evaluate(COUNTER)
    control = rate_of(page, "window.counted", seconds)
    page.goto(url)
    page.wait_for_function("() => window.baluardoGlobe?.satellitesShown > 100")
    page.click("[data-rate='60']")
    page.wait_for_timeout(2_000)
    drawn = "window.baluardoGlobe.framesDrawn"
    moving = rate_of(page, drawn, seconds)
    shown = page.evaluate("() => window.baluardoGlobe.satellitesShown")
    page.click("[data-key=site-rome]")
    page.wait_for_selector("#route .hops")
    return {
        "frames_per_second": round(moving, 1),
        "with_route": round(rate_of(page, drawn, seconds), 1),
        "empty_page_frames_per_second": round(control, 1),
        "satellites_shown": int(shown),
    }


def main() -> int:
    """Measure and print; see the module's words for the exit status."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--seconds", type=float, default=8.0, help="length of each measurement")
    seconds = arguments.parse_args().seconds
    path = find_browser()
    if path is None:
        print("There is no Chromium on this machine: nothing measured.", file=sys.stderr)
        return 0
    with (
        tempfile.TemporaryDirectory() as state,
        running(Path(state), "--catalogue", "shells") as console,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        figures = measure(browser, console.url, seconds)
        browser.close()
    print(json.dumps({"benchmark": "globe", **figures, "machine": machine()}))
    return 0 if figures["frames_per_second"] >= LEAST_FRAMES_PER_SECOND else 1


if __name__ == "__main__":
    sys.exit(main())
