"""Clips over HTTP: lists, facts, pictures, true times, and what was said of one as subtitles and tables."""

from __future__ import annotations

import csv
from typing import Any

from momentidx.library import Library
from tests.media.test_source import UNEVEN
from tests.web.conftest import Own
from tests.web.numbered import CLIPS
from tests.web.test_media import fingerprint_of

JPEG = b"\xff\xd8\xff"


def facts_of(numbers: Own, name: str) -> dict[str, Any]:
    found: dict[str, Any] = numbers.client.get(f"/api/v1/footage/{fingerprint_of(numbers.client, name)}").json()
    return found


def test_clips_are_listed_a_few_at_a_time_and_found_by_name(numbers: Own) -> None:
    client = numbers.client
    everything = client.get("/api/v1/footage").json()
    names = [clip["clip"] for clip in everything["footage"]]
    assert (sorted(names), everything["total"]) == (sorted(CLIPS), len(CLIPS))
    some = client.get("/api/v1/footage", params={"limit": 2, "offset": 3}).json()
    assert ([clip["clip"] for clip in some["footage"]], some["total"]) == (names[3:5], len(CLIPS))
    found = client.get("/api/v1/footage", params={"q": "MP4 variable"}).json()
    assert ([clip["clip"] for clip in found["footage"]], found["total"]) == (["variable.mp4"], 1)
    assert client.get("/api/v1/footage", params={"q": "nothing"}).json() == {"footage": [], "total": 0}
    assert client.get("/api/v1/footage", params={"limit": 0}).status_code == 400


def test_the_facts_of_a_clip_are_those_of_the_library(numbers: Own) -> None:
    facts = facts_of(numbers, "ntsc.mp4")
    file = numbers.footage / "ntsc.mp4"
    told = {
        "clip": "ntsc.mp4", "path": str(file), "online": True, "bytes": file.stat().st_size, "duration_frames": 60,
        "rate": "30000/1001", "variable_rate": False, "start_timecode": "10:00:58;20", "end_timecode": "10:01:00;22",
        "start_frame": 1080680, "drop_frame": True, "timecode_source": "track", "codec": "h264", "width": 320,
        "height": 180, "rotation": 0, "sample_aspect": "1/1", "pixel_format": "yuv420p", "bit_depth": 8, "sound": [],
        "warnings": [], "plays": True, "interlaced": False,
    }  # fmt: skip
    assert {name: facts[name] for name in told} == told
    place = {"path": str(file), "online": True, "bytes": file.stat().st_size, "proxy": False}
    assert facts["locations"] == [place]
    ((name, count),) = [(layer["captioner"], layer["events"]) for layer in facts["layers"]]
    assert name == "shotlog"
    events = numbers.client.get(f"/api/v1/footage/{facts['fingerprint']}/events").json()["moments"]
    assert len(events) == count


def test_poster_strip_and_stills_are_pictures(numbers: Own) -> None:
    client = numbers.client
    facts = facts_of(numbers, "plain.mp4")
    strip = facts["strip"]
    assert strip["frames"][0] == 0
    assert strip["frames"] == sorted(strip["frames"])
    assert len(strip["frames"]) <= strip["columns"] * strip["rows"]
    (event, *_) = client.get(f"/api/v1/footage/{facts['fingerprint']}/events").json()["moments"]
    for url in (facts["poster"], strip["url"], event["still"], event["strip"]):
        picture = client.get(url)
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
        assert picture.content.startswith(JPEG)


def test_the_true_times_of_pictures_are_told_for_variable_rate(numbers: Own) -> None:
    client = numbers.client
    variable = client.get(f"/api/v1/footage/{fingerprint_of(client, 'variable.mp4')}/times")
    assert variable.json() == {"base": "1/90000", "times": UNEVEN}
    plain = client.get(f"/api/v1/footage/{fingerprint_of(client, 'plain.mp4')}/times")
    assert plain.json() == {"base": "1/12800", "times": None}


def test_what_was_said_comes_as_subtitles_from_the_first_picture_and_as_a_table(numbers: Own) -> None:
    client = numbers.client
    url = f"/api/v1/footage/{fingerprint_of(client, 'late.mp4')}"
    new = {"start_frame": 25, "end_frame": 50, "caption": "=A <b>dog</b>.", "rating": 4, "labels": ["hero"]}
    assert client.post(f"{url}/events", json=new).status_code == 201
    srt = client.get(f"{url}/captions.srt", params={"layer": "human"})
    assert srt.text == "1\n00:00:01,000 --> 00:00:02,000\n=A <b>dog</b>.\n"
    vtt = client.get(f"{url}/captions.vtt", params={"layer": "human"})
    assert vtt.text == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n=A &lt;b&gt;dog&lt;/b&gt;.\n"
    assert vtt.headers["content-type"].startswith("text/vtt")
    table = list(csv.DictReader(client.get(f"{url}/captions.csv").content.decode("utf-8-sig").splitlines()))
    (row,) = [row for row in table if row["captioner"] == "human"]
    told = {name: row[name] for name in ("start_frame", "end_frame", "caption", "rating", "labels")}
    assert told == {"start_frame": "25", "end_frame": "50", "caption": "'=A <b>dog</b>.", "rating": "4",
                    "labels": "hero"}  # fmt: skip
    with Library.open(numbers.folder) as library:
        assert len(table) == len(library.moments(row["footage"]))
    assert client.get(f"{url}/captions.exe").status_code == 400
    assert client.get(f"{url}/captions.srt", params={"layer": "nobody"}).status_code == 404
