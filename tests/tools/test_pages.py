"""Which Node.js is used, and when the pages count as built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import pages


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("v18.20.4", False),
        ("v20.18.3", False),
        ("v20.19.0\n", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.19.0", True),
        ("v25.0.0-nightly", True),
        ("nonsense", False),
        ("", False),
    ],
)
def test_node_versions_that_fit(version: str, fits: bool) -> None:
    assert pages.is_new_enough(version) is fits


def test_installed_packages_and_tests_are_no_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "WEB", tmp_path)
    for name in ("src/a.ts", "index.html", "node_modules/b/b.js", "test/c.ts"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    assert [path.relative_to(tmp_path).as_posix() for path in pages.sources()] == [
        "index.html",
        "src/a.ts",
    ]


def test_pages_are_built_once_and_again_when_spoilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web, static = tmp_path / "web", tmp_path / "static"
    web.mkdir()
    (web / "index.html").write_text("one", encoding="utf-8")
    monkeypatch.setattr(pages, "WEB", web)
    monkeypatch.setattr(pages, "STATIC", static)
    monkeypatch.setattr(pages, "STAMP", tmp_path / "build" / "pages.stamp")
    # The smallest builder that writes a page; npm and its network have no part in this decision.
    builds: list[str] = []

    def builder(_node: pages.Node, *words: str) -> None:
        builds.append(" ".join(words))
        static.mkdir(exist_ok=True)
        (static / "index.html").write_text("built", encoding="utf-8")

    monkeypatch.setattr(pages, "find_node", lambda: pages.Node(("npm",), ""))
    monkeypatch.setattr(pages, "run_npm", builder)

    pages.build()
    pages.build()
    assert len(builds) == 1
    (static / "index.html").unlink()
    pages.build()
    assert len(builds) == 2
    (web / "index.html").write_text("two", encoding="utf-8")
    pages.build()
    assert len(builds) == 3


def test_web_lock_is_complete_and_names_no_registry() -> None:
    # npm leaves out optional packages that the registry at hand did not have; `npm ci` of another
    # npm then refuses the whole list.
    lock = json.loads((pages.ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))
    packages = lock["packages"]
    listed = {path.rpartition("node_modules/")[2] for path in packages}
    wanted = {
        name
        for package in packages.values()
        for kind in ("dependencies", "devDependencies", "optionalDependencies")
        for name in package.get(kind, {})
    }
    assert wanted - listed == set()
    assert not any("resolved" in package for package in packages.values())
