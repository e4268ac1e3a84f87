"""libosmogsm of the Osmocom project: an encoder of cell broadcast that knows nothing of ours."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from baluardo.emergency.broadcast.message import BroadcastMessage

# Looked for by hand: the interpreter's own search starts other programs.
NAME = next(map(str, sorted(Path("/usr/lib").glob("*/libosmogsm.so.*"))), None)
needs_osmocom = pytest.mark.skipif(NAME is None, reason="libosmogsm is not installed")
WRITE_REPLACE = 0x01
BSS = 6
"""CELL_IDENT_BSS of TS 48.008: all cells, no list behind it."""


class _List(ctypes.Structure):
    """struct llist_head."""


_List._fields_ = [("next", ctypes.POINTER(_List)), ("prev", ctypes.POINTER(_List))]


class _Content(ctypes.Structure):
    """struct osmo_cbsp_content."""

    _fields_ = (("list", _List), ("user_len", ctypes.c_uint8), ("data", ctypes.c_uint8 * 82))


class _Cells(ctypes.Structure):
    _fields_ = (("id_discr", ctypes.c_int), ("list", _List))


class _Broadcast(ctypes.Structure):
    _fields_ = (
        ("channel_ind", ctypes.c_int),
        ("category", ctypes.c_int),
        ("rep_period", ctypes.c_uint16),
        ("num_bcast_req", ctypes.c_uint16),
        ("dcs", ctypes.c_uint8),
        ("msg_content", _List),
    )


class _WriteReplace(ctypes.Structure):
    _fields_ = (
        ("msg_id", ctypes.c_uint16),
        ("new_serial_nr", ctypes.c_uint16),
        ("old_serial_nr", ctypes.c_void_p),
        ("cell_list", _Cells),
        ("is_cbs", ctypes.c_bool),
        ("cbs", _Broadcast),
        ("room", ctypes.c_uint8 * 64),
    )


class _Decoded(ctypes.Structure):
    _fields_ = (("msg_type", ctypes.c_int), ("u", _WriteReplace), ("room", ctypes.c_uint8 * 256))


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(NAME)
    text, size = ctypes.c_char_p, ctypes.c_size_t
    library.gsm_septet_encode.argtypes = (text, text)
    library.gsm_septets2octets.argtypes = (text, text, ctypes.c_uint8, ctypes.c_uint8)
    library.gsm_7bit_encode_n.argtypes = (text, size, text, ctypes.POINTER(ctypes.c_int))
    library.gsm_7bit_decode_n.argtypes = (text, size, text, ctypes.c_uint8)
    library.osmo_cbsp_init_struct.argtypes = (ctypes.POINTER(_Decoded), ctypes.c_int)
    library.osmo_cbsp_encode.argtypes = (ctypes.c_void_p, ctypes.POINTER(_Decoded))
    library.osmo_cbsp_encode.restype = ctypes.c_void_p
    library.msgb_data.argtypes = library.msgb_length.argtypes = (ctypes.c_void_p,)
    library.msgb_data.restype = ctypes.c_void_p  # libosmocore's, which libosmogsm has loaded
    return library


def write_replace(message: BroadcastMessage) -> bytes:
    """Return the request of TS 48.049, 8.1.3.1 that puts a message on the air of all cells."""
    library, asked = _library(), _Decoded()
    library.osmo_cbsp_init_struct(asked, WRITE_REPLACE)
    asked.u.msg_id, asked.u.new_serial_nr = message.message_id, message.serial.to_int()
    asked.u.cell_list.id_discr, asked.u.is_cbs = BSS, True
    asked.u.cbs.rep_period, asked.u.cbs.num_bcast_req = 5, message.broadcasts
    asked.u.cbs.dcs = message.coding.dcs
    contents = [_Content(user_len=page[-1]) for page in message.pages]
    for content, page in zip(contents, message.pages, strict=True):
        content.data[:] = page[:-1]
    ring = [asked.u.cbs.msg_content, *(each.list for each in contents)]
    for one, following in zip(ring, (*ring[1:], ring[0]), strict=True):
        one.next, following.prev = ctypes.pointer(following), ctypes.pointer(one)
    made = library.osmo_cbsp_encode(None, asked)
    assert made, "libosmogsm refuses the message"
    return ctypes.string_at(library.msgb_data(made), library.msgb_length(made))


def septets(text: str) -> bytes:
    """Return a text of Latin-1 in septets, one an octet."""
    room = ctypes.create_string_buffer(2 * len(text) + 2)
    count = _library().gsm_septet_encode(room, text.encode("latin-1"))
    return room.raw[:count]


def packed(septets: bytes) -> bytes:
    """Return septets packed into octets."""
    room = ctypes.create_string_buffer(len(septets) + 2)
    count = _library().gsm_septets2octets(room, septets, len(septets), 0)
    return room.raw[:count]


def encoded(text: str) -> bytes:
    """Return a text of Latin-1 encoded and packed."""
    room, count = ctypes.create_string_buffer(2 * len(text) + 2), ctypes.c_int()
    _library().gsm_7bit_encode_n(room, len(room), text.encode("latin-1"), ctypes.byref(count))
    return room.raw[: count.value]


def decoded(octets: bytes, count: int) -> str:
    """Return the Latin-1 text of so many packed septets."""
    room = ctypes.create_string_buffer(2 * count + 2)
    _library().gsm_7bit_decode_n(room, len(room), octets, count)
    return room.value.decode("latin-1")
