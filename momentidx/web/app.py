"""The app: the routes, the page, and what errors look like."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from momentidx.errors import MomentidxError
from momentidx.web import problems
from momentidx.web.desk import Desk
from momentidx.web.news import News
from momentidx.web.page import add_page
from momentidx.web.refusing import refused
from momentidx.web.routes import (
    assemble,
    events,
    exports,
    footage,
    health,
    login,
    media,
    queue,
    saved,
    search,
    selects,
    settings,
    stream,
)
from momentidx.web.security import LOOPBACK_NAMES, Failures, Gate, Guard
from momentidx.web.values import API, Failure

ROUTERS: tuple[APIRouter, ...] = (
    login.router,
    health.router,
    search.router,
    saved.router,
    stream.router,
    selects.router,
    exports.router,
    assemble.router,
    footage.router,
    events.router,
    media.router,
    queue.router,
    settings.router,
)
"""All below `/api/v1`; add yours."""
THREADS = 16
"""Requests that are answered at the same time; SQLite's pool has a connection for each but one."""


def create_app(desk: Desk, hosts: Collection[str] = ()) -> FastAPI:
    """The app for one library. `hosts`: names it is asked for by, besides those of this machine itself."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        yield
        desk.close()

    app = FastAPI(
        title="momentidx",
        version="1",
        summary="Find moments in footage by describing them.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        responses={"4XX": {"model": Failure, "description": "What was wrong with the request."},
                   "503": {"model": Failure, "description": "The library cannot be read right now."}},
    )  # fmt: skip
    app.state.desk, app.state.news = desk, News(desk)
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    app.include_router(login.page)
    add_page(app)
    _explain_errors(app)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    names = frozenset(name.lower() for name in (*LOOPBACK_NAMES, *hosts))
    app.add_middleware(Guard, gate=Gate(desk.keys, names, Failures()))
    return app


def _explain_errors(app: FastAPI) -> None:
    @app.exception_handler(MomentidxError)
    def _known(request: Request, error: MomentidxError) -> Response:
        return _failed(request, *problems.answer(error))

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or "the body"
        return _failed(request, 400, problems.failure(400, f"{place}: {first['msg']}."))

    @app.exception_handler(HTTPException)
    def _refused(request: Request, error: HTTPException) -> Response:
        status = error.status_code
        sentence = "There is nothing under this address." if status == 404 else str(error.detail)
        return _failed(request, status, problems.failure(status, sentence), error.headers)


def _failed(request: Request, status: int, told: Failure, headers: Mapping[str, str] | None = None) -> Response:
    return refused(request.url.path, request.headers.get("accept", ""), status, told, headers)


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description; requests that do not fit it are answered with 400, like all wrong use."""
    if app.openapi_schema is None:
        told = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        for path in told["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            told.get("components", {}).get("schemas", {}).pop(name, None)
        schemes = told.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["token"] = {"type": "http", "scheme": "bearer"}
        told["security"] = [{"token": []}]
        app.openapi_schema = told
    return app.openapi_schema
