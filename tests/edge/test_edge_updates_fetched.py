"""Where updates come from: a path, or an address that nobody has to believe."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from baluardo.edge.updates import sources
from baluardo.edge.updates.manifest import UpdateManifest
from baluardo.edge.updates.package import Header
from baluardo.edge.updates.sources import fetched
from baluardo.errors import InvalidInputError, SourceError
from edge.country import Country
from edge.signed_updates import Site

WHEELS = {"baluardo-0.2.0-py3-none-any.whl": b"program" * 900_000}
"""More than sockets hold, so that what is not wanted is seen not to be sent."""


@contextmanager
def web(octets: bytes) -> Iterator[tuple[str, list[int]]]:
    """Serve octets at any path but /none while inside; how many went out is noted."""
    sent: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404 if self.path == "/none" else 200)
            self.end_headers()
            sent.append(0)
            try:
                for start in range(0, len(octets), 65_536):
                    sent[-1] += self.wfile.write(octets[start : start + 65_536])
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_update_is_fetched_if_it_is_wanted(
    country: Country, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site.settle(country, tmp_path)
    path = site.update(tmp_path / "an.update", WHEELS, 7, "0.2.0")
    octets = path.read_bytes()
    asked: list[UpdateManifest] = []

    def wanted(header: Header) -> bool:
        asked.append(header.claimed)
        return True

    def unwanted(_: Header) -> bool:
        return False

    with web(octets) as (url, sent):
        for source in (str(path), f"{url}/an.update"):
            with fetched(source, tmp_path, wanted) as found:
                assert found is not None
                assert found.read_bytes() == octets
            with fetched(source, tmp_path, unwanted) as found:
                assert found is None
        assert [each.number for each in asked] == [7, 7]
        with (
            pytest.raises(SourceError, match="status 404"),
            fetched(f"{url}/none", tmp_path, wanted),
        ):
            pass
        monkeypatch.setattr(sources, "LARGEST_FILE", 1_000_000)
        with (
            pytest.raises(SourceError, match="more octets than any update"),
            fetched(f"{url}/x", tmp_path, wanted),
        ):
            pass
    assert sent[0] == len(octets)
    assert sent[1] < len(octets)
    assert not (tmp_path / ".fetched").exists()
    with pytest.raises(SourceError, match="cannot be reached"), fetched(url, tmp_path, wanted):
        pass
    with pytest.raises(SourceError, match="cannot be read"), fetched("/none", tmp_path, wanted):
        pass
    with (
        web(b"<html>") as (url, _),
        pytest.raises(InvalidInputError, match="no update"),
        fetched(url, tmp_path, wanted),
    ):
        pass
