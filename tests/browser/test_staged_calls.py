"""The browser that `baluardo prove calls` drives: real pages, presses, keys and sound in it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from trust_page import Quiet
from trust_page import site as serve

from baluardo.errors import StageError
from baluardo.stage.prove.calls_captures import MOST_DECODED, Speech, judge_speech
from baluardo.stage.prove.calls_ear import SCRIPT, Ear
from baluardo.stage.prove.chromium import Chromium, find_chromium, running_chromium

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="there is no Chromium on this machine (package chromium)"
)
PAGE = """<!doctype html><title>trial</title>
<div style="height: 3000px"></div>
<button disabled>go</button><button id="go" onclick="this.textContent = 'gone'">go</button>
<article data-call="0a"><p class="call-state">Dialling</p></article>"""
LOOP = """(async () => {
  const one = new RTCPeerConnection(), other = new RTCPeerConnection();
  one.onicecandidate = ({ candidate }) => other.addIceCandidate(candidate);
  other.onicecandidate = ({ candidate }) => one.addIceCandidate(candidate);
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  one.addTrack(stream.getAudioTracks()[0], stream);
  await one.setLocalDescription();
  await other.setRemoteDescription(one.localDescription);
  await other.setLocalDescription();
  await one.setRemoteDescription(other.localDescription);
  globalThis.kept = [one, other];
})()"""


def driven(folder: Path, test: Callable[[Chromium, str], Awaitable[None]]) -> None:
    """Run a test with a browser and the page that it opens."""
    (folder / "index.html").write_text(PAGE)

    async def run(url: str) -> None:
        async with running_chromium(root=os.geteuid() == 0) as browser:
            await test(browser, url)

    with serve(folder, Quiet) as url:
        asyncio.run(asyncio.wait_for(run(url), 120.0))


def test_it_does_without_a_sandbox_only_where_none_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = find_chromium()
    assert real is not None
    sandboxed = tmp_path / "asked"
    stub = tmp_path / "chromium"
    stub.write_text(
        f'#!/bin/sh\ncase "$*" in *--no-sandbox*) exec "{real}" "$@";; esac\n'
        f'echo >> "{sandboxed}"\nexit 1\n'
    )
    stub.chmod(0o755)
    monkeypatch.setattr("baluardo.stage.prove.chromium.find_chromium", lambda: str(stub))

    async def run(*, root: bool) -> str:
        async with running_chromium(root=root) as browser:
            return str((await browser.ask("Browser.getVersion", {}))["product"])

    assert "Chrom" in asyncio.run(run(root=False))
    assert sandboxed.exists()
    sandboxed.unlink()
    assert "Chrom" in asyncio.run(run(root=True))
    assert not sandboxed.exists()


def test_it_presses_what_a_person_would_press(tmp_path: Path) -> None:
    async def test(browser: Chromium, url: str) -> None:
        page = await browser.page(url, SCRIPT)
        await page.press("button", "go")  # the one that is not shut, far below
        assert await page.value("document.querySelector('#go').textContent") == "gone"
        assert await page.value("Promise.resolve([1, 'two'])") == [1, "two"]
        ear = Ear(page)
        assert 0 < await ear.clicked_at() <= await ear.now()
        await page.value("document.querySelector('.call-state').textContent = 'Ringing'")
        assert await ear.clicked_at() <= await ear.shown_at("0a", ["Ringing"])
        with pytest.raises(StageError, match=r"the end of time\. The page shows: go"):
            await page.until("false", "the end of time", 0.2)
        with pytest.raises(StageError, match="ReferenceError"):
            await page.value("nothing.here")
        with pytest.raises(StageError, match=r"refuses Page\.fly"):
            await browser.ask("Page.fly", {})

    driven(tmp_path, test)


def test_each_page_has_a_profile_and_an_authenticator_of_its_own(tmp_path: Path) -> None:
    made = """navigator.credentials.create({ publicKey: { challenge: new Uint8Array(32),
      rp: { name: "trial" }, user: { id: new Uint8Array(8), name: "a", displayName: "a" },
      pubKeyCredParams: [{ type: "public-key", alg: -7 }] } }).then(({ type }) => type)"""

    async def test(browser: Chromium, url: str) -> None:
        local = url.replace("127.0.0.1", "localhost")
        one, other = await browser.page(local), await browser.page(local)
        assert await one.value("localStorage.kept = 'here'") == "here"
        assert await other.value("localStorage.kept ?? 'nothing'") == "nothing"
        assert await one.value(made) == "public-key"

    driven(tmp_path, test)


def test_the_ear_hears_the_tone_and_not_its_absence(tmp_path: Path) -> None:
    async def test(browser: Chromium, url: str) -> None:
        page = await browser.page(url, SCRIPT)
        ear = Ear(page)
        began = await ear.now()
        await page.value(LOOP)
        first = await ear.first_heard(began)
        await asyncio.sleep(0.5)
        heard = await ear.heard(first + 200.0)
        assert heard.is_tone
        await page.value("kept[0].getSenders()[0].replaceTrack(null)")
        await asyncio.sleep(1.0)
        since = await ear.now()
        await asyncio.sleep(0.5)
        silent = await ear.heard(since)
        assert silent.blocks > 0
        assert not silent.is_tone

    driven(tmp_path, test)


def test_sealed_frames_are_not_heard_and_clear_ones_are(tmp_path: Path) -> None:
    async def test(browser: Chromium, url: str) -> None:
        page = await browser.page(url)
        sealed = [Speech(n % 2, os.urandom(106)) for n in range(MOST_DECODED)]
        findings = await judge_speech(page, sealed)
        assert [each.holds for each in findings] == [True, True, True], findings
        few = await judge_speech(page, sealed[:10])
        assert not few[0].holds  # a capture of nearly nothing proves nothing

    driven(tmp_path, test)
