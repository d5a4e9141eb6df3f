"""What every request must pass, whatever its route: default is no.

The server answers only under its own names (a page of somebody else's that makes a name of its own point here, "DNS
rebinding", is refused by its Host), only to pages of its own (Origin, Sec-Fetch-Site), and only to who has the token
or a session. A browser's session alone changes nothing: that takes a header that other sites cannot send, and the
Origin. Sizes and times are bounded here for all routes; for those of connections see `server.py`.

Pages are told to load nothing from elsewhere, to run no inline script and to make no HTML of text (Trusted Types), so
that a caption or a file name that is a program stays text.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from momentidx.web.keys import Keys
from momentidx.web.problems import failure
from momentidx.web.refusing import refused

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
OPEN_PATHS = frozenset({"/login"})
"""Where nobody is asked for a key."""
SAFE_METHODS = frozenset({"GET", "HEAD"})
METHODS = frozenset({*SAFE_METHODS, "POST", "PUT", "PATCH", "DELETE"})

LONGEST_BODY = 1024 * 1024
"""Bytes."""
LONGEST_TARGET = 8 * 1024
"""Bytes of path and query."""
BODY_SECONDS = 30.0
"""How long a client may take to send its body ..."""
ANSWER_SECONDS = 60.0
"""... and a route to begin to answer."""
MOST_FAILURES = 20
"""Wrong keys of one peer in `FAILURE_SECONDS`; then it hears that for every further one, right keys go on to work."""
FAILURE_SECONDS = 60.0
MOST_PEERS = 1000

HEADERS: Mapping[str, str] = {
    "content-security-policy": "; ".join(
        (
            "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "media-src 'self'",
            "connect-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'",
            "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
        )
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "private, no-store",
}  # fmt: skip
"""Of every answer; a route may say something else of its cache."""

_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    message: str


class Failures:
    """How many wrong keys each peer tried of late."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turn = threading.Lock()
        self._tried: dict[str, deque[float]] = {}

    def note(self, peer: str) -> bool:
        """Note one; whether there were too many."""
        now = self._clock()
        with self._turn:
            if peer not in self._tried and len(self._tried) >= MOST_PEERS:
                self._tried.pop(next(iter(self._tried)))
            tried = self._tried.setdefault(peer, deque(maxlen=MOST_FAILURES + 1))
            tried.append(now)
            return len(tried) > MOST_FAILURES and now - tried[0] < FAILURE_SECONDS


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides about a request from its head alone."""

    keys: Keys
    names: frozenset[str]
    """What the server is called: host names in small letters, IPv6 addresses in brackets."""
    failures: Failures

    def judge(self, method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]], peer: str) -> Refusal | None:
        """Why not; None when it may pass."""
        head = _Head(headers)
        path = target.partition(b"?")[0].decode("latin-1")
        return (
            self._malformed(method, target, head)
            or self._foreign(method, path, head)
            or (None if path in OPEN_PATHS else self._locked(method, head, peer))
        )

    def _malformed(self, method: str, target: bytes, head: _Head) -> Refusal | None:
        if len(target) > LONGEST_TARGET:
            return Refusal(413, "The address is too long.")
        if not target.startswith(b"/") or b"\0" in target or b"%00" in target:
            return Refusal(400, "The address is no path of this server.")
        if method not in METHODS:
            return Refusal(405, "This method is not used here.")
        for name in ("host", "origin", "authorization", "cookie", "content-length", "content-type"):
            if len(head.all(name)) > 1:
                return Refusal(400, f"There are several headers '{name}'.")
        if head.one("content-encoding"):
            return Refusal(415, "Send bodies as they are, not compressed.")
        length = head.one("content-length")
        if length and (not length.isdecimal() or int(length[:20]) > LONGEST_BODY):
            return Refusal(413, f"A body may have {LONGEST_BODY} bytes.")
        kind = head.one("content-type").partition(";")[0].strip().lower()
        has_body = (length and length.strip("0")) or head.one("transfer-encoding")
        if method not in SAFE_METHODS and has_body and kind != "application/json":
            return Refusal(415, "Send JSON, with the header 'Content-Type: application/json'.")
        return None

    def _foreign(self, method: str, path: str, head: _Head) -> Refusal | None:
        host = host_of(head.one("host"))
        if host is None or host[0] not in self.names:
            return Refusal(403, "This server is not called that. Ask for it by its own name (setting web_hosts).")
        origin = head.one("origin")
        if head.all("origin") and not self._is_own(origin, head.one("host"), head.one("x-forwarded-proto")):
            return Refusal(403, "Pages of other sites are not answered.")
        site = head.one("sec-fetch-site")
        arrives = method == "GET" and head.one("sec-fetch-mode") == "navigate" and not path.startswith("/api/")
        if site not in ("", "same-origin", "none") and not arrives:
            return Refusal(403, "Pages of other sites are not answered.")
        return None

    def _is_own(self, origin: str, host: str, forwarded: str) -> bool:
        scheme, _, place = origin.partition("://")
        schemes = ("https",) if is_https(host, forwarded) else ("http", "https")
        return scheme in schemes and place.lower() == host.lower() and "/" not in place

    def _locked(self, method: str, head: _Head, peer: str) -> Refusal | None:
        given = head.one("authorization")
        scheme, _, token = given.partition(" ")
        by_session = not given and any(self.keys.is_session(value) for value in head.cookies(self.keys.cookie))
        if not by_session and not (scheme.lower() == "bearer" and self.keys.is_token(token.strip())):
            if (given or head.cookies(self.keys.cookie)) and self.failures.note(peer):
                return Refusal(429, "Too many wrong keys. Wait a minute.")
            return Refusal(401, "Log in first: 'momentidx open' opens the page; programs send the token as Bearer.")
        if by_session and method not in SAFE_METHODS and (head.one("x-momentidx") != "1" or not head.one("origin")):
            return Refusal(403, "A page changes something only with the header 'X-Momentidx: 1' and its Origin.")
        return None


class Guard:
    """The outermost part of the app: asks the gate, bounds bodies and times, and puts the headers on answers."""

    def __init__(self, app: App, gate: Gate, seconds: float | None = None) -> None:
        self.app = app
        self.gate = gate
        self.seconds = seconds
        """How long a route may take to begin to answer; ANSWER_SECONDS when it is not said."""
        self._left: set[asyncio.Task[None]] = set()
        """Routes that took too long; what they still do comes to nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        send = _with_headers(send)
        target = scope.get("raw_path") or scope["path"].encode()
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        peer = (scope.get("client") or ("?", 0))[0]
        refusal = self.gate.judge(scope["method"], target, scope["headers"], peer)
        if refusal is None:
            body = await _body(scope, receive)
            if not isinstance(body, Refusal):
                await self._within_time(scope, _replaying(body, receive), send)
                return
            refusal = body
        await _refuse(scope, send, refusal)

    async def _within_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = asyncio.Event()
        late = False

        async def sending(message: Message) -> None:
            begun.set()
            if not late:
                await send(message)

        async def answering() -> None:
            try:
                await self.app(scope, receive, sending)
            except Exception:
                _log.exception("%s %s: unforeseen", scope["method"], scope["path"])
                if begun.is_set():
                    raise  # the connection is closed: half an answer must not look like a whole one
                await _refuse(scope, sending, Refusal(500, "Something unforeseen went wrong; the log says what."))

        route = asyncio.create_task(answering())
        beginning = asyncio.create_task(begun.wait())
        most = self.seconds or ANSWER_SECONDS
        await asyncio.wait({route, beginning}, timeout=most, return_when=asyncio.FIRST_COMPLETED)
        beginning.cancel()
        if begun.is_set() or route.done():
            await route
            return
        late = True
        self._left.add(route)
        route.add_done_callback(self._left.discard)
        await _refuse(scope, send, Refusal(503, "That takes too long. Ask for less, or try again."))


class _Head:
    """The headers of one request; names in small letters."""

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in headers:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def one(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def cookies(self, name: str) -> list[str]:
        pairs = (pair.partition("=") for pair in self.one("cookie").split(";"))
        return [value.strip() for key, _, value in pairs if key.strip() == name]


def host_of(text: str) -> tuple[str, int | None] | None:
    """Name in small letters and port of a Host header; None for anything that is none."""
    name, port = text, ""
    if text.startswith("["):
        inner, closed, rest = text.partition("]")
        if not closed or (rest and not rest.startswith(":")):
            return None
        name, port = f"{inner}]", rest.removeprefix(":") if rest else ""
        if rest == ":":
            return None
    elif ":" in text:
        name, _, port = text.partition(":")
        if not port:
            return None
    if port and not (port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536):
        return None
    name = name.lower().removesuffix(".")
    return (name, int(port) if port else None) if name else None


def is_https(host: str, forwarded: str) -> bool:
    """Whether a proxy before us says (X-Forwarded-Proto) that the browser came by HTTPS.

    It is asked of the names in `web_hosts` alone, under which only a proxy asks, and only makes things stricter: a
    browser that says so of itself locks itself out and nobody else.
    """
    known = host_of(host)
    return known is not None and known[0] not in LOOPBACK_NAMES and forwarded.strip().lower() == "https"


async def _body(scope: Scope, receive: Receive) -> bytes | Refusal:
    """All of it, in good time."""
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return Refusal(400, "The request ended early.")
                found += message.get("body", b"")
                if len(found) > LONGEST_BODY:
                    return Refusal(413, f"A body may have {LONGEST_BODY} bytes.")
                if not message.get("more_body"):
                    break
    except TimeoutError:
        return Refusal(408, "The body did not come in time.")
    if found and scope["method"] not in SAFE_METHODS:
        try:
            json.loads(found, object_pairs_hook=_unambiguous, parse_constant=_no_number)
        except (ValueError, RecursionError):
            return Refusal(400, "The body is no JSON, or not of a kind that everybody reads alike.")
    return bytes(found)


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _replaying(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            there = {name.lower() for name, _ in headers}
            headers += [(name, value) for name, value in _HEADERS if name not in there]
            message = {**message, "headers": headers}
        await send(message)

    return sending


async def _refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    headers = {}
    if refusal.status == 401:
        headers["www-authenticate"] = "Bearer"
    if refusal.status in (400, 408, 413):
        headers["connection"] = "close"
    accept = _Head(scope["headers"]).one("accept")
    told = refused(scope["path"], accept, refusal.status, failure(refusal.status, refusal.message), headers)
    await send({"type": "http.response.start", "status": told.status_code, "headers": told.raw_headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else told.body})
