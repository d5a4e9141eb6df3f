"""Searching over HTTP: the same answers as `find`, why they are answers, and what a query may go on with."""

from fastapi.testclient import TestClient

from momentidx.search.find import known_fields
from tests.web.conftest import Own

NIGHT = "night, a light moves from right to left"


def test_the_best_moment_comes_first_with_all_its_times(client: TestClient) -> None:
    told = client.get("/api/v1/search", params={"q": NIGHT, "limit": 1}).json()
    (moment,) = told["moments"]
    assert (moment["clip"], moment["start_timecode"], moment["end_timecode"]) == (
        "A003_night.mov", "22:15:00:00", "22:15:05:00",
    )  # fmt: skip
    assert (moment["start_frame"], moment["end_frame"], moment["duration_frames"]) == (0, 125, 125)
    assert (moment["layer"], moment["human"], moment["rating"], moment["labels"]) == ("shotlog", False, 0, [])
    assert moment["still"] == f"/api/v1/events/{moment['id']}/still"
    assert told["more"] is True
    assert told["misses"] == []
    assert told["scope"] is None
    assert told["read_as"] == NIGHT


def test_pages_follow_each_other_without_a_gap(client: TestClient) -> None:
    ask = {"q": "frame", "all": True}
    whole = client.get("/api/v1/search", params={**ask, "limit": 6}).json()["moments"]
    first = client.get("/api/v1/search", params={**ask, "limit": 3}).json()["moments"]
    then = client.get("/api/v1/search", params={**ask, "limit": 3, "offset": 3}).json()["moments"]
    assert [each["id"] for each in first + then] == [each["id"] for each in whole]


def test_an_error_in_the_query_has_its_column(client: TestClient) -> None:
    answer = client.get("/api/v1/search", params={"q": "a light light:drak"})
    assert answer.status_code == 400
    assert answer.json() == {
        "error": {
            "kind": "wrong-use",
            "message": "'drak' is none of the words there are for it. Did you mean 'dark'? (column 9)",
            "column": 9,
            "fix": None,
        }
    }


def test_where_nothing_is_found_it_says_what_stood_in_the_way(client: TestClient) -> None:
    told = client.get("/api/v1/search", params={"q": "crosses the frame duration:>1h"}).json()
    assert told["moments"] == []
    assert [miss["part"] for miss in told["misses"]] == ["duration:>1h"]
    assert told["scope"].endswith("events of 3 clips were searched.")


def test_numbers_out_of_bounds_are_refused_by_name(client: TestClient) -> None:
    for name, value in [("limit", 0), ("limit", 201), ("limit", "nan"), ("offset", -1), ("offset", 10**9),
                        ("min_score", "nan"), ("like", 10**30), ("sort", "; drop table event")]:  # fmt: skip
        answer = client.get("/api/v1/search", params={"q": "light", name: value})
        assert answer.status_code == 400, (name, value)
        assert answer.json()["error"]["message"].startswith(f"{name}: ")


def test_more_like_this_leaves_the_example_out(client: TestClient) -> None:
    (example,) = client.get("/api/v1/search", params={"q": NIGHT, "limit": 1}).json()["moments"]
    alike = client.get("/api/v1/search", params={"like": example["id"], "all": True}).json()["moments"]
    assert alike
    assert example["id"] not in [moment["id"] for moment in alike]
    assert client.get("/api/v1/search", params={"like": 999_999}).status_code == 404


def test_why_says_what_the_score_is_made_of(client: TestClient) -> None:
    (moment,) = client.get("/api/v1/search", params={"q": NIGHT, "limit": 1}).json()["moments"]
    told = client.get("/api/v1/search/why", params={"q": NIGHT, "event": moment["id"]}).json()
    assert told["score"] == moment["score"]
    assert "light" in told["shared"]
    assert told["facts"] == ["going left"]
    assert "as both say 'going left'" in told["sentence"]
    assert client.get("/api/v1/search/why", params={"q": NIGHT, "event": 999_999}).status_code == 404


def options(client: TestClient, q: str, **more: int) -> list[str]:
    told = client.get("/api/v1/complete", params={"q": q, **more}).json()
    return [q[: told["start"]] + each["text"] for each in told["options"]]


def test_names_of_filters_their_values_and_words_that_occur_are_completed(client: TestClient) -> None:
    assert options(client, "red -cam")[0] == "red -camera:"
    assert options(client, "light:da") == ["light:dark"]
    assert options(client, "light:bright,da") == ["light:bright,dark"]
    assert "camera:pan-left" in options(client, "camera:pa")
    assert "something cross" not in options(client, "something cros")
    assert "something crosses" in options(client, "something cros")
    assert options(client, 'light:da "red', at=8) == ["light:dark"]
    assert options(client, "captioner:sh") == ["captioner:shotlog"]
    assert options(client, "reel:a00") == ["reel:A001", "reel:A002", "reel:A003"]
    for name in known_fields():
        assert client.get("/api/v1/complete", params={"q": f"{name}:"}).status_code == 200, name
    assert options(client, "duration:") == []
    assert options(client, "") == []


def test_a_search_is_kept_looked_at_and_forgotten(own: Own) -> None:
    client = own.client
    kept = client.put("/api/v1/searches/At night", json={"query": "light:dark"})
    assert (kept.status_code, kept.json()["query"], kept.json()["ran_at"]) == (200, "light:dark", None)
    assert [each["name"] for each in client.get("/api/v1/searches").json()] == ["At night"]
    new = client.get("/api/v1/searches/At night/new").json()
    assert [moment["clip"] for moment in new["moments"]] == ["A003_night.mov"]
    assert client.post("/api/v1/searches/At night/seen").status_code == 204
    assert client.get("/api/v1/searches/At night/new").json()["moments"] == []
    assert client.delete("/api/v1/searches/At night").status_code == 204
    assert client.get("/api/v1/searches/At night").status_code == 404


def test_a_search_that_cannot_be_read_is_not_kept(own: Own) -> None:
    answer = own.client.put("/api/v1/searches/broken", json={"query": "light:drak"})
    assert (answer.status_code, answer.json()["error"]["column"]) == (400, 1)
    assert own.client.get("/api/v1/searches").json() == []
