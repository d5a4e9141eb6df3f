"""`momentidx find` and `momentidx search` as they are typed."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import opentimelineio
import pytest
from typer.testing import CliRunner, Result

from momentidx.caption.shotlog.asked import FILTERS
from momentidx.errors import WrongUse
from momentidx.events import Event, Layer
from momentidx.files import SeenFile
from momentidx.footage import Footage, VideoStream
from momentidx.library import Described, WritableLibrary
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.times import Span
from tests.library.making import indexed
from typer_app import app

LEFT = Event(Span.seconds(0, 4), "The camera pans left.", measures={"camera": {"label": "pan-left"}})
UP = Event(Span.seconds(4, 8), "The camera tilts up.", measures={"camera": {"label": "tilt-up"}})
RIGHT = Event(Span.seconds(0, 5), "The camera pans right.", measures={"camera": {"label": "pan-right"}})
CLIPS = {"A001.mov": [LEFT, UP], "A002.mov": [RIGHT]}


@cache
def minilm() -> MiniLMEmbedder:
    return MiniLMEmbedder(installed_weights())


def put(library: Path, name: str, events: list[Event]) -> None:
    embedder = minilm()
    path = library.parent / name
    path.write_text(name)
    video = VideoStream(0, "h264", 64, 36, "yuv420p", 8)
    footage = Footage(name, "mov", Span.seconds(0, 10), 25, video)  # type: ignore[arg-type]
    with WritableLibrary.open(library) as writable:
        layer = Described(Layer("told", "1"), events, filters=FILTERS)
        indexed(writable, SeenFile.of(path), footage, layer, embedder=embedder, embed=embedder.embed)


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "library"
    for name, events in CLIPS.items():
        put(folder, name, events)
    monkeypatch.setenv("MOMENTIDX_LIBRARY", str(folder))
    return folder


def momentidx(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def captions(done: Result) -> list[str]:
    assert done.exit_code == 0, done.output
    return [json.loads(line)["caption"] for line in done.stdout.splitlines()]


def test_filters_by_their_words_their_synonyms_and_their_beginnings() -> None:
    assert captions(momentidx("find", "camera:pan-left")) == [LEFT.caption]
    assert captions(momentidx("find", 'camera:"panning left"')) == [LEFT.caption]
    assert captions(momentidx("find", "camera:pan")) == [LEFT.caption, RIGHT.caption]
    assert captions(momentidx("find", "camera:pan -camera:pan-left")) == [RIGHT.caption]


def test_two_events_in_their_order_come_with_both_spans() -> None:
    (line,) = momentidx("find", "camera:pan then camera:tilt within 1s").stdout.splitlines()
    moment = json.loads(line)
    assert (moment["start_frame"], moment["end_frame"]) == (0, 200)
    assert [(part["start_frame"], part["end_frame"], part["caption"]) for part in moment["parts"]] == [
        (0, 100, LEFT.caption), (100, 200, UP.caption),
    ]  # fmt: skip


def test_nothing_ends_with_3_and_says_what_was_in_the_way() -> None:
    done = momentidx("find", "camera:tilt duration:>1h")
    assert done.exit_code == 3
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "Nothing was found.",
        "Without duration:>1h there would be 1 moment.",
        "3 events of 2 clips were searched.",
    ]


def test_an_example_is_named_by_number_and_by_clip_and_time() -> None:
    assert captions(momentidx("find", "--like", "A001.mov@1s", "-n", "1")) == [RIGHT.caption]
    assert captions(momentidx("find", "--like", "1", "-n", "1")) == [RIGHT.caption]
    with pytest.raises(WrongUse, match=r"nothing is told of 9s"):
        app(["find", "--like", "A001.mov@9s"], standalone_mode=False)


def test_a_search_is_kept_and_tells_what_is_new(library: Path) -> None:
    assert momentidx("search", "save", "pans", "camera:pan").stdout == "Saved 'pans'.\n"
    assert captions(momentidx("search", "run", "pans")) == [LEFT.caption, RIGHT.caption]
    nothing = momentidx("search", "run", "pans", "--new")
    assert (nothing.exit_code, nothing.stderr) == (3, "Nothing new has come in that answers it.\n")
    put(library, "A003.mov", [RIGHT])
    assert [json.loads(line)["path"] for line in momentidx("search", "run", "pans", "--new").stdout.splitlines()] == [
        str(library.parent / "A003.mov")
    ]
    (kept,) = map(json.loads, momentidx("search", "list").stdout.splitlines())
    assert (kept["name"], kept["query"]) == ("pans", "camera:pan")


def test_what_cannot_be_read_is_not_kept() -> None:
    with pytest.raises(WrongUse, match=r"Did you mean 'dark'\? \(column 1\)"):
        app(["search", "save", "night", "light:drak"], standalone_mode=False)
    assert momentidx("search", "list").stdout == ""


def test_a_kept_search_is_exported(tmp_path: Path) -> None:
    momentidx("search", "save", "pans", "camera:pan")
    done = momentidx("export", "--saved", "pans", "-o", str(tmp_path / "pans.otio"))
    assert done.exit_code == 0, done.output
    timeline = opentimelineio.adapters.read_from_file(str(tmp_path / "pans.otio"))
    assert [clip.metadata["momentidx"]["caption"] for clip in timeline.video_tracks()[0].find_clips()] == [
        LEFT.caption, RIGHT.caption,
    ]  # fmt: skip


def test_what_a_person_just_wrote_is_found_before_anybody_indexes_again() -> None:
    assert momentidx("caption", "edit", "1", "A lighthouse in the fog.").exit_code == 0
    (best, *_) = map(json.loads, momentidx("find", "fog around the lighthouse").stdout.splitlines())
    assert (best["caption"], best["captioner"]) == ("A lighthouse in the fog.", "human")
    assert best["score"] > 0.5


def test_the_score_is_taken_apart() -> None:
    done = momentidx("find", LEFT.caption, "--explain", "-n", "1")
    (moment,) = map(json.loads, done.stdout.splitlines())
    ((number, why),) = moment["why"].items()
    assert int(number) == moment["id"]
    assert why.startswith("meaning 1.00 x 0.5 + words 1.00 x 0.1 (The, camera, pans, left) + around it: ")
    assert why.endswith(f" + 0.05 as both say 'camera left'; for '{LEFT.caption}'")
    assert done.stderr.splitlines()[0] == f"Read as: {LEFT.caption}"
