"""Which format a catalogue is in, told by its content alone."""

from __future__ import annotations

import re
from collections.abc import Callable

from baluardo.errors import CatalogueError
from baluardo.foreign_input import quoted
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.omm import parse_omm_csv, parse_omm_json, parse_omm_kvn, parse_omm_xml
from baluardo.twin.sky.records import decode
from baluardo.twin.sky.tle import looks_like_tle, parse_tle

_WEB_PAGE = re.compile(r"<!doctype\s+html|<html", re.IGNORECASE)
_KVN = re.compile(r"^[ \t]*CCSDS_OMM_VERS[ \t]*=", re.MULTILINE)


def parse_catalogue(data: bytes, source: str) -> Catalogue:
    """Parse a catalogue in TLE or in OMM as JSON, CSV, XML or KVN, whichever it is.

    `source` is where it came from, for people. Any bytes give a catalogue or CatalogueError, whose
    sentence says what the file is not.
    """
    text = decode(data, source)
    head = text.lstrip()[:1_000]
    if _WEB_PAGE.match(head):
        raise CatalogueError(f"{source} is a web page, not a catalogue of satellites.")
    parse = _parser_for(text, head)
    if parse is None:
        raise CatalogueError(
            f"{source} is no catalogue: it begins with {quoted(head)}. "
            "TLE and OMM in JSON, CSV, XML or KVN are understood."
        )
    return parse(data, source)


def _parser_for(text: str, head: str) -> Callable[[bytes, str], Catalogue] | None:
    if head.startswith("<"):
        return parse_omm_xml
    if head.startswith(("[", "{")):
        return parse_omm_json
    if "NORAD_CAT_ID" in head.partition("\n")[0] and "," in head:
        return parse_omm_csv
    if _KVN.search(text):
        return parse_omm_kvn
    return parse_tle if looks_like_tle(text) else None
