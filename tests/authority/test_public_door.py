"""The public half: what anybody may fetch, how it is kept, and that nothing else leads out."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authority.officers import ANNA, COMMUNITY, State
from baluardo.authority.doors.public import public_router
from baluardo.protocol.public_bundle import PublicBundle
from baluardo.trust.audit.reading import LogReader
from baluardo.trust.audit.tiles import tile_at
from baluardo.trust.issuing.publication import public_verifier

pytest_plugins = ["authority.officers_fixtures"]


def fetch(state: State, path: str, **options: Any) -> httpx.Response:
    return state.ask(None, "GET", f"/public/{path}", **options)


def raw(state: State, path: bytes) -> httpx.Response:
    """Ask for a path as it is written, dots and all."""

    async def asking() -> httpx.Response:
        transport = httpx.ASGITransport(state.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            where = httpx.URL("http://localhost").copy_with(raw_path=b"/api/authority" + path)
            return await client.send(httpx.Request("GET", where))

    return asyncio.run(asking())


def test_the_bundle_is_enough_to_judge_certificates(country: State, tmp_path: Path) -> None:
    answer = fetch(country, "bundle")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    bundle = PublicBundle.of_octets(answer.content)
    assert "sealing-key.json" in bundle.files
    assert "log.vkey" in bundle.files
    bundle.write(tmp_path / "copy")
    chain = country.device(ANNA).chain
    peer = public_verifier(tmp_path / "copy", 0.0).verify(chain, country.calendar.now)
    assert peer.identity.path == f"person/{ANNA}/laptop"
    tag = answer.headers["etag"]
    again = fetch(country, "bundle", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    country.take_back(f"person/{ANNA}")
    changed = fetch(country, "bundle", headers={"if-none-match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_every_file_of_the_public_half_is_served_as_it_is(country: State) -> None:
    directory = country.authority.layout.public.directory
    files = [each for each in directory.rglob("*") if each.is_file()]
    served = []
    for file in files:
        path = file.relative_to(directory).as_posix()
        answer = fetch(country, path)
        if answer.status_code == 200:
            assert answer.content == file.read_bytes()
            known = {"if-none-match": answer.headers["etag"]}
            assert fetch(country, path, headers=known).status_code == 304
            served.append(path)
    kinds = {path.split("/")[0] for path in served}
    assert kinds >= {"anchors", "issuers", "lists", "log", "log.vkey", "sealing-key.json"}
    left = {each.relative_to(directory).as_posix() for each in files} - set(served)
    assert {Path(each).suffix or each for each in left} <= {".lock", "log/lock", "lock"}, left


def test_tiles_are_kept_for_ever_and_the_checkpoint_never(country: State) -> None:
    store = country.authority.store

    def many(transaction: Any) -> None:
        for number in range(300):
            transaction.log("note.made", {"number": number})

    store.act_blocking(many)
    checkpoint = fetch(country, "log/checkpoint")
    assert checkpoint.headers["cache-control"] == "no-store"
    assert checkpoint.headers["content-type"].startswith("text/plain")
    assert checkpoint.text.startswith(f"{COMMUNITY}/log\n{store.size}\n")
    for level in (-1, 0):
        full, partial = tile_at(level, 0, store.size), tile_at(level, 1, store.size)
        answer = fetch(country, f"log/{full.path}")
        assert answer.content == LogReader(store.log.directory, store.size).fetch(full)
        assert "immutable" in answer.headers["cache-control"]
        answer = fetch(country, f"log/{partial.path}")
        assert answer.status_code == 200
        assert "immutable" not in answer.headers["cache-control"]
    anchors = fetch(country, "anchors/anchors.json")
    assert anchors.headers["cache-control"] == "no-cache"
    assert country.ask(None, "HEAD", "/public/log/checkpoint").content == b""


def test_the_doors_are_described_once_each(country: State) -> None:
    description = FastAPI()
    description.include_router(public_router(country.authority))
    paths = description.openapi()["paths"]
    assert {path: set(each) for path, each in paths.items()} == {
        "/api/authority/public/bundle": {"get"},
        "/api/authority/public/{path}": {"get"},
    }


TRICKS = [
    b"/public/",
    b"/public/..",
    b"/public/../service.pem",
    b"/public/%2e%2e/service.pem",
    b"/public/..%2fservice.pem",
    b"/public/log/../../service.pem",
    b"/public/log/%2e%2e/%2e%2e/keys/log.jwe",
    b"/public/anchors/../../keys/log.jwe",
    b"/public//etc/passwd",
    b"/public/%2fetc/passwd",
    b"/public/etc/passwd",
    b"/public/log",
    b"/public/log/",
    b"/public/log/tile/0",
    b"/public/log/tile/0/000/../001",
    b"/public/log/tile/0/000%00",
    b"/public/log/checkpoint%00",
    b"/public/log/checkpoint.new",
    b"/public/log/lock",
    b"/public/log/tile/entries/x000/x000/x000/x000/x000/x000/x000/000",
    b"/public/issuers/..%5c..%5ckeys",
    b"/public/issuers/issuer-1.pem/",
    b"/public/issuers/link.pem",
    b"/public/lists/" + b"a" * 64 + b".crl",
    b"/public/log/tile/0/999",
    b"/public/keys/log.jwe",
    b"/public/authority.db",
    b"/public/authority.toml",
]


@pytest.mark.parametrize("path", TRICKS)
def test_no_path_leads_out_of_the_public_half(country: State, path: bytes) -> None:
    public = country.authority.layout.public.directory
    (public / "issuers" / "link.pem").symlink_to(public.parent / "service.pem")
    (public / "lists" / f"{'a' * 64}.crl").mkdir()
    outside = public.parent / "outside"
    outside.mkdir()
    (outside / "999").write_bytes(b"outside")
    (public / "log" / "tile" / "0").rename(public / "log" / "tile" / "kept")
    (public / "log" / "tile" / "0").symlink_to(outside)
    answer = raw(country, path)
    assert answer.status_code == 404
    assert b"outside" not in answer.content
    assert b"PRIVATE" not in answer.content
    assert "etag" not in answer.headers


def test_a_pipe_with_a_permitted_name_holds_nobody_up(country: State) -> None:
    os.mkfifo(country.authority.layout.public.directory / "issuers" / "pipe.pem")
    assert fetch(country, "issuers/pipe.pem").status_code == 404


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.sampled_from(
            ["..", ".", "", "log", "tile", "0", "x000", "000", "anchors", "keys", "service.pem"]
        )
        | st.text(max_size=6),
        max_size=6,
    )
)
def test_whatever_is_asked_is_a_file_of_the_public_half_or_nothing(
    country: State, steps: list[str]
) -> None:
    path = "/".join(steps)
    quoted = "".join(f"%{octet:02x}" for octet in path.encode(errors="replace"))
    answer = raw(country, f"/public/{quoted}".encode())
    directory = country.authority.layout.public.directory
    if answer.status_code == 200 and path != "bundle":
        assert answer.content == (directory / path).read_bytes()
        assert (directory / path).resolve().is_relative_to(directory.resolve())
    else:
        assert answer.status_code in {200, 404}


def test_the_bundle_is_made_and_hashed_once_for_all_who_ask(
    country: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    genuine = PublicBundle.of_public

    def counted(directory: Path) -> PublicBundle:
        made.append(directory)
        return genuine(directory)

    monkeypatch.setattr(PublicBundle, "of_public", counted)

    async def asking() -> list[httpx.Response]:
        return await asyncio.gather(
            *(country.asking(None, "GET", "/public/bundle") for _ in range(20))
        )

    answers = asyncio.run(asking())
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert len(made) == 1
    country.take_back(f"person/{ANNA}")
    assert fetch(country, "bundle").headers["etag"] != answers[0].headers["etag"]
    assert len(made) == 2
