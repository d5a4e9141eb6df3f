"""Answers that say no: JSON to who asks the API, a small page to a person's browser, a line of text to anyone else.

Who is refused may load nothing else, so the page carries its style with it. It says what everybody may know.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from jinja2 import Environment, FileSystemLoader

from momentidx.web.page import HERE
from momentidx.web.values import Failure

HEADINGS: Mapping[int, str] = {
    401: "You are not logged in", 403: "This is not answered here", 404: "Not found",
    429: "Too many tries", 500: "Something went wrong", 503: "That takes too long",
}  # fmt: skip
OTHER = "That does not work"

_STYLE = (HERE / "static" / "app.css").read_text()
_MARK = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_MARK}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True).get_template("refused.html")


def refused(path: str, accept: str, status: int, told: Failure, headers: Mapping[str, str] | None = None) -> Response:
    """The answer for a path; `accept` is the request's header of that name."""
    if path.startswith("/api/"):
        # Escaped to ASCII: a sentence may quote a name with bytes that are no UTF-8.
        return Response(json.dumps(told.model_dump()), status, headers, media_type="application/json")
    message = told.error.message
    if "text/html" not in accept:
        return PlainTextResponse(f"{message}\n", status, headers)
    shown = _PAGE.render(style=_STYLE, status=status, heading=HEADINGS.get(status, OTHER), message=message)
    return HTMLResponse(shown, status, {**(headers or {}), "content-security-policy": _POLICY})
