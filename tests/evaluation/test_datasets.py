"""DiDeMo, NExT-GQA and HiREST: the real files are counted, the metrics checked on cases made by hand."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from momentidx.errors import WrongUse
from momentidx.evaluation import didemo, hirest, nextgqa

DATA = Path(__file__).parents[3] / "shared/data/annotations"

needs_data = pytest.mark.skipif(not DATA.exists(), reason="the annotation files are not on this machine")


@needs_data
def test_didemo_has_4180_sentences_about_1094_clips() -> None:
    sentences = didemo.read_didemo(DATA / "didemo/val_data.json")
    assert (len(sentences), len({sentence.video for sentence in sentences})) == (4180, 1094)
    assert sentences[0] == didemo.Sentence(
        49152, "35034348999@N01_6060447507_dc1a90b8ef.mov", "the man in the hat briefly bends over the machine", 6,
        ((1, 1), (1, 1), (1, 1), (0, 0)),
    )  # fmt: skip


def test_didemo_counts_the_three_people_who_agree_best() -> None:
    sentences = [
        didemo.Sentence(1, "a", "", 6, ((0, 0), (0, 0), (0, 0), (5, 5))),
        didemo.Sentence(2, "b", "", 6, ((1, 2), (1, 2), (1, 1), (0, 5))),
    ]
    ranked = {1: [(0, 0), (1, 1)], 2: [(3, 3), (1, 2), (1, 1)]}
    # The second: places 2, 2 and 3, and of the first answer, (3, 3), only (0, 5) shares a sixth.
    assert didemo.figures(sentences, ranked) == {
        "Rank@1": 50.0,
        "Rank@5": 100.0,
        "mIoU": round(100 * (1 + 1 / 18) / 2, 2),
    }


def test_didemo_counts_what_was_not_answered_as_not_found() -> None:
    sentences = [didemo.Sentence(number, "a", "", 6, ((0, 0), (0, 0), (0, 0), (5, 5))) for number in (1, 2)]
    assert didemo.figures(sentences, {1: [], 2: [(3, 3)]}) == {"Rank@1": 0.0, "Rank@5": 0.0, "mIoU": 0.0}


@needs_data
def test_nextgqa_has_3358_grounded_questions_about_567_clips() -> None:
    folder = DATA / "nextgqa"
    questions = nextgqa.read_nextgqa(folder / "val.csv", folder / "gsub_val.json")
    assert (len(questions), len({question.video for question in questions})) == (3358, 567)
    assert sum(len(question.segments) for question in questions) == 3931
    assert all(question.answer in question.choices for question in questions)


def test_nextgqa_takes_the_best_segment_and_asks_for_a_grounded_right_answer() -> None:
    def question(number: str) -> nextgqa.Question:
        return nextgqa.Question("v", number, "", "CW", ("x", "y"), "x", ((0.0, 4.0), (10.0, 20.0)), 30.0)

    answers = {
        ("v", "1"): nextgqa.Answer((10.0, 15.0), "x"),  # IoU .5, IoP 1
        ("v", "2"): nextgqa.Answer((0.0, 10.0), "x"),  # IoU .4, IoP .4
        ("v", "3"): nextgqa.Answer((10.0, 20.0), "y"),  # IoU 1, IoP 1, wrong
        ("v", "4"): nextgqa.Answer((5.0, 5.0)),
    }
    assert nextgqa.figures([question(number) for number in "1234"], answers) == {
        "mIoU": 47.5, "IoU@0.3": 75.0, "IoU@0.5": 50.0, "mIoP": 60.0, "IoP@0.3": 75.0, "IoP@0.5": 50.0,
        "Acc@QA": 50.0, "Acc@GQA": 25.0,
    }  # fmt: skip


@needs_data
@pytest.mark.parametrize(("name", "counts"), [("val", (292, 477, 193, 606)), ("train", (546, 1507, 865, 4145))])
def test_hirest_has_queries_videos_stretches_and_steps(name: str, counts: tuple[int, ...]) -> None:
    videos = hirest.read_hirest(DATA / f"hirest/all_data_{name}.json")
    assert counts == (
        len({video.query for video in videos}),
        len(videos),
        sum(video.bounds is not None for video in videos),
        sum(len(video.steps) for video in videos),
    )


def test_hirest_figures_of_a_case_made_by_hand() -> None:
    steps = (hirest.Step("a", (0.0, 10.0)), hirest.Step("b", (10.0, 20.0)))
    videos = [
        hirest.Video("cake", "v1", 60.0, True, (0.0, 20.0), steps),
        hirest.Video("cake", "v2", 60.0, False, None, ()),
        hirest.Video("tea", "v3", 60.0, True, (0.0, 10.0), ()),
    ]
    assert hirest.video_figures(videos, {"cake": ["v2", "v1"], "tea": ["v3"]}) == {
        "R@1": 50.0, "R@5": 100.0, "R@10": 100.0,
    }  # fmt: skip
    assert hirest.moment_figures(videos, {("cake", "v1"): (0.0, 12.0), ("tea", "v3"): (0.0, 10.0)}) == {
        "R@0.5": 100.0, "R@0.7": 50.0,
    }  # fmt: skip
    assert hirest.step_figures(videos, {("cake", "v1"): [(0.0, 6.0), (30.0, 40.0), (50.0, 60.0)]}) == {
        "Recall@0.5": 50.0, "Precision@0.5": 33.33, "Recall@0.7": 0.0, "Precision@0.7": 0.0,
    }  # fmt: skip


DIDEMO = {"annotation_id": 1, "video": "a.mov", "description": "x", "num_segments": 6, "times": [[0, 0]]}
HIREST = {"relevant": True, "clip": True, "v_duration": 9.0, "bounds": [0, 9], "steps": []}
READERS: dict[str, Callable[[Path], object]] = {
    "didemo": didemo.read_didemo,
    "hirest": hirest.read_hirest,
    "nextgqa": lambda path: nextgqa.read_nextgqa(path.with_suffix(".csv"), path),
}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("didemo", {"a": 1}, ": is not a list [...]."),
        ("didemo", [DIDEMO, [1]], ", entry 2: is not an object {...}."),
        (
            "didemo",
            [DIDEMO | {"times": [[0]]}],
            ", entry 1: field 'times' is [[0]]. Expected a list of the [first, last] segment of each person.",
        ),
        ("hirest", {"cake": [1]}, ", 'cake': is not an object {...}."),
        (
            "hirest",
            {"cake": {"a.mp4": HIREST | {"v_duration": 0}}},
            ", 'cake', 'a.mp4': field 'v_duration' is 0. Expected a number of seconds above 0.",
        ),
        (
            "hirest",
            {"cake": {"a.mp4": HIREST | {"steps": [{"heading": "stir"}]}}},
            ", 'cake', 'a.mp4', step 1: field 'absolute_bounds' is missing. Expected [start, end] in seconds.",
        ),
        ("nextgqa", {"v": {"duration": 9}}, ", 'v': field 'location' is missing. Expected an object {...}."),
        (
            "nextgqa",
            {"v": {"duration": 9, "location": {"3": [1]}}},
            ", 'v', 'location': field '3' is [1]. Expected a list of [start, end] in seconds.",
        ),
    ],
)
def test_an_unusable_annotation_is_named_with_its_place(
    tmp_path: Path, name: str, content: object, sentence: str
) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(content))
    with pytest.raises(WrongUse) as error:
        READERS[name](file)
    assert str(error.value) == f"{file}{sentence}"


def test_a_table_without_a_column_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"v": {"duration": 9, "location": {"3": [[1, 2]]}}}')
    (tmp_path / "a.csv").write_text("video_id,qid,question,type,answer,a0,a1,a2,a3\nv,3,why,CW,x,x,y,z,u\n")
    with pytest.raises(WrongUse) as error:
        READERS["nextgqa"](tmp_path / "a.json")
    assert str(error.value) == f"{tmp_path / 'a.csv'}, line 2: field 'a4' is missing. Expected a text."
