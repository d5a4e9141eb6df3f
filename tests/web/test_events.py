"""What people change over HTTP: their words stand in the machine's place, keep every version, and can be undone."""

from __future__ import annotations

from typing import Any

import pytest

from momentidx.library import Captions, Library
from tests.web.conftest import Own
from tests.web.test_media import fingerprint_of


@pytest.fixture
def clip(numbers: Own) -> str:
    """The address of a clip of 60 frames."""
    return f"/api/v1/footage/{fingerprint_of(numbers.client, 'plain.mp4')}"


def events(numbers: Own, clip: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = numbers.client.get(f"{clip}/events").json()["moments"]
    return found


def test_a_change_of_several_things_is_a_persons_words_and_one_version(numbers: Own, clip: str) -> None:
    client = numbers.client
    (before, *_) = events(numbers, clip)
    assert (before["human"], before["start_frame"], before["end_frame"]) == (False, 0, 60)
    change = {"caption": "A  red\ndoor.", "rating": 5, "labels": ["hero", "Hero"], "start_frame": 10, "end_frame": 20}
    after = client.patch(f"/api/v1/events/{before['id']}", json=change).json()
    told = {"human": True, "layer": "human", "caption": "A red door.", "rating": 5, "labels": ["hero"],
            "start_frame": 10, "end_frame": 20, "duration_frames": 10, "start_timecode": "01:00:00:05",
            "end_timecode": "01:00:00:15", "start_seconds": 0.4, "end_seconds": 0.8}  # fmt: skip
    assert {name: after[name] for name in told} == told
    assert client.get(f"/api/v1/events/{before['id']}").json() == after, "by the machine's number too"
    assert after in events(numbers, clip)
    assert before["id"] not in [each["id"] for each in events(numbers, clip)]
    (version,) = client.get(f"/api/v1/events/{after['id']}/history").json()["versions"]
    assert version == {
        "number": 1, "edited_at": version["edited_at"], "caption": "A red door.", "rating": 5, "labels": ["hero"],
        "start_frame": 10, "end_frame": 20,
    }  # fmt: skip
    with Library.open(numbers.folder) as library:
        (said,) = library.captions()
        assert (said.caption, said.rating, said.labels) == ("A red door.", 5, ("hero",))


def test_the_command_line_and_the_page_change_the_same_thing(numbers: Own, clip: str) -> None:
    (before, *_) = events(numbers, clip)
    Captions(numbers.folder, "minilm").rate(before["id"], 3)
    after = numbers.client.patch(f"/api/v1/events/{before['id']}", json={"labels": ["night"]}).json()
    assert (after["rating"], after["labels"], after["caption"]) == (3, ["night"], before["caption"])


def test_undo_goes_back_to_the_machines_words(numbers: Own, clip: str) -> None:
    client = numbers.client
    (before, *_) = events(numbers, clip)
    after = client.patch(f"/api/v1/events/{before['id']}", json={"caption": "One."}).json()
    client.patch(f"/api/v1/events/{after['id']}", json={"end_frame": 30})
    undone = client.post(f"/api/v1/events/{after['id']}/undo").json()["moment"]
    assert (undone["caption"], undone["end_frame"]) == ("One.", 60)
    assert client.post(f"/api/v1/events/{after['id']}/undo").json() == {"moment": before}
    assert client.post(f"/api/v1/events/{before['id']}/undo").status_code == 400


def test_a_moment_of_ones_own_is_added_seen_and_taken_back(numbers: Own, clip: str) -> None:
    client = numbers.client
    new = {"start_frame": 59, "end_frame": 60, "caption": "The last picture."}
    added = client.post(f"{clip}/events", json=new)
    assert added.status_code == 201
    moment = added.json()
    assert (moment["kind"], moment["human"], moment["start_frame"], moment["end_frame"]) == ("note", True, 59, 60)
    still = client.get(moment["still"])
    assert (still.status_code, still.headers["content-type"]) == (200, "image/jpeg")
    assert client.delete(f"/api/v1/events/{moment['id']}").status_code == 204
    assert client.get(f"/api/v1/events/{moment['id']}").status_code == 404
    again = client.post(f"{clip}/events", json=new).json()
    assert client.post(f"/api/v1/events/{again['id']}/undo").json() == {"moment": None}


@pytest.mark.parametrize(
    "change",
    [
        {"rating": 6},
        {"rating": "5 stars"},
        {"caption": ""},
        {"caption": "\n"},
        {"labels": ["a;b"]},
        {"labels": ["x"] * 101},
        {"start_frame": 20, "end_frame": 20},
        {"start_frame": -1},
        {"end_frame": 61},
        {"end_frame": 2**70},
        {"start_frame": 1.5},
        {"note": "no such thing"},
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(numbers: Own, clip: str, change: dict[str, Any]) -> None:
    (before, *_) = events(numbers, clip)
    answer = numbers.client.patch(f"/api/v1/events/{before['id']}", json=change)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "wrong-use")
    assert events(numbers, clip)[0] == before


def test_a_number_that_is_nobodys_is_not_found(numbers: Own) -> None:
    client = numbers.client
    for number in (999_999, 2**62):
        for method, url in (("GET", ""), ("GET", "/still"), ("GET", "/history"), ("POST", "/undo"), ("DELETE", "")):
            assert client.request(method, f"/api/v1/events/{number}{url}").status_code == 404
        assert client.patch(f"/api/v1/events/{number}", json={"rating": 1}).status_code == 404
    assert client.get(f"/api/v1/events/{2**63}").status_code == 400
