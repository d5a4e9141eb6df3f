"""The queue, the settings, the disk and the doctor over the API."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from momentidx.commands.setting_up import set_up
from momentidx.files import SeenFile
from momentidx.library import Queue
from tests.web.conftest import Own


def asked(client: TestClient, path: str) -> Any:
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def told(client: TestClient, path: str, body: dict[str, Any]) -> Any:
    answer = client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def waiting(own: Own, *names: str) -> list[Path]:
    """Files that wait in the queue, named first to last."""
    files = [own.footage.parent / "new" / name for name in names]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"not looked at yet")
    with set_up(own.folder).write() as library:
        library.enqueue_all([SeenFile.of(file) for file in files])
    return files


def test_the_status_of_a_library_at_rest_tells_what_is_indexed(client: TestClient, library_folder: Path) -> None:
    told = asked(client, "/status")
    assert {key: told[key] for key in told if key not in ("indexed_seconds", "events", "roots")} == {
        "library": str(library_folder),
        "footage": 3,
        "pending_files": 0,
        "pending_bytes": 0,
        "pending_seconds": 0.0,
        "seconds_left": None,
        "stages": {"probe": 0, "describe": 0, "pictures": 0, "embed": 0},
        "jobs": {"queued": 0, "running": 0, "done": 12, "failed": 0, "cancelled": 0},
        "failed": 0,
        "offline": 0,
        "writer": None,
        "decoder_deaths": 0,
        "paused": [],
    }


def test_what_waits_is_listed_put_first_left_out_and_tried_again(own: Own) -> None:
    one, two = map(str, waiting(own, "one.mov", "two.mov"))
    listed = asked(own.client, "/jobs")
    assert [(job["path"], job["state"], job["stage"]) for job in listed["jobs"]] == [
        (one, "queued", "probe"), (two, "queued", "probe"),
    ]  # fmt: skip
    assert listed["more"] is False
    assert asked(own.client, "/jobs?limit=1")["more"] is True

    last = listed["jobs"][1]["id"]
    assert told(own.client, "/jobs/first", {"jobs": [last]}) == {"changed": 1}
    assert [job["path"] for job in asked(own.client, "/jobs")["jobs"]] == [two, one]

    assert told(own.client, "/jobs/cancel", {"paths": [str(Path(one).parent)]}) == {"changed": 2}
    assert [job["path"] for job in asked(own.client, "/jobs?state=cancelled")["jobs"]] == [one, two]
    assert asked(own.client, "/status")["pending_files"] == 0
    assert told(own.client, "/jobs/retry", {"paths": [one]}) == {"changed": 1}
    assert [job["path"] for job in asked(own.client, "/jobs?state=queued&state=running")["jobs"]] == [one]


def test_everything_or_a_folder_is_paused_and_taken_up_again(own: Own) -> None:
    folder = str(own.footage)
    assert told(own.client, "/jobs/pause", {}) == {"changed": True, "paused": [""]}
    assert told(own.client, "/jobs/pause", {"folder": None}) == {"changed": False, "paused": [""]}
    assert told(own.client, "/jobs/pause", {"folder": folder}) == {"changed": True, "paused": ["", folder]}
    assert asked(own.client, "/status")["paused"] == ["", folder]
    assert told(own.client, "/jobs/resume", {}) == {"changed": True, "paused": [folder]}
    assert told(own.client, "/jobs/resume", {"folder": folder}) == {"changed": True, "paused": []}


def test_a_folder_whose_name_is_no_text_is_paused_by_the_name_that_was_shown(own: Own) -> None:
    odd = Path(os.fsdecode(b"/footage/caf\xe9"))
    Queue(own.folder).pause(odd)
    assert asked(own.client, "/status")["paused"] == ["/footage/caf\ufffd"]
    assert told(own.client, "/jobs/resume", {"folder": "/footage/caf\ufffd"}) == {"changed": True, "paused": []}


def test_a_path_that_does_not_begin_at_the_root_is_refused(own: Own) -> None:
    for path, body in (
        ("pause", {"folder": "cards"}),
        ("cancel", {"paths": ["cards"]}),
        ("first", {"paths": ["a\0b"]}),
    ):
        answer = own.client.post(f"/api/v1/jobs/{path}", json=body)
        assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "wrong-use")


def test_settings_are_told_with_where_they_came_from(client: TestClient) -> None:
    by_name = {row["setting"]: row for row in asked(client, "/settings")}
    assert by_name["find_limit"] == {
        "setting": "find_limit",
        "value": 10,
        "source": "default",
        "says": "How many moments `find` shows when not told otherwise.",
    }
    assert by_name["endpoint_token"]["value"] is None


def test_the_disk_use_is_the_sum_of_its_parts(client: TestClient, library_folder: Path) -> None:
    told = asked(client, "/disk")
    assert told["bytes"] == sum(told["parts"].values())
    assert told["parts"]["stills"] == sum(file.stat().st_size for file in (library_folder / "stills").rglob("*.jpg"))
    assert told["free_bytes"] > 0


@pytest.mark.slow
def test_the_doctor_says_what_the_command_says(client: TestClient, library_folder: Path) -> None:
    findings = {finding["about"]: finding for finding in asked(client, "/doctor")}
    assert findings["library"]["state"] == "ok"
    assert str(library_folder) in findings["library"]["text"]
    assert {"momentidx", "decoding", "captioner", "embedder", "disk"} <= findings.keys()
