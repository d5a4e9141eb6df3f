"""The app as a whole: what it describes of itself, and what errors look like."""

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
