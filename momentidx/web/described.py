"""The OpenAPI description in lines: what clients rely on, one line for each field, and a page for people.

    GET /api/v1/search ? limit: integer (optional)
    GET /api/v1/search > moments[].caption: string
    PUT /api/v1/searches/{name} < query: string (required)

`?` is asked in the address, `<` is sent, `>` comes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from momentidx.web.values import API

Schema = Mapping[str, Any]


def lines(description: Schema) -> list[str]:
    """Every operation with all it takes and gives, in order."""
    return sorted(line for name, operation in _operations(description) for line in _lines(description, name, operation))


def page(description: Schema) -> str:
    """The operations as Markdown, by the thing they are about."""
    found: dict[str, list[str]] = {}
    for name, operation in _operations(description):
        (tag,) = operation.get("tags", ["other"])
        takes = [line.split(" ? ")[1] for line in _lines(description, name, operation) if " ? " in line]
        gives = _named(operation["responses"])
        told = " ".join((operation.get("description") or operation["summary"]).split())
        text = [f"### `{name.replace(API, '')}`", "", told, ""]
        if takes:
            text += ["Takes " + ", ".join(f"`{each.split(':')[0]}`" for each in takes) + "."]
        if body := _body(operation):
            text += [f"Send {_link(body)}."]
        if gives:
            text += [f"Gives {gives}."]
        found.setdefault(tag, []).append("\n".join(text).rstrip() + "\n")
    parts = [f"## {tag.capitalize()}\n\n" + "\n".join(each) for tag, each in found.items()]
    values = [_value(name, schema) for name, schema in sorted(description["components"]["schemas"].items())]
    return "\n".join([*parts, "## Values\n", *values])


def _operations(description: Schema) -> Iterator[tuple[str, Schema]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _lines(description: Schema, name: str, operation: Schema) -> Iterator[str]:
    yield name
    for asked in operation.get("parameters", []):
        need = "required" if asked.get("required") else "optional"
        for path, kind in _fields(description, asked["schema"], asked["name"]):
            yield f"{name} ? {path}: {kind} ({need})"
    if body := _body(operation):
        for path, kind in _fields(description, body, "", sent=True):
            yield f"{name} < {path}: {kind}"
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            for schema in (kind.get("schema", {}) for kind in answer.get("content", {}).values()):
                for path, kind in _fields(description, schema, ""):
                    yield f"{name} > {path}: {kind}"


def _fields(
    description: Schema, schema: Schema, path: str, *, sent: bool = False, inside: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    """Each thing in a value that is no object, with its place and kind; `inside` are the values around it."""

    def within(inner: Schema, place: str, *around: str) -> Iterator[tuple[str, str]]:
        return _fields(description, inner, place, sent=sent, inside=(*inside, *around))

    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in inside:
            yield from within(description["components"]["schemas"][name], path, name)
    elif "anyOf" in schema:
        kinds = [each for each in schema["anyOf"] if each.get("type") != "null"]
        for place, kind in (field for each in kinds for field in within(each, path)):
            yield place, f"{kind} or null" if len(kinds) < len(schema["anyOf"]) and place == path else kind
    elif schema.get("type") == "array":
        yield from within(schema.get("items", {}), f"{path}[]")
    elif "properties" in schema:
        for name, inner in schema["properties"].items():
            need = f" ({'required' if name in schema.get('required', ()) else 'optional'})" if sent else ""
            for place, kind in within(inner, f"{path}.{name}".lstrip(".")):
                yield place, kind if kind.endswith(")") else kind + need
    else:
        yield path or "(whole)", "|".join(schema["enum"]) if "enum" in schema else schema.get("type", "anything")


def _body(operation: Schema) -> Schema:
    content = operation.get("requestBody", {}).get("content", {})
    for kind in content.values():
        told: Schema = kind["schema"]
        return told
    return {}


def _named(responses: Schema) -> str:
    for status, answer in responses.items():
        if status.startswith("2"):
            told = [
                _link(kind["schema"]) if "json" in name else f"`{name}`"
                for name, kind in answer.get("content", {}).items()
                if kind.get("schema") is not None
            ]
            return " or ".join(told)
    return ""


def _link(schema: Schema) -> str:
    """A schema's name as people read it, leading to its table."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if schema.get("type") == "array":
        return f"a list of {_link(schema['items'])}"
    if "anyOf" in schema:
        return " or ".join(_link(each) for each in schema["anyOf"])
    return f"`{schema.get('type', 'anything')}`"


def _value(name: str, schema: Schema) -> str:
    told = " ".join(schema.get("description", "").split())
    if "properties" not in schema:
        return f"### {name}\n\n{told or 'One of'} {', '.join(f'`{each}`' for each in schema.get('enum', []))}\n"
    rows = [
        f"| `{field}` | {_link(inner)} | {' '.join(inner.get('description', '').split())} |"
        for field, inner in schema["properties"].items()
    ]
    return "\n".join([f"### {name}", "", told, "", "| field | kind | what it is |", "|---|---|---|", *rows, ""])
