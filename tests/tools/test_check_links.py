"""The link check finds what leads nowhere, and leaves alone what is fine."""

from __future__ import annotations

from pathlib import Path

import pytest

import check_links

GOOD = """# Title
[a](other.md#a-second----heading) ![p](picture.png) [self](#title) [w](https://example.org/x)
[![p](picture.png)](other.md) <https://example.org> [named][n] `[not](a-link.md)`
<img src="picture.png" alt="p"> [m](mailto:someone@example.org)

```
[not](a-link.md)
```

[n]: other.md
"""
OTHER = '# One\n\n## A second -- heading\n\n## Twice\n\n## Twice\n\n<a id="by-hand"></a>\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "other.md").write_text(OTHER, encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"")
    return tmp_path


def test_good_document_has_no_faults(folder: Path) -> None:
    (folder / "README.md").write_text(GOOD, encoding="utf-8")
    assert check_links.faults(folder) == []
    assert check_links.main([str(folder)]) == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a](missing.md)", "leads to no file"),
        ("[a](other.md#nowhere)", "names a heading that is not there"),
        ("[a](#nowhere)", "names a heading that is not there"),
        ("[a](other.md#twice-2)", "names a heading that is not there"),
        ("![a](missing.png)", "leads to no file"),
        ("![a](other.md)", "is no image"),
        ("[![a](missing.png)](other.md)", "leads to no file"),
        ('<img src="missing.png">', "leads to no file"),
        ("[a](../outside.md)", "leads out of the repository"),
        ("[a][b]", "is not defined"),
        ("[b]: missing.md", "leads to no file"),
        ("[a](https://)", "is no complete address"),
        ("[a](gopher://example.org)", "unknown kind of address"),
    ],
)
def test_broken_link_is_told_with_its_line(folder: Path, text: str, told: str) -> None:
    (folder / "README.md").write_text(f"# Title\n\n{text}\n", encoding="utf-8")
    (fault,) = check_links.faults(folder)
    assert fault.startswith("README.md:3: ")
    assert told in fault
    assert check_links.main([str(folder)]) == 1


def test_anchors_are_those_of_the_forges() -> None:
    assert check_links.anchors(OTHER) == {
        "one",
        "a-second----heading",
        "twice",
        "twice-1",
        "by-hand",
    }


def test_made_folders_are_not_looked_into(folder: Path) -> None:
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "README.md").write_text("[a](missing.md)", encoding="utf-8")
    assert check_links.faults(folder) == []
