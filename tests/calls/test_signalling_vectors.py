"""What the pages' half of signalling is tested with: texts that our codec writes, and refuses.

Run as `python -m calls.test_signalling_vectors` in tests/ to write the file anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from baluardo.calls.bodies import LAST_NUMBER, MOST_OPAQUE, REFUSALS
from baluardo.calls.call import DEVICE_ENDS
from baluardo.calls.causes import Cause
from baluardo.calls.messages import MOST_OCTETS, Message
from baluardo.errors import InvalidInputError
from baluardo.terms import Precedence
from baluardo.trust.base64_text import to_base64
from baluardo.trust.strict_json import LARGEST_NUMBER

FILE: Final = Path(__file__).parents[2] / "web/src/calls/signalling/vectors.json"
ANNAS, BRUNOS, BRUNO = "person/anna.rossi/phone", "person/bruno/laptop", "person/bruno"

COMMON: Final = {"call": "0a" * 16, "leg": ANNAS, "side": "caller", "life": 7, "number": 1}
PLACED: Final = {"opaque": "", "fragment": "", "relay": None}
DIAL: Final = COMMON | {
    "type": "dial",
    "caller": ANNAS,
    "callee": BRUNO,
    "precedence": "routine",
    "emergency": False,
    **PLACED,
}
RINGING: Final = COMMON | {"type": "ringing", "device": BRUNOS, **PLACED}
ANSWER: Final = RINGING | {"type": "answer"}
REFUSE: Final = COMMON | {"type": "refuse", "cause": "declined"}
HOLD: Final = COMMON | {"type": "hold"}
INFO: Final = COMMON | {"type": "info", "device": "", **PLACED, "opaque": "AAEC"}
END: Final = COMMON | {"type": "end", "cause": "hung up", "instead": ""}
ACKNOWLEDGEMENT: Final = COMMON | {"type": "acknowledgement", "number": 0, "upto": 3, "of": 9}
UNKNOWN: Final = COMMON | {"type": "unknown", "number": 0}

NEAR: Final = {"address": "192.0.2.1", "port": 40_000}
ADDRESSES: Final = ("127.0.0.1", "::1", "2001:db8::1", "fd00::1:0:0:1", "fe80::", "1:2:3:4:5:6:7:8")
NO_ADDRESSES: Final = (
    *("", "192.0.2", "192.0.2.01", "192.0.2.256", "0x7f.0.0.1", "127.1", "224.0.0.1"),
    "0.0.0.0",  # noqa: S104 - nothing is bound
    *(
        "::",
        "ff02::1",
        "::ffff:1.2.3.4",
        "::ffff:102:304",
        "fe80::1%eth0",
        "2001:DB8::1",
        "1::2::3",
    ),
    *("2001:db8:0:0:0:0:0:1", "1:0:0:2:0:0:0:3x", "[::1]", " ::1", "::1\n", "rome.example", "1:2"),
)

TAKEN: Final[tuple[dict[str, Any], ...]] = (
    DIAL,
    *(DIAL | {"precedence": each.dsn, "emergency": True} for each in Precedence),
    DIAL | {"fragment": "Ab+/", "relay": NEAR, "opaque": "AP8="},
    DIAL | {"fragment": "x" * 256, "leg": "office/rome"},
    *(DIAL | {"relay": NEAR | {"address": each}} for each in ADDRESSES),
    *(DIAL | {"relay": NEAR | {"port": each}} for each in (1, 65_535)),
    RINGING,
    RINGING | {"side": "callee", "leg": "ship/bergamini", "fragment": "abcd", "relay": NEAR},
    ANSWER,
    ANSWER | {"opaque": to_base64(b"\xff" * 1_000), "fragment": "a/b+", "relay": NEAR},
    ANSWER | {"device": "person/" + "a" * 63 + "/" + "b" * 63},
    *(REFUSE | {"cause": each.value} for each in REFUSALS),
    HOLD,
    HOLD | {"type": "resume", "number": LAST_NUMBER, "life": LARGEST_NUMBER},
    INFO,
    INFO | {"device": BRUNOS},
    *(END | {"cause": each.value} for each in Cause),
    END | {"cause": "glare", "instead": "ff" * 16},
    HOLD | {"type": "alive"},
    ACKNOWLEDGEMENT,
    ACKNOWLEDGEMENT | {"upto": 0, "of": LARGEST_NUMBER},
    UNKNOWN,
)


def _without(message: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name not in names}


REFUSED: Final[tuple[object, ...]] = (
    *([], "dial", None, {}, [DIAL]),
    *(_without(DIAL, name) for name in DIAL),
    *(_without(ANSWER, name) for name in ("device", "opaque", "fragment", "relay")),
    *(_without(INFO, name) for name in ("device", "opaque", "fragment", "relay")),
    *(_without(END, name) for name in ("cause", "instead")),
    *(each | {"more": 1} for each in (DIAL, ANSWER, REFUSE, HOLD, INFO, END, UNKNOWN)),
    *(each | {"relay": None} for each in (HOLD, END)),
    *(DIAL | {"call": each} for each in ("0A" * 16, "0a" * 15, "0a" * 16 + "\n", 5)),
    *(DIAL | {"leg": each} for each in ("authority/time", "auditor/x", "person/anna", "", "ship/")),
    *(
        DIAL | {"leg": each}
        for each in ("office/Rome", "office/rome/1", "office/" + "a" * 64, None)
    ),
    *(DIAL | {"side": each} for each in ("both", "", None, "Caller")),
    *(DIAL | {"life": each} for each in (0, -1, True, None, "7", 1.5)),
    *(DIAL | {"number": each} for each in (0, -1, LAST_NUMBER + 1, False, 0.5)),
    *(DIAL | {"type": each} for each in ("invite", "", None, "Dial", "__proto__", "constructor")),
    *(DIAL | {"precedence": each} for each in ("urgent", "flash_override", "", 0, None)),
    *(DIAL | {"emergency": each} for each in (1, 0, "true", None)),
    *(DIAL | {"caller": each} for each in ("ship/bergamini", BRUNO, "", "person/a/b/c", None)),
    *(
        DIAL | {"callee": each}
        for each in (BRUNOS, "person/bruno\n", "person/", "bruno", "office/a")
    ),
    *(DIAL | {"opaque": each} for each in ("_____=", "AAE", "AAE=\n", "AAF=", "A A=", None)),
    *(DIAL | {"fragment": each} for each in ("abc", "x" * 257, "ab-d", "abcd\n", "abcè", None)),
    *(DIAL | {"relay": NEAR | {"address": each}} for each in NO_ADDRESSES),
    *(DIAL | {"relay": NEAR | {"port": each}} for each in (0, 65_536, -1, 1.5, "80", True, None)),
    *(DIAL | {"relay": each} for each in ([], {}, "", 0, False, NEAR | {"more": 1})),
    *(REFUSE | {"cause": each} for each in ("no room", "because", "", None)),
    *(END | {"cause": each} for each in ("because", "Hung up", "", None, "toString")),
    *(END | {"instead": each} for each in ("x", "0A" * 16, None)),
    *(INFO | {"device": each} for each in (BRUNO, "office/rome", None)),
    *(INFO | {"fragment": each} for each in ("abc", "x" * 257, "ab-d", None)),
    *(INFO | {"relay": NEAR | {"address": each}} for each in NO_ADDRESSES[:4]),
    *(INFO | {"relay": each} for each in ([], "", NEAR | {"port": 0}, NEAR | {"more": 1})),
    *(ACKNOWLEDGEMENT | {"upto": each} for each in (-1, LAST_NUMBER + 1, None, 0.5)),
    *(ACKNOWLEDGEMENT | {"of": each} for each in (0, -1, None)),
    *(each | {"number": 1} for each in (ACKNOWLEDGEMENT, UNKNOWN)),
    END | {"type": "refuse"},
    HOLD | {"type": "unknown"},
)
"""Values; texts that are no JSON, or one with two meanings, follow."""
REFUSED_TEXTS: Final = (
    *("", "{", "nul", "[" * 20 + "]" * 20),
    json.dumps(HOLD)[:-1] + ', "number": 2}',
    json.dumps(HOLD).replace("hold", "ho\\ud800ld"),
    json.dumps(HOLD).replace('"life": 7', '"life": 9007199254740992'),
    json.dumps(HOLD).replace('"life": 7', '"life": NaN'),
)


def vectors() -> dict[str, Any]:
    """Return texts with the one text that each is written as, and those that are refused."""
    taken = [json.dumps(each, ensure_ascii=False) for each in TAKEN]
    taken.append(json.dumps(DIAL | {"opaque": "-_8="}))
    return {
        "mostOpaque": MOST_OPAQUE,
        "mostOctets": MOST_OCTETS,
        "causes": {each.value: each.sentence.by_language() for each in Cause},
        "refusals": [each.value for each in REFUSALS],
        "deviceEnds": [each.value for each in DEVICE_ENDS],
        "taken": [
            {"read": each, "written": Message.decode(each.encode()).encode().decode()}
            for each in taken
        ],
        "refused": [*(json.dumps(each) for each in REFUSED), *REFUSED_TEXTS],
    }


def test_the_pages_are_tested_with_what_this_codec_writes() -> None:
    written = FILE.read_text(encoding="utf-8")
    assert json.loads(written) == vectors(), (
        "run: cd tests && python -m calls.test_signalling_vectors"
    )


def test_every_type_is_among_them() -> None:
    types = {json.loads(each["written"])["type"] for each in vectors()["taken"]}
    assert len(types) == 11


@pytest.mark.parametrize("text", vectors()["refused"])
def test_what_the_pages_must_refuse_is_refused_here(text: str) -> None:
    with pytest.raises(InvalidInputError):
        Message.decode(text.encode())


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
