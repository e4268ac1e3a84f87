"""People of the demonstration at browsers of their own, each at a site's own pages.

They enter, add the browser as a device of theirs, and open the telephone, by the same presses as
anybody. Nothing is put into a page but a tone for its microphone, and an ear.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from baluardo.errors import StageError
from baluardo.stage.prove.calls_ear import SCRIPT, Ear
from baluardo.stage.prove.chromium import Chromium, Page

ENTER: Final = "Enter as {}"
SIGNED_IN: Final = "Signed in as {}"
ADD: Final = "Add this browser as a device of yours"
ADDED: Final = "is a device of yours now"
ATTENDING: Final = "document.querySelector('.phone-desk, .phone-list') !== null"
RINGING_THERE: Final = "Ringing there …"
RINGS_HERE: Final = "Calls you"
SEALED: Final = "Sealed from browser to browser"
ENDED: Final = "Ended"
RINGING_SECONDS: Final = 1.0
"""Nobody answers sooner."""
REST_SECONDS: Final = 3.0
"""Between two calls: a device begins one every 2 s."""
OPEN_SECONDS: Final = 120.0
"""For a telephone to open and to see somebody: an edge that has just started asks for the log."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sits at a browser with an open telephone."""

    name: str
    shown: str
    page: Page
    ear: Ear

    async def sees(self, other: Caller) -> None:
        """Wait until somebody else can be reached."""
        row = f"[...document.querySelectorAll('.phone-row')].find((each) => {_names(other)})"
        reachable = f"{row}?.querySelector('.presence-free, .presence-busy') != null"
        await self.page.until(reachable, f"{other.shown} to be reachable", OPEN_SECONDS)

    async def dial(self, other: Caller, precedence: str = "routine") -> str:
        """Dial by the panel; return the id of the call."""
        row = f".phone-row:has([aria-label='Call {other.shown}, routine']) .phone-person"
        await self.page.press(row)
        await self.page.press(f".precedence-choice input[value='{precedence}']")
        known = await self._calls()
        await self.page.press(".dial-call")
        listed = "[...document.querySelectorAll('article[data-call]')].map((e) => e.dataset.call)"
        fresh = f"{listed}.find((each) => !{json.dumps(known)}.includes(each))"
        return str(await self.page.until(fresh, f"a call to {other.shown} to begin"))

    async def answer(self, call: str) -> None:
        """Answer once it rings here."""
        await self.page.press(f"article[data-call='{call}'] .act-answer")

    async def end(self, call: str) -> None:
        """End a call, or give it up."""
        await self.page.press(f"article[data-call='{call}'] .act-end")

    async def card(self, call: str) -> str:
        """Return all that a call's card shows."""
        found = f"document.querySelector(\"article[data-call='{call}']\")?.innerText ?? ''"
        return str(await self.page.value(found))

    async def _calls(self) -> list[str]:
        listed = "[...document.querySelectorAll('article[data-call]')].map((e) => e.dataset.call)"
        return list(await self.page.value(listed))


class Talk(NamedTuple):
    """A call that was made."""

    call: str
    """Its id."""
    rang_ms: float
    """From dialling to ringing."""
    heard_ms: float
    """From the answer until both ends hear the tone."""


@contextlib.asynccontextmanager
async def talk(one: Caller, other: Caller, precedence: str = "routine") -> AsyncIterator[Talk]:
    """Make a call and hold it while inside; it is answered no sooner than a person could."""
    call = await one.dial(other, precedence)
    dialled = await one.ear.clicked_at()
    rang = await one.ear.shown_at(call, [RINGING_THERE])
    await asyncio.sleep(RINGING_SECONDS)
    await other.answer(call)
    answered = await other.ear.clicked_at()
    heard = [await each.ear.first_heard(answered) for each in (one, other)]
    try:
        yield Talk(call, rang - dialled, max(heard) - answered)
    finally:
        with contextlib.suppress(StageError):  # it may have ended by itself
            end = json.dumps(f"article[data-call='{call}'] .act-end")
            if await one.page.value(f"document.querySelector({end}) !== null"):
                await one.end(call)
        await asyncio.sleep(REST_SECONDS)


async def sit_down(
    browser: Chromium, site: str, name: str, shown: str, script: str = SCRIPT
) -> Caller:
    """Bring somebody to a browser at a site's pages, with an open telephone.

    `site` is where the pages are, without a slash at the end; `script` runs in them before their
    own. StageError tells what did not come.
    """
    page = await browser.page(f"{site}/sign-in", script)
    await page.press("button", ENTER.format(shown))
    await page.until(_SIGNED_IN % json.dumps(SIGNED_IN.format(shown)), f"{shown} to enter")
    await page.go(f"{site}/me")
    await page.press("button", ADD)
    await page.until(f"document.body.innerText.includes({json.dumps(ADDED)})", "the device's key")
    await page.go(f"{site}/phone")
    if await page.value("!isSecureContext"):
        raise StageError(f"{site} is no address at which a browser holds keys.")
    await page.until(ATTENDING, f"the telephone of {shown} to open", OPEN_SECONDS)
    return Caller(name, shown, page, Ear(page))


_SIGNED_IN: Final = """[...document.querySelectorAll("button")].some((each) =>
  (each.getAttribute("aria-label") ?? each.textContent).includes(%s))"""


def _names(other: Caller) -> str:
    return f"each.textContent.includes({json.dumps(other.shown)})"
