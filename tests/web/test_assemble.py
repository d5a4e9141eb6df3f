"""A shot list through the API: takes to pick from, and the timeline of what was picked."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
from fastapi.testclient import TestClient

from tests.web.test_exports import _played, timeline

LIST = "1. a red ball crosses the frame, 1s\n2. zzz qqq xyzzy\n"


def test_a_shot_list_is_cast_with_alternates_and_the_picked_take_is_what_plays(
    client: TestClient, tmp_path: Path
) -> None:
    slots = client.post("/api/v1/assemble", json={"text": LIST, "alternates": 1}).raise_for_status().json()
    assert [(slot["slot"], slot["words"], slot["seconds"]) for slot in slots] == [
        (1, "a red ball crosses the frame", 1.0),
        (2, "zzz qqq xyzzy", None),
    ]
    best, other = slots[0]["takes"]
    assert (slots[0]["state"], best["score"] >= other["score"]) == ("filled", True)

    def picked(*takes: dict[str, object]) -> list[dict[str, object]]:
        return [{key: take[key] for key in ("id", "start_frame", "end_frame", "score")} for take in takes]

    wanted = {
        "slots": [
            {"words": slots[0]["words"], "seconds": 1.0, "takes": picked(other, best)},
            {"words": slots[1]["words"], "takes": []},
        ],
        "to": ["otio", "csv"],
        "name": "scene",
    }
    told = client.post("/api/v1/assemble/export", json=wanted).raise_for_status().json()
    assert [(file["name"]) for file in told["files"]] == ["scene.otio", "scene.csv"]
    tracks = timeline(client, told["files"][0]["url"], tmp_path).tracks
    playing, gap = tracks[0]
    assert _played(playing)[0] == other["id"]
    assert gap.name == "MISSING: zzz qqq xyzzy"
    muted = next(track for track in tracks if not track.enabled)
    assert muted.kind == otio.schema.TrackKind.Video
    assert [clip.metadata["momentidx"]["id"] for clip in muted.find_clips()] == [best["id"]]


def test_a_shot_list_without_a_slot_and_a_cut_without_a_take_are_refused(client: TestClient) -> None:
    empty = client.post("/api/v1/assemble", json={"text": "# nothing\n"})
    assert empty.status_code == 400
    assert empty.json()["error"]["message"] == (
        "The shot list: there is no slot in the shot list. Write one line a shot."
    )
    bad = client.post("/api/v1/assemble", json={"text": "a ball score:\nkind:("})
    assert bad.status_code == 400
    assert bad.json()["error"]["message"].startswith("Slot ")
    nothing = {"slots": [{"words": "a", "takes": []}], "to": ["otio"]}
    assert client.post("/api/v1/assemble/export", json=nothing).status_code == 409
