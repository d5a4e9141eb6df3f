"""Asking an app as uvicorn would, byte for byte: clients tidy up what a test wants to send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from momentidx.web.security import App, Message

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)


async def answer(
    app: App, method: str, target: str, headers: Headers = (), body: Iterable[bytes] = (b"",), peer: str = "127.0.0.1"
) -> Answer:
    """One request; `target` is path and query as they stand in the request line."""
    path, _, query = target.partition("?")
    pieces = list(body)
    sent: list[Message] = []

    async def receive() -> Message:
        if pieces:
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}
        await asyncio.sleep(3600)  # as long as nobody hangs up
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "scheme": "http",
        "server": ("127.0.0.1", 7420), "client": (peer, 50000), "method": method, "root_path": "",
        "path": unquote(path), "raw_path": path.encode("latin-1"), "query_string": query.encode("latin-1"),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers], "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    told = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
    return Answer(sent[0]["status"], tuple(told), b"".join(message.get("body", b"") for message in sent[1:]))
