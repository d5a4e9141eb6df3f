"""The app as a whole: what it describes of itself, and what errors look like."""

from fastapi.testclient import TestClient

from momentidx import __version__


def test_health_tells_which_library_it_is(client: TestClient) -> None:
    told = client.get("/api/v1/health").json()
    assert told == {"version": __version__, "library": told["library"], "indexing": False}
    assert len(told["library"]) == 32


def test_what_there_is_not_is_said_in_the_shape_of_every_error(client: TestClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["error"]["kind"]) == (404, "not-found")
    assert answer.json()["error"].keys() == {"kind", "message", "column", "fix"}
