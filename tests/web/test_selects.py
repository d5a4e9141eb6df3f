"""Bins through the API: the same as those of the command line, changed only as the client saw them."""

from __future__ import annotations

from typing import Any

import httpx2

from momentidx.library import Bins, Library
from tests.web.conftest import Own, Server


def ids(own: Own) -> list[int]:
    with Library.open(own.folder) as library:
        return [moment.id for moment in library.moments()]


def entries(own: Own, name: str = "Day 1") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = own.client.get(f"/api/v1/selects/{name}").raise_for_status().json()["entries"]
    return found


def order(own: Own, name: str = "Day 1") -> list[tuple[int, int]]:
    return [(entry["position"], entry["id"]) for entry in entries(own, name)]


def test_a_bin_is_made_filled_put_in_order_noted_rated_and_taken_apart(own: Own) -> None:
    one, two, three, *_ = ids(own)
    assert own.client.get("/api/v1/selects").json() == []
    added = own.client.post("/api/v1/selects/Day 1", json={"moments": [one, two, three], "query": "a ball"})
    assert added.json() == {"added": 3, "there": 0}
    again = own.client.post("/api/v1/selects/Day 1", json={"moments": [two]})
    assert again.json() == {"added": 0, "there": 1}

    first, second, third = (entry["entry"] for entry in entries(own))
    moved = own.client.put("/api/v1/selects/Day 1/order", json={"entries": [third, first, second]})
    assert [entry["id"] for entry in moved.json()["entries"]] == [three, one, two]
    changed = own.client.patch(
        "/api/v1/selects/Day 1/3", params={"entry": second}, json={"note": "Use\nthis.", "rating": 4, "position": 1}
    )
    told = changed.json()["entries"][0]
    assert (told["position"], told["entry"], told["note"], told["rating"], told["query"]) == (
        1, second, "Use this.", 4, "a ball",
    )  # fmt: skip
    assert order(own) == [(1, two), (2, three), (3, one)]

    assert own.client.delete("/api/v1/selects/Day 1/2").status_code == 204
    assert order(own) == [(1, two), (2, one)]
    (summary,) = own.client.get("/api/v1/selects").json()
    whole = own.client.get("/api/v1/selects/Day 1").json()
    assert summary == {key: whole[key] for key in ("bin", "selects", "seconds", "added_at")}
    assert (summary["bin"], summary["selects"]) == ("Day 1", 2)
    assert own.client.delete("/api/v1/selects/Day 1").status_code == 204
    assert own.client.get("/api/v1/selects").json() == []


def test_frames_that_a_person_marked_are_chosen_instead_of_the_whole_moment(own: Own) -> None:
    number = ids(own)[0]
    with Library.open(own.folder) as library:
        (moment,) = library.moments(ids=[number])
    start, end = moment.frames
    marked = {"id": number, "start_frame": start + 2, "end_frame": end - 3, "score": 0.5}
    own.client.post("/api/v1/selects/Marked", json={"moments": [marked, {"id": number}]}).raise_for_status()
    assert [(told["start_frame"], told["end_frame"], told["score"]) for told in entries(own, "Marked")] == [
        (start + 2, end - 3, 0.5),
        (start, end, None),
    ]
    beyond = {"moments": [{"id": number, "start_frame": 0, "end_frame": 10**6}]}
    refused = own.client.post("/api/v1/selects/Marked", json=beyond)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"].endswith("0 to 1000000 is no stretch.")


def test_an_answer_of_several_moments_is_chosen_as_a_whole_with_its_words(own: Own) -> None:
    found = own.client.get("/api/v1/search", params={"q": "a red ball THEN something blue", "limit": 1}).json()
    (whole,) = found["moments"]
    assert len(whole["parts"]) == 2
    chosen = {key: whole[key] for key in ("id", "start_frame", "end_frame", "score", "caption")}
    own.client.post("/api/v1/selects/Two", json={"moments": [chosen]}).raise_for_status()
    (entry,) = entries(own, "Two")
    assert {key: entry[key] for key in chosen} == chosen


def test_a_moment_that_a_person_described_meanwhile_is_chosen_with_their_words(own: Own) -> None:
    one, *_ = ids(own)
    own.client.patch(f"/api/v1/events/{one}", json={"caption": "The hills from the train."}).raise_for_status()
    own.client.post("/api/v1/selects/Day 1", json={"moments": [one]}).raise_for_status()
    (entry,) = entries(own)
    assert (entry["caption"], entry["human"]) == ("The hills from the train.", True)


def test_a_tab_that_looked_before_another_changed_the_bin_is_told_so(own: Own) -> None:
    one, two, *_ = ids(own)
    own.client.post("/api/v1/selects/Day 1", json={"moments": [one, two]})
    first, second = (entry["entry"] for entry in entries(own))
    with Library.open(own.folder) as library:
        Bins(library.folder).remove("Day 1", [1])
    for answer in (
        own.client.put("/api/v1/selects/Day 1/order", json={"entries": [second, first]}),
        own.client.patch("/api/v1/selects/Day 1/1", params={"entry": first}, json={"rating": 5}),
        own.client.delete("/api/v1/selects/Day 1/1", params={"entry": first}),
    ):
        assert (answer.status_code, answer.json()["error"]["kind"]) == (409, "conflict")
    assert [(told["id"], told["rating"]) for told in entries(own)] == [(two, 0)]


def test_a_name_may_hold_anything(own_server: Server) -> None:
    # A real server: Starlette's test client takes the escapes of a path apart once more.
    names = {"INT/EXT": "INT%252FEXT", "100%25": "100%252525", "Größe ☃ #1?": "Gr%C3%B6%C3%9Fe%20%E2%98%83%20%231%3F"}
    number = own_server.desk.library().moments()[0].id
    with httpx2.Client(base_url=own_server.url, headers={"Authorization": f"Bearer {own_server.token}"}) as client:
        for name, path in names.items():
            client.post(f"/api/v1/selects/{path}", json={"moments": [number]}).raise_for_status()
            assert client.get(f"/api/v1/selects/{path}").json()["bin"] == name
            assert client.delete(f"/api/v1/selects/{path}/1").status_code == 204
        assert client.get("/api/v1/selects").json() == []


def test_what_is_not_there_and_what_makes_no_sense_is_told_apart(own: Own) -> None:
    one, *_ = ids(own)
    own.client.post("/api/v1/selects/Day 1", json={"moments": [one]})
    for status, answer in (
        (404, own.client.get("/api/v1/selects/Day1")),
        (404, own.client.patch("/api/v1/selects/Day 1/2", json={"rating": 1})),
        (404, own.client.delete("/api/v1/selects/none")),
        (400, own.client.patch("/api/v1/selects/Day 1/1", json={"rating": 6})),
        (400, own.client.patch("/api/v1/selects/Day 1/0", json={"rating": 1})),
        (400, own.client.post("/api/v1/selects/Day 1", json={"moments": []})),
        (400, own.client.post("/api/v1/selects/Day 1", json={"moments": [10**9]})),
        (400, own.client.post("/api/v1/selects/%20", json={"moments": [one]})),
        (400, own.client.post("/api/v1/selects/Day 1", json={"moments": [one], "nmae": 1})),
    ):
        assert answer.status_code == status, answer.text
    assert own.client.get("/api/v1/selects/Day1").json()["error"]["message"] == (
        "There is no bin 'Day1'. Did you mean 'Day 1'?"
    )
