"""Rendered footage goes in, and exactly what was drawn comes out: events, instances, and all eight tasks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from momentidx.config import Settings
from momentidx.errors import MomentidxError, WrongUse
from momentidx.events import Event
from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.frames import FrameSource
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.times import Span
from momentidx.training.data import read
from momentidx.training.data.gathering import Reading
from momentidx.training.data.media import Media
from momentidx.training.engine.build import Engine
from momentidx.training.engine.instructions import TASKS
from momentidx.training.engine.writing import GESM, MOMENT10M, OURS, REPORT, Done, build_all
from momentidx.training.samples import Said, Turn
from tests.clips import Image, render
from typer_app import app

TOLD = (
    (0, 75, "A red box goes right before a blue wall."),
    (75, 150, "A green wall."),
    (150, 225, "A red box goes left before a grey wall."),
)


def there_and_back(number: int) -> Image:
    """Three seconds of a box that goes right, three of nothing, three of the box that goes left."""
    scene, at = divmod(number, 75)
    image = np.empty((180, 320, 3), np.uint8)
    image[:] = ((20, 40, 160), (20, 130, 40), (150, 150, 150))[scene]
    if scene != 1:
        left = 10 + at * 240 // 75 if scene == 0 else 250 - at * 240 // 75
        image[70:120, left : left + 60] = (220, 20, 20)
    return image


class Teller:
    """Says what was drawn, and counts how often it is asked."""

    name, version = "teller", "1"

    def __init__(self, told: Sequence[tuple[int, int, str]] = TOLD) -> None:
        self.told, self.asked = told, 0

    def describe(self, footage: Footage, frames: FrameSource) -> list[Event]:  # noqa: ARG002
        self.asked += 1
        tick = int(Fraction(1, 25) / footage.span.base)
        first = footage.span.start
        return [Event(Span(first + s * tick, first + e * tick, footage.span.base), text) for s, e, text in self.told]


class Builder:
    """`build_all` on real files."""

    def __init__(self, decoder: Decoder, output: Path) -> None:
        self._decoder, self.output = decoder, output

    def __call__(self, paths: Sequence[Path], engine: Engine) -> list[Done]:
        def opened(path: Path) -> tuple[Footage, FrameSource]:
            footage = probe(path, self._decoder)
            return footage, Source(path, footage, self._decoder, Settings())

        return list(build_all(paths, self.output, engine, opened))

    def json(self, name: str) -> Any:
        return json.loads((self.output / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(tmp_path_factory.mktemp("media") / "there.mp4", frames=225, picture=there_and_back, strip=False)


@pytest.fixture
def builder(decoder: Decoder, tmp_path: Path) -> Builder:
    return Builder(decoder, tmp_path / "built")


def test_events_instances_and_all_tasks_are_what_was_drawn(builder: Builder, clip: Path) -> None:
    assert builder([clip], Engine(Teller())) == [Done(clip, "built")]
    part = builder.json("footage/there.mp4.json")
    assert part["instances"] == ["the red thing"]
    assert [(each["start"], each["end"], each["doing"]) for each in part["events"]] == [
        (0.0, 3.0, ["moves to the right"]), (3.0, 6.0, [None]), (6.0, 9.0, ["moves to the left"]),
    ]  # fmt: skip
    assert builder.json(GESM) == {
        "there.mp4": {"timestamps": [[0, 3], [3, 6], [6, 9]], "captions": [words for _, _, words in TOLD]}
    }
    report = builder.json(REPORT)
    assert list(report["kept"]) == sorted(TASKS)
    assert report | {"key": ""} == {
        "key": "", "writer": "templates",
        "footage": 1, "seconds": 9.0, "events": 3, "splits_joined": 0, "instances": 1, "unusable": {},
        "event_seconds": {"shortest": 3.0, "median": 3.0, "longest": 3.0},
        "kept": {
            "segment_caption_data": 3, "segment_locate_data": 3, "qa_data": 2, "instance_qa_data": 2,
            "hypo_scene_data": 2, "comp_ret_data": 2, "instance_caption_data": 1, "cross_segment_qa_data": 1,
        },
        "rejected": {"qa_data": {"nothing was followed": 1}},
    }  # fmt: skip
    answers = {task: [one["conversations"][0]["Assistant"] for one in part["records"][task]] for task in TASKS}
    assert answers == {
        "segment_caption_data": [words for _, _, words in TOLD],
        "qa_data": ["The red thing moves to the right.", "The red thing moves to the left."],
        "instance_qa_data": ["The red thing moves to the right.", "The red thing moves to the left."],
        "segment_locate_data": ["From {moment}."] * 3,
        "hypo_scene_data": ["The part from {moment} shows it."] * 2,
        "comp_ret_data": ["From {moment}."] * 2,
        "instance_caption_data": ["The red thing moves to the right, then moves to the left: {moment}."],
        "cross_segment_qa_data": ["At first the red thing moves to the right, later it moves to the left."],
    }
    composed = [one["variables"] for one in part["records"]["comp_ret_data"]]
    assert [(one["SOURCE_CLIP"], one["moment"], one["content"]) for one in composed] == [
        ([0, 3], [6, 9], "moves to the left"), ([6, 9], [0, 3], "moves to the right"),
    ]  # fmt: skip


def test_what_is_written_is_read_as_samples(builder: Builder, clip: Path, decoder: Decoder) -> None:
    builder([clip], Engine(Teller()))
    reading = Reading(Media(clip.parent, decoder, Settings(), 224), dense=1.0)
    found = {
        kind: read(f"{kind}:{builder.output / file}", reading).whole()
        for kind, file in (("moment10m", MOMENT10M), ("gesm", GESM), ("library", OURS))
    }
    assert {kind: len(samples) for kind, samples in found.items()} == {"moment10m": 16, "gesm": 1, "library": 1}
    whole: Said = (
        "From ", 0.0, " to ", 3.0, ", a red box goes right before a blue wall.\nFrom ", 3.0, " to ", 6.0,
        ", a green wall.\nFrom ", 6.0, " to ", 9.0, ", a red box goes left before a grey wall.",
    )  # fmt: skip
    assert [found[kind][0].turns[0].answered for kind in ("gesm", "library")] == [whole, whole]
    by_name = {sample.name: sample.turns for sample in found["moment10m"]}
    assert by_name["there.mp4 instance_caption_data 1"][0].answered == (
        "The red thing moves to the right, then moves to the left: ", 0.0, " to ", 3.0, " and ", 6.0, " to ", 9.0, ".",
    )  # fmt: skip
    assert by_name["there.mp4 segment_locate_data 2"] == (
        Turn(by_name["there.mp4 segment_locate_data 2"][0].asked, ("From ", 3.0, " to ", 6.0, ".")),
    )
    assert "A green wall" in str(by_name["there.mp4 segment_locate_data 2"][0].asked[0])


def test_a_second_build_asks_nobody_and_changes_no_byte(builder: Builder, clip: Path) -> None:
    teller = Teller()
    builder([clip], Engine(teller))
    before = {file: (builder.output / file).read_bytes() for file in (MOMENT10M, GESM, OURS, REPORT)}
    for file in before:
        (builder.output / file).unlink()  # as if it had been stopped before they were written
    assert builder([clip], Engine(teller)) == [Done(clip, "kept")]
    assert teller.asked == 1
    assert {file: (builder.output / file).read_bytes() for file in before} == before


def test_the_seed_draws_the_words_and_nothing_else(builder: Builder, clip: Path) -> None:
    told = []
    for seed in (0, 1):
        builder([clip], Engine(Teller(), seed=seed))
        told.append(builder.json("footage/there.mp4.json"))
    assert told[0]["records"] != told[1]["records"]
    assert told[0]["events"] == told[1]["events"]


def test_what_is_said_badly_or_twice_is_rejected_with_the_reason(builder: Builder, clip: Path) -> None:
    # The first caption covers a third of its event, the other two say the same.
    builder([clip], Engine(Teller([(0, 25, "Something."), (75, 150, "A wall."), (150, 225, "A wall.")])))
    report = builder.json(REPORT)
    assert report["rejected"]["segment_caption_data"] == {"scores below 0.5": 1}
    assert report["rejected"]["segment_locate_data"] == {"scores below 0.5": 1, "true of several events": 2}
    assert builder.json(GESM)["there.mp4"]["timestamps"] == [[3, 6], [6, 9]]


def test_a_flash_of_light_splits_nothing(builder: Builder, tmp_path: Path) -> None:
    def lit(number: int) -> Image:
        return np.full((180, 320, 3), 250, np.uint8) if 50 <= number < 53 else there_and_back(74)

    path = render(tmp_path / "flash.mp4", frames=100, picture=lit, strip=False)
    builder([path], Engine(Teller([(0, 100, "A flash.")])))
    part = builder.json("footage/flash.mp4.json")
    assert [(each["start"], each["end"]) for each in part["events"]] == [(0.0, 4.0)]
    assert part["splits_joined"] == 1


def test_an_unreadable_file_is_reported_and_the_others_are_built(
    builder: Builder, clip: Path, tmp_path: Path
) -> None:  # fmt: skip
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    done = builder([broken, clip], Engine(Teller()))
    assert [(each.path.name, each.state) for each in done] == [("broken.mp4", "unusable"), ("there.mp4", "built")]
    report = builder.json(REPORT)
    assert (report["footage"], report["unusable"]) == (1, {"broken.mp4": done[0].reason})


def test_two_files_of_one_name_and_a_damaged_part_are_refused(builder: Builder, clip: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"Two files are called .there\.mp4."):
        builder([clip, tmp_path / "there.mp4"], Engine(Teller()))
    part = builder.output / "footage" / "there.mp4.json"
    part.parent.mkdir(parents=True)
    part.write_text("{")
    with pytest.raises(MomentidxError, match=r"there\.mp4\.json is damaged .* Delete it"):
        builder([clip], Engine(Teller()))


def test_the_command_builds_and_says_what_it_made(clip: Path, tmp_path: Path) -> None:
    arguments = ["data", "build", str(clip), "-o", str(tmp_path / "built"), "--library", str(tmp_path / "library")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert done.stderr == "there.mp4: built\n"
    first, *lines = done.stdout.splitlines()
    assert first.startswith("1 footage, 9 s: 3 events, 1 instances, 16 questions in ")
    assert [tuple(line.split()[:2]) for line in lines if line.split()[0] in TASKS] == [
        ("comp_ret_data", "2"), ("cross_segment_qa_data", "1"), ("hypo_scene_data", "2"),
        ("instance_caption_data", "1"), ("instance_qa_data", "2"), ("qa_data", "2"),
        ("segment_caption_data", "3"), ("segment_locate_data", "3"),
    ]  # fmt: skip
