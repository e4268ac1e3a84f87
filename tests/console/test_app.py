"""The console's frame: pages, parts, status, errors as sentences, files and their headers."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from pydantic import BaseModel

from baluardo.console.app import create_console
from baluardo.console.pages import NOT_BUILT
from baluardo.console.part import ConsolePage, ConsolePart, StatusItem
from baluardo.errors import InvalidInputError, SourceError
from served import served

TITLE = {"it": "Prova", "en": "Trial"}
SCRIPT = "export const answer = 42;\n" * 100


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """Return a small build of pages: two pages, a script, and things that must not get out."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>globe</title>")
    (folder / "404.html").write_text("<!doctype html><title>no such page</title>")
    (folder / "assets" / "a-1f2e.js").write_text(SCRIPT)
    (folder / "assets" / "worker-9d.mjs").write_text("onmessage = null;")
    (folder / "assets" / "notes.secret").write_text("not a kind that is served")
    (tmp_path / "outside.js").write_text("outside")
    (folder / "assets" / "link.js").symlink_to(tmp_path / "outside.js")
    return folder


class Wish(BaseModel):
    """Something to post."""

    rate: float


def trial_router() -> APIRouter:
    router = APIRouter(prefix="/api/trial")

    @router.get("/invalid")
    async def invalid() -> None:
        raise InvalidInputError("rate 7 is none of 1, 10.")

    @router.get("/unreachable")
    async def unreachable() -> None:
        raise SourceError("The file cannot be read.")

    @router.get("/missing")
    async def missing() -> None:
        raise HTTPException(404, "No satellite has that number.")

    @router.get("/crash")
    async def crash() -> None:
        raise RuntimeError("secret detail")

    @router.post("/wish")
    async def wish(wish: Wish) -> Wish:
        return wish

    return router


def trial_part(**changes: object) -> ConsolePart:
    settings: dict[str, object] = {
        "name": "trial",
        "router": trial_router(),
        "pages": (ConsolePage("/", "index.html", TITLE),),
    }
    return ConsolePart(**{**settings, **changes})  # type: ignore[arg-type]


@contextmanager
def client_of(app: FastAPI) -> Iterator[httpx.Client]:
    with served(app) as url, httpx.Client(base_url=url) as client:
        yield client


@pytest.fixture
def client(static: Path) -> Iterator[httpx.Client]:
    with client_of(create_console([trial_part()], ["127.0.0.1"], static)) as client:
        yield client


def test_pages_are_served_fresh_and_listed(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.text.endswith("<title>globe</title>")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert client.head("/").status_code == 200
    description = client.get("/api/console").json()
    assert description["pages"] == [{"path": "/", "title": TITLE}]
    assert description["version"]
    assert description["status"] == []


def test_health(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_health_tells_of_a_part_that_does_not_do_its_work(static: Path) -> None:
    healthy = True
    part = trial_part(healthy=lambda: healthy)
    with client_of(create_console([part], ["127.0.0.1"], static)) as client:
        assert client.get("/healthz").status_code == 200
        healthy = False
        answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "stopped", "parts": ["trial"]}


def test_assets_are_cached_for_ever_and_compressed(client: httpx.Client) -> None:
    plain = client.get("/assets/a-1f2e.js", headers={"accept-encoding": "identity"})
    assert plain.text == SCRIPT
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["content-type"].startswith("text/javascript")
    with client.stream("GET", "/assets/a-1f2e.js", headers={"accept-encoding": "gzip"}) as small:
        assert small.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join(small.iter_raw())).decode() == SCRIPT
    worker = client.get("/assets/worker-9d.mjs")
    assert worker.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../404.html",
        "/assets/%2e%2e/404.html",
        "/assets/..%2f..%2foutside.js",
        "/assets/%2fetc/passwd",
        "/assets//etc/passwd",
        "/assets/a-1f2e.js%00.css",
        "/assets/..\\..\\outside.js",
        "/assets/link.js",
        "/assets/notes.secret",
        "/assets/",
        "/assets/a-1f2e.js/",
        "/index.html",
        "/static/index.html",
    ],
)
def test_no_path_leads_out_of_the_build(client: httpx.Client, path: str) -> None:
    address = httpx.URL(str(client.base_url)).copy_with(raw_path=path.encode())
    answer = client.send(httpx.Request("GET", address))
    assert answer.status_code == 404
    assert "outside" not in answer.text
    assert "root:" not in answer.text


def test_an_unknown_page_is_a_page_and_an_unknown_address_is_json(client: httpx.Client) -> None:
    page = client.get("/nowhere")
    assert page.status_code == 404
    assert page.text.endswith("<title>no such page</title>")
    assert page.headers["content-type"].startswith("text/html")
    answer = client.get("/api/nowhere")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is nothing at this address."}
    deleted = client.delete("/healthz", headers={"content-type": "application/json"})
    assert deleted.json() == {"detail": "This address does not take that kind of request."}


def test_no_documentation_pages_from_elsewhere(client: httpx.Client) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code == 404


def test_errors_are_sentences(client: httpx.Client) -> None:
    invalid = client.get("/api/trial/invalid")
    assert (invalid.status_code, invalid.json()["detail"]) == (400, "rate 7 is none of 1, 10.")
    unreachable = client.get("/api/trial/unreachable")
    assert unreachable.status_code == 503
    assert unreachable.json()["detail"] == "The file cannot be read."
    assert client.get("/api/trial/missing").json() == {"detail": "No satellite has that number."}
    wrong = client.post("/api/trial/wish", json={"rate": "fast"})
    assert wrong.status_code == 422
    assert wrong.json()["detail"].startswith("The request is not valid: rate: ")
    assert client.post("/api/trial/wish", json={"rate": 2}).json() == {"rate": 2}


def test_a_crash_tells_nothing_and_is_logged_once(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/api/trial/crash")
    assert answer.status_code == 500
    assert answer.json() == {"detail": "The console failed here; its log says why."}
    assert "content-security-policy" in answer.headers
    assert [record.exc_info is not None for record in caplog.records] == [True]


def test_without_built_pages_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    app = create_console([trial_part()], ["127.0.0.1"], tmp_path / "absent")
    with client_of(app) as client:
        page = client.get("/")
        assert (page.status_code, page.text) == (503, NOT_BUILT)
        assert "make run" in page.text
        assert client.get("/api/console").status_code == 200
        assert client.get("/nowhere").text == "There is no such page.\n"


def test_status_of_all_parts_and_of_one_that_fails(static: Path) -> None:
    async def fine() -> list[StatusItem]:
        return [StatusItem("a", "notice", {"it": "uno", "en": "one"})]

    async def broken() -> list[StatusItem]:
        raise SourceError("no answer")

    parts = [
        ConsolePart("first", status=fine),
        ConsolePart("second", status=broken),
        ConsolePart("third"),
    ]
    with client_of(create_console(parts, ["127.0.0.1"], static)) as client:
        items = client.get("/api/console").json()
    assert [(item["id"], item["level"]) for item in items["status"]] == [
        ("a", "notice"),
        ("second-status", "warning"),
    ]
    assert "no answer" in items["status"][1]["text"]["en"]


def test_parts_live_as_long_as_the_server(static: Path) -> None:
    events: list[str] = []

    def lifespan_of(name: str) -> object:
        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            events.append(f"{name} starts")
            yield
            events.append(f"{name} stops")

        return lifespan

    parts = [
        ConsolePart("a", lifespan=lifespan_of("a")),  # type: ignore[arg-type]
        ConsolePart("b", lifespan=lifespan_of("b")),  # type: ignore[arg-type]
    ]
    with client_of(create_console(parts, ["127.0.0.1"], static)) as client:
        assert client.get("/healthz").status_code == 200
        assert events == ["a starts", "b starts"]
    assert events[2:] == ["b stops", "a stops"]


def test_parts_that_clash_are_refused(static: Path) -> None:
    with pytest.raises(InvalidInputError, match="the part trial twice"):
        create_console([trial_part(), trial_part(pages=())], ["127.0.0.1"], static)
    with pytest.raises(InvalidInputError, match="the page / twice"):
        create_console([trial_part(), trial_part(name="other")], ["127.0.0.1"], static)


@pytest.mark.parametrize(
    ("path", "entry", "title"),
    [
        ("sky", "index.html", TITLE),
        ("//sky", "index.html", TITLE),
        ("/api/sky", "index.html", TITLE),
        ("/assets/x", "index.html", TITLE),
        ("/sky", "../index.html", TITLE),
        ("/sky", "index.js", TITLE),
        ("/sky", "index.html", {"en": "Sky"}),
    ],
)
def test_impossible_pages_are_refused(path: str, entry: str, title: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        ConsolePage(path, entry, title)


def test_a_status_without_a_language_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="it"):
        StatusItem("a", "ok", {"en": "fine"})
