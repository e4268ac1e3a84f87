"""Texts that two people write to each other at their telephones, as their pages show them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Final

from baluardo.stage.prove.calls_people import Caller
from baluardo.stage.prove.nation import RunningNation
from baluardo.stage.prove.result import Finding
from baluardo.stage.prove.stored import judge_stored

FIRST_MS, NEXT_MS = 10_000.0, 3_000.0
"""Ours: the first text makes a group, with a key package and a welcome of 23 kB each."""
NEXT: Final = 3
ARRIVES_SECONDS: Final = 60.0
BACK_SECONDS: Final = 180.0
"""Until an authority that was killed serves again and was found, and texts have come."""
_STATE: Final = "document.querySelector({text})?.querySelector('.text-state-{state}') != null"
_SHOWN: Final = (
    "[...document.querySelectorAll('.thread .text-words')]"
    ".filter((each) => each.textContent === {words}).length"
)


async def judge_texts(one: Caller, other: Caller, files: Path) -> list[Finding]:
    """Write from one to the other and back; `files`: where the authority keeps everything."""
    await _open(one, other)
    await _open(other, one)
    words = [_words() for _ in range(NEXT + 2)]
    first = await _arrives(one, other, words[0])
    rest = [await _arrives(one, other, each) for each in words[1:-1]]
    back = await _arrives(other, one, words[-1])
    later = sorted((*rest, back))[NEXT // 2]
    kept = judge_stored("a text", files, [each.encode() for each in words], other.shown)
    await _close(one, other)
    return [
        Finding(
            "a first text, until the other reads it",
            f"{first:.0f} ms",
            f"{FIRST_MS:.0f} ms",
            first <= FIRST_MS,
        ),
        Finding(
            f"texts after it, middle of {NEXT + 1}",
            f"{later:.0f} ms",
            f"{NEXT_MS:.0f} ms",
            later <= NEXT_MS,
        ),
        *kept,
    ]


async def judge_waiting_texts(one: Caller, other: Caller, nation: RunningNation) -> list[Finding]:
    """Write while the authority is killed: the text waits, and comes once when it is back."""
    await _open(one, other)
    await _open(other, one)
    words = _words()
    await other.page.come_to_front()
    async with nation.authority_killed():
        text = await _write(one, words)
        await one.page.until(_is(text, "waiting"), "a text that waits", ARRIVES_SECONDS)
    await one.page.until(_is(text, "read"), "a text to be read after all", BACK_SECONDS)
    times = await other.page.value(_SHOWN.format(words=json.dumps(words)))
    await _close(one, other)
    return [
        Finding(
            "a text written while the authority was killed",
            f"waited, and came {times} time" + ("" if times == 1 else "s"),
            "comes once",
            times == 1,
        )
    ]


async def _arrives(one: Caller, other: Caller, words: str) -> float:
    """Write, and return after how many milliseconds the writer sees that it was read."""
    await other.page.come_to_front()  # what is not drawn has not been read
    began = await one.ear.now()
    text = await _write(one, words)
    shown = _SHOWN.format(words=json.dumps(words))
    await other.page.until(f"{shown} === 1", f"a text from {one.shown}", ARRIVES_SECONDS)
    await one.page.until(_is(text, "read"), "a text to be read", ARRIVES_SECONDS)
    return await one.ear.now() - began


async def _write(one: Caller, words: str) -> str:
    """Write by the keyboard, and return the text's id."""
    await one.page.write(".thread textarea", words)
    await one.page.press(".composer-send")
    found = (
        "[...document.querySelectorAll('.thread [data-text]')].find((each) => "
        f"each.querySelector('.text-words').textContent === {json.dumps(words)})?.dataset.text"
    )
    return str(await one.page.until(found, "one's own text"))


async def _open(one: Caller, other: Caller) -> None:
    await one.page.press(".phone-write", f"Write to {other.shown}")
    await one.page.until("document.querySelector('.thread textarea') !== null", "a conversation")


async def _close(*callers: Caller) -> None:
    for each in callers:
        await each.page.press(".thread-close")
        await each.page.until("document.querySelector('.thread') === null", "no conversation")


def _is(text: str, state: str) -> str:
    return _STATE.format(text=json.dumps(f"[data-text='{text}']"), state=state)


def _words() -> str:
    """Return a text that is nowhere else."""
    return f"Course {time.monotonic_ns()}, all well."
