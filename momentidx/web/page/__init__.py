"""The page: one HTML file, and the scripts, styles and texts it loads from here.

What it loads lies below an address that holds a checksum of it all, so a browser keeps it and asks again only for the
page itself; another version has another address. All style sheets are one answer, and the page names the modules that
its first view needs, so that a browser asks for them at once and not one after the other as it reads them.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException

from momentidx import __version__

HERE = Path(__file__).parent
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
SHEETS = "page.css"
"""All style sheets, `app.css` first."""
FIRST = ("app.js", "views/search.js")
"""What the page begins with."""
FOREVER = {"cache-control": "private, max-age=31536000, immutable"}
_IMPORTED = re.compile(r'^import .* from "([^"]+)";$', re.MULTILINE)


class Files:
    """What the page loads, by its name below `/static`."""

    def __init__(self, folder: Path) -> None:
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        self.by_name = {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}
        sheets = sorted((name for name in self.by_name if name.endswith(".css")), key=lambda name: name != "app.css")
        self.by_name[SHEETS] = b"\n".join(self.by_name[name] for name in sheets)
        self.mark = _checksum(self.by_name)

    def modules(self, *names: str) -> list[str]:
        """The modules of these names, and all that they import."""
        found: dict[str, None] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                waiting += self._imports(name)
        return list(found)

    def _imports(self, name: str) -> Iterator[str]:
        for told in _IMPORTED.findall(self.by_name[name].decode()):
            yield posixpath.normpath(posixpath.join(posixpath.dirname(name), told))


def add_page(app: FastAPI) -> None:
    """Serve the page at `/` and what it loads below `/static`."""
    templates = Jinja2Templates(HERE / "templates")
    files = Files(HERE / "static")
    base, modules = f"/static/{files.mark}", files.modules(*FIRST)
    shown = {"version": __version__, "base": base, "sheets": SHEETS, "modules": modules}

    @app.get("/static/{name:path}", include_in_schema=False)
    async def static(name: str) -> Response:
        mark, _, rest = name.partition("/")
        known, headers = (rest, FOREVER) if mark == files.mark else (name, None)
        if known not in files.by_name:
            raise HTTPException(404)
        return Response(files.by_name[known], 200, headers, KINDS[posixpath.splitext(known)[1]])

    @app.get("/", include_in_schema=False)
    def index(request: Request) -> Response:
        return templates.TemplateResponse(request, "index.html", shown)


def _checksum(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name} {len(content)} ".encode() + content)
    return digest.hexdigest()[:16]
