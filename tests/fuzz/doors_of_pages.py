"""The door for signed lists of a site's pages."""

from __future__ import annotations

from collections.abc import Sequence

from door import Door
from material import member

from baluardo.edge.page_copy.judgement import claimed_pages, propose_pages
from baluardo.edge.page_copy.page_list import GUARD, MISSING, PageFile, PageList
from baluardo.errors import InvalidInputError, TrustError
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.strict_json import parse_json, write_json

NOW = 1_780_000_000.0


def pages() -> PageList:
    paths = sorted((GUARD, MISSING, "/phone", "/assets/a-1_b.js"))
    files = tuple(PageFile.of_octets(path, "text/html", path.encode()) for path in paths)
    return PageList(7, "0.2.0", ("anna", "bruno"), 1, {"x-frame-options": "DENY"}, files)


def lists() -> Sequence[bytes]:
    return [write_json(pages().to_body())]


def read_list(octets: bytes) -> None:
    """What is taken is written as it was read."""
    value = parse_json(octets, 1 << 20, "The list")
    if not isinstance(value, dict):
        raise InvalidInputError("The list is no object.")
    taken = PageList.of_body(value)
    assert PageList.of_body(taken.to_body()) == taken


def bundles() -> Sequence[bytes]:
    proposal = propose_pages(pages(), member("person/anna/desk"), NOW)
    return [CommandBundle(proposal, ()).to_json()]


DOORS = (
    Door("page list", read_list, (InvalidInputError,), lists),
    Door(
        "signed page list",
        lambda octets: claimed_pages(CommandBundle.of_json(octets)),
        (InvalidInputError, TrustError),
        bundles,
    ),
)
