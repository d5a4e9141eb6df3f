"""Timelines through the API: written, checked, kept for a while, fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from fastapi.testclient import TestClient

from momentidx.web.problems import Conflict, NotFound
from momentidx.web.shelf import Shelf
from tests.web.conftest import Own

QUERY = "a red ball crosses the frame"


def timeline(client: TestClient, url: str, folder: Path) -> Any:
    """A fetched file, as OpenTimelineIO reads it."""
    answer = client.get(url).raise_for_status()
    file = folder / url.rsplit("/", 1)[1]
    file.write_bytes(answer.content)
    return otio.adapters.read_from_file(str(file))


def test_what_answers_a_query_is_written_for_each_target_and_can_be_fetched(client: TestClient, tmp_path: Path) -> None:
    wanted = {
        "what": {"query": QUERY},
        "to": ["resolve", "fcp7xml", "csv"],
        "name": "Day 1: balls",
        "options": {"limit": 3},
    }
    told = client.post("/api/v1/exports", json=wanted).raise_for_status().json()
    assert {report["target"] for report in told["report"]} == {"otio-resolve", "fcp7xml", "csv"}
    assert all(report["problems"] == [] for report in told["report"])
    assert [file["name"].split(".")[0][:12] for file in told["files"]] == ["Day 1_ balls"] * len(told["files"])
    (first, *_) = told["files"]
    found = client.get("/api/v1/search", params={"q": QUERY, "limit": 3}).json()["moments"]
    clips = list(timeline(client, first["url"], tmp_path).find_clips())
    assert len(clips) == len(found)
    fetched = client.get(first["url"])
    assert len(fetched.content) == first["bytes"]
    assert fetched.headers["content-disposition"].startswith("attachment")


def test_moments_that_are_named_are_written_in_that_order_with_what_they_were_found_with(
    client: TestClient, tmp_path: Path
) -> None:
    found = client.get("/api/v1/search", params={"q": QUERY, "limit": 2}).json()["moments"]
    events = [{key: each[key] for key in ("id", "start_frame", "end_frame", "score")} for each in reversed(found)]
    told = client.post("/api/v1/exports", json={"what": {"query": QUERY, "events": events}, "to": ["otio"]}).json()
    clips = list(timeline(client, told["files"][0]["url"], tmp_path).video_tracks()[0].find_clips())
    assert [clip.metadata["momentidx"]["id"] for clip in clips] == [each["id"] for each in events]
    assert [clip.metadata["momentidx"]["score"] for clip in clips] == [each["score"] for each in events]
    assert {clip.metadata["momentidx"]["query"] for clip in clips} == {QUERY}


def test_a_bin_is_written_in_its_order_with_the_frames_notes_and_ratings_that_were_given(
    own: Own, tmp_path: Path
) -> None:
    found = own.client.get("/api/v1/search", params={"q": QUERY, "limit": 2}).json()["moments"]
    wanted = [{"id": each["id"], "start_frame": each["start_frame"] + 1} for each in reversed(found)]
    own.client.post("/api/v1/selects/Balls", json={"moments": wanted, "query": QUERY}).raise_for_status()
    own.client.patch("/api/v1/selects/Balls/1", json={"note": "Start here.", "rating": 5}).raise_for_status()
    told = own.client.post("/api/v1/exports", json={"what": {"selects": "Balls"}, "to": ["otio"]}).json()
    cut = timeline(own.client, told["files"][0]["url"], tmp_path)
    clips = list(cut.video_tracks()[0].find_clips())
    expected = [(each["id"], each["start_frame"] + 1, each["end_frame"]) for each in reversed(found)]
    assert [_played(clip) for clip in clips] == expected
    told = clips[0].metadata["momentidx"]
    assert (told["rating"], told["note"]) == (5, "Start here.")


def _played(clip: Any) -> tuple[int, int, int]:
    """Number of the moment, and its first frame and the frame after its last, from the file's first picture."""
    first = clip.source_range.start_time - clip.media_reference.available_range.start_time
    return clip.metadata["momentidx"]["id"], round(first.value), round((first + clip.source_range.duration).value)


def test_a_target_that_fails_leaves_the_others_be(client: TestClient) -> None:
    wanted = {"what": {"query": QUERY}, "to": ["csv", "edl"], "options": {"limit": 1, "start_tc": "25:00:00:00"}}
    answer = client.post("/api/v1/exports", json=wanted)
    assert answer.status_code == 400
    wanted["options"] = {"limit": 1}
    assert client.post("/api/v1/exports", json=wanted).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"what": {}, "to": ["otio"]}, "Say what to export"),
        ({"what": {"query": "x", "selects": "y"}, "to": ["otio"]}, "Say what to export"),
        ({"what": {"query": QUERY}, "to": ["word"]}, "There is no program or format 'word'"),
        ({"what": {"query": QUERY}, "to": []}, "to: "),
        ({"what": {"query": QUERY}, "to": ["otio"], "options": {"handles": "two"}}, "'two' is not a length."),
        ({"what": {"query": QUERY}, "to": ["otio"], "options": {"rate": "0"}}, "'0' is not a frame rate."),
        ({"what": {"selects": "none"}, "to": ["otio"]}, "There is no bin 'none'."),
        ({"what": {"saved": "none"}, "to": ["otio"]}, ""),
        ({"what": {"events": [10**9]}, "to": ["otio"]}, "There is no moment"),
    ],
)
def test_what_makes_no_sense_is_said(client: TestClient, wanted: dict[str, Any], told: str) -> None:
    answer = client.post("/api/v1/exports", json=wanted)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(told)


def test_every_program_and_format_is_named(client: TestClient) -> None:
    told = client.get("/api/v1/targets").json()
    programs = {each["name"]: each["formats"] for each in told if each["kind"] == "program"}
    assert programs["finalcut"] == ["fcpxml"]
    formats = {each["name"]: each["suffix"] for each in told if each["kind"] == "format"}
    assert (formats["edl"], formats["aaf"], formats["markers"]) == (".edl", ".aaf", ".edl")


@pytest.mark.parametrize("path", ["x/y", "x/..%2F..%2Fetc%2Fpasswd", "%2E%2E/library.sqlite", "x/%2e%2e%5cy"])
def test_only_what_was_exported_is_fetched(client: TestClient, path: str) -> None:
    assert client.get(f"/api/v1/exports/{path}").status_code == 404


def test_the_shelf_keeps_the_last_exports_and_so_many_bytes() -> None:
    shelf = Shelf(most_exports=2, most_bytes=10)

    def put(text: str) -> str:
        with shelf.room() as (number, folder):
            (folder / "a.txt").write_text(text)
        return number

    one, two = put("1"), put("22")
    three = put("333")
    with pytest.raises(NotFound):
        shelf.file(one, "a.txt")
    assert (shelf.file(two, "a.txt").read_text(), shelf.file(three, "a.txt").read_text()) == ("22", "333")
    four = put("88888888")
    with pytest.raises(NotFound):
        shelf.file(three, "a.txt")
    kept = shelf.file(four, "a.txt")
    with pytest.raises(Conflict, match="all that the server keeps"):
        put("x" * 11)
    assert [folder.name for folder in kept.parent.parent.iterdir()] == [four]
    shelf.close()
    assert not kept.exists()
