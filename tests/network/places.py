"""Namespaces for tests of real packets; where none can be made, tests skip by name."""

from __future__ import annotations

from functools import lru_cache

import pytest

from baluardo.network.links.namespaces import can_make_namespaces

_why = lru_cache(can_make_namespaces)
needs_namespaces = pytest.mark.skipif(bool(_why()), reason=f"needs network namespaces: {_why()}")
