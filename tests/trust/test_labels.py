"""Labels separate: none begins another, and each is used where it says and nowhere else."""

from __future__ import annotations

import ast
import re
from itertools import permutations
from pathlib import Path

import pytest

from baluardo.trust import labels
from baluardo.trust.labels import Label

SOURCES = Path(labels.__file__).parents[1]


def documented() -> dict[str, str]:
    """The module that each label's text names in parentheses."""
    (kind,) = (
        node
        for node in ast.parse(Path(labels.__file__).read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    )
    found, name = {}, ""
    for node in kind.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and name:
            match = re.search(r"\(`([\w.]+)`\)", str(node.value.value))
            assert match, f"{name}: its text names no module as (`module`)"
            found[name] = match[1]
    return found


def users() -> dict[str, set[str]]:
    """The files, relative to the package, that name each label."""
    found: dict[str, set[str]] = {}
    for path in SOURCES.rglob("*.py"):
        for name in re.findall(r"\bLabel\.([A-Z_]+)\b", path.read_text(encoding="utf-8")):
            found.setdefault(name, set()).add(path.relative_to(SOURCES).as_posix())
    return found


def test_no_label_begins_another() -> None:
    for one, other in permutations(Label, 2):
        assert not one.value.startswith(other.value)


def test_labels_fit_where_they_go() -> None:
    for label in Label:
        assert 1 <= len(label.value) <= 255, "an ML-DSA context has at most 255 octets"
        assert re.fullmatch(rb"[!-~]+", label.value)
        if label.name.startswith("EXPORT_"):
            assert label.value.startswith(b"EXPORTER-"), "RFC 8446 section 7.5, RFC 5705 section 4"


def test_every_label_names_its_module() -> None:
    assert documented().keys() == {label.name for label in Label}


@pytest.mark.parametrize("name", [label.name for label in Label])
def test_a_label_is_used_by_its_module_alone(name: str) -> None:
    home = documented()[name].replace(".", "/")
    using = users().get(name, set())
    assert all(u == f"{home}.py" or u.startswith(f"{home}/") for u in using), using
    if (SOURCES / f"{home}.py").exists() or (SOURCES / home).is_dir():
        assert using, f"{name} is listed for {home}, which does not use it"
