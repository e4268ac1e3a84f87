"""Loading catalogues from files and addresses, and what is said about their age."""

from __future__ import annotations

import gzip
import os
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from web_server import Handler, Server, running

from baluardo.errors import CatalogueError, SourceError
from baluardo.twin.catalogues import (
    Loaded,
    age_notices,
    load_catalogue,
    replay_notices,
    sky_time_offset,
)
from baluardo.twin.downloads import FetchLimits, fetch, shown_address
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.shells import default_catalogue
from baluardo.twin.sky.tle import parse_tle

TLE = (
    b"1 44714U 19074B   25149.34210415  .00000650  00000+0  62544-4 0  9997\n"
    b"2 44714  53.0560  23.1004 0001894  82.1297 277.9907 15.06397367305895\n"
)
SHELLS = b"[[shell]]\ninclination_deg = 53\nheight_km = 550\nplanes = 2\nsatellites = 10\n"
PATIENT = FetchLimits(connect_s=30.0, read_s=30.0, total_s=60.0, max_bytes=100_000, redirects=3)


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


# Files and names


def test_nothing_named_is_the_built_in_shells() -> None:
    assert load_catalogue(None) == Loaded(default_catalogue())
    assert load_catalogue("shells").catalogue is default_catalogue()


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a.tle").write_bytes(TLE)
    (tmp_path / "b.toml").write_bytes(SHELLS)
    (tmp_path / "c").write_bytes(b"A\n" + TLE)
    assert load_catalogue(str(tmp_path / "a.tle")).catalogue.source == "a.tle"
    assert load_catalogue(str(tmp_path / "b.toml")).catalogue.ageless
    assert load_catalogue(str(tmp_path / "c")).catalogue.names == ("A",)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("nowhere.tle", "cannot be read: No such file"),
        ("./nowhere", "cannot be read: No such file"),
        ("/", "is not a regular file"),
        ("ftp://example.org/a", "not an address that begins with http"),
        ("file:///etc/passwd", "not an address that begins with http"),
        ("two words", "neither a file, nor an address"),
        ("a&FORMAT=tle", "neither a file, nor an address"),
        ("~no-such-user/x", "cannot be read: No such file"),
        ("a\0/b", "cannot be the name of a file"),
        ("a" * 5_000, "cannot be read: File name too long"),
        ("", "neither a file, nor an address"),
        ("http://", "cannot be reached or read: [^.]*[.]$"),
        ("http://[::1", "cannot be reached"),
        ("http://\udcff/", "cannot be reached"),
    ],
)
def test_what_cannot_be_a_source_is_refused_with_a_sentence(spec: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        load_catalogue(spec)


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tle")
    with pytest.raises(SourceError, match="not a regular file"):
        load_catalogue(str(tmp_path / "pipe.tle"))


def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"cat\xff.tle")
    path.write_bytes(TLE)
    assert load_catalogue(str(path)).catalogue.source == "cat\ufffd.tle"
    with pytest.raises(SourceError) as caught:
        load_catalogue(str(path.with_suffix(".json")))
    assert str(caught.value).isprintable()


def test_skipped_records_are_told(tmp_path: Path) -> None:
    one = TLE.decode()
    records = [one.replace("44714", f"{n:05d}") for n in range(30)]
    lines = "".join(records).splitlines()
    fixed = [line[:68] + str(sum_of(line)) for line in lines]
    fixed[2] = fixed[2][:60]
    (tmp_path / "a.tle").write_text("\n".join(fixed[2:]))
    (notice,) = load_catalogue(str(tmp_path / "a.tle")).notices
    assert notice.en.startswith(
        "a.tle: broken records skipped: 1. The first, at line 1: line 1 has"
    )
    assert "saltati: 1" in notice.it


def sum_of(line: str) -> int:
    return sum(int(c) if c.isdigit() else c == "-" for c in line[:68]) % 10


# Addresses


def test_address(server: Server) -> None:
    server.says(TLE)
    loaded = load_catalogue(f"{server.address}/x.txt?key=secret", limits=PATIENT)
    assert loaded.catalogue.numbers.tolist() == [44714]
    assert "secret" not in loaded.catalogue.source
    assert server.asked[0]["User-Agent"].startswith("baluardo/")
    server.says(SHELLS)
    assert load_catalogue(f"{server.address}/x.toml", limits=PATIENT).catalogue.ageless


def test_compressed_answers_are_limited_after_decompression(server: Server) -> None:
    server.says(gzip.compress(TLE), Content_Encoding="gzip")
    assert len(load_catalogue(server.address, limits=PATIENT).catalogue) == 1
    server.says(gzip.compress(b" " * 2_000_000), Content_Encoding="gzip")
    with pytest.raises(SourceError, match="more than 97 KiB"):
        load_catalogue(server.address, limits=PATIENT)
    for body, words in (
        (TLE, "cannot be reached or read: .*header"),
        (gzip.compress(TLE)[:-4], "cut off"),
        (gzip.compress(TLE) + b"\0", "something follows"),
    ):
        server.says(body, Content_Encoding="gzip")
        with pytest.raises(SourceError, match=words):
            load_catalogue(server.address, limits=PATIENT)
    assert {asked["Accept-Encoding"] for asked in server.asked} == {"gzip"}


def test_a_small_answer_cannot_take_much_memory(server: Server) -> None:
    bomb = gzip.compress(gzip.compress(b" " * 50_000_000))
    assert len(bomb) < 1_000
    tracemalloc.start()
    try:
        for coding, words in (
            ("gzip, gzip", "sends the encoding 'gzip, gzip', which was not asked for"),
            ("deflate", "sends the encoding 'deflate'"),
        ):
            server.says(bomb, Content_Encoding=coding)
            with pytest.raises(SourceError, match=words):
                fetch(server.address, PATIENT)
        server.says(gzip.decompress(bomb), Content_Encoding="gzip")
        with pytest.raises(SourceError, match="more than 97 KiB"):
            fetch(server.address, PATIENT)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("status", [204, 304, 403, 404, 500, 503])
def test_answers_other_than_ok(server: Server, status: int) -> None:
    server.says(b"", status)
    with pytest.raises(SourceError, match=rf"answered {status}|sent nothing"):
        load_catalogue(server.address, limits=PATIENT)


def test_garbage_is_refused(server: Server) -> None:
    server.says(b"<html>Welcome to the hotel</html>")
    with pytest.raises(CatalogueError, match="is a web page"):
        load_catalogue(server.address, limits=PATIENT)


def test_silence_ends(server: Server) -> None:
    def silence(handler: Handler) -> None:
        handler.server.stopping.wait(60.0)

    server.answer = silence
    with pytest.raises(SourceError, match="did not answer in time"):
        load_catalogue(server.address, limits=replace(PATIENT, read_s=0.3))


def drip(handler: Handler) -> None:
    """Send an octet now and then: nobody waits long for the next, and all take a minute."""
    for _ in range(1_200):
        if handler.server.stopping.wait(0.05):
            break
        handler.wfile.write(b" ")


def test_dripping_ends(server: Server) -> None:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        drip(handler)

    server.answer = answer
    with pytest.raises(SourceError, match=r"takes longer than 0\.6 s"):
        load_catalogue(server.address, limits=replace(PATIENT, total_s=0.6))


def test_dripping_headers_end(server: Server) -> None:
    """Each octet comes before the patience for silence is over: only the whole is bounded."""
    cut = threading.Event()

    def answer(handler: Handler) -> None:
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            drip(handler)
        except ConnectionError:
            cut.set()

    server.answer = answer
    with pytest.raises(SourceError, match=r"takes longer than 0\.6 s"):
        fetch(server.address, replace(PATIENT, total_s=0.6))
    # The connection is cut too: nobody goes on listening.
    assert cut.wait(30.0)
    for thread in threading.enumerate():
        if thread.name == "fetch":
            thread.join(30.0)
            assert not thread.is_alive()


def test_endless_answers_end(server: Server) -> None:
    def pour(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not handler.server.stopping.is_set():
            handler.wfile.write(b" " * 50_000)

    server.answer = pour
    with pytest.raises(SourceError, match="more than 97 KiB"):
        load_catalogue(server.address, limits=PATIENT)


def test_a_cut_answer_is_refused(server: Server) -> None:
    def cut(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "10000")
        handler.end_headers()
        handler.wfile.write(TLE)

    server.answer = cut
    with pytest.raises(SourceError, match="cannot be reached or read"):
        load_catalogue(server.address, limits=PATIENT)


def test_redirects(server: Server) -> None:
    def three(handler: Handler) -> None:
        n = int(handler.path.strip("/") or 0)
        if n == 3:
            handler.say(200, TLE)
        else:
            handler.say(302, Location=f"/{n + 1}")

    server.answer = three
    assert len(load_catalogue(server.address, limits=PATIENT).catalogue) == 1
    server.says(b"", 302, Location="/again")
    with pytest.raises(SourceError, match="more than 3 other addresses"):
        load_catalogue(server.address, limits=PATIENT)
    for target in ("file:///etc/passwd", "ftp://127.0.0.1/", "http://[", "//"):
        server.says(b"", 302, Location=target)
        with pytest.raises(SourceError):
            load_catalogue(server.address, limits=PATIENT)


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(SourceError, match="cannot be reached"):
            fetch(f"http://127.0.0.1:{taken.getsockname()[1]}/", PATIENT)


def test_addresses_are_shown_without_secrets() -> None:
    assert shown_address("https://a:b@example.org/x?key=1#y") == "https://example.org/x"
    assert shown_address("https://a:b@c@example.org/x@y") == "https://example.org/x@y"
    assert "\x1b" not in shown_address("http://\x1b[31m")


# Age


def test_age_notices_count_the_stale(real_catalogue: Catalogue) -> None:
    day = 86_400.0
    assert age_notices(default_catalogue(), 0.0) == ()
    (notice,) = age_notices(real_catalogue, real_catalogue.epoch + 30 * day)
    assert notice.en.startswith("The elements of 7,500 of 7,500 satellites")
    assert "7.500 satelliti su 7.500" in notice.it


def test_old_catalogues_are_replayed() -> None:
    catalogue = parse_tle(TLE, "test")
    day = 86_400.0
    for now in (catalogue.epoch, catalogue.epoch + 14 * day, catalogue.epoch - 14 * day):
        assert sky_time_offset(catalogue, now) == 0.0
        assert replay_notices(catalogue, now) == ()
    late = catalogue.epoch + 500 * day
    assert late + sky_time_offset(catalogue, late) == pytest.approx(catalogue.epoch, abs=1e-6)
    (notice,) = replay_notices(catalogue, late)
    assert "2025-05-29" in notice.en
    assert notice.it.startswith("Replica")
    assert sky_time_offset(default_catalogue(), late) == 0.0


def test_age_notices_of_a_fresh_catalogue() -> None:
    catalogue = parse_tle(TLE, "test")
    assert age_notices(catalogue, catalogue.epoch) == ()
    assert len(age_notices(catalogue, catalogue.epoch + 8 * 86_400.0)) == 1
