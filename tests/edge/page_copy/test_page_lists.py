"""What a list of pages holds: all that a page can ask for, in one form, within bounds."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from baluardo.cli.edge.approve_pages import check_build
from baluardo.console.security import MICROPHONE_HEADERS
from baluardo.edge.page_copy.of_build import PAGES, files_of_build, list_of_build
from baluardo.edge.page_copy.page_list import (
    GUARD,
    LARGEST_FILE,
    MISSING,
    MOST_FILES,
    PageFile,
    PageList,
)
from baluardo.errors import InvalidInputError
from edge.page_copy.built_pages import make_build

SIGNERS = ("anna.rossi", "bruno.verdi")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    return make_build(tmp_path / "static")


def test_a_list_has_every_page_and_all_that_it_leads_to(built: Path) -> None:
    pages = list_of_build(built, 3, SIGNERS)
    assets = [each.path for each in pages.files if each.path.startswith("/assets/")]
    assert assets == [f"/assets/{name}" for name in ("deep-2.js", "main-1.js", "style-3.css",
                                                     "worker-4.js")]  # fmt: skip
    paths = {each.path for each in pages.files}
    assert {page.path for page in PAGES} | {GUARD, MISSING} <= paths
    for each in pages.files:
        octets = files_of_build(built)[each.path]
        assert each.digest == hashlib.sha384(octets).digest()
        assert each.size == len(octets)
    assert dict(pages.headers) == MICROPHONE_HEADERS
    assert {each.media_type for each in pages.files if each.path == "/phone"} == {
        "text/html; charset=utf-8"
    }


def test_a_list_has_one_form(built: Path) -> None:
    pages = list_of_build(built, 3, reversed(SIGNERS))  # type: ignore[arg-type]
    assert PageList.of_body(pages.to_body()) == pages
    assert pages.signers == SIGNERS
    assert len(pages.digest) == 48
    assert replace(pages, number=4).digest != pages.digest


def test_pages_that_are_not_built_are_not_signed(built: Path) -> None:
    (built / GUARD.removeprefix("/")).unlink()
    with pytest.raises(InvalidInputError, match=r"/phone-worker\.js is not among the built pages"):
        list_of_build(built, 3, SIGNERS)


def test_a_second_officer_compares_with_a_build_of_their_own(built: Path) -> None:
    pages = list_of_build(built, 3, SIGNERS)
    check_build(pages, built)
    (built / "assets" / "deep-2.js").write_text('new Worker("worker-4.js");stolen()')
    with pytest.raises(InvalidInputError, match=r"/assets/deep-2\.js is not what your own build"):
        check_build(pages, built)


FILE = PageFile.of_octets("/phone", "text/html", b"x")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"number": 0}, "number 0"),
        ({"version": "one"}, "version"),
        ({"signers": ("bruno.verdi", "anna.rossi")}, "alphabetical"),
        ({"signers": ("anna.rossi",)}, "no copy could ever take one"),
        ({"approvals": 2}, "no copy could ever take one"),
        ({"headers": {"x-a": "a\r\nb"}}, "no header that a copy"),
        ({"headers": {"X": "a"}}, "no header that a copy"),
        ({"files": ()}, "1 to 512 files"),
        ({"files": (FILE, FILE)}, "each once"),
        ({"files": (FILE,)}, "A list has /phone-worker.js"),
        ({"files": (FILE,) * (MOST_FILES + 1)}, "1 to 512 files"),
    ],
)
def test_what_no_copy_could_keep_is_refused(
    built: Path, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        replace(list_of_build(built, 3, SIGNERS), **change)


@pytest.mark.parametrize(
    "path", ["/api/x", "/..", "/a/../b", "//a", "/a?b", "phone", "/a/b/c/d/e", "/é", "", "/a\n"]
)
def test_addresses_that_are_none_of_a_page_are_refused(path: str) -> None:
    with pytest.raises(InvalidInputError, match="no address"):
        replace(FILE, path=path)


def test_files_have_bounds() -> None:
    for size in (0, LARGEST_FILE + 1):
        with pytest.raises(InvalidInputError, match="octets"):
            replace(FILE, size=size)
    with pytest.raises(InvalidInputError, match="48 octets"):
        replace(FILE, digest=b"1")
    with pytest.raises(InvalidInputError, match="no media type"):
        replace(FILE, media_type="text/html\r\nx: y")
