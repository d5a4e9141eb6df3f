"""The app as a whole: what it describes of itself, and what errors look like."""

import re
import shutil

from fastapi.testclient import TestClient

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
