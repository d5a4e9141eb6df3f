"""`momentidx eval run` on rendered clips with a scripted captioner, and with the library's own search."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from momentidx.commands.benchmarking import Folder
from momentidx.commands.evaluating import BenchmarkName
from momentidx.commands.measured import Asking, Opener
from momentidx.config import Settings
from momentidx.errors import LibraryError, WrongUse
from momentidx.evaluation.benchmarks import BENCHMARKS
from momentidx.evaluation.benchmarks.values import Ask, Query
from momentidx.evaluation.text import missing
from momentidx.events import Event
from momentidx.footage import Footage
from momentidx.hooks import choose
from momentidx.media.child import Decoder
from momentidx.media.frames import FrameSource
from momentidx.times import Span
from tests.clips import render
from typer_app import app

SCRIPT = {
    "events": [
        {"start": 1.0, "end": 2.0, "caption": "a red door opens"},
        {"start": 2.0, "end": 3.0, "caption": "the ball rolls"},
    ],
    "answers": {"Why?\n(A) rain\n(B) fun\n(C) food\n(D) fear\n(E) sleep\nAnswer with one letter.": "(B)"},
}
QUERIES = """file,query,in,out
door.mov,a red door opens,01:00:01:00,01:00:02:00
ball.mp4,the ball rolls,40f,3s
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two clips, their queries and Charades-STA's text about one; and a library's settings."""
    folder = tmp_path_factory.mktemp("benchmark")
    (folder / "data/videos").mkdir(parents=True)
    render(folder / "data/videos/door.mov", frames=100, rate=25, timecode="01:00:00:00")
    render(folder / "data/videos/ball.mp4", frames=110, rate=25)
    (folder / "data/queries.csv").write_text(QUERIES)
    (folder / "data/charades_sta_test.txt").write_text("ball 2.0 3.2##the ball rolls.\ngone 0 1##a person sits.\n")
    (folder / "script.json").write_text(json.dumps(SCRIPT))
    (folder / "lib").mkdir()
    settings = f'scripted_answers = "{folder}/script.json"\ncaptioners = ["scripted"]\n'
    (folder / "lib/momentidx.toml").write_text(settings)
    return folder


def run(made: Path, out: Path, benchmark: str, *options: str, captioner: str = "scripted") -> Result:
    asked = ["eval", "run", benchmark, "--data", str(made / "data"), "-c", captioner, "-o", str(out)]
    return CliRunner().invoke(app, [*asked, "--library", str(made / "lib"), *options])


def report(out: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((out / "report.json").read_text())
    return told


def test_the_command_offers_every_benchmark() -> None:
    assert list(BenchmarkName) == list(BENCHMARKS)


def test_the_documentation_names_every_benchmark_and_its_files() -> None:
    told = (Path(__file__).parents[2] / "docs/evaluation.md").read_text(encoding="utf-8")
    names = [name for benchmark in BENCHMARKS.values() for name in benchmark.annotations]
    assert [name for name in (*BENCHMARKS, *names) if f"`{name}`" not in told] == []


def test_own_queries_get_figures_rows_and_a_page(made: Path, tmp_path: Path) -> None:
    result = run(made, tmp_path, "mine")
    assert result.stdout.splitlines() == [
        "2 queries about 2 videos",
        "                                      answered   whole video",
        "  R@1 0.3                                  100            50",
        "  R@1 0.5                                  100             0",
        "  R@1 0.7                                  100             0",
        "  mIoU                                   85.71         28.41",
        "  first answer overlaps                    100",
        "  median edge error, frames                  0",
        f"See {tmp_path / 'report.html'}",
    ]  # fmt: skip
    first, second = report(tmp_path)["rows"]
    assert (first["video"], first["frames"], first["edge_error_frames"]) == ("door.mov", [25, 50], [0, 0])
    assert (second["frames"], second["truth_frames"], second["score"]) == ([50, 75], [[40, 75]], 0.7143)
    html = (tmp_path / "report.html").read_text()
    assert html.count("data:image/jpeg;base64,") == 4
    assert "scripted was asked to locate." in html


def test_a_run_goes_on_where_it_stopped_and_refuses_other_answers(made: Path, tmp_path: Path) -> None:
    assert run(made, tmp_path, "mine", "--limit", "1").exit_code == 0
    assert report(tmp_path)["queries"] == 1
    before = (tmp_path / "answers.jsonl").read_text()
    assert run(made, tmp_path, "mine").exit_code == 0
    after = (tmp_path / "answers.jsonl").read_text()
    assert after.startswith(before)
    assert [json.loads(line).get("query") for line in after.splitlines()] == [None, "line 2", "line 3"]
    (made / "data/queries.csv").write_text(QUERIES + "ball.mp4,the ball stops,3s,3.2s\n")
    error = run(made, tmp_path, "mine").exception
    (made / "data/queries.csv").write_text(QUERIES)
    assert isinstance(error, WrongUse)
    assert "answers.jsonl was made with other settings: annotations was {'queries.csv': '" in str(error)


def test_videos_that_are_missing_are_left_out_and_named(made: Path, tmp_path: Path) -> None:
    found = json.loads(run(made, tmp_path, "charades-sta", "--json").stdout)
    assert found["figures"] == {"R@1 0.3": 100.0, "R@1 0.5": 100.0, "R@1 0.7": 100.0, "mIoU": 83.33}
    assert (found["queries"], found["missing_videos"]) == (1, ["gone"])


def test_a_file_that_cannot_be_read_counts_nothing_and_is_named(made: Path, tmp_path: Path) -> None:
    (made / "data/broken.mp4").write_bytes(b"no media")
    (tmp_path / "own.txt").write_text("ball 2.0 3.2##the ball rolls.\nbroken 0 1##a person sits.\n")
    result = run(made, tmp_path / "out", "charades-sta", "--annotations", str(tmp_path / "own.txt"))
    (made / "data/broken.mp4").unlink()
    assert report(tmp_path / "out")["figures"]["mIoU"] == 41.67
    assert f"Counted 0: {made}/data/broken.mp4: " in result.stderr


def test_a_question_is_answered_and_located(made: Path, tmp_path: Path) -> None:
    table, segments = tmp_path / "val.csv", tmp_path / "gsub_val.json"
    table.write_text("video_id,qid,question,type,answer,a0,a1,a2,a3,a4\ndoor,3,why,CW,fun,rain,fun,food,fear,sleep\n")
    segments.write_text('{"door": {"duration": 4, "location": {"3": [[0, 4]]}}}')
    files = ["--annotations", str(table), "--annotations", str(segments)]
    assert run(made, tmp_path / "out", "nextgqa", *files).exit_code == 0
    told = report(tmp_path / "out")
    assert told["how"] == "scripted was asked to locate and answer."
    assert (told["figures"]["Acc@QA"], told["rows"][0]["choice"]) == (100.0, "fun")


def test_frames_get_the_labels_that_captions_sound_like(made: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels"
    labels.mkdir()
    (labels / "videos_door.txt").write_text("\n".join(["SIL", "open_door", "roll_ball", "SIL"]))
    assert run(made, tmp_path / "out", "breakfast", "--annotations", str(labels)).exit_code == 0
    assert report(tmp_path / "out")["figures"]["Acc"] == 100.0


@pytest.mark.slow  # METEOR reads a table of 60 MB for half a minute
@pytest.mark.skipif(missing() is not None, reason=missing() or "")
def test_everything_that_was_told_is_compared_in_words(made: Path, tmp_path: Path) -> None:
    steps = [{"segment": [1, 2], "sentence": "a red door opens"}, {"segment": [2, 3], "sentence": "the ball rolls"}]
    video = {"subset": "validation", "duration": 4, "annotations": steps}
    (tmp_path / "a.json").write_text(json.dumps({"database": {"door": video}}))
    assert run(made, tmp_path / "out", "youcook2", "--annotations", str(tmp_path / "a.json")).exit_code == 0
    told = report(tmp_path / "out")
    figures = {name: told["figures"][name] for name in ("SODA_c", "SODA_c, swapped", "Recall", "Precision", "ROUGE_L")}
    assert figures == dict.fromkeys(figures, 1.0)
    assert told["rows"][0]["captions"] == ["A red door opens.", "The ball rolls."]


def test_the_library_s_own_search_is_measured_among_all_files(made: Path, tmp_path: Path) -> None:
    error = run(made, tmp_path, "mine", captioner="find").exception
    assert isinstance(error, LibraryError)
    library = ["--library", str(made / "lib")]
    assert CliRunner().invoke(app, ["index", str(made / "data/videos"), *library]).exit_code == 0
    assert run(made, tmp_path, "mine", captioner="find").exit_code == 0
    told = report(tmp_path)
    assert told["how"] == "The library was asked with find; a moment of another file is a wrong answer."
    # Both files hold both events, so that each query has one answer that is as good in the other file.
    assert [row["answer"].count(None) > 0 for row in told["rows"]] == [True, True]
    assert (told["figures"]["R@5 0.5"], told["figures"]["in file R@1 0.5"]) == (100.0, 100.0)


class Teller:
    """A captioner that only describes: two halves."""

    name, version = "teller", "3"

    def describe(self, footage: Footage, frames: FrameSource) -> Sequence[Event]:  # noqa: ARG002
        start, end = footage.span.start, footage.span.end
        middle = (start + end) // 2
        halves = [(start, middle, "A dog sleeps."), (middle, end, "A car drives by.")]
        return [Event(Span(a, b, footage.span.base), caption) for a, b, caption in halves]


def test_words_are_searched_for_in_what_a_captioner_told_that_cannot_locate(made: Path) -> None:
    embedder = choose("embedders", Settings().embedder).make(Settings())
    with Decoder(Settings()) as decoder:
        asking = Asking(Teller(), Opener(decoder, Settings()), embedder, [Ask.LOCATE])
        said = asking.say(Query("1", "ball", (), "a car passes"), made / "data/videos/ball.mp4")
    assert asking.how.startswith("teller cannot locate: it described")
    assert said.spans[0] == (2.2, 4.4)


def test_find_is_not_asked_to_describe(made: Path, tmp_path: Path) -> None:
    (tmp_path / "groundTruth").mkdir()
    (tmp_path / "groundTruth/door.txt").write_text("pour")
    files = ["--annotations", str(tmp_path / "groundTruth")]
    error = run(made, tmp_path / "out", "breakfast", *files, captioner="find").exception
    assert isinstance(error, WrongUse)
    assert str(error) == "'find' only locates; this benchmark asks for more. Name a captioner."


def test_annotations_that_are_not_there_are_asked_for_by_name(made: Path, tmp_path: Path) -> None:
    error = run(made, tmp_path, "didemo").exception
    assert isinstance(error, WrongUse)
    assert str(error) == (
        f"{made}/data: has no test_data.json or val_data.json. Put the annotations there, or name them with "
        "--annotations."
    )


def test_a_video_is_found_by_every_name_that_benchmarks_use(tmp_path: Path) -> None:
    for name in ("P16/cam01/P16_milk.avi", "a/twice.mp4", "b/twice.mp4", "v_0.0_150.0.mp4", "notes.txt", "x.mov.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    folder = Folder(tmp_path, ("avi", "mp4", "mov"))
    found = {
        name: folder.find(name)
        for name in ("P16_cam01_P16_milk", "P16_milk", "v_0.0_150.0", "x.mov", "a/twice.mp4", "notes", "elsewhere")
    }
    assert {name: path and path.name for name, path in found.items()} == {
        "P16_cam01_P16_milk": "P16_milk.avi", "P16_milk": "P16_milk.avi", "v_0.0_150.0": "v_0.0_150.0.mp4",
        "x.mov": "x.mov.mp4", "a/twice.mp4": "twice.mp4", "notes": None, "elsewhere": None,
    }  # fmt: skip
    assert folder.find(str(tmp_path / "notes.txt")) == tmp_path / "notes.txt"
    with pytest.raises(WrongUse, match=r"'twice' could be .*/a/twice.mp4 or .*/b/twice.mp4"):
        folder.find("twice")
