"""XML as text: the one place that knows how a document becomes bytes."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element


def xml_bytes(root: Element, doctype: str | None = None) -> bytes:
    """A whole document in UTF-8, indented. Texts must be free of what XML cannot write (`names.safe_text`)."""
    ElementTree.indent(root)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' + (f"<!DOCTYPE {doctype}>\n" if doctype else "")
    text = ElementTree.tostring(root, encoding="unicode")
    # Readers turn a bare carriage return into a line feed, which would be another file name.
    return (head + text.replace("\r", "&#13;") + "\n").encode()


def add(parent: Element, tag: str, text: object = None, **attributes: object) -> Element:
    """Append a child. Attributes that are None are left out; what is not text is spelled as Python spells it."""
    child = ElementTree.SubElement(
        parent, tag, {key: str(value) for key, value in attributes.items() if value is not None}
    )
    if text is not None:
        child.text = str(text)
    return child
