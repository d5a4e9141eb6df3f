"""Writes the pages that are made from the program itself: python docs/generate.py

A test compares them with what the program says today.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from typer.cli import get_docs_for_click

from momentidx.caption.shotlog.vocabulary import tables
from momentidx.config import SETTINGS_FILE, Settings
from momentidx.failpoints import POINTS, VARIABLE
from typer_app import app

DOCS = Path(__file__).parent


def cli() -> str:
    """Every command with its arguments and options."""
    command = typer.main.get_command(app)
    _tell_whole_sentences(command)
    context = typer.Context(command, info_name="momentidx")
    return get_docs_for_click(obj=command, ctx=context, name="momentidx", title="Commands").strip() + "\n"


def _tell_whole_sentences(command: Any) -> None:
    """In lists of commands: Typer cuts what it says of each after 45 letters."""
    command.short_help = " ".join((command.help or "").split("\n\n")[0].split())
    for each in getattr(command, "commands", {}).values():
        _tell_whole_sentences(each)


def settings() -> str:
    """Every setting with its default."""
    lines = [
        "# Settings",
        "",
        f"Settings stand in `{SETTINGS_FILE}` in the library folder. An environment variable such as",
        "`MOMENTIDX_SETTLE_SECONDS=2` overrides the file (lists are separated by commas), an option of the",
        "command line overrides both. `momentidx config show` prints every value and where it came from.",
        "",
        "| setting | default | what it does |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `{name}` | `{json.dumps(field.default)}` | {field.description} |")
    return "\n".join(lines) + "\n"


def failpoints() -> str:
    """Every point at which a test can let the process die."""
    lines = [
        "# Failpoints",
        "",
        f"Where the tests let the program die or the disk refuse, through the variable `{VARIABLE}`; for what",
        "they prove by that, see [reliability](reliability.md). Without the variable nothing of it does anything.",
        "",
        "| point | what is true there |",
        "|---|---|",
        *(f"| `{name}` | {what} |" for name, what in POINTS.items()),
    ]
    return "\n".join(lines) + "\n"


API_INTRODUCTION = """\
# The API

All paths are below `/api/v1`; [web.md](web.md) says how to log in. Everything is JSON. The machine-readable description
(OpenAPI) is at `/api/v1/openapi.json`.

- **Times** are told three ways: frames from the first picture with the end exclusive, seconds, and source timecode. A
  client sends frames.
- **Errors** have a fitting status and one shape: `{"error": {"kind", "message", "column", "fix"}}`. `kind` is a stable
  name, `message` a sentence for a person, `column` the place in a query.
- **Stability**: within `v1` nothing that is listed here goes away or changes its meaning, and nothing new is asked of
  clients. Fields and operations are added; take no notice of those that you do not know. A test compares.
- **News** come from `GET /stream` as server-sent events: `progress` (how the indexing goes), `changed` (something in
  the library did; ask again for what you show) and `found` (a saved search has new answers).

"""


def api() -> str:
    """Every operation of the HTTP API, and every value."""
    from momentidx.config import load_settings
    from momentidx.web.app import create_app
    from momentidx.web.described import page
    from momentidx.web.desk import Desk
    from momentidx.web.keys import Keys

    nowhere = Path("nowhere")  # no library is opened for that
    app = create_app(Desk(nowhere, load_settings(nowhere, {}), Keys("")))
    return API_INTRODUCTION + page(app.openapi())


def shotlog() -> str:
    """The page of the shot log: its text as it stands, and the vocabulary of the program."""
    text, _ = (DOCS / "shotlog.md").read_text(encoding="utf-8").split("### Kinds of event", 1)
    return text + tables()


PAGES: dict[str, Callable[[], str]] = {
    "api.md": api,
    "cli.md": cli,
    "settings.md": settings,
    "failpoints.md": failpoints,
    "shotlog.md": shotlog,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
