"""The footage itself over HTTP: whole or one part of it, by what it is and never by where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from momentidx.web.sending import asked_part
from tests.web.conftest import Own


def fingerprint_of(client: TestClient, name: str) -> str:
    (found,) = client.get("/api/v1/footage", params={"q": f"/{name}"}).json()["footage"]
    return str(found["fingerprint"])


@pytest.fixture
def plain(numbers: Own) -> tuple[TestClient, str, bytes]:
    """A client, the address of a clip's media, and what is in its file."""
    content = (numbers.footage / "plain.mp4").read_bytes()
    return numbers.client, f"/api/v1/footage/{fingerprint_of(numbers.client, 'plain.mp4')}/media", content


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", None),
        ("bytes=0-", (0, 1000)),
        ("bytes=0-0", (0, 1)),
        ("bytes=999-", (999, 1000)),
        ("bytes=10-99999999999999999", (10, 1000)),
        ("bytes=-5", (995, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("BYTES=1-2", (1, 3)),
        ("bytes=5-2", None),
        ("bytes=a-b", None),
        ("bytes=-", None),
        ("bytes=--1", None),
        ("bytes=1-2junk", None),
        ("bytes=١-٢", None),
        ("pages=1-2", None),
        ("bytes=1-2;3-4", None),
    ],
)
def test_a_part_is_read_as_the_standard_has_it(header: str, part: tuple[int, int] | None) -> None:
    assert asked_part(header, 1000) == part


@pytest.mark.parametrize(
    "header", ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=0-1,5-6", f"bytes={'0-,' * 400}"]
)
def test_what_is_not_there_and_several_parts_are_refused(header: str) -> None:
    with pytest.raises(HTTPException) as refused:
        asked_part(header, 1000)
    assert (refused.value.status_code, refused.value.headers) == (416, {"content-range": "bytes */1000"})


def test_the_whole_file_and_parts_of_it_arrive(plain: tuple[TestClient, str, bytes]) -> None:
    client, url, content = plain
    size = len(content)
    whole = client.get(url)
    assert (whole.status_code, whole.content) == (200, content)
    told = {name: whole.headers[name] for name in ("content-type", "accept-ranges", "content-length")}
    assert told == {"content-type": "video/mp4", "accept-ranges": "bytes", "content-length": str(size)}
    assert whole.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert whole.headers["x-content-type-options"] == "nosniff"

    part = client.get(url, headers={"Range": "bytes=100-299"})
    assert (part.status_code, part.content) == (206, content[100:300])
    assert part.headers["content-range"] == f"bytes 100-299/{size}"
    assert client.get(url, headers={"Range": "bytes=-7"}).content == content[-7:]

    refused = client.get(url, headers={"Range": f"bytes={size}-"})
    assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{size}")
    assert refused.json()["error"]["message"] == "Ask for one part, and for one that is there."
    assert client.get(url, headers={"Range": "bytes=0-1,3-4"}).status_code == 416


def test_head_tells_the_same_and_sends_nothing(plain: tuple[TestClient, str, bytes]) -> None:
    client, url, content = plain
    head = client.head(url, headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (206, b"", "10")
    assert client.head(url).headers["content-length"] == str(len(content))


def test_a_part_of_something_else_is_not_sent(plain: tuple[TestClient, str, bytes]) -> None:
    client, url, content = plain
    tag = client.head(url).headers["etag"]
    same = client.get(url, headers={"Range": "bytes=0-9", "If-Range": tag})
    assert (same.status_code, len(same.content)) == (206, 10)
    for other in ('"other"', "Sat, 21 Nov 2026 09:00:00 GMT"):
        whole = client.get(url, headers={"Range": "bytes=0-9", "If-Range": other})
        assert (whole.status_code, len(whole.content)) == (200, len(content))
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304


def test_only_footage_of_the_library_is_sent(numbers: Own) -> None:
    client = numbers.client
    for name in (
        "0" * 32,
        "plain.mp4",
        "..",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        str(numbers.footage / "plain.mp4"),
        "f" * 33,
    ):
        answer = client.get(f"/api/v1/footage/{name}/media")
        assert answer.status_code in (400, 404), name
        assert "error" in answer.json()


def test_a_file_that_is_away_or_another_one_now_is_said_so(numbers: Own, tmp_path: Path) -> None:
    # The footage of the other tests stays as it is: this one is told of a place of its own.
    client = numbers.client
    fingerprint = fingerprint_of(client, "late.mp4")
    place = numbers.footage / "late.mp4"
    aside = place.rename(tmp_path / "late.mp4")
    try:
        away = client.get(f"/api/v1/footage/{fingerprint}/media")
        assert (away.status_code, away.json()["error"]["kind"]) == (404, "not-found")
        assert "late.mp4 is offline. Connect the disk" in away.json()["error"]["message"]
        place.write_bytes(b"something else")
        other = client.get(f"/api/v1/footage/{fingerprint}/media")
        assert (other.status_code, other.json()["error"]["kind"]) == (409, "unusable-footage")
        assert "something else" not in other.text
    finally:
        aside.replace(place)
    assert client.get(f"/api/v1/footage/{fingerprint}/media").status_code == 200


def test_what_a_browser_plays_is_told_and_its_type(numbers: Own) -> None:
    told: dict[str, Any] = {}
    for clip in numbers.client.get("/api/v1/footage").json()["footage"]:
        facts = numbers.client.get(f"/api/v1/footage/{clip['fingerprint']}").json()
        head = numbers.client.head(f"/api/v1/footage/{clip['fingerprint']}/media")
        told[clip["clip"]] = facts["plays"], head.headers["content-type"]
    assert told == {
        "plain.mp4": (True, "video/mp4"),
        "late.mp4": (True, "video/mp4"),
        "ntsc.mp4": (True, "video/mp4"),
        "variable.mp4": (True, "video/mp4"),
        "vp9.webm": (True, "video/webm"),
        "prores.mov": (False, "video/mp4"),
        "uneven.mkv": (False, "video/x-matroska"),
        "turned.mov": (False, "video/mp4"),
    }
