"""Two devices come to share keys in Chromium: package, group, welcome, join; then bare primitives.

A part of `calls.py`. Each round is a page opened anew with two devices of a community that was just
made: chains, lists, log and witnesses are judged as in a call, ML-DSA is the browser's own. `cold`
is the first set-up on a page whose telephone has opened and has done what it does then
(`warm_up_ms`); `unwarmed` the first on a page that has not; `warm` the median of later ones,
for which neither device has judged the other before. Both ends work one after the other in one
page.

The control is what any such set-up computes, by the same browser and the same primitives, and
nothing else: three key pairs of the KEM, one encapsulation and one decapsulation by noble, four
signatures and fourteen verifications by the browser's ML-DSA (two signatures of the package, one of
the founder's leaf, one of the welcome; these four are verified, and at each end two certificates of
the other, its log's checkpoint and two witnesses).
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE, REPOSITORY = str(Path(__file__).parent), Path(__file__).parents[1]
LONGEST_MS = 100.0
PROFILES = ("eu-hybrid", "cnsa")
SET_UP = ("package", "create", "add", "join")
CALLER, CALLEE = "person/anna.rossi/phone", "person/bruno.verdi/desk"
ROUNDS = 3
TURNS = 9
SIGNATURES, VERIFICATIONS, KEY_PAIRS = 4, 14, 3
WARM_UP = """
import { warmUp } from "%(web)s/src/calls/talk/callKeys";
Object.assign(globalThis, { warmUp });
"""
CONTROL = """
import { ml_kem1024 } from "@noble/post-quantum/ml-kem.js";
import { XWing } from "@noble/post-quantum/hybrid.js";
globalThis.bare = async (kem, name, signatures, verifications, pairs) => {
  const key = await crypto.subtle.generateKey({ name }, false, ["sign", "verify"]);
  const said = crypto.getRandomValues(new Uint8Array(6000));
  const params = { name, context: new Uint8Array(8) };
  const known = await crypto.subtle.sign(params, key.privateKey, said);
  const start = performance.now();
  const used = kem === "xwing" ? XWing : ml_kem1024;
  const [{ secretKey, publicKey }] = Array.from({ length: pairs }, () => used.keygen());
  used.decapsulate(used.encapsulate(publicKey).cipherText, secretKey);
  for (let turn = 0; turn < signatures; turn++) {
    await crypto.subtle.sign(params, key.privateKey, said);
  }
  for (let turn = 0; turn < verifications; turn++) {
    if (!(await crypto.subtle.verify(params, key.publicKey, known, said))) throw new Error("wrong");
  }
  return performance.now() - start;
};
"""
PRIMITIVES = {"eu-hybrid": ("xwing", "ML-DSA-65"), "cnsa": ("mlkem", "ML-DSA-87")}


def why_not() -> str | None:
    """Return why nothing can be measured here; None if it can."""
    if find_spec("playwright") is None:
        return "Playwright is not here (`make test` installs it)"
    _find_tests()
    from browser import find_browser  # noqa: PLC0415

    if find_browser() is None:
        return "there is no Chromium on this machine"
    if not (REPOSITORY / "web/node_modules/.bin/rolldown").is_file():
        return "the pages' tools are not installed (npm ci in web/)"
    return None


def measure() -> dict[str, Any]:
    """Measure both profiles; milliseconds."""
    from browser_page import FLAGS  # type: ignore[import-not-found]  # noqa: PLC0415
    from playwright.sync_api import sync_playwright  # noqa: PLC0415
    from test_call_keys import ENTRY, PAGE  # type: ignore[import-not-found]  # noqa: PLC0415
    from trust_page import BUNDLER, WEB, site  # type: ignore[import-not-found]  # noqa: PLC0415

    from browser import find_browser  # noqa: PLC0415

    with tempfile.TemporaryDirectory(dir=WEB) as made:
        folder = Path(made)  # within `web`, where the control finds noble
        (folder / "keys.ts").write_text((ENTRY + WARM_UP) % {"web": WEB} + CONTROL)
        command = [str(BUNDLER), str(folder / "keys.ts"), "--format", "esm", "--dir", made]
        subprocess.run(command, cwd=WEB, check=True, capture_output=True)
        (folder / "index.html").write_text(PAGE)
        with site(folder) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_browser(), headless=True, args=FLAGS
            )
            try:
                return {profile: _profile(browser, url, profile) for profile in PROFILES}
            finally:
                browser.close()


def missed(figures: dict[str, Any]) -> list[str]:
    """Return the figures that are above their limit."""
    return [
        f"{profile} {when}: {of[when]} ms"
        for profile, of in figures.items()
        for when in ("cold_ms", "warm_ms")
        if of[when] > LONGEST_MS
    ]


def _profile(browser: Any, url: str, profile: str) -> dict[str, Any]:
    rounds = [_round(browser, url, profile) for _ in range(ROUNDS)]
    cold = statistics.median(_sum(each.runs[0]) for each in rounds)
    others = [run for each in rounds for run in each.runs[1:]]
    bare_cold = statistics.median(each.bare[0] for each in rounds)
    bare_warm = statistics.median(took for each in rounds for took in each.bare[1:])
    warm = statistics.median(_sum(run) for run in others)
    return {
        "cold_ms": round(cold, 1),
        "warm_ms": round(warm, 1),
        "unwarmed_ms": round(statistics.median(_sum(each.unwarmed) for each in rounds), 1),
        "warm_up_ms": round(statistics.median(each.warm_up_ms for each in rounds), 1),
        "cold_steps_ms": _steps([each.runs[0] for each in rounds]),
        "unwarmed_steps_ms": _steps([each.unwarmed for each in rounds]),
        "warm_steps_ms": _steps(others),
        "bare_cold_ms": round(bare_cold, 1),
        "bare_warm_ms": round(bare_warm, 1),
        "ratio_cold": round(cold / bare_cold, 2),
        "ratio_warm": round(warm / bare_warm, 2),
    }


@dataclass(frozen=True)
class _Round:
    """Of one pair of devices, milliseconds."""

    unwarmed: dict[str, float]
    warm_up_ms: float
    runs: list[dict[str, float]]
    bare: list[float]


SET_UPS = (
    "const runs = [];"
    "const [first, second] = [await partyHere(shown, uri), await partyHere(shown, other)];"
    "const start = performance.now();"
    "if (warmed) await warmUp(first);"
    "const warming = performance.now() - start;"
    "for (let turn = 0; turn < turns; turn++) {"
    "  const one = turn ? await partyHere(shown, uri) : first;"
    "  const two = turn ? await partyHere(shown, other) : second;"
    "  runs.push(await setUpTimes(one, two));"
    "}"
    "return [warming, runs];"
)


def _round(browser: Any, url: str, profile: str) -> _Round:
    from test_call_keys import enrolled  # noqa: PLC0415
    from trust_page import trust_page  # noqa: PLC0415

    with trust_page(browser, url) as page:
        shown = enrolled({CALLER: page, CALLEE: page}, profile)
        ends = {
            "shown": shown,
            "uri": f"spiffe://italia.example/{CALLER}",
            "other": f"spiffe://italia.example/{CALLEE}",
        }

        def anew() -> None:  # whatever was loaded and warmed is cold again
            page.page.reload()
            page.page.wait_for_function("() => 'bare' in globalThis")

        anew()
        _, [unwarmed] = page.do(SET_UPS, turns=1, warmed=False, **ends)
        anew()
        warm_up_ms, runs = page.do(SET_UPS, turns=TURNS, warmed=True, **ends)
        anew()
        kem, name = PRIMITIVES[profile]
        bare = page.do(
            "const runs = [];"
            "for (let turn = 0; turn < turns; turn++)"
            "  runs.push(await bare(kem, name, signatures, verifications, pairs));"
            "return runs;",
            turns=TURNS,
            kem=kem,
            name=name,
            signatures=SIGNATURES,
            verifications=VERIFICATIONS,
            pairs=KEY_PAIRS,
        )
    return _Round(unwarmed, warm_up_ms, runs, bare)


def _sum(run: dict[str, float]) -> float:
    return sum(run[step] for step in SET_UP)


def _steps(runs: list[dict[str, float]]) -> dict[str, float]:
    return {step: round(statistics.median(run[step] for run in runs), 1) for step in runs[0]}


def _find_tests() -> None:
    """Have the tests' pages found, and their package `trust` before the benchmark of that name."""
    tests = [str(REPOSITORY / folder) for folder in ("tests/browser", "tests", "tools")]
    sys.path[:] = [*tests, *(each for each in sys.path if each != HERE)]
