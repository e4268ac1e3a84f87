"""A small build of a site's pages, laid out as the real one is."""

from __future__ import annotations

from pathlib import Path

from baluardo.console.pages import NOT_FOUND_PAGE
from baluardo.edge.page_copy.of_build import FIXED, PAGES


def make_build(folder: Path) -> Path:
    """Write it; every page loads one script, and that leads on to two other files."""
    assets = folder / "assets"
    assets.mkdir(parents=True)
    for entry in {page.entry for page in PAGES} | {NOT_FOUND_PAGE}:
        (folder / entry).write_text(f'<script src="/assets/main-1.js"></script>{entry}')
    for path in FIXED:
        (folder / path.removeprefix("/")).write_text(f"// {path}")
    (assets / "main-1.js").write_text('import"./deep-2.js";import"./style-3.css"')
    (assets / "deep-2.js").write_text('new Worker("worker-4.js")')
    (assets / "style-3.css").write_text("a{}")
    (assets / "worker-4.js").write_text("0")
    (assets / "globe-5.js").write_text("nobody asks for it here")
    return folder
