"""Check the links of every Markdown file: `python tools/check_links.py [FOLDER]`.

Relative links must lead to a file inside the folder, `#anchors` to a heading of the file they
name, images to an image. Addresses elsewhere are only looked at for form: a check must not need a
network.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_OURS = {".venv", ".node-venv", ".git", "node_modules", "build", "dist"}
IMAGES = {".png", ".jpg", ".jpeg", ".svg", ".gif", ".webp"}
FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
INLINE = re.compile(r"(!?)\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]*)>?(?:\s+[\"'(][^)]*)?\s*\)")
INNER_IMAGE = re.compile(r"(!)\[[^\]]*\]\(\s*<?([^)\s>]*)>?[^)]*\)")
DEFINITION = re.compile(r"^ {0,3}\[([^\]]+)\]:\s*<?(\S+?)>?(?:\s|$)")
REFERENCE = re.compile(r"\[[^\[\]]+\]\[([^\[\]]+)\]")
HTML = re.compile(r"<(img|a)\b[^>]*?\b(?:src|href)=[\"']([^\"']*)[\"']", re.IGNORECASE)
AUTOMATIC = re.compile(r"<(https?:[^>\s]*)>")
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
HTML_ANCHOR = re.compile(r"<a\s[^>]*\b(?:id|name)=[\"']([^\"']+)[\"']", re.IGNORECASE)


@dataclass(frozen=True)
class Link:
    """One link as it stands in a file; `line` counts from 1."""

    line: int
    target: str
    image: bool


def prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a document outside code fences, numbered from 1."""
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        mark = FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence):
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            yield number, line


def anchors(text: str) -> set[str]:
    """The anchors that a document's headings get on the usual forges, and its HTML ones."""
    found: set[str] = set()
    times: dict[str, int] = {}
    for _, line in prose(text):
        found.update(HTML_ANCHOR.findall(line))
        heading = HEADING.match(line)
        if heading is None:
            continue
        words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        seen = times.get(slug, 0)
        times[slug] = seen + 1
        found.add(f"{slug}-{seen}" if seen else slug)
    return found


def links(text: str) -> Iterator[Link]:
    """Every link of a document: inline, by reference, automatic, and in HTML."""
    lines = [(number, CODE.sub("", line)) for number, line in prose(text)]
    defined = {match[1].lower(): match[2] for _, line in lines if (match := DEFINITION.match(line))}
    for number, line in lines:
        for pattern in (INLINE, INNER_IMAGE):
            for mark, target in pattern.findall(line):
                if pattern is INNER_IMAGE or not mark:
                    yield Link(number, target, bool(mark))
        for tag, target in HTML.findall(line):
            yield Link(number, target, tag.lower() == "img")
        for target in AUTOMATIC.findall(line):
            yield Link(number, target, image=False)
        if definition := DEFINITION.match(line):
            yield Link(number, definition[2], image=False)
            continue
        for name in REFERENCE.findall(line):
            if name.lower() not in defined:
                yield Link(number, f"[{name}]", image=False)


def fault_elsewhere(target: str) -> str | None:
    """What is wrong with the form of an address that leads elsewhere; None where nothing is."""
    parts = urlsplit(target)
    if parts.scheme not in ("http", "https"):
        return None if parts.scheme == "mailto" else f"{target}: unknown kind of address"
    host = parts.hostname or ""
    return None if "." in host or host == "localhost" else f"{target} is no complete address"


def fault_here(link: Link, file: Path, top: Path) -> str | None:
    """What is wrong with a link from `file` to a file of ours; None where nothing is."""
    parts = urlsplit(link.target)
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file.resolve()
    if not target.is_relative_to(top):
        return f"{link.target} leads out of the repository"
    if not target.exists():
        return f"{link.target} leads to no file"
    if link.image and target.suffix.lower() not in IMAGES:
        return f"{link.target} is no image"
    if not parts.fragment or target.suffix != ".md":
        return None
    known = anchors(target.read_text(encoding="utf-8"))
    there = unquote(parts.fragment) in known
    return None if there else f"{link.target} names a heading that is not there"


def fault(link: Link, file: Path, top: Path) -> str | None:
    """What is wrong with a link that stands in `file`; None where nothing is."""
    if link.target.startswith("["):
        return f"the reference {link.target} is not defined"
    if urlsplit(link.target).scheme:
        return fault_elsewhere(link.target)
    return fault_here(link, file, top)


def documents(top: Path) -> list[Path]:
    """Every Markdown file under a folder that is ours, in a fixed order."""
    return sorted(
        path
        for path in top.rglob("*.md")
        if not NOT_OURS.intersection(path.relative_to(top).parts[:-1])
    )


def faults(top: Path) -> list[str]:
    """One sentence for every link under a folder that leads nowhere: 'file:line: what'."""
    top = top.resolve()
    return [
        f"{file.relative_to(top)}:{link.line}: {what}."
        for file in documents(top)
        for link in links(file.read_text(encoding="utf-8"))
        if (what := fault(link, file, top)) is not None
    ]


def main(words: list[str]) -> int:
    """Check a folder (the repository where none is named); exit status 0 or 1."""
    top = Path(words[0]) if words else Path(__file__).resolve().parent.parent
    found = faults(top)
    for line in found:
        print(line, file=sys.stderr)
    print(f"Links: {len(documents(top))} documents, {len(found)} faults.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
