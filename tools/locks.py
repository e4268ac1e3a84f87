"""Make or check the hash-locked lists of packages: `python tools/locks.py make|upgrade|check`.

All groups are resolved together first, for every platform and every Python from 3.11 on, so that
any of them can share one environment; each list is then cut out of that one answer. Each carries a
fingerprint of the lines of pyproject.toml it was made from, which `check` compares offline.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from environment import GROUPS, ROOT, SetupError, ensure, fingerprint, one_at_a_time, say

LOCKS = ROOT / "requirements"
HEADER = "# Made by `make lock` from pyproject.toml; not to be edited.\n# inputs: {}\n"
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==\S+", re.MULTILINE)


def requirements_of(group: str, project: dict[str, Any]) -> list[str]:
    """What pyproject.toml asks for in one group; `run` is the project's own plus its builder."""
    groups: dict[str, list[str]] = project["dependency-groups"]
    if group == "run":
        return [*project["project"]["dependencies"], *groups["build"]]
    return groups[group]


def inputs_of(group: str, project: dict[str, Any]) -> str:
    """Fingerprint of everything that decides what a group's list ought to be."""
    asked = [project["project"]["requires-python"], *sorted(requirements_of(group, project))]
    return fingerprint([], json.dumps(asked))


def read_project() -> dict[str, Any]:
    """The contents of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def stale(project: dict[str, Any]) -> list[str]:
    """Groups whose list is missing or was made from other lines than pyproject.toml has now."""
    found = []
    for group, description in GROUPS.items():
        text = description.lock.read_text(encoding="utf-8") if description.lock.exists() else ""
        if not text.startswith(HEADER.format(inputs_of(group, project))):
            found.append(group)
    return found


def resolve(asked: list[str], output: Path, *options: str | Path) -> None:
    """Resolve requirements into `output`, keeping the pins it has, if any.

    Neither configuration files nor variables of this machine have a say, so the answer holds the
    files of the public index.
    """
    uv = ensure("maintain") / "bin" / "uv"
    command: list[str | Path] = [uv, "pip", "compile", "-", "--output-file", output]
    command += ["--no-config", "--universal", "--generate-hashes"]
    command += ["--python-version", "3.11", "--fork-strategy", "fewest", "--quiet"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"]
    done = subprocess.run(
        [*command, *options],
        input="\n".join(asked),
        text=True,
        check=False,
        cwd=output.parent,
        env={name: value for name, value in os.environ.items() if not name.startswith("UV_")},
        stdout=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise SetupError("The packages could not be resolved; the resolver says why above.")


def make(project: dict[str, Any], *, upgrade: bool) -> None:
    """Write every list anew; pins stay as they are where they still fit, unless `upgrade`."""
    LOCKS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        everything = Path(folder) / "everything.txt"
        asked = [line for group in GROUPS for line in requirements_of(group, project)]
        if not upgrade:
            known = {
                match[1]: match[0]
                for path in LOCKS.glob("*.lock")
                for match in PIN.finditer(path.read_text(encoding="utf-8"))
            }
            everything.write_text("\n".join(known.values()) + "\n", encoding="utf-8")
        say("Resolving all groups together.")
        resolve(asked, everything)
        for group, description in GROUPS.items():
            draft = Path(folder) / f"{group}.lock"
            resolve(requirements_of(group, project), draft, "--constraints", everything)
            text = HEADER.format(inputs_of(group, project)) + draft.read_text(encoding="utf-8")
            description.lock.write_text(text, encoding="utf-8")
            say(f"{description.lock.relative_to(ROOT)}: {len(PIN.findall(text))} packages")


def main(words: list[str]) -> int:
    """Make, upgrade or check; exit status 0, 1 or 2."""
    project = read_project()
    if words == ["check"]:
        old = stale(project)
        if old:
            say(f"Out of date with pyproject.toml: {', '.join(old)}. Run `make lock`.")
        return 1 if old else 0
    if words not in (["make"], ["upgrade"]):
        say("usage: locks.py make | upgrade | check")
        return 2
    try:
        with one_at_a_time():
            make(project, upgrade=words == ["upgrade"])
    except SetupError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
