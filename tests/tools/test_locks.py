"""The locked lists are current, pin everything by hash, agree, and name no machine."""

from __future__ import annotations

import copy
import re

import pytest

import locks
from environment import GROUPS


def test_lists_are_current() -> None:
    assert locks.stale(locks.read_project()) == []


def test_changed_requirement_makes_its_list_stale() -> None:
    project = copy.deepcopy(locks.read_project())
    project["dependency-groups"]["test"].append("another>=1")
    assert locks.stale(project) == ["test"]
    project["project"]["dependencies"].append("another>=1")
    assert locks.stale(project) == ["run", "test"]


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_every_pin_has_hashes_and_no_address(group: str) -> None:
    text = GROUPS[group].lock.read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", text.split("\n", 2)[2], flags=re.IGNORECASE)
    assert len(blocks) == len(locks.PIN.findall(text))
    assert all("--hash=sha256:" in block for block in blocks)
    assert "//" not in text
    assert not re.search(r"^(-|--)(i|f|e|index|find|extra)", text, re.MULTILINE)


def test_groups_that_share_an_environment_agree() -> None:
    versions: dict[str, set[str]] = {}
    for group in GROUPS.values():
        for pin in locks.PIN.finditer(group.lock.read_text(encoding="utf-8")):
            versions.setdefault(pin[1], set()).add(pin[0])
    assert {name: pins for name, pins in versions.items() if len(pins) > 1} == {}
