"""The guard, before an app that would answer everything: what must not pass never reaches it."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from fastapi.testclient import TestClient

from momentidx.web import security
from momentidx.web.app import create_app
from momentidx.web.keys import Keys
from momentidx.web.security import HEADERS, LONGEST_BODY, LOOPBACK_NAMES, MOST_FAILURES, Failures, Gate, Guard
from tests.web.asking import Answer, answer
from tests.web.conftest import TOKEN, Own, desk_for

T = TypeVar("T")
KEYS = Keys(TOKEN)
BEARER = ("authorization", f"Bearer {TOKEN}")
HOST = ("host", "127.0.0.1:7420")
ORIGIN = ("origin", "http://127.0.0.1:7420")
PAGE = ("x-momentidx", "1")
JSON = ("content-type", "application/json")


class Open:
    """An app that answers everything, and counts."""

    def __init__(self) -> None:
        self.reached = 0

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        self.reached += 1
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"secret " + body})


def guarded(app: Any, *names: str) -> Guard:
    return Guard(app, Gate(KEYS, frozenset({*LOOPBACK_NAMES, *names}), Failures()))


def run(asking: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asking)


def cookie(value: str | None = None) -> tuple[str, str]:
    return "cookie", f"other=1; {KEYS.cookie}={KEYS.session() if value is None else value}; {KEYS.cookie}x=2"


@pytest.fixture(scope="module")
def routes(library_folder: Path) -> list[tuple[str, str]]:
    """Every method and path that the API describes, and the page."""
    described = create_app(desk_for(library_folder)).openapi()["paths"]
    told = [
        (method.upper(), path.replace("{", "").replace("}", "")) for path, each in described.items() for method in each
    ]
    assert len(told) > 40
    return [*told, ("GET", "/"), ("GET", "/static/app.js"), ("GET", "/api/v1/openapi.json"), ("GET", "/docs")]


def test_without_a_right_key_no_route_is_reached_and_all_hear_the_same(routes: list[tuple[str, str]]) -> None:
    expired = Keys(TOKEN, lambda: time.time() - 365 * 24 * 3600).session()
    wrong: list[list[tuple[str, str]]] = [
        [], [("authorization", "Bearer ")], [("authorization", f"Bearer {TOKEN[:-1]}")], [("authorization", TOKEN)],
        [("authorization", f"Bearer {TOKEN}0")], [("authorization", f"Basic {TOKEN}")], [("cookie", f"token={TOKEN}")],
        [cookie(TOKEN)], [cookie("")], [cookie(expired)], [cookie(Keys(TOKEN + "x").session())],
        [("authorization", "Bearer wrong"), cookie()], [("x-token", TOKEN)],
        [("cookie", f"{KEYS.cookie}x={KEYS.session()}")],
    ]  # fmt: skip
    app = Open()

    async def ask() -> set[bytes]:
        bodies = set()
        for number, ((method, path), headers) in enumerate(itertools.product(routes, wrong)):
            for target in (path, f"{path}?token={TOKEN}"):
                told = await answer(guarded(app), method, target, [HOST, ORIGIN, PAGE, *headers], peer=f"peer {number}")
                assert told.status == 401, (method, target, headers)
                bodies.add(told.body)
        return bodies

    bodies = run(ask())
    assert app.reached == 0
    assert len(bodies) == 2  # of the API and of the page
    assert not any(TOKEN.encode() in body for body in bodies)


def test_with_the_token_or_a_session_they_are_reached(routes: list[tuple[str, str]]) -> None:
    app = Open()
    guard = guarded(app)

    async def ask() -> None:
        for method, path in routes:
            for headers in ([HOST, BEARER], [HOST, cookie(), ORIGIN, PAGE]):
                assert (await answer(guard, method, path, headers)).status == 200

    run(ask())
    assert app.reached == 2 * len(routes)


GOOD_HOSTS = [
    "localhost", "localhost:7420", "LocalHost:7420", "localhost.", "localhost.:80", "127.0.0.1", "127.0.0.1:1",
    "[::1]", "[::1]:7420", "studio.lan", "STUDIO.lan.:443",
]  # fmt: skip
BAD_HOSTS = [
    "", "evil.example", "evil.example:7420", "localhost.evil.example", "127.0.0.1.evil.example",
    "evil.example#localhost",
    "localhost@evil.example", "evil.example/localhost", "localhost:0", "localhost:65536", "localhost:", "localhost:x",
    "localhost:7420:7420", "localhost..", "127.0.0.2", "127.1", "0.0.0.0", "2130706433", "0x7f000001", "::1",
    "[::1", "[::1]x", "[::1]:", "[::ffff:127.0.0.1]", "[fe80::1%25lo]", "localhost, evil.example",
    "localhost evil.example",
    "user@localhost", "http://localhost", "localhost\\evil.example", "localhost%00.evil.example",
    "ⅼocalhost".encode().decode("latin-1"),
    "studio.lan.evil.example", "xstudio.lan", "192.168.1.5:7420",
]  # fmt: skip


def test_it_answers_under_its_own_names_only() -> None:
    app = Open()
    guard = guarded(app, "studio.lan")

    async def ask(host: str, method: str, target: str) -> int:
        return (await answer(guard, method, target, [("host", host), BEARER])).status

    for method, target in [("GET", "/"), ("HEAD", "/api/v1/health"), ("POST", "/api/v1/login"), ("GET", "/static/x"),
                           ("GET", "/api/v1/stream"), ("GET", "/login?code=x")]:  # fmt: skip
        assert [run(ask(host, method, target)) for host in GOOD_HOSTS] == [200] * len(GOOD_HOSTS)
        assert {host: run(ask(host, method, target)) for host in BAD_HOSTS} == dict.fromkeys(BAD_HOSTS, 403)
    assert run(answer(guard, "GET", "/", [BEARER])).status == 403
    assert run(answer(guard, "GET", "/", [("host", "localhost"), ("host", "evil.example"), BEARER])).status == 400
    assert app.reached == 6 * len(GOOD_HOSTS)


BAD_ORIGINS = [
    "", "null", "http://evil.example", "https://evil.example", "http://127.0.0.1", "http://127.0.0.1:7421",
    "http://127.0.0.1:74200", "http://localhost:7420", "http://127.0.0.1:7420.evil.example", "http://127.0.0.1:7420/",
    "http://evil.example/127.0.0.1:7420", "http://127.0.0.1:7420@evil.example", "file://", "chrome-extension://abc",
    "ftp://127.0.0.1:7420", "127.0.0.1:7420", "http://127.0.0.1:7420 http://evil.example", "HTTP//127.0.0.1:7420",
]  # fmt: skip


@pytest.mark.parametrize("key", [BEARER, cookie()], ids=["token", "session"])
def test_pages_of_other_sites_are_not_answered(key: tuple[str, str]) -> None:
    app = Open()
    guard = guarded(app)

    async def ask(method: str, *headers: tuple[str, str]) -> Answer:
        return await answer(guard, method, "/api/v1/health", [HOST, key, PAGE, *headers])

    for method in ("GET", "HEAD", "POST", "DELETE"):
        for origin in BAD_ORIGINS:
            assert run(ask(method, ("origin", origin))).status == 403, (method, origin)
        for site in ("cross-site", "same-site", "x"):
            assert run(ask(method, ORIGIN, ("sec-fetch-site", site))).status == 403
            assert run(ask(method, ORIGIN, ("sec-fetch-site", site), ("sec-fetch-mode", "navigate"))).status == 403
    assert app.reached == 0
    told = run(ask("POST", ORIGIN, ("sec-fetch-site", "same-origin")))
    assert (told.status, told.header("access-control-allow-origin")) == (200, None)


def test_a_link_from_elsewhere_leads_to_the_page_but_not_into_the_api() -> None:
    arriving = [HOST, cookie(), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]
    assert run(answer(guarded(Open()), "GET", "/", arriving)).status == 200
    assert run(answer(guarded(Open()), "GET", "/api/v1/health", arriving)).status == 403


def test_a_session_alone_changes_nothing() -> None:
    app = Open()
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for headers in ([], [PAGE], [ORIGIN], [ORIGIN, ("x-momentidx", "0")], [ORIGIN, ("x-momentidx", "")]):
            assert run(answer(guarded(app), method, "/api/v1/x", [HOST, cookie(), *headers])).status == 403
    assert app.reached == 0
    assert run(answer(guarded(app), "POST", "/api/v1/x", [HOST, BEARER])).status == 200


def test_what_is_no_request_of_ours_is_refused_before_anything_else() -> None:
    app = Open()

    def status(method: str, target: str, *headers: tuple[str, str], body: Iterable[bytes] = (b"",)) -> int:
        return run(answer(guarded(app), method, target, [HOST, BEARER, *headers], body)).status

    for method in ("OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", ""):
        assert status(method, "/api/v1/health") == 405
    for target in ("http://evil.example/", "*", "", "//x\0", "/a%00b", "/a?b=%00"):
        assert status("GET", target) == 400, target
    assert status("GET", "/" + 9000 * "a") == 413
    assert status("GET", "/", ("authorization", f"Bearer {TOKEN}")) == 400  # twice
    assert status("POST", "/x", JSON, ("content-encoding", "gzip")) == 415
    assert status("POST", "/x", ("content-length", "2"), body=[b"{}"]) == 415
    assert status("POST", "/x", ("content-length", "2"), ("content-type", "text/plain"), body=[b"{}"]) == 415
    assert status("POST", "/x", ("transfer-encoding", "chunked"), body=[b"{}"]) == 415
    for length in (str(LONGEST_BODY + 1), "9" * 40, "-1", "x", "1e3"):
        assert status("POST", "/x", JSON, ("content-length", length)) == 413
    assert status("POST", "/x", JSON, body=[b" " * 65536] * (LONGEST_BODY // 65536 + 1)) == 413
    for body in (
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"a": 1, "a": 2}',
        b"[NaN]",
        b"[-Infinity]",
        b"[1" + 5000 * b"0" + b"]",
    ):
        assert status("POST", "/x", JSON, body=[body]) == 400, body[:20]
    assert app.reached == 0
    assert status("POST", "/x", JSON, body=[b'{"a"', b": [1]}"]) == 200


def test_who_guesses_keys_is_told_to_wait_and_who_has_one_is_not() -> None:
    guard = guarded(Open())

    async def ask() -> list[int]:
        wrong = [HOST, ("authorization", "Bearer guess")]
        told = [(await answer(guard, "GET", "/api/v1/x", wrong)).status for _ in range(MOST_FAILURES + 5)]
        told.append((await answer(guard, "GET", "/api/v1/x", [HOST, BEARER])).status)
        told.append((await answer(guard, "GET", "/api/v1/x", wrong, peer="192.0.2.7")).status)
        return told

    assert run(ask()) == [401] * MOST_FAILURES + [429] * 5 + [200, 401]


def test_a_route_that_takes_too_long_is_answered_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "ANSWER_SECONDS", 0.05)
    late: list[str] = []

    async def slow(_scope: Any, _receive: Any, send: Any) -> None:
        await asyncio.sleep(0.2)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        late.append("answered")

    async def ask() -> Answer:
        told = await answer(guarded(slow), "GET", "/api/v1/x", [HOST, BEARER])
        while not late:
            await asyncio.sleep(0.01)
        return told

    told = run(ask())
    assert (told.status, json.loads(told.body)["error"]["kind"]) == (503, "busy")


def test_what_is_unforeseen_is_for_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("SELECT * FROM /home/editor")

    told = run(answer(guarded(broken), "GET", "/api/v1/x", [HOST, BEARER]))
    assert (told.status, json.loads(told.body)["error"]["kind"]) == (500, "unforeseen")
    assert b"SELECT" not in told.body
    assert "SELECT" in caplog.text
    caplog.clear()


def test_every_answer_has_the_headers(client: TestClient) -> None:
    paths = ("/api/v1/health", "/api/v1/nothing", "/", "/static/nothing", "/login?code=x")
    foreign = client.get("/", headers={"Host": "evil.example"})
    for asked in (*map(client.get, paths), client.options("/"), foreign):
        assert {name: asked.headers[name] for name in HEADERS} == dict(HEADERS), asked.url
        assert "server" not in asked.headers


def test_a_code_becomes_a_session_and_leaves_the_address(own: Own) -> None:
    path = own.client.post("/api/v1/login").json()["path"]
    del own.client.headers["Authorization"]
    told = own.client.get(path, follow_redirects=False)
    assert (told.status_code, told.headers["location"]) == (303, "/")
    made = told.headers["set-cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(made.split("; "))
    assert TOKEN not in made
    assert own.client.get("/api/v1/health").status_code == 200
    assert own.client.get(path, follow_redirects=False).status_code == 401
    changing = {"Origin": "http://localhost", "X-Momentidx": "1"}
    assert own.client.post("/api/v1/logout").status_code == 403
    copied = dict(own.client.cookies)
    assert own.client.post("/api/v1/logout", headers=changing).status_code == 204
    assert own.client.get("/api/v1/health").status_code == 401
    own.client.cookies.update(copied)
    assert own.client.get("/api/v1/health").status_code == 401


def test_all_browsers_are_logged_out_and_programs_go_on(own: Own) -> None:
    by_session = [{"Cookie": cookie()[1]} for _ in range(2)]
    token = own.client.headers.pop("Authorization")
    assert [own.client.get("/api/v1/health", headers=each).status_code for each in by_session] == [200, 200]
    programs = {"Authorization": token}
    assert own.client.post("/api/v1/logout?everywhere=true", headers=programs).status_code == 204
    assert [own.client.get("/api/v1/health", headers=each).status_code for each in by_session] == [401, 401]
    assert own.client.get("/api/v1/health", headers=programs).status_code == 200


def test_behind_https_a_session_never_goes_without(library_folder: Path) -> None:
    desk = desk_for(library_folder)
    app = create_app(desk, ["studio.lan"])
    for host, forwarded, secure in (
        ("studio.lan", "https", True), ("studio.lan", "http", False), ("studio.lan", "", False),
        ("studio.lan", "https, http", False), ("localhost", "https", False),
    ):  # fmt: skip
        told = [("host", host), ("x-forwarded-proto", forwarded)]
        login = run(answer(app, "GET", f"/login?code={desk.keys.code()}", told))
        assert login.status == 303
        assert ("Secure" in (login.header("set-cookie") or "").split("; ")) == secure
        for scheme, status in (("https", 200), ("http", 403 if secure else 200)):
            changing = [*told, cookie(desk.keys.session()), PAGE, ("origin", f"{scheme}://{host}")]
            assert run(answer(app, "POST", "/api/v1/login", changing)).status == status


def test_a_login_goes_nowhere_else(own: Own) -> None:
    path = own.client.post("/api/v1/login").json()["path"]
    told = own.client.get(f"{path}&next=//evil.example&url=https://evil.example", follow_redirects=False)
    assert told.headers["location"] == "/"
