"""An ordinary Firefox, spoken to by WebDriver BiDi: as much of it as the tests of calls need.

A page of it is used as Playwright's pages are: what drives a page in Chromium drives it here too.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

NAMES = ("firefox-esr", "firefox")
START_SECONDS = 60.0
SOMEWHERE = ("192.0.2.1", 9)
"""For documentation alone (RFC 5737)."""
PATIENCE_S = 30.0
PREFERENCES = {
    # In the place of the click that begins a call. None for the network: people have none either.
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    # In the place of a sound card: without one its graph of sound never begins.
    "media.cubeb.force_mock_context": True,
    # In the place of a mouse (bits: fine, hovers), and of what somebody has chosen on a desktop.
    "ui.primaryPointerCapabilities": 6,
    "ui.allPointerCapabilities": 6,
    "intl.accept_languages": "en-GB, en",
    "layout.css.prefers-color-scheme.content-override": 0,
    # Nothing of its own leaves the machine while tests run.
    "app.update.auto": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.server": "",
}
KEYS = {
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Home": "\ue011",
    "Shift": "\ue008",
    "Tab": "\ue004",
    "ArrowDown": "\ue015",
}
"""As WebDriver writes keys that are no characters (W3C WebDriver, section 17.4.2)."""
IN_SIGHT = """async (selector) => {
  const found = [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility());
  if (found.length !== 1) throw new Error(`${found.length} in sight of ${selector}`);
  found[0].scrollIntoView({block: "center", inline: "center", behavior: "instant"});
  const {x, y, width, height} = found[0].getBoundingClientRect();
  const at = [Math.round(x + width / 2), Math.round(y + height / 2)];
  const above = document.elementFromPoint(...at);
  if (!found[0].contains(above)) throw new Error(`${above?.outerHTML} lies above ${selector}`);
  return at;
}"""
WRAPPED = """async (given) => {
  return JSON.stringify((await (%s)(JSON.parse(given))) ?? null);
}"""


class FirefoxError(Exception):
    """A script on the page threw, or Firefox refused what it was told."""


class Firefox:
    """A running browser and the one session with it; for one thread."""

    def __init__(self, connection: ClientConnection) -> None:
        """Begin the session, and listen to what pages complain of."""
        self._connection = connection
        self._asked = 0
        self.said: dict[str, list[str]] = {}
        """Words of pages' consoles and their errors, by page."""
        self.command("session.new", capabilities={})
        self.command("session.subscribe", events=["log.entryAdded"])

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Do something; what is heard meanwhile is kept."""
        self._asked += 1
        asked = {"id": self._asked, "method": method, "params": parameters}
        self._connection.send(json.dumps(asked))
        give_up = time.monotonic() + PATIENCE_S
        while True:
            told = json.loads(self._connection.recv(give_up - time.monotonic()))
            if told.get("method") == "log.entryAdded":
                self._heard(told["params"])
            if told.get("id") != self._asked:
                continue
            if told["type"] == "error":
                raise FirefoxError(f"{method}: {told['error']}: {told['message']}")
            return dict(told["result"])

    def _heard(self, entry: dict[str, Any]) -> None:
        page = entry["source"].get("context", "")
        self.said.setdefault(page, []).append(f"{entry['level']}: {entry['text']}")

    @contextmanager
    def page(self, url: str) -> Iterator[FirefoxPage]:
        """Open a page in a window and a store of its own; nothing may be complained of on it."""
        person = self.command("browser.createUserContext")["userContext"]
        made = self.command("browsingContext.create", type="window", userContext=person)
        page = FirefoxPage(self, made["context"])
        try:
            page.goto(url)
            yield page
            page.evaluate("() => null")  # whatever was said before its answer was heard
            assert not page.complaints, page.complaints
        finally:
            self.command("browser.removeUserContext", userContext=person)


class FirefoxPage:
    """One page; of Playwright's page what the tests of calls and of trust ask for.

    Besides, a keyboard, a mouse, and a size.
    """

    def __init__(self, firefox: Firefox, context: str) -> None:
        """Stand for a page that is open."""
        self._firefox, self._context = firefox, context

    @property
    def complaints(self) -> list[str]:
        """What the page has said and what went wrong on it."""
        return self._firefox.said.get(self._context, [])

    def goto(self, url: str) -> None:
        """Load another address."""
        self._tell("browsingContext.navigate", url=url, wait="complete")

    def reload(self) -> None:
        """Load the page again."""
        self._tell("browsingContext.reload", wait="complete")

    def evaluate(self, function: str, value: object = None) -> Any:
        """Run a function that may await, with one value of JSON; return what it returns."""
        told = self._tell(
            "script.callFunction",
            functionDeclaration=WRAPPED % function,
            arguments=[{"type": "string", "value": json.dumps(value)}],
            target={"context": self._context},
            awaitPromise=True,
        )
        if told["type"] == "exception":
            raise FirefoxError(told["exceptionDetails"]["text"])
        return json.loads(told["result"]["value"])

    def wait_for_function(self, function: str, timeout: float = 1000 * PATIENCE_S) -> None:
        """Wait until a function returns what counts as true."""
        give_up = time.monotonic() + timeout / 1000
        while not self.evaluate(f"async () => Boolean(await ({function})())"):
            assert time.monotonic() < give_up, function
            time.sleep(0.05)

    def wait_for_timeout(self, milliseconds: float) -> None:
        """Let time pass."""
        time.sleep(milliseconds / 1000)

    def press(self, *keys: str) -> None:
        """Press keys one after the other as a person does: "a", "Enter", "Shift+Tab"."""
        strokes: list[dict[str, str]] = []
        for key in keys:
            held = [KEYS.get(each, each) for each in (key.split("+") if len(key) > 1 else [key])]
            strokes += [{"type": "keyDown", "value": each} for each in held]
            strokes += [{"type": "keyUp", "value": each} for each in reversed(held)]
        self._act({"type": "key", "id": "keyboard", "actions": strokes})

    def click(self, selector: str) -> None:
        """Click with the mouse on the one element in sight that a CSS selector finds."""
        x, y = self.evaluate(IN_SIGHT, selector)
        moves = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._act({"type": "pointer", "id": "mouse", "actions": moves})

    def resize(self, width: int, height: int) -> None:
        """Give the page so much room, CSS pixels."""
        self._tell("browsingContext.setViewport", viewport={"width": width, "height": height})

    def _act(self, source: dict[str, Any]) -> None:
        self._tell("input.performActions", actions=[source])

    def _tell(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._firefox.command(method, context=self._context, **parameters)


@contextmanager
def running_firefox(folder: Path) -> Iterator[Firefox]:
    """Start a Firefox without a screen, its profile in a folder; skip by name without one."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("there is no Firefox on this machine (package firefox-esr)")
    profile = folder / "firefox"
    profile.mkdir()
    preferences = [
        f"user_pref({json.dumps(name)}, {json.dumps(PREFERENCES[name])});\n" for name in PREFERENCES
    ]
    (profile / "user.js").write_text("".join(preferences))
    command = [path, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", profile]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:
        try:
            with connect(_address_in(profile), max_size=None) as connection:
                firefox = Firefox(connection)
                yield firefox
                firefox.command("session.end")
        finally:
            process.terminate()


def own_address() -> str:
    """Return this machine's address on its network; skip by name where it has loopback alone.

    Firefox gathers no candidate on loopback, and pairs none with a relay that is there.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(SOMEWHERE)  # which sends nothing
        except OSError:
            pytest.skip("this machine has no address but loopback: Firefox makes no call there")
        return str(asked.getsockname()[0])


def _address_in(profile: Path) -> str:
    """Return where a starting Firefox listens, once it has written it down."""
    written = profile / "WebDriverBiDiServer.json"
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        try:
            told = json.loads(written.read_text())
            return f"ws://{told['ws_host']}:{told['ws_port']}/session"
        except (OSError, ValueError):
            time.sleep(0.05)
    raise AssertionError("Firefox did not say where it listens.")
