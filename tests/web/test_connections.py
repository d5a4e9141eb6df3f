"""Clients that are slow, send nonsense or never end, over real connections."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from momentidx.web import connections, security
from tests.e2e.command import PATIENCE
from tests.web.conftest import Server

HEAD = "Host: localhost\r\nAuthorization: Bearer {token}\r\n"


def connected(server: Server) -> socket.socket:
    place = urlsplit(server.url)
    return socket.create_connection((place.hostname, place.port), timeout=PATIENCE)


def sent(server: Server, request: str | bytes) -> bytes:
    """All that comes back until the server hangs up."""
    with connected(server) as client:
        told = request if isinstance(request, bytes) else request.replace("{token}", server.token).encode("latin-1")
        client.sendall(told)
        return rest(client)


def rest(client: socket.socket) -> bytes:
    found = b""
    try:
        while piece := client.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def is_well(server: Server) -> bool:
    told = sent(server, f"GET /api/v1/health HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n")
    return told.startswith(b"HTTP/1.1 200") and "version" in json.loads(told.partition(b"\r\n\r\n")[2])


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(connections, "STALL_SECONDS", 0.3)
    monkeypatch.setattr(security, "BODY_SECONDS", 0.3)


def nonsense() -> Iterator[bytes]:
    get = b"GET /api/v1/health HTTP/1.1\r\n"
    head = b"Host: localhost\r\n"
    post = b"POST /api/v1/login HTTP/1.1\r\n" + head
    for line in (
        b"",
        b"GET",
        b"GET /",
        b"GET / HTTP/9.9",
        b"GET  / HTTP/1.1",
        b"/ HTTP/1.1",
        b"GET / http/1.1",
        b"\0" * 99,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0",
        b"G\xc3\x89T / HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"GET / HTTP/1.1 x",
        b"GET\t/\tHTTP/1.1",
        b"GET /a b HTTP/1.1",
    ):
        yield line + b"\r\n" + head + b"\r\n"
    for header in (
        b"Host",
        b": x",
        b"Host : localhost",
        b" Host: localhost",
        b"X: a\0b",
        b"X: a\rb",
        b"X\xff: a",
        b"X Y: a",
        b"X: " + 200_000 * b"a",
        10_000 * b"X: a\r\n" + b"X: a",
        2_000_000 * b"X",
    ):
        yield get + head + header + b"\r\n\r\n"
    for length in (b"-1", b"+1", b"1, 2", b"1\r\nContent-Length: 2", b"0x10", b"1e3", b"99999999999999999999999", b""):
        yield post + b"Content-Length: " + length + b"\r\n\r\n{}"
    for coding in (
        b"gzip, chunked",
        b"chunked, gzip",
        b"xchunked",
        b"\x0bchunked",
        b"identity",
        b"chunked\r\nContent-Length: 2",
    ):
        yield post + b"Content-Type: application/json\r\nTransfer-Encoding: " + coding + b"\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    chunked = post + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    for body in (
        b"x\r\n",
        b"-1\r\n",
        b"ffffffffffffffff\r\n",
        b"2\r\n{}x\r\n",
        b"2;" + 100_000 * b"a" + b"\r\n",
        b"0x2\r\n{}\r\n",
    ):
        yield chunked + body
    yield get + head + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n"
    yield get + head + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n"


def test_nonsense_gets_an_error_or_nothing_and_the_connection_ends(server: Server) -> None:
    for request in nonsense():
        told = sent(server, request)
        assert told == b"" or told.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501")), (request[:80], told[:80])
        assert b"200 OK" not in told, request[:80]
    assert is_well(server)


def test_a_body_without_end_is_cut_off(server: Server) -> None:
    head = "POST /api/v1/login HTTP/1.1\r\n" + HEAD + "Content-Type: application/json\r\n"
    told = sent(server, head + "Transfer-Encoding: chunked\r\n\r\n" + 40 * f"8000\r\n{32768 * ' '}\r\n")
    assert told == b"" or told.startswith(b"HTTP/1.1 413")
    told = sent(server, head + "Content-Length: 10\r\n\r\n{")
    assert told.startswith(b"HTTP/1.1 408")


def test_a_second_request_hidden_in_a_body_is_not_answered(server: Server) -> None:
    inner = f"GET /api/v1/health HTTP/1.1\r\n{HEAD}\r\n"
    told = sent(
        server,
        f"GET /api/v1/nothing HTTP/1.1\r\n{HEAD}Content-Length: {len(inner) - 7 + len(server.token)}\r\n\r\n{inner}",
    )
    assert told.count(b"HTTP/1.1 ") == 1


def test_those_who_never_end_their_head_are_hung_up_on_and_the_others_served(server: Server) -> None:
    with ExitStack() as held:
        slow = [held.enter_context(connected(server)) for _ in range(connections.MOST_CONNECTIONS + 20)]
        for number, client in enumerate(slow):
            try:
                client.sendall(f"GET / HTTP/1.1\r\nX-{number}: ".encode())
            except ConnectionError:
                continue  # it made room for others
        assert is_well(server)
        assert [rest(client) for client in slow] == [b""] * len(slow)


def test_a_kept_connection_that_trickles_is_hung_up_on(server: Server) -> None:
    with connected(server) as client:
        client.sendall(f"GET /api/v1/health HTTP/1.1\r\n{HEAD}\r\n".replace("{token}", server.token).encode())
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET /api/v1/hea")
        while client.recv(65536):
            pass


def test_one_that_does_not_read_is_hung_up_on(server: Server) -> None:
    with connected(server) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asked = f"GET /api/v1/openapi.json HTTP/1.1\r\n{HEAD}\r\n".replace("{token}", server.token).encode()
        try:
            while True:
                client.sendall(asked)
        except (ConnectionResetError, BrokenPipeError):
            pass
    assert is_well(server)


def test_no_part_of_an_answer_waits_until_the_one_before_was_acknowledged(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, at_once = connections.Connection.connection_made, []

    def watched(connection: connections.Connection, transport: asyncio.Transport) -> None:
        made(connection, transport)
        asked = transport.get_extra_info("socket")
        at_once.append(asked.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(connections.Connection, "connection_made", watched)
    assert is_well(server)
    assert at_once == [1]
