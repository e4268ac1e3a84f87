"""CelesTrak's service behind its cache, over a virtual clock and a real server."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_server import Server, running

from baluardo.errors import SourceError
from baluardo.twin.catalogues import Loaded, load_catalogue
from baluardo.twin.downloads import ASK_EVERY_S, Cache, FetchLimits, Kept

PATIENT = FetchLimits(connect_s=30.0, read_s=30.0, total_s=60.0, max_bytes=100_000)
HOUR = 3_600.0
START = 1_748_500_000.0


def omm(name: str = "A") -> bytes:
    return json.dumps(
        {
            "OBJECT_NAME": name,
            "NORAD_CAT_ID": 44714,
            "EPOCH": "2025-05-29T08:12:37.798560",
            "MEAN_MOTION": 15.06,
            "ECCENTRICITY": 0.0001,
            "INCLINATION": 53.0,
            "RA_OF_ASC_NODE": 23.1,
            "ARG_OF_PERICENTER": 82.1,
            "MEAN_ANOMALY": 277.9,
            "BSTAR": 0.0001,
        }
    ).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


class Celestrak:
    """The service as a test sees it: a server, a cache folder, and a clock that stands still."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.now = START

    def load(self, group: str = "starlink") -> Loaded:
        return load_catalogue(
            group,
            cache_dir=self.folder,
            now=lambda: self.now,
            celestrak=f"{self.server.address}/gp.php?GROUP={{group}}&FORMAT=json",
            limits=PATIENT,
        )


@pytest.fixture
def celestrak(server: Server, tmp_path: Path) -> Celestrak:
    return Celestrak(server, tmp_path / "cache")


def test_asks_at_most_every_two_hours(celestrak: Celestrak) -> None:
    celestrak.server.says(omm("A"))
    assert celestrak.load().catalogue.names == ("A",)
    assert celestrak.server.asked[0]["path"] == "/gp.php?GROUP=starlink&FORMAT=json"
    celestrak.server.says(omm("B"))
    celestrak.now += ASK_EVERY_S - 1.0
    loaded = celestrak.load()
    assert (loaded.catalogue.names, loaded.notices) == (("A",), ())
    assert len(celestrak.server.asked) == 1
    celestrak.now += 2.0
    assert celestrak.load().catalogue.names == ("B",)
    assert len(celestrak.server.asked) == 2
    assert celestrak.load("stations").catalogue.names == ("B",)
    assert len(celestrak.server.asked) == 3


def test_its_addresses_go_through_the_cache_too(celestrak: Celestrak) -> None:
    celestrak.server.says(omm("A"))
    for _ in range(2):
        celestrak_address = f"{celestrak.server.address}/gp.php?CATNR=44714"
        load_catalogue(
            celestrak_address,
            cache_dir=celestrak.folder,
            now=lambda: START,
            celestrak=f"{celestrak.server.address}/gp.php?GROUP={{group}}",
            limits=PATIENT,
        )
    assert len(celestrak.server.asked) == 1


@pytest.mark.parametrize("host", ["x@127.0.0.1", "x:y@127.0.0.1", "127.0.0.1"])
def test_no_spelling_of_its_addresses_goes_round_the_cache(celestrak: Celestrak, host: str) -> None:
    celestrak.server.says(omm("A"))
    for _ in range(2):
        load_catalogue(
            f"http://{host}:{celestrak.server.server_port}/gp.php?CATNR=44714",
            cache_dir=celestrak.folder,
            now=lambda: START,
            celestrak="https://127.0.0.1/gp.php?GROUP={group}",
            limits=PATIENT,
        )
    assert len(celestrak.server.asked) == 1


def test_not_modified_keeps_the_copy(celestrak: Celestrak) -> None:
    celestrak.server.says(omm("A"), ETag='"1"', Last_Modified="Thu, 29 May 2025 08:00:00 GMT")
    celestrak.load()
    celestrak.now += 3 * HOUR
    celestrak.server.says(b"", 304)
    loaded = celestrak.load()
    assert (loaded.catalogue.names, loaded.notices) == (("A",), ())
    assert celestrak.server.asked[1]["If-None-Match"] == '"1"'
    assert celestrak.server.asked[1]["If-Modified-Since"].startswith("Thu")
    celestrak.now += HOUR
    celestrak.load()
    assert len(celestrak.server.asked) == 2


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (200, b"garbage"), (200, b""), (403, b"blocked")]
)
def test_a_bad_answer_leaves_the_copy_in_use(
    celestrak: Celestrak, status: int, body: bytes
) -> None:
    celestrak.server.says(omm("A"))
    celestrak.load()
    celestrak.now += 3 * HOUR
    celestrak.server.says(body, status)
    loaded = celestrak.load()
    assert loaded.catalogue.names == ("A",)
    (notice,) = loaded.notices
    assert "the copy of 2025-05-29 06:26 UTC stays in use" in notice.en
    assert "resta in uso la copia" in notice.it
    # The failure counts as asking: not again for two hours, and the copy is still told to be one.
    celestrak.now += HOUR
    assert "asked again in 60 minutes" in celestrak.load().notices[0].en
    assert len(celestrak.server.asked) == 2
    celestrak.server.says(omm("C"))
    celestrak.now += HOUR
    loaded = celestrak.load()
    assert (loaded.catalogue.names, loaded.notices) == (("C",), ())


def test_a_bad_first_answer_is_an_error_and_not_asked_for_again(celestrak: Celestrak) -> None:
    celestrak.server.says(b"", 500)
    with pytest.raises(SourceError, match="answered 500"):
        celestrak.load()
    celestrak.server.says(omm("A"))
    with pytest.raises(SourceError, match="asked again in 120 minutes"):
        celestrak.load()
    assert len(celestrak.server.asked) == 1
    celestrak.now += 2 * HOUR
    assert celestrak.load().catalogue.names == ("A",)


def test_a_connection_never_made_does_not_count(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}/{{group}}"
        for _ in range(2):
            with pytest.raises(SourceError, match="cannot be reached"):
                load_catalogue(
                    "starlink", tmp_path, now=lambda: START, celestrak=nowhere, limits=PATIENT
                )


def test_a_clock_set_back_does_not_stop_the_asking(celestrak: Celestrak) -> None:
    celestrak.now = START + 10 * 365 * 24 * HOUR
    celestrak.server.says(omm("A"))
    celestrak.load()
    celestrak.now = START
    celestrak.server.says(omm("B"))
    assert celestrak.load().catalogue.names == ("B",)
    celestrak.now += HOUR
    celestrak.load()
    assert len(celestrak.server.asked) == 2


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\0\0\0",
        b"{}\n",
        b"[]\nx",
        b'{"asked": "x"}\nx',
        b'{"asked": NaN, "fetched": 0, "marks": {}}\nx',
        *(
            b'{"asked": 1748500000, "fetched": %b, "marks": {}}\n' % stamp + omm()
            for stamp in (b"NaN", b"1e300", b"-Infinity", b"-1", b"4102444801", b"9" * 400)
        ),
        b'{"asked": 1748500000, "fetched": 1748500000, "marks": []}\n',
        b'{"asked": 1748500000, "fetched": 1748500000, "marks": {}}\ngarbage',
        b"[" * 100_000,
    ],
)
def test_a_damaged_cache_is_as_good_as_none(celestrak: Celestrak, damage: bytes) -> None:
    celestrak.server.says(omm("A"))
    celestrak.load()
    (kept,) = (celestrak.folder / "celestrak").iterdir()
    kept.write_bytes(damage)
    assert celestrak.load().catalogue.names == ("A",)
    assert len(celestrak.server.asked) == 2
    celestrak.load()
    assert len(celestrak.server.asked) == 2


@pytest.mark.parametrize("mark", ["\u00e9", "a\nb", "", "x" * 1_001])
def test_marks_that_no_request_can_carry_are_not_kept(celestrak: Celestrak, mark: str) -> None:
    if mark == "\u00e9":
        celestrak.server.says(omm("A"), ETag=f'"{mark}"', Last_Modified="Thu, 29 May 2025")
        celestrak.load()
    else:
        celestrak.server.says(omm("A"))
        celestrak.load()
        (path,) = (celestrak.folder / "celestrak").iterdir()
        head, body = path.read_bytes().split(b"\n", 1)
        marks = {"If-None-Match": mark, "If-Modified-Since": "Thu, 29 May 2025", "Host": "x"}
        path.write_bytes(json.dumps(json.loads(head) | {"marks": marks}).encode() + b"\n" + body)
    celestrak.now += 3 * HOUR
    celestrak.server.says(omm("B"))
    loaded = celestrak.load()
    assert (loaded.catalogue.names, loaded.notices) == (("B",), ())
    asked = celestrak.server.asked[-1]
    assert asked["If-Modified-Since"] == "Thu, 29 May 2025"
    assert "If-None-Match" not in asked
    assert asked["Host"] != "x"


def test_a_folder_that_cannot_be_written_costs_only_the_cache(
    celestrak: Celestrak, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    celestrak.server.says(omm("A"))
    assert celestrak.load().catalogue.names == ("A",)


def test_the_cache_is_replaced_in_one_step(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "deep" / "folder", "http://example.org/a")
    for body in (b"one", b"two\nlines"):
        cache.write(Kept(1.0, 2.0, {"If-None-Match": "x"}, body))
        assert cache.read() == Kept(1.0, 2.0, {"If-None-Match": "x"}, body)
    assert [path.name for path in cache.path.parent.iterdir()] == [cache.path.name]
    other = Cache(tmp_path / "deep" / "folder", "http://example.org/a?b")
    assert other.path != cache.path
