"""The standard's own schema of CAP 1.2, an independent judge of documents."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
import pytest
from defusedxml import DefusedXmlException


def schema(shared_data: Path) -> Any:
    """Return the schema; skip where it or the library that knows it is absent."""
    path = shared_data / "cap" / "CAP-v1.2.xsd"
    if not path.is_file():
        pytest.skip("the shared data hold no cap/CAP-v1.2.xsd")
    return _parsed(path)


@functools.cache
def _parsed(path: Path) -> Any:
    return pytest.importorskip("xmlschema").XMLSchema(str(path), use_fallback=False)


def fits(judge: Any, octets: bytes) -> bool:
    """Tell whether a document is XML of the schema; what it refuses by any error is not."""
    try:
        root = defusedxml.ElementTree.fromstring(octets)
    except (ParseError, DefusedXmlException):
        return False
    return bool(judge.is_valid(root))
