"""Show that a built wheel carries all it needs: `python tools/check_wheel.py FOLDER`.

Every file of the package (built web pages, data and default scenario included) must be in the wheel
with the same contents, and nothing else may be there.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"
PAGES = "baluardo/console/static/"


def differences(wheel: Path, source: Path) -> list[str]:
    """One sentence for every file that the wheel and the source folder do not share."""
    wanted = {
        path.relative_to(source).as_posix(): path.read_bytes()
        for path in (source / "baluardo").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        packed = {
            name: archive.read(name)
            for name in archive.namelist()
            if ".dist-info/" not in name and not name.endswith("/")
        }
    found = [f"{name} is not in the wheel." for name in sorted(wanted.keys() - packed.keys())]
    found += [f"{name} is only in the wheel." for name in sorted(packed.keys() - wanted.keys())]
    found += [
        f"{name} differs in the wheel."
        for name in sorted(wanted.keys() & packed.keys())
        if wanted[name] != packed[name]
    ]
    if not any(name.startswith(PAGES) and name.endswith(".html") for name in packed):
        found.append("The wheel carries no web page.")
    return found


def main(words: list[str]) -> int:
    """Check the one wheel in a folder; exit status 0, 1 or 2."""
    wheels = list(Path(words[0]).glob("baluardo-*.whl")) if len(words) == 1 else []
    if len(wheels) != 1:
        print("usage: check_wheel.py FOLDER   (with one wheel of baluardo in it)", file=sys.stderr)
        return 2
    found = differences(wheels[0], SOURCE)
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        size = wheels[0].stat().st_size / 1e6
        print(f"{wheels[0].name}: {size:.1f} MB, complete, web pages included.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
