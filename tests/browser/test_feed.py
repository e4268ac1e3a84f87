"""The stream of frames as the server may end it, and a page that only wants to be looked at."""

from __future__ import annotations

from browser_page import opened
from playwright.sync_api import Browser, Request, WebSocketRoute

from running_console import RunningConsole

SERVICE_RESTART, TRY_AGAIN_LATER = 1012, 1013


def test_another_catalogue_is_fetched_without_a_word(
    chromium: Browser, globe_console: RunningConsole
) -> None:
    with opened(chromium, "about:blank") as watched:
        watched.own = globe_console.url
        screens: list[WebSocketRoute] = []
        asked: list[str] = []

        def through(route: WebSocketRoute) -> None:
            route.connect_to_server()
            screens.append(route)

        def note(request: Request) -> None:
            if request.url.endswith("/api/sky"):
                asked.append(request.url)

        page = watched.page
        page.route_web_socket("**/api/sky/frames", through)
        page.on("request", note)
        page.goto(globe_console.url)
        watched.wait_for_sky()
        page.evaluate(
            """() => {
                const state = document.querySelector('#connection');
                window.states = [];
                const note = () => window.states.push(state.className);
                new MutationObserver(note).observe(state, {attributes: true});
            }"""
        )
        assert (len(screens), len(asked)) == (1, 1)
        screens[0].close(code=SERVICE_RESTART, reason="The catalogue has changed.")
        drawn = watched.number("baluardoGlobe.framesDrawn")
        watched.wait(f"baluardoGlobe.framesDrawn > {drawn} + 30")
        assert (len(screens), len(asked)) == (2, 2)
        assert page.evaluate("() => window.states") == []
        assert watched.complaints == []


def test_a_full_server_is_said(chromium: Browser, globe_console: RunningConsole) -> None:
    with opened(chromium, "about:blank") as watched:

        def full(route: WebSocketRoute) -> None:
            route.close(code=TRY_AGAIN_LATER, reason="64 screens are open already.")

        watched.page.route_web_socket("**/api/sky/frames", full)
        watched.page.goto(globe_console.url)
        watched.page.wait_for_selector("#connection.connection-waiting")
        assert "Too many screens are open" in (watched.page.text_content("#connection") or "")


def test_a_stream_that_falls_silent_is_said(
    chromium: Browser, globe_console: RunningConsole
) -> None:
    with opened(chromium, "about:blank") as watched:

        def silent(route: WebSocketRoute) -> None:
            route.on_message(lambda _: None)

        watched.page.route_web_socket("**/api/sky/frames", silent)
        watched.page.goto(globe_console.url)
        watched.page.wait_for_selector("#connection.connection-waiting")
        assert "No new picture" in (watched.page.text_content("#connection") or "")
