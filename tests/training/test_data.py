"""Annotations become samples; what is wrong with a file is said with the place where it stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from momentidx.config import Settings
from momentidx.errors import UnusableFootage, WrongUse
from momentidx.evaluation.didemo import read_didemo
from momentidx.library import Bins, Captions, Library, WritableLibrary
from momentidx.media.child import Decoder
from momentidx.times import Span
from momentidx.training.data import READERS, archive, read, tasks
from momentidx.training.data.archive import Known
from momentidx.training.data.gathering import Gathered, Reading
from momentidx.training.data.media import Film, Media, Still
from momentidx.training.data.tasks import DESCRIBE, DESCRIBE_AS_JSON, LOCATE, Timed
from momentidx.training.samples import Sample, Turn, Vectors
from tests.library.making import BASE, FOOTAGE, LETTERS, file, indexed

SHARED = Path(__file__).parents[3] / "shared" / "data" / "annotations"
TALK = [{"from": "human", "value": "<video>\nWhen?"}, {"from": "gpt", "value": "From <s0> to <e0>."}]


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Vectors in the place of two clips, a picture, and a file outside the folder that a link leads to."""
    folder = tmp_path / "media"
    (folder / "deep").mkdir(parents=True)
    for name in ("v_one.npy", "deep/two.npy"):
        np.save(folder / name, np.zeros((10, 12), np.float16))
    Image.new("RGB", (32, 24), (200, 10, 10)).save(folder / "red.png")
    (tmp_path / "outside.npy").write_bytes(b"")
    (folder / "link.npy").symlink_to(tmp_path / "outside.npy")
    return folder


@pytest.fixture
def reading(media: Path, decoder: Decoder) -> Reading:
    return Reading(Media(media, decoder, Settings(), 448))


@pytest.fixture
def put(tmp_path: Path) -> Callable[[Any], Path]:
    def write(told: Any) -> Path:
        path = tmp_path / "told.json"
        path.write_text(told if isinstance(told, str) else json.dumps(told))
        return path

    return write


Put = Callable[[Any], Path]


def only(found: Gathered) -> Sample:
    (sample,) = found.whole()
    return sample


def test_pictures_and_captions(put: Put, reading: Reading) -> None:
    said = [{"from": "human", "value": "Say.\n<image>"}, {"from": "gpt", "value": "a red field"}]
    sample = only(read(f"pairs:{put([{'id': '1', 'image': 'red.png', 'conversations': said}])}", reading))
    assert (sample.name, sample.duration, sample.turns) == ("red.png", 0.0, (Turn((), ("a red field",)),))
    assert isinstance(sample.pictures, Still)
    (picture,) = sample.pictures.at([0.0])
    assert picture.shape == (24, 32, 3)
    assert picture[0, 0].tolist() == [200, 10, 10]


def test_vtimellm_s_dialogues(put: Put, reading: Reading, media: Path) -> None:
    meta = {"split": [5, 25], "duration": 60, "token": {"<s0>": 2.5, "<e0>": 20.4}}
    sample = only(read(f"vtimellm:{put([{'id': 'v_one', 'conversations': TALK, 'meta': meta}])}", reading))
    assert sample == Sample(
        "v_one", Vectors(media / "v_one.npy"), 20.0, (Turn(("When?",), ("From ", 2.5, " to ", 20.0, ".")),)
    )


def test_moment_10m_and_gesm(put: Put, clip: Callable[..., Path], decoder: Decoder) -> None:
    path = clip("film.mp4", frames=50)
    reading = Reading(Media(path.parent, decoder, Settings(), 448), dense=1.0)
    record = {
        "variables": {"moment": [[0.2, 0.5], [1.0, 2.0]], "click_position": [0.4, [3, 7]], "instance_class": "dog"},
        "conversations": [{"User": "What of the {instance_class} at {click_position}?", "Assistant": "See {moment}."}],
    }
    (turn,) = only(read(f"moment10m:{put({'film': {'instance_qa': [record]}})}", reading)).turns
    assert turn == Turn(
        ("What of the dog at <3, 7>", 0.4, "?"), ("See ", 0.2, " to ", 0.5, " and ", 1.0, " to ", 2.0, ".")
    )
    told = {"film": {"timestamps": [[1, 2], [0, 1]], "captions": ["A ball rolls.", "It is quiet."]}}
    sample = only(read(f"gesm:{put(told)}", reading))
    assert sample.duration == 2.0
    assert sample.turns[0].answered == (
        "From ",
        0.0,
        " to ",
        1.0,
        ", it is quiet.\nFrom ",
        1.0,
        " to ",
        2.0,
        ", a ball rolls.",
    )


def test_grounded_videollm_s_annotations(put: Put, clip: Callable[..., Path], decoder: Decoder) -> None:
    path = clip("film.mp4", frames=50)
    reading = Reading(Media(path.parent, decoder, Settings(), 640))
    talk = [{"from": "human", "value": "<image>\nWhat after 0.5 seconds?"}, {"from": "gpt", "value": "<0.6> to <2.0>."}]
    sample = only(
        read(f"grounded:{put([{'video_file': 'a/film.mp4', 'question_id': 7, 'conversation': talk}])}", reading)
    )
    assert sample.name == "7"
    assert sample.turns == (Turn(("What after ", 0.5, "?"), (0.6, " to ", 2.0, ".")),)


def test_sentences_with_times(put: Put, reading: Reading) -> None:
    told = {
        "v_one": {"duration": 10.0, "timestamps": [[4, 10.4], [0, 4]], "sentences": ["It stops.", " A car comes. "]}
    }
    sample = only(read(f"activitynet:{put(told)}", Reading(reading.media, dense=1.0)))
    assert sample.turns[0].answered == (
        "From ",
        0.0,
        " to ",
        4.0,
        ", a car comes.\nFrom ",
        4.0,
        " to ",
        10.0,
        ", it stops.",
    )
    single = only(read(f"activitynet:{put(told)}", Reading(reading.media, dense=0.0)))
    assert len(single.turns) == 2
    rows = [{"annotation_id": 1, "video": "v_one.mov", "description": "a cat jumps", "num_segments": 6,
             "times": [[1, 1], [0, 1], [1, 1], [2, 2]]}]  # fmt: skip
    sample = only(read(f"didemo:{put(rows)}", Reading(reading.media, dense=1.0)))
    assert (sample.duration, sample.turns[0].answered) == (30.0, ("From ", 5.0, " to ", 10.0, ", a cat jumps"))
    steps = [{"heading": "cut it ", "absolute_bounds": [3, 9]}]
    told = {
        "make": {"two.mp4": {"relevant": True, "clip": True, "v_duration": 20.0, "bounds": [0, 20], "steps": steps}}
    }
    sample = only(read(f"hirest:{put(told)}", Reading(reading.media, dense=1.0)))
    assert (sample.name, sample.turns[0].answered) == ("two.mp4 (make)", ("From ", 3.0, " to ", 9.0, ", cut it"))


def test_vtimellm_s_list_can_be_read_back() -> None:
    events = [Timed(0, 4, 'She says "hello".'), Timed(4, 10, "It stops.")]
    turn = tasks.described(events, Random(0), as_json=True)
    assert turn.asked == (DESCRIBE_AS_JSON,)
    text = "".join(part if isinstance(part, str) else f"{part:02.0f}" for part in turn.answered)
    assert json.loads(text) == [
        {"event": 'She says "hello".', "timestamps": "from 00 to 04"},
        {"event": "It stops.", "timestamps": "from 04 to 10"},
    ]


def test_what_is_trained_is_what_the_captioners_ask() -> None:
    prompts = Path(__file__).parents[2] / "momentidx" / "caption" / "prompts"
    asked = {path.stem: path.read_text().strip() for path in prompts.glob("*.txt")}
    for seed in ("vtimellm", "momentor", "grounded_videollm"):
        assert asked[f"{seed}_describe"] in (*DESCRIBE, DESCRIBE_AS_JSON)
        assert asked[f"{seed}_locate"].replace("$words", "{}") in LOCATE


@pytest.mark.parametrize(
    ("kind", "told", "message"),
    [
        ("vtimellm", "[1, {]", "told.json, line 1: no JSON"),
        ("vtimellm", '{"id": 1}\n{"id": }', "told.json, line 2: no JSON"),
        ("vtimellm", [{"id": [1]}], "item 1: the field 'id' should be a str or int, not \\[1\\]"),
        ("vtimellm", [{"id": 1, "conversations": TALK, "meta": {"split": [1], "token": {}}}], "'split': two numbers"),
        ("vtimellm", [{"id": 1, "conversations": TALK, "meta": {"duration": 9, "token": {"<s0>": 1}}}], "'<e0>' is"),
        ("vtimellm", [{"id": 1, "conversations": TALK}], "'meta': the field 'duration' is missing"),
        ("pairs", [{"image": "red.png", "conversations": TALK[:1]}], "to and fro between 'human' and 'gpt'"),
        ("pairs", [7], "item 1: an object was expected, not 7"),
        ("gesm", {"v": {"timestamps": [[0, 1]], "captions": []}}, "1 timestamps for 0 captions"),
        ("moment10m", {"v": {"qa": [{"conversations": [{"User": "{moment}?", "Assistant": "x"}]}]}}, "names 'moment'"),
        ("grounded", [{"conversation": []}], "the field 'video_file' is missing"),
        ("activitynet", [], "not the expected format"),
        ("library", '{"start": 0}', "line 1: the field 'end' is missing"),
        pytest.param("library", "[" * 100_000, "lists in lists without end", id="deep"),
        ("gesm", "\xff\xfe", "no JSON"),
    ],
)  # fmt: skip
def test_a_wrong_format_is_said_with_its_place(kind: str, told: Any, message: str, put: Put, reading: Reading) -> None:
    with pytest.raises(WrongUse, match=message):
        read(f"{kind}:{put(told)}", reading)


def test_another_kind_is_refused(reading: Reading) -> None:
    with pytest.raises(WrongUse, match=r"'charades:x' is not KIND:FILE\. Kinds: pairs, vtimellm"):
        read("charades:x", reading)


def test_what_cannot_be_used_is_counted_and_one_in_a_hundred_allowed(put: Put, reading: Reading) -> None:
    told: dict[str, Any] = {"v_one": {"duration": 10.0, "timestamps": [[0, 4]], "sentences": ["It stops."]}}
    told |= {"two": {"duration": 10.0, "timestamps": [[30, 40]], "sentences": ["It goes on."]}}
    found = read(f"activitynet:{put(told)}", reading)
    assert found.left_out == ("two: 30 to 40 s is no stretch of a clip of 10 s.",)
    with pytest.raises(WrongUse, match="1 of 2 items cannot be used: two: 30 to 40 s"):
        found.whole()
    assert [sample.name for sample in found.whole(skip=True)] == ["v_one"]
    with pytest.raises(WrongUse, match="2 of 3 items cannot be used"):
        (found + Gathered((), ("x",))).whole(skip=True)
    told["two"] = {"duration": 10.0, "timestamps": [[0, 4]], "sentences": [" "]}
    assert read(f"activitynet:{put(told)}", reading).left_out == ("two: a caption is empty.",)


def test_files_that_are_not_there_are_counted_by_themselves(put: Put, reading: Reading) -> None:
    event = {"duration": 10.0, "timestamps": [[0, 4]], "sentences": ["It stops."]}
    found = read(f"activitynet:{put({'v_one': event, 'gone': event})}", reading)
    with pytest.raises(WrongUse, match="1 of 2 items are about files that are not in --media"):
        found.whole()
    assert len(found.whole(present_only=True)) == 1


@pytest.mark.parametrize("name", ["../outside.npy", "/etc/passwd", "link.npy", "link", "gone"])
def test_nothing_outside_the_folder_is_found(reading: Reading, name: str) -> None:
    with pytest.raises(UnusableFootage, match="There is no file"):
        reading.media.find(name)


def test_a_film_shows_the_pictures_of_its_stretch(clip: Callable[..., Path], decoder: Decoder) -> None:
    path = clip("film.mp4", frames=50, picture=lambda number: np.full((180, 320, 3), 4 * number, np.uint8), strip=False)
    media = Media(path.parent, decoder, Settings(), 320)
    whole, late = media.find("film"), media.find("film.mp4", 1.0, 2.0)
    assert isinstance(whole, Film)
    assert isinstance(late, Film)
    assert (whole.duration, late.duration, late.rate) == (2.0, 1.0, 25.0)
    assert whole.key != late.key
    shades = [int(picture.mean()) for picture in (*whole.at([0.02, 1.02]), *late.at([0.02, 0.98]))]
    assert shades == pytest.approx([0, 100, 100, 196], abs=3)


def test_a_damaged_picture_is_unreadable(media: Path, reading: Reading) -> None:
    (media / "torn.png").write_bytes((media / "red.png").read_bytes()[:40])
    torn = reading.media.find("torn.png")
    assert isinstance(torn, Still)
    with pytest.raises(UnusableFootage, match=r"torn\.png cannot be read as a picture"):
        torn.at([0.0])


@pytest.fixture
def said(library: WritableLibrary, folder: Path, tmp_path: Path) -> Path:
    """A file with a door and a dog, told by a machine; a person corrects the one and puts the other into a bin."""
    seen = file(tmp_path)
    indexed(library, seen)
    door, dog = library.moments()
    captions = Captions(folder, LETTERS.name)
    captions.edit(door.id, "A red door swings open.")
    captions.add(FOOTAGE, Span(65_024, 90_624, BASE), "She waits.")
    Bins(folder).add("best", [dog], query="the dog")
    return seen.path


def test_what_people_said_in_the_library_is_exported(said: Path, library: Library) -> None:
    (line,) = archive.lines(library)
    told = json.loads(line)
    assert told == {
        "footage": FOOTAGE.fingerprint, "path": str(said), "start": 0.0, "end": float(FOOTAGE.duration),
        "events": [
            {"start": 0.0, "end": 5.0, "caption": "A red door swings open.", "by": "caption"},
            {"start": 5.0, "end": 7.0, "caption": "She waits.", "by": "caption"},
            {"start": 5.0, "end": 10.0, "caption": "the dog", "by": "select"},
        ],
    }  # fmt: skip


def test_an_export_is_read_back(put: Put, media: Path, reading: Reading) -> None:
    told = {"path": str(media / "v_one.npy"), "start": 10.0, "end": 40.0,
            "events": [{"start": 1.5, "end": 4.0, "caption": "A red door opens."}]}  # fmt: skip
    sample = only(read(f"library:{put(json.dumps(told) + chr(10))}", Reading(reading.media, dense=1.0)))
    assert sample.duration == 30.0
    assert sample.turns[0].answered == ("From ", 1.5, " to ", 4.0, ", a red door opens.")


def spans(known: Sequence[Known], duration: float, window: float) -> list[tuple[float, float, list[str]]]:
    return [
        (start, end, [one.caption for one in inside]) for start, end, inside in archive.clips(known, duration, window)
    ]


def test_long_footage_is_cut_into_clips_around_what_was_said() -> None:
    a, b, c = Known(10, 20, "a", "caption"), Known(40, 60, "b", "caption"), Known(500, 530, "c", "caption")
    endless = Known(100, 400, "endless", "caption")
    assert spans([a, b], 90.0, 120.0) == [(0.0, 90.0, ["a", "b"])]
    assert spans([a, b, endless, c], 600.0, 100.0) == [(0.0, 100.0, ["a", "b"]), (465.0, 565.0, ["c"])]
    assert spans([c], 540.0, 100.0) == [(440.0, 540.0, ["c"])]


def test_every_kind_is_read() -> None:
    assert list(READERS) == [
        "pairs", "vtimellm", "moment10m", "gesm", "grounded", "activitynet", "hirest", "didemo", "library",
    ]  # fmt: skip


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared annotations are not here")
def test_whole_data_sets_are_read(tmp_path: Path, decoder: Decoder) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    reading = Reading(Media(videos, decoder, Settings(), 448))
    found = read(f"didemo:{SHARED / 'didemo' / 'val_data.json'}", reading)
    assert (len(found.samples), found.absent) == (
        0,
        len({one.video for one in read_didemo(SHARED / "didemo" / "val_data.json")}),
    )
    for name in ("v_uqiMw7tQ1Cc.npy", "v_D0pVkTEYQg8.npy"):
        (videos / name).touch()
    reading = Reading(Media(videos, decoder, Settings(), 448))
    assert (
        len(read(f"activitynet:{SHARED / 'activitynet_captions' / 'anet_entities_val_1.json'}", reading).samples) == 2
    )
