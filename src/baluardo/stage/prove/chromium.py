"""A headless Chromium of this machine and its pages, over the DevTools protocol on a pipe.

No port is opened, so nobody else on this machine can take the browser over. Each page has a profile
of its own, with an authenticator that knows its owner (WebAuthn Automation, section 11).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from typing import Any, Final

from baluardo.errors import SourceError, StageError

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER: Final = (
    "There is no Chromium on this machine, and calls are made by browsers: nothing was started. "
    "Install it (Debian: chromium), then try again."
)
PIPE: Final = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null'
"""Descriptors 3 and 4 are where Chromium speaks DevTools if it is told to."""
FLAGS: Final = (
    *("--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-quic"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-background-timer-throttling", "--disable-renderer-backgrounding"),
    *("--disable-backgrounding-occluded-windows", "--disable-gpu", "--lang=en-GB"),
    *("--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"),
)
"""Pages that nobody looks at run as those that somebody does, and are asked for no microphone."""
WITHOUT_SANDBOX: Final = "--no-sandbox"
"""Root may not have one, nor may others where neither user namespaces nor a helper that is root's
are permitted. Pages are our own alone."""
AUTHENTICATOR: Final = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
LARGEST_ANSWER: Final = 64 << 20
ANSWER_SECONDS: Final = 60.0
START_SECONDS: Final = 180.0
"""Until a browser answers at all: on a busy machine it takes long to load."""
LOOK_SECONDS: Final = 0.05
PRESSES: Final = 5
"""Of one button that something pushes away whenever it is about to be pressed."""
END_SECONDS: Final = 10.0


def find_chromium() -> str | None:
    """Return the path of the machine's Chromium; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


_LEFT: Final = ("navigated", "context was destroyed", "Cannot find context")


class PageLeftError(StageError):
    """A page went on to another address while it was asked."""


class Chromium:
    """A browser that runs; use `running_chromium`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take a browser whose pipe is its standard input and output."""
        if process.stdin is None or process.stdout is None:
            raise StageError("Chromium was started without its pipe.")
        self._process, self._writer, self._reader = process, process.stdin, process.stdout
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    @property
    def has_ended(self) -> bool:
        """Whether it speaks no more."""
        return self._reading.done()

    async def ends(self) -> bool:
        """Whether it has ended: its pipe breaks a moment before that is read."""
        await asyncio.wait([self._reading], timeout=END_SECONDS)
        return self.has_ended

    async def page(self, url: str, script: str = "") -> Page:
        """Open a page in a profile of its own; `script` runs in it before its own do."""
        context = await self.ask("Target.createBrowserContext", {})
        made = await self.ask(
            "Target.createTarget",
            {"url": "about:blank", "browserContextId": context["browserContextId"]},
        )
        attached = await self.ask(
            "Target.attachToTarget", {"targetId": made["targetId"], "flatten": True}
        )
        page = Page(self, attached["sessionId"])
        await page.prepare(script)
        await page.go(url)
        return page

    async def ask(
        self,
        method: str,
        parameters: dict[str, Any],
        session: str = "",
        seconds: float = ANSWER_SECONDS,
    ) -> dict[str, Any]:
        """Ask for something; StageError if it is refused, or the browser has ended."""
        if self.has_ended:
            raise StageError(f"Chromium has ended, and does not answer {method}.")
        number = next(self._numbers)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        said = {"id": number, "method": method, "params": parameters}
        if session:
            said["sessionId"] = session
        try:
            self._writer.write(json.dumps(said).encode() + b"\0")
            async with asyncio.timeout(seconds):
                await self._writer.drain()
                answer = await future
        except (OSError, TimeoutError):
            raise StageError(f"Chromium does not answer {method}.") from None
        finally:
            self._waiting.pop(number, None)
        if "error" in answer:
            why = str(answer["error"].get("message"))
            kind = PageLeftError if any(each in why for each in _LEFT) else StageError
            raise kind(f"Chromium refuses {method}: {why}.")
        result: dict[str, Any] = answer["result"]
        return result

    async def end(self) -> None:
        """End the browser, kindly at first."""
        with contextlib.suppress(StageError):
            await self.ask("Browser.close", {})
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._writer.close()

    async def _read(self) -> None:
        """Hand every answer to who waits for it; events are nobody's."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                told = json.loads((await self._reader.readuntil(b"\0"))[:-1])
                waiting = self._waiting.get(told.get("id", 0))
                if waiting is not None and not waiting.done():
                    waiting.set_result(told)
        for each in self._waiting.values():
            if not each.done():
                each.set_exception(BrokenPipeError("Chromium has ended."))


class Page:
    """One page, as a person uses it: by what stands on it."""

    def __init__(self, browser: Chromium, session: str) -> None:
        """Take a page that a browser has opened."""
        self._browser, self._session = browser, session

    async def prepare(self, script: str) -> None:
        """Give it an authenticator, and what runs before its own programs."""
        await self._ask("Page.enable")
        # As if it were in front: several people sit at pages of one browser.
        await self._ask("Emulation.setFocusEmulationEnabled", enabled=True)
        await self._ask("WebAuthn.enable")
        await self._ask("WebAuthn.addVirtualAuthenticator", options=AUTHENTICATOR)
        await self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=1_280,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        if script:
            await self._ask("Page.addScriptToEvaluateOnNewDocument", source=script)

    async def go(self, url: str) -> None:
        """Open an address, and wait until its document is there; SourceError if it does not come.

        What its programs show is waited for by `until`.
        """
        told = await self._ask("Page.navigate", url=url)
        if told.get("errorText"):
            raise SourceError(f"{url} cannot be opened: {told['errorText']}.")
        await self.until("document.readyState === 'complete'", f"{url} to be loaded")

    async def come_to_front(self) -> None:
        """Be the page that somebody looks at: others are drawn now and then only."""
        await self._ask("Page.bringToFront")

    async def value(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, which may be a promise."""
        told = await self._ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in told:
            thrown = told["exceptionDetails"].get("exception", {})
            raise StageError(f"The page failed: {thrown.get('description', 'without a word')}")
        return told["result"].get("value")

    async def until(self, condition: str, what: str, seconds: float = ANSWER_SECONDS) -> Any:
        """Wait until an expression is true, and return it; StageError names what never came."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    with contextlib.suppress(PageLeftError):
                        if found := await self.value(condition):
                            return found
                    await asyncio.sleep(LOOK_SECONDS)
        shown = await self.value(_SHOWN)
        words = " | ".join(line for line in str(shown).splitlines() if line.strip())
        raise StageError(f"Waited {seconds:g} s for {what}. The page shows: {words}")

    async def press(self, selector: str, text: str = "") -> None:
        """Press with the mouse what a selector finds, of several the first with a text or name.

        What moves away meanwhile is pressed again, as a person would.
        """
        asked = _PLACE % (json.dumps(selector), json.dumps(text))
        for _ in range(PRESSES):
            place = await self.until(asked, text or selector)
            for kind in ("mousePressed", "mouseReleased"):
                await self._ask(
                    "Input.dispatchMouseEvent",
                    type=kind,
                    x=place[0],
                    y=place[1],
                    button="left",
                    clickCount=1,
                )
            try:
                if not await self.value("globalThis.unpressed === true"):
                    return
            except PageLeftError:
                return
        raise StageError(f"{text or selector} moves whenever it is pressed.")

    async def write(self, selector: str, text: str) -> None:
        """Press a field and write into it."""
        await self.press(selector)
        await self._ask("Input.insertText", text=text)

    async def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        return await self._browser.ask(method, parameters, self._session)


_SHOWN: Final = """(document.querySelector("main") ?? document.body)
  ?.innerText.slice(0, 1200) ?? ''"""

_PLACE: Final = """(() => {
  const [selector, text] = [%s, %s];
  const named = (each) => each.getAttribute("aria-label") ?? each.textContent.trim();
  const found = [...document.querySelectorAll(selector)].find(
    (each) => !each.disabled && (text === "" || named(each) === text));
  if (!found) return null;
  globalThis.unpressed = true;
  found.addEventListener("click", () => { globalThis.unpressed = false; },
    { once: true, capture: true });
  found.scrollIntoView({ block: "center", behavior: "instant" });
  const { x, y, width, height } = found.getBoundingClientRect();
  return width > 0 && height > 0 ? [x + width / 2, y + height / 2] : null;
})()"""


@contextlib.asynccontextmanager
async def running_chromium(*, root: bool) -> AsyncIterator[Chromium]:
    """Run a browser while inside, with nothing kept; StageError where there is none.

    `root`: it is started by root, or by who is root of a namespace.
    """
    path = find_chromium()
    if path is None:
        raise StageError(NO_BROWSER)
    async with contextlib.AsyncExitStack() as stack:
        browser = await stack.enter_async_context(_started(path, sandbox=not root))
        try:
            await browser.ask("Browser.getVersion", {}, seconds=START_SECONDS)
        except StageError:
            if root or not await browser.ends():
                raise
            # Where no sandbox can be had it ends at once.
            browser = await stack.enter_async_context(_started(path, sandbox=False))
        yield browser


@contextlib.asynccontextmanager
async def _started(path: str, *, sandbox: bool) -> AsyncIterator[Chromium]:
    # Its helpers may still write when it has ended.
    with tempfile.TemporaryDirectory(prefix="baluardo-", ignore_cleanup_errors=True) as directory:
        own = (f"--user-data-dir={directory}", *(() if sandbox else (WITHOUT_SANDBOX,)))
        flags = (*FLAGS, *own)
        process = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", PIPE, path, *flags),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=LARGEST_ANSWER,
        )
        browser = Chromium(process)
        try:
            yield browser
        finally:
            await browser.end()
