"""Doors of who writes warnings: drafts from the desk, and the templates a state adds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files

from door import Door

from baluardo.emergency.writing.draft import Draft
from baluardo.emergency.writing.templates import Template, Templates
from baluardo.errors import InvalidInputError
from baluardo.trust.strict_json import parse_json

LARGEST_DRAFT = 1 << 20


def draft(octets: bytes) -> None:
    """A draft that is taken comes back the same."""
    found = Draft.of_object(parse_json(octets, LARGEST_DRAFT, "The draft"), "The draft")
    if Draft.of_object(found.to_object(), "The draft") != found:
        raise AssertionError("a draft changed on its way")


def template(octets: bytes) -> None:
    """A template that is taken can be filled with its own examples, and leaves no gap."""
    found = Template.parse(octets, "It")
    filled = found.filled({each.name: each.example for each in found.fields})
    if any("{" in text for info in filled["infos"] for text in info.values()):
        raise AssertionError("a gap was left")


def drafts() -> Sequence[bytes]:
    area = {"kind": "circle", "lat_deg": 42.8, "lon_deg": 13.1, "radius_km": 20.0}
    made = [each.draft_object() for each in Templates.load("IT").list()]
    return [json.dumps({**each, "area": area}, ensure_ascii=False).encode() for each in made]


def templates() -> Sequence[bytes]:
    folder = files("baluardo.emergency.writing") / "data" / "templates" / "it"
    return [each.read_bytes() for each in folder.iterdir() if each.name.endswith(".toml")]


DOORS = (
    Door("warning.draft", draft, (InvalidInputError,), drafts),
    Door("warning.template", template, (InvalidInputError,), templates),
)
