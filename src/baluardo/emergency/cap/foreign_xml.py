"""XML from outside, parsed: the door of every reader of XML about alerts.

Documents that declare a type or an entity are refused before anything is expanded (defusedxml).
"""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

MOST_ELEMENTS: Final = 50_000
DEEPEST: Final = 12
MOST_MARKS: Final = 200_000
"""Octets < or =: no fewer than tags or attributes. It bounds memory before anything is parsed."""
BLANK: Final = " \t\r\n"
"""What XML Schema takes off a value (`whiteSpace`); Python's own `strip` takes more."""


def parse_xml(octets: bytes, source: str, largest: int, what: str) -> Element:
    """Return the root of a document without entities; InvalidInputError for hostile or broken XML.

    Size, nesting and number of elements are bounded. `what` names what is read: "a CAP alert".
    """
    if len(octets) > largest:
        raise InvalidInputError(f"{source} has more than {largest:,} octets: too large for {what}.")
    if max(octets.count(b"<"), octets.count(b"=")) > MOST_MARKS:
        raise InvalidInputError(f"{source} has over {MOST_MARKS:,} tags or attributes: too many.")
    try:
        root = defusedxml.ElementTree.fromstring(octets, forbid_dtd=True)
    except DefusedXmlException:
        raise InvalidInputError(
            f"{source} declares a document type or entities, which {what} never needs: refused."
        ) from None
    except (ParseError, ValueError, LookupError) as problem:
        raise InvalidInputError(f"{source} is not XML: {quoted(str(problem))}.") from None
    except RecursionError:
        raise InvalidInputError(f"{source} is nested too deeply for {what}.") from None
    if not isinstance(root, Element):
        raise InvalidInputError(f"{source} is not XML: it has no element.")
    _check_shape(root, source, what)
    return root


def _check_shape(root: Element, source: str, what: str) -> None:
    """Bound depth and number before anybody walks the tree by recursion."""
    level, count = [root], 0
    for _ in range(DEEPEST):
        count += len(level)
        if count > MOST_ELEMENTS:
            raise InvalidInputError(f"{source} has more than {MOST_ELEMENTS:,} elements.")
        level = [child for each in level for child in each]
        if not level:
            return
    raise InvalidInputError(f"{source} is nested too deeply for {what}.")
