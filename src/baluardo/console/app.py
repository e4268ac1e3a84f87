"""Assembly of the console: parts in, one FastAPI application out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from baluardo.console.pages import BuiltPages
from baluardo.console.part import ConsolePage, ConsolePart, StatusItem
from baluardo.console.security import Door
from baluardo.console.warnings_in_force import PATH as WARNINGS_PATH
from baluardo.console.warnings_in_force import WarningsInForce
from baluardo.errors import (
    BaluardoError,
    ConflictError,
    InvalidInputError,
    RoleError,
    SignInError,
    TrustError,
    UnknownError,
)

STATIC = Path(__file__).with_name("static")
"""Where the build of web/ puts the pages."""


def create_console(
    parts: Sequence[ConsolePart], allowed_hosts: Sequence[str], static: Path = STATIC
) -> FastAPI:
    """Return the console made of `parts`, behind its door.

    `allowed_hosts` are the names under which it answers, without port ("127.0.0.1", "localhost").
    Two parts that claim the same name or page raise InvalidInputError.
    """
    app = create_application(parts, static)
    app.add_middleware(Door, allowed_hosts=allowed_hosts)
    return app


def create_application(parts: Sequence[ConsolePart], static: Path = STATIC) -> FastAPI:
    """Return the same without a door, for requests that come through another one."""
    _refuse_double(parts)
    built = BuiltPages(static)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in parts:
                if part.lifespan is not None:
                    await stack.enter_async_context(part.lifespan())
            yield

    app = FastAPI(
        title="Baluardo",
        version=version("baluardo"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    for part in parts:
        if part.wrap is not None:
            app.add_middleware(_wrapped, part.wrap)
    _add_error_answers(app, built)
    _add_shell_routes(app, parts, built)
    for part in parts:
        if part.router is not None:
            app.include_router(part.router)
        for page in part.pages:
            _add_page(app, page, built)
    return app


def _wrapped(app: ASGIApp, wrap: Callable[[ASGIApp], ASGIApp]) -> ASGIApp:
    """Let a part stand in front of the application, as the framework builds it."""
    return wrap(app)


def _refuse_double(parts: Sequence[ConsolePart]) -> None:
    names = [part.name for part in parts]
    paths = [page.path for part in parts for page in part.pages]
    for what, values in (("part", names), ("page", paths)):
        double = sorted({value for value in values if values.count(value) > 1})
        if double:
            raise InvalidInputError(f"The console was given the {what} {double[0]} twice.")


def _add_page(app: FastAPI, page: ConsolePage, built: BuiltPages) -> None:
    async def serve() -> Response:
        return built.page(page.entry)

    app.add_api_route(page.path, serve, methods=["GET", "HEAD"], include_in_schema=False)


def _add_shell_routes(app: FastAPI, parts: Sequence[ConsolePart], built: BuiltPages) -> None:
    pages = [
        {"path": page.path, "title": dict(page.title)} for part in parts for page in part.pages
    ]

    @app.get("/api/console")
    async def console() -> dict[str, Any]:
        items: list[StatusItem] = []
        for part in parts:
            items += await _status(part)
        return {
            "version": version("baluardo"),
            "pages": pages,
            "status": [
                {"id": item.id, "level": item.level, "text": dict(item.text)} for item in items
            ],
        }

    @app.get(WARNINGS_PATH)
    async def warnings() -> WarningsInForce:
        told = [await part.warnings() for part in parts if part.warnings is not None]
        return WarningsInForce(warnings=[each for listed in told for each in listed])

    @app.get("/healthz")
    async def health() -> JSONResponse:
        stopped = [part.name for part in parts if part.healthy is not None and not part.healthy()]
        if stopped:
            return JSONResponse({"status": "stopped", "parts": stopped}, 503)
        return JSONResponse({"status": "ok"})

    @app.api_route("/assets/{name:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def asset(name: str, request: Request) -> Response:
        found = built.asset(name, request)
        if found is None:
            raise HTTPException(404, "There is no such file.")
        return found


async def _status(part: ConsolePart) -> list[StatusItem]:
    """Ask a part for its status; one that fails says so instead of taking the strip down."""
    if part.status is None:
        return []
    try:
        return await part.status()
    except BaluardoError as error:
        text = {
            "it": f"{part.name}: stato non disponibile ({error})",
            "en": f"{part.name}: status not available ({error})",
        }
        return [StatusItem(f"{part.name}-status", "warning", text)]


def _add_error_answers(app: FastAPI, built: BuiltPages) -> None:
    """Answer every error as {"detail": sentence}; a page that does not exist as a page."""

    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: StarletteHTTPException) -> Response:
        wants_page = request.method in {"GET", "HEAD"} and not request.url.path.startswith(
            ("/api/", "/assets/")
        )
        if error.status_code == 404 and wants_page:
            return built.not_found()
        sentence = error.detail
        if sentence == "Not Found":
            sentence = "There is nothing at this address."
        elif sentence == "Method Not Allowed":
            sentence = "This address does not take that kind of request."
        return JSONResponse({"detail": sentence}, error.status_code, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        problems = (
            f"{'.'.join(str(step) for step in problem['loc'][1:]) or 'body'}: {problem['msg']}"
            for problem in error.errors()
        )
        return JSONResponse({"detail": f"The request is not valid: {'; '.join(problems)}."}, 422)

    @app.exception_handler(BaluardoError)
    async def failed(_request: Request, error: BaluardoError) -> Response:
        return JSONResponse({"detail": str(error)}, _status_of(error))


STATUSES: Final[tuple[tuple[type[BaluardoError], int], ...]] = (
    (InvalidInputError, 400),
    (SignInError, 401),
    (RoleError, 403),
    (UnknownError, 404),
    (ConflictError, 409),
    (TrustError, 403),
)
"""The first that fits; whatever else is wrong is ours, and 503."""


def _status_of(error: BaluardoError) -> int:
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 503)
