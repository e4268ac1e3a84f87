"""Run the few tests that failed beside all others once more, alone.

Usage: python tools/second_try.py

`.ci/run` calls it after `make test` has failed. Machines of CI are shared: one of ten thousand
tests may get no turn for longer than it waits. What fails alone as well is a failure, and so are
more than `MOST`. What passes alone is named on stdout: it depends on time, which is to be mended.

Exit status 0 if all pass now; 1 otherwise, also where nothing is known to have failed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FAILED = Path(".pytest_cache/v/cache/lastfailed")
"""What pytest's own cache remembers of its last run."""
MOST = 3


def failed_tests(root: Path) -> list[str]:
    """Return the names of the tests that failed in pytest's last run below a folder, sorted."""
    try:
        told = json.loads((root / FAILED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return sorted(told) if isinstance(told, dict) else []


def main(root: Path = ROOT) -> int:
    """Run them again, one after the other."""
    names = failed_tests(root)
    if not 1 <= len(names) <= MOST:
        sys.stderr.write(f"{len(names)} tests are known to have failed: no second try.\n")
        return 1
    sys.stdout.write("Once more, alone:\n" + "".join(f"  {each}\n" for each in names))
    sys.stdout.flush()
    if subprocess.run([sys.executable, "-m", "pytest", *names], cwd=root, check=False).returncode:
        return 1
    sys.stdout.write("Passed alone, failed beside others:\n" + "".join(f"  {n}\n" for n in names))
    return 0


if __name__ == "__main__":
    sys.exit(main())
