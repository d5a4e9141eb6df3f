"""Texts that try to be programs come back as the texts they are, and paths that lead elsewhere lead nowhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from momentidx.web.app import create_app
from tests.web.asking import Answer, answer
from tests.web.conftest import TOKEN, Own, desk_for
from tests.web.payloads import SCRIPTS, ways_out

HEAD = [("host", "localhost"), ("authorization", f"Bearer {TOKEN}")]
CANARY = b"nobody may read this"


def plain(text: str) -> str:
    """As the library keeps it: without what no line of text has."""
    return " ".join(text.split())


def test_captions_labels_notes_and_names_come_back_letter_by_letter(own: Own) -> None:
    client = own.client
    clip = client.get("/api/v1/footage").json()["footage"][0]["fingerprint"]
    for text in SCRIPTS:
        new = {"caption": text, "start_frame": 0, "end_frame": 25, "labels": [text[:40].replace(";", ",")]}
        said = client.post(f"/api/v1/footage/{clip}/events", json=new)
        assert said.status_code == 201, said.text
        assert plain(said.json()["caption"]) == plain(text)
        found = client.get(f"/api/v1/events/{said.json()['id']}")
        assert found.headers["content-type"] == "application/json"
        assert found.json() == said.json()
    told = [moment["caption"] for moment in client.get(f"/api/v1/footage/{clip}/events").json()["moments"]]
    assert set(map(plain, SCRIPTS)) <= set(map(plain, told))


def test_queries_are_echoed_as_json_alone(own: Own) -> None:
    for text in SCRIPTS:
        for path in ("/api/v1/search", "/api/v1/complete"):
            told = own.client.get(path, params={"q": f"{text} light:drak"})
            assert told.headers["content-type"] == "application/json", text
            assert told.headers["x-content-type-options"] == "nosniff"
            assert told.status_code in (200, 400)
            json.loads(told.content)


def test_nothing_is_ever_answered_as_a_page_but_the_page(own: Own) -> None:
    for path in ("/nothing", "/<script>", "/api/v1/<script>", "/static/<script>", "/login?code=<script>"):
        assert "html" not in own.client.get(path).headers.get("content-type", "")
        to_a_person = own.client.get(path, headers={"Accept": "text/html"})
        assert "script" not in to_a_person.text or "json" in to_a_person.headers["content-type"]


@pytest.fixture
def guarded(own: Own) -> Path:
    """The library's folder, with files beside and in it that no answer may hold."""
    for folder in (own.folder, own.folder.parent, own.folder / "stills"):
        (folder / "canary").write_bytes(CANARY)
    return own.folder


def leaks(told: Answer) -> bool:
    return CANARY in told.body or b"SQLite format 3" in told.body or b"root:x:0" in told.body or b"import " in told.body


def tried(folder: Path, names: Iterable[str]) -> None:
    """Ask every route that has something of a path for files that are none of its own."""
    desk = desk_for(folder)
    app = create_app(desk)
    content = desk.library().footage()[0].footage.fingerprint
    places = (
        "/static/{}", "/{}", "/api/v1/footage/{}/media", "/api/v1/footage/{}/poster", "/api/v1/footage/{}/strip",
        "/api/v1/footage/{}/proxy/media", f"/api/v1/footage/{content}/captions.{{}}", "/api/v1/events/{}/still",
        "/api/v1/exports/{}/canary", "/api/v1/exports/x/{}", "/api/v1/selects/{}", "/api/v1/searches/{}",
    )  # fmt: skip

    async def ask() -> None:
        for name in names:
            for place in places:
                told = await answer(app, "GET", place.format(name), HEAD)
                assert 400 <= told.status < 500, (place.format(name), told.status)
                assert not leaks(told), place.format(name)

    asyncio.run(ask())
    desk.close()


def test_paths_that_lead_elsewhere_lead_nowhere(guarded: Path) -> None:
    tried(guarded, ways_out("canary")[::11])


@pytest.mark.slow
def test_all_of_them_do(guarded: Path) -> None:
    names = [*ways_out("canary"), *ways_out("library.sqlite"), *ways_out("etc/passwd"), *ways_out("app.py")]
    assert len(names) > 300
    tried(guarded, names)
