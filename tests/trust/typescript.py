"""The pages' code for trust in Node: bundled as it is, asked many questions at once."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"
BUNDLER = WEB / "node_modules" / ".bin" / "rolldown"
MODULES = (
    "certificate",
    "chain",
    "der",
    "evidence",
    "note",
    "octets",
    "revocation",
    "revocationList",
    "safetyNumber",
)
# Each question is the body of an async function of `c`, its values; octets travel as base64.
ENTRY = """
import { readFileSync } from "node:fs";
const of = (text) => octets.ofBase64(text, 1 << 25);
const Act = Object.getPrototypeOf(async () => {}).constructor;
const { common, script, cases } = JSON.parse(readFileSync(0, "utf8"));
const names = ["trust", "of", "k", "c"];
const setting = await new Act("trust", "of", "c", common.script)(trust, of, common.values);
const act = new Act(...names, script);
const answers = [];
for (const each of cases) {
  try {
    answers.push({ value: (await act(trust, of, setting, each)) ?? null });
  } catch (problem) {
    answers.push({ code: problem.code ?? "", said: `${problem}` });
  }
}
process.stdout.write(JSON.stringify(answers));
"""
SECONDS = 240.0
"""Generous: hundreds of post-quantum signatures are verified in plain TypeScript."""


def asked(
    folder: Path,
    script: str,
    cases: Sequence[dict[str, Any]],
    setting: str = "",
    **values: Any,
) -> list[dict[str, Any]]:
    """Return an answer to each case: its `value`, or the `code` with which it was refused.

    `folder` is the test's own (`tmp_path`). `setting` is run once with the values as `c`; what it
    returns is `k` to each question.
    """
    node = shutil.which("node")
    if node is None or not BUNDLER.is_file():
        pytest.skip("the pages' tools are not installed (npm ci in web/)")
    made = _bundled(folder.parent)
    common = {"script": setting, "values": values}
    question = json.dumps({"common": common, "script": script, "cases": list(cases)})
    done = subprocess.run(
        [node, made], input=question.encode(), capture_output=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(answers) == len(cases)
    return answers


def _bundled(folder: Path) -> Path:
    """Return the bundle in the folder that the tests of one run share; made by the first."""
    entry, made = folder / "trust.ts", folder / "trust.mjs"
    if not made.exists():
        imports = [f'import * as {name} from "{WEB}/src/trust/{name}";' for name in MODULES]
        lines = [*imports, f"const trust = {{ {', '.join(MODULES)} }};", ENTRY]
        entry.write_text("\n".join(lines), encoding="utf-8")
        words = [entry, "--format", "esm", "--platform", "node", "--file", made]
        command = [str(word) for word in (BUNDLER, *words)]
        subprocess.run(command, cwd=WEB, check=True, capture_output=True, timeout=SECONDS)
    return made


def text(octets: bytes) -> str:
    """Return octets as the script's `of` takes them."""
    return base64.b64encode(octets).decode()
