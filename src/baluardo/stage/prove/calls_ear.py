"""What runs in a page before its own programs: a tone in the microphone's place, and an ear.

The page is the one that people have. It asks for a microphone and gets a sine of 1 kHz, which no
filter for voices takes for noise, since none is between; what its connections bring is listened to
beside its own loudspeaker. Times are of this machine's one clock.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final, NamedTuple

from baluardo.stage.prove.chromium import Page

TONE_HZ: Final = 1_000
TONE_LEVEL: Final = 0.35
"""Of full scale, root mean square: half of full scale at its peaks."""
LOUD: Final = 0.02
"""Of full scale, root mean square, with the tone's share: audio."""
TONE_SHARE: Final = 0.8
"""Of the power, within one window's resolution: it is the tone and not just something."""
BLOCK_MS: Final = 10

WITHOUT_TARGET: Final = """
for (const name of ["jitterBufferTarget", "playoutDelayHint"]) {
  Object.defineProperty(RTCRtpReceiver.prototype, name, { get: () => null, set: () => {} });
}
"""
"""For a control: nothing more is kept in hand than the browser keeps by itself."""

SCRIPT: Final = """(() => {
  const ear = { blocks: [], shown: [], clicked: [], sources: [] };
  Object.defineProperty(globalThis, "baluardoEar", { value: ear });
  const now = () => performance.timeOrigin + performance.now();
  const devices = navigator.mediaDevices;
  if (!devices) return;

  devices.getUserMedia = async () => {
    const audio = new AudioContext({ sampleRate: 48000 });
    const tone = new OscillatorNode(audio, { frequency: HERTZ });
    const volume = new GainNode(audio, { gain: 0.5 });
    const out = audio.createMediaStreamDestination();
    tone.connect(volume).connect(out);
    tone.start();
    ear.sources.push(tone);
    return out.stream;
  };

  const turn = 2 * Math.PI * HERTZ / 48000;
  const waves = Array.from({ length: 480 }, (_, i) => [Math.cos(turn * i), Math.sin(turn * i)]);
  const judge = (samples, from) => {  // ten whole turns
    let power = 0, real = 0, imaginary = 0;
    for (let i = 0; i < 480; i++) {
      const sample = samples[from + i], [cosine, sine] = waves[i];
      power += sample * sample;
      real += sample * cosine;
      imaginary += sample * sine;
    }
    const share = power > 0 ? 2 * (real ** 2 + imaginary ** 2) / 480 / power : 0;
    ear.blocks.push([now(), Math.sqrt(power / 480), share]);
    if (ear.blocks.length > 60000) ear.blocks.shift();
  };
  const listen = async (track) => {
    const pulled = new Audio();  // else Chromium decodes nothing
    pulled.muted = true;
    pulled.srcObject = new MediaStream([track]);
    pulled.play().catch(() => {});
    ear.sources.push(pulled);
    // Every block that there is, in order, however busy this page is.
    const blocks = new MediaStreamTrackProcessor({ track, maxBufferSize: 500 }).readable;
    const reader = blocks.getReader();
    let samples = new Float32Array(480);
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const audio = next.value, many = audio.numberOfFrames;
      if (samples.length < many) samples = new Float32Array(many);
      audio.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      audio.close();
      for (let at = 0; at + 480 <= many; at += 480) judge(samples, at);
    }
  };
  const Plain = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Plain {
    constructor(options) {
      super(options);
      this.addEventListener("track", ({ track }) => listen(track));
    }
  };

  addEventListener("click", () => ear.clicked.push(now()), true);
  new MutationObserver(() => {
    for (const card of document.querySelectorAll("article[data-call]")) {
      const state = card.querySelector(".call-state")?.textContent ?? "";
      const call = card.dataset.call;
      const last = ear.shown.findLast((each) => each.call === call);
      if (last?.state !== state) ear.shown.push({ call, state, at: now() });
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
})();
""".replace("HERTZ", str(TONE_HZ))


class Heard(NamedTuple):
    """What came out of a call within some time."""

    level: float
    """Median of root mean squares, of full scale."""
    share: float
    """Median of the tone's share in the power."""
    blocks: int

    @property
    def is_tone(self) -> bool:
        """Whether it was the tone."""
        return self.blocks > 0 and self.level >= LOUD and self.share >= TONE_SHARE


class Ear:
    """The ear in one page."""

    def __init__(self, page: Page) -> None:
        """Take a page in which the script runs."""
        self._page = page

    async def clicked_at(self) -> float:
        """Return when the last click was, ms."""
        return float(await self._page.value("baluardoEar.clicked.at(-1) ?? 0"))

    async def shown_at(self, call: str, states: Sequence[str]) -> float:
        """Wait until a call shows one of these states; return when it did first, ms."""
        found = (
            f"baluardoEar.shown.find(({{ call, state }}) => call === {call!r} && "
            f"{list(states)!r}.includes(state))?.at"
        )
        return float(await self._page.until(found, f"a call that shows {' or '.join(states)}"))

    async def first_heard(self, since: float) -> float:
        """Wait for the tone; return when it was heard first after a time, ms."""
        found = (
            f"baluardoEar.blocks.find(([at, level, share]) => at > {since} && level >= {LOUD} "
            f"&& share >= {TONE_SHARE})?.[0]"
        )
        return float(await self._page.until(found, "the tone of the other end"))

    async def blocks(self, since: float) -> list[list[float]]:
        """Return every 10 ms after a time: when, the level, the tone's share."""
        found: list[list[float]] = await self._page.value(
            f"baluardoEar.blocks.filter(([at]) => at > {since})"
        )
        return found

    async def heard(self, since: float) -> Heard:
        """Return what was heard after a time, ms."""
        blocks = await self.blocks(since)
        if not blocks:
            return Heard(0.0, 0.0, 0)
        levels, shares = [each[1] for each in blocks], [each[2] for each in blocks]
        return Heard(statistics.median(levels), statistics.median(shares), len(blocks))

    async def now(self) -> float:
        """Return the page's time, ms."""
        return float(await self._page.value("performance.timeOrigin + performance.now()"))
