"""Being a user without rights, for tests of files that may not be read or written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

NOBODY = 65_534


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Be a user without rights inside: root may write everywhere.

    pytest's tmp_path is of no use within: other users cannot even look into it.
    """
    if os.geteuid() != 0:
        yield
        return
    before = os.getresuid()
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(*before)
