"""The page: one HTML file, and the scripts, styles and texts it loads from here."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.templating import Jinja2Templates
from starlette.staticfiles import StaticFiles

from momentidx import __version__

HERE = Path(__file__).parent


def add_page(app: FastAPI) -> None:
    """Serve the page at `/` and what it loads below `/static`."""
    templates = Jinja2Templates(HERE / "templates")
    sheets = sorted(file.name for file in (HERE / "static").glob("*.css") if file.name != "app.css")
    app.mount("/static", StaticFiles(directory=HERE / "static", check_dir=False))

    @app.get("/", include_in_schema=False)
    def index(request: Request) -> Response:
        return templates.TemplateResponse(request, "index.html", {"version": __version__, "sheets": sheets})
