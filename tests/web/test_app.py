"""The app as a whole: what it describes of itself, and what errors look like."""

import base64
import hashlib
import re
import shutil

from fastapi.testclient import TestClient
from httpx2 import Response

from momentidx import __version__
from momentidx.library import Captions, Library
from tests.web.conftest import Own


def test_health_tells_which_library_it_is(client: TestClient) -> None:
    told = client.get("/api/v1/health").json()
    assert told == {"version": __version__, "library": told["library"], "indexing": False}
    assert len(told["library"]) == 32


def test_what_there_is_not_is_said_in_the_shape_of_every_error(client: TestClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["error"]["kind"]) == (404, "not-found")
    assert answer.json()["error"].keys() == {"kind", "message", "column", "fix"}


def test_a_person_is_refused_by_a_page_that_loads_nothing_and_programs_by_a_line(client: TestClient) -> None:
    line = "There is nothing under this address.\n"
    assert [client.get(path).text for path in ("/nothing", "/static/nothing.js")] == [line, line]
    page = client.get("/nothing", headers={"Accept": "text/html,*/*"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>Not found</h1>" in page.text
    (style,) = re.findall("<style>(.*)</style>", page.text, re.DOTALL)
    mark = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert page.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{mark}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert re.findall("(?:src|href)=", page.text) == ["href="]
    assert page.headers["x-content-type-options"] == "nosniff"


def test_who_is_not_logged_in_is_told_how_and_nothing_of_what_there_is(client: TestClient) -> None:
    def asked(path: str, accept: str) -> Response:
        return client.get(path, headers={"Authorization": "", "Accept": accept})

    page, used = asked("/", "text/html"), asked("/login?code=used", "text/html")
    assert [page.status_code, used.status_code] == [401, 401]
    for each in (page, used):
        assert "<h1>You are not logged in</h1>" in each.text
        assert "<pre><code>momentidx open</code></pre>" in each.text
        assert __version__ not in each.text
    assert "This link was used already" in used.text
    assert asked("/", "text/html").text == asked("/static/app.js", "text/html").text == page.text
    assert asked("/static/app.js", "*/*").text.startswith("Log in first")
    assert asked("/api/v1/health", "text/html").json()["error"]["kind"] == "not-logged-in"


def test_a_library_that_another_one_took_the_place_of_is_opened_anew(own: Own) -> None:
    asked = {"q": "captioner:human"}
    before = own.client.get("/api/v1/search", params=asked).json()["moments"]
    other = own.folder.with_name("other")
    shutil.copytree(own.folder, other)
    with Library.open(other) as library:
        moment = library.moments()[0]
        Captions(other, "minilm").change(moment.id, caption="A fox runs through the picture.")
    for ending in ("", "-wal", "-shm"):
        (own.folder / f"library.sqlite{ending}").unlink(missing_ok=True)
        if (other / f"library.sqlite{ending}").exists():
            (other / f"library.sqlite{ending}").replace(own.folder / f"library.sqlite{ending}")
    after = own.client.get("/api/v1/search", params=asked).json()["moments"]
    assert (before, [each["caption"] for each in after]) == ([], ["A fox runs through the picture."])


def test_a_browser_keeps_what_the_page_loads_and_asks_for_it_at_once(client: TestClient) -> None:
    page = client.get("/").text
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    loaded = [name.removeprefix(f"/static/{named[0].split('/')[2]}/") for name in named]
    assert loaded[:4] == ["page.css", "app.js", "app.js", "views/search.js"]
    assert {"dom.js", "results.js", "scrub.js", "words.js", "icon.svg"} <= set(loaded)
    for address, name in zip(named, loaded, strict=True):
        kept = client.get(address)
        assert (kept.status_code, name in kept.url.path) == (200, True)
        assert kept.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert client.get("/static/app.js").headers["cache-control"] == "private, no-store"
    assert client.get(named[0].replace("/page.css", "x/page.css")).status_code == 404
