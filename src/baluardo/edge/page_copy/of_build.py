"""The list of the pages of a site as they were built: each page, and whatever it can lead to.

Every built file under `assets/` has a name that says its contents. So a file can be reached from a
page if its name stands in the page, or in a file that can be reached: nothing has to be parsed, and
no file is forgotten that any of them could ask for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from baluardo import __version__
from baluardo.console.authority_pages import SITE_PAGES
from baluardo.console.pages import MEDIA_TYPES, NOT_FOUND_PAGE
from baluardo.console.security import MICROPHONE_HEADERS
from baluardo.edge.calls.record_pages import RECORDS_PAGE
from baluardo.edge.page_copy.page_list import GUARD, LARGEST_FILE, MISSING, PageFile, PageList
from baluardo.edge.pages import NETWORK_PAGE, PHONE_PAGE
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import read_file

PAGES: Final = (*SITE_PAGES, NETWORK_PAGE, PHONE_PAGE, RECORDS_PAGE)
"""All that a site shows: what stands at one origin can change what another page there keeps."""
FIXED: Final = (GUARD, "/phone.webmanifest", "/phone-icon.svg")
"""Files at addresses that never change."""


def list_of_build(
    static: Path, number: int, signers: Sequence[str], approvals: int = 1
) -> PageList:
    """Return the list of what was built into `static`.

    InvalidInputError if the pages are not built there, or cannot be a list; SourceError if a file
    cannot be read.
    """
    files = files_of_build(static)
    listed = [
        PageFile.of_octets(path, _media_type(static, path), files[path]) for path in sorted(files)
    ]
    return PageList(
        number,
        __version__,
        tuple(sorted(signers)),
        approvals,
        MICROPHONE_HEADERS,
        tuple(listed),
    )


def files_of_build(static: Path) -> Mapping[str, bytes]:
    """Return the octets of every file of the list by its address; errors as `list_of_build`."""
    entries = {page.path: static / page.entry for page in PAGES}
    entries[MISSING] = static / NOT_FOUND_PAGE
    entries.update({path: static / path.removeprefix("/") for path in FIXED})
    absent = sorted(path for path, file in entries.items() if not file.is_file())
    if absent:
        raise InvalidInputError(
            f"{absent[0]} is not among the built pages: nothing was signed. Build them first "
            "(make pages)."
        )
    found = {path: _read(file) for path, file in entries.items()}
    assets = {path.name: path for path in sorted((static / "assets").glob("*")) if path.is_file()}
    waiting = list(found.values())
    while waiting:
        octets = waiting.pop()
        for name in [each for each in assets if each.encode() in octets]:
            found[f"/assets/{name}"] = _read(assets.pop(name))
            waiting.append(found[f"/assets/{name}"])
    return found


def _media_type(static: Path, path: str) -> str:
    pages = {page.path: page.entry for page in PAGES}
    suffix = (static / pages.get(path, path.removeprefix("/"))).suffix
    if suffix not in MEDIA_TYPES:
        raise InvalidInputError(f"{path} is of a kind that no page is served as.")
    return MEDIA_TYPES[suffix]


def _read(file: Path) -> bytes:
    return read_file(file, LARGEST_FILE, "The built page")
