"""XML as text: the one place that knows how a document becomes bytes.

An element is the text of it, made from the texts of its children. A timeline of 10,000 moments has half a
million of them, for which a tree of objects takes ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

# As references: a reader would turn a bare carriage return into a line feed, and a line is one element here.
_LINE_ENDS = {"\n": "&#10;", "\r": "&#13;"}
_SPECIAL = re.compile("[&<>\n\r]")
_SPECIAL_QUOTED = re.compile('[&<>"\n\r\t]')


def element(tag: str, children: Iterable[str] = (), **attributes: object) -> str:
    """An element with others in it, indented. Attributes that are None are left out."""
    inside = "".join(children)
    start = f"<{tag}{_spelled(attributes)}" if attributes else f"<{tag}"
    if not inside:
        return f"{start}/>\n"
    inside = inside[:-1].replace("\n", "\n ")
    return f"{start}>\n {inside}\n</{tag}>\n"


def leaf(tag: str, text: object, **attributes: object) -> str:
    """An element with a text in it, which must be free of what XML cannot write (`names.safe_text`)."""
    start = f"<{tag}{_spelled(attributes)}" if attributes else f"<{tag}"
    if isinstance(text, str) and _SPECIAL.search(text):
        text = escape(text, _LINE_ENDS)
    return f"{start}>{text}</{tag}>\n"


def document(root: str, doctype: str | None = None) -> bytes:
    """A whole document in UTF-8."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{f"<!DOCTYPE {doctype}>" if doctype else ""}\n{root}'.encode()


def _spelled(attributes: dict[str, object]) -> str:
    return "".join([f" {name}={_quoted(str(value))}" for name, value in attributes.items() if value is not None])


def _quoted(text: str) -> str:
    return quoteattr(text) if _SPECIAL_QUOTED.search(text) else f'"{text}"'
