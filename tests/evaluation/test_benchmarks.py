"""Every benchmark: its files read, its answers counted, on annotations made by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from momentidx.errors import WrongUse
from momentidx.evaluation.benchmarks import BENCHMARKS
from momentidx.evaluation.benchmarks.answering import read_choice
from momentidx.evaluation.benchmarks.values import Files, Outcome, Query, Said
from momentidx.evaluation.text import missing
from momentidx.footage import Footage, VideoStream
from momentidx.times import Span, StartTimecode

WHY_NO_TEXT = missing()


def tape(_: Path) -> Footage:
    """Ten seconds at 25 frames a second that begin at 01:00:00:00."""
    video = VideoStream(0, "h264", 320, 180, "yuv420p", 8)
    span = Span(0, 250, Fraction(1, 25))
    return Footage("f", "mov", span, Fraction(25), video, start=StartTimecode(90_000, source="track"))


def files(folder: Path, **contents: Any) -> Files:
    """Annotation files by name (`_` for `.`); every video but "gone" is there."""
    paths = []
    for name, content in contents.items():
        path = folder / name.replace("_", ".")
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        paths.append(path)
    return Files(tuple(paths), lambda video: None if video == "gone" else Path(video), tape)


def alike(a: Sequence[str], b: Sequence[str]) -> NDArray[np.float32]:
    """1 for the same sentence."""
    return np.array([[float(one == other) for other in b] for one in a], np.float32)


def counted(name: str, queries: Sequence[Query], *answers: Said) -> Outcome:
    assert [query.id for query in queries] == [said.query for said in answers]
    return BENCHMARKS[name].count(list(zip(queries, answers, strict=True)), alike)


def located(query: Query, *spans: tuple[float, float] | None, duration: float = 40) -> Said:
    return Said(query.id, duration, spans)


def test_charades_counts_first_answers_and_the_whole_video(tmp_path: Path) -> None:
    read = BENCHMARKS["charades-sta"].read
    a, b = read(files(tmp_path, a_txt="3MSZA 10.0 30.0##person turn a light on.\n3MSZA 0 10##a person sits.\n"))
    assert (a.video, a.words, a.truth, b.id) == ("3MSZA", "person turn a light on.", ((10.0, 30.0),), "3MSZA 1")
    found = counted("charades-sta", [a, b], located(a, (10, 20)), located(b))
    assert found.figures == {"R@1 0.3": 50.0, "R@1 0.5": 50.0, "R@1 0.7": 0.0, "mIoU": 25.0}
    assert found.whole_video == {"R@1 0.3": 50.0, "R@1 0.5": 50.0, "R@1 0.7": 0.0, "mIoU": 37.5}
    assert [row.score for row in found.rows] == [0.5, 0.0]
    assert [round(y, 2) for _, y in found.curves[0].lines["first answer"]] == [0.5] * 10 + [0.0] * 10


def test_activitynet_grounding_asks_for_every_sentence(tmp_path: Path) -> None:
    video = {"duration": 40, "timestamps": [[0, 10], [10, 40]], "sentences": [" He waves. ", "She runs."]}
    a, b = BENCHMARKS["activitynet-grounding"].read(files(tmp_path, a_json={"v": video}))
    assert (a.id, a.words, b.truth) == ("v 0", "He waves.", ((10.0, 40.0),))
    found = counted("activitynet-grounding", [a, b], located(a, (20, 30), (0, 10)), located(b, (10, 40)))
    assert (found.figures["R@1 0.7"], found.figures["R@5 0.7"], found.figures["mIoU"]) == (50.0, 100.0, 50.0)


def test_timelens_lists_spans_beside_queries(tmp_path: Path) -> None:
    video = {"duration": 40, "spans": [[0, 10], [5, 9]], "queries": ["He waves", "she nods "]}
    queries = BENCHMARKS["timelens-charades"].read(files(tmp_path, a_json={"v": video}))
    assert [(query.id, query.truth, query.words) for query in queries] == [
        ("v 0", ((0.0, 10.0),), "He waves"), ("v 1", ((5.0, 9.0),), "she nods"),
    ]  # fmt: skip


def test_qvhighlights_counts_all_windows(tmp_path: Path) -> None:
    lines = [
        {"qid": 7, "vid": "v_0_150", "query": "a cat", "duration": 150, "relevant_windows": [[0, 10], [20, 60]]},
        {"qid": 8, "vid": "v_0_150", "query": "no truth", "duration": 150},
    ]
    queries = BENCHMARKS["qvhighlights"].read(files(tmp_path, a_jsonl="\n".join(map(json.dumps, lines))))
    found = counted("qvhighlights", queries, located(queries[0], (20, 60), (0, 10), duration=150))
    assert found.figures == {
        "MR-full-R1@0.5": 100.0, "MR-full-R1@0.7": 100.0, "MR-full-mAP@0.5": 100.0, "MR-full-mAP@0.75": 100.0,
        "MR-full-mAP": 100.0, "MR-long-mAP": 100.0, "MR-short-mAP": 50.0,
    }  # fmt: skip
    assert found.whole_video["MR-full-mAP"] == 0.0


def test_hirest_asks_for_marked_stretches_and_their_steps(tmp_path: Path) -> None:
    marked = {"relevant": True, "clip": True, "v_duration": 40, "bounds": [10, 30]}
    steps = [{"heading": "stir ", "absolute_bounds": [10, 20]}, {"heading": "bake", "absolute_bounds": [20, 30]}]
    other = {"relevant": False, "clip": False, "v_duration": 9, "bounds": [0, 9], "steps": []}
    given = files(tmp_path, a_json={"cake": {"a.mp4": marked | {"steps": steps}, "b.mp4": other}})
    (query,) = BENCHMARKS["hirest"].read(given)
    found = counted("hirest", [query], located(query, (10, 22)))
    assert found.figures == {"R@1 0.5": 100.0, "R@1 0.7": 0.0, "mIoU": 60.0}
    (query,) = BENCHMARKS["hirest-steps"].read(given)
    told = Said(query.id, 40, ((0, 20), (32, 40)), ("She stirs.", "Credits."))
    found = counted("hirest-steps", [query], told)  # the first is cut at 10 s, the second lies outside
    assert found.figures == {"Recall@0.5": 50.0, "Precision@0.5": 100.0, "Recall@0.7": 50.0, "Precision@0.7": 100.0}
    assert found.rows[0].score == pytest.approx(2 / 3)


def test_didemo_takes_the_segments_that_a_stretch_touches(tmp_path: Path) -> None:
    row = {"annotation_id": 1, "video": "a.mov", "description": "he bends", "num_segments": 6}
    times = [[1, 1], [1, 1], [1, 1], [0, 0]]
    (query,) = BENCHMARKS["didemo"].read(files(tmp_path, a_json=[row | {"times": times}]))
    assert query.truth == ((5.0, 10.0), (0.0, 5.0))
    found = counted("didemo", [query], located(query, (6, 9.9), (4, 6), duration=28))
    assert found.figures == {"Rank@1": 100.0, "Rank@5": 100.0, "mIoU": 100.0}
    assert found.whole_video == {"Rank@1": 0.0, "Rank@5": 0.0, "mIoU": 16.67}


NEXTGQA = "video_id,qid,question,type,answer,a0,a1,a2,a3,a4\nv,3,why did he run,CW,a dog,a cat,a dog,rain,fun,late\n"


def test_nextgqa_asks_for_window_and_answer(tmp_path: Path) -> None:
    given = files(tmp_path, a_json={"v": {"duration": 20, "location": {"3": [[10, 20]]}}}, a_csv=NEXTGQA)
    (query,) = BENCHMARKS["nextgqa"].read(given)
    assert query.question == (
        "Why did he run?\n(A) a cat\n(B) a dog\n(C) rain\n(D) fun\n(E) late\nAnswer with one letter."
    )
    found = counted("nextgqa", [query], Said(query.id, 20, ((10, 15),), text="(B)"))
    assert (found.figures["Acc@GQA"], found.figures["mIoP"], found.figures["mIoU"]) == (100.0, 100.0, 50.0)
    silent = counted("nextgqa", [query], Said(query.id, 20, ((10, 15),)))
    assert [name for name in silent.figures if name.startswith("Acc")] == []


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("B", "a dog"), ("(c) because", "rain"), ("d. fun", "fun"), ("A dog.", "a dog"),
        ("It was a dog, not a cat", None), ("I cannot say", None), ("He was late", "late"),
    ],
)  # fmt: skip
def test_a_choice_is_a_letter_or_the_only_one_that_is_said(text: str, choice: str | None) -> None:
    assert read_choice(text, ["a cat", "a dog", "rain", "fun", "late"]) == choice


def test_labels_are_those_that_sentences_sound_like(tmp_path: Path) -> None:
    labels = tmp_path / "groundTruth"
    labels.mkdir()
    (labels / "P03_tea.txt").write_text("\n".join(["SIL"] * 4 + ["pour_milk"] * 4 + ["stir_tea"] * 2))
    (query,) = BENCHMARKS["breakfast"].read(Files((labels,), lambda _: None, tape))
    said = Said(query.id, 10.0, ((3, 6), (6, 8), (8, 10)), ("pour milk", "stir tea", "stir tea"))
    found = counted("breakfast", [query], said)
    assert found.figures == {"Acc": 70.0, "Edit": 100.0, "F1@10": 100.0, "F1@25": 100.0, "F1@50": 66.67}
    assert found.rows[0].query.truth == ((4.0, 8.0), (8.0, 10.0))
    assert found.rows[0].facts == {"labels": [["SIL", 3], ["pour_milk", 3], ["stir_tea", 4]]}
    nothing = counted("50salads", [query], Said(query.id, 0.0, problem="cannot be read"))
    assert nothing.figures["Acc"] == 40.0


def test_dense_captions_have_two_annotators(tmp_path: Path) -> None:
    a = {"v": {"duration": 9, "timestamps": [[0, 9]], "sentences": ["A dog runs."]}}
    b = {"v": {"duration": 9, "timestamps": [[0, 5], [5, 9]], "sentences": ["A dog.", "It runs."]}, "w": a["v"]}
    (query,) = BENCHMARKS["activitynet-dense"].read(files(tmp_path, a_json=a, b_json=b))
    assert (query.truth, [len(person) for person in query.told]) == (((0.0, 9.0),), [1, 2])


YOUCOOK2 = {
    "subset": "validation", "duration": 9, "annotations": [{"segment": [0, 4], "id": 0, "sentence": "cut a leek"}],
}  # fmt: skip


def test_youcook2_takes_the_validation_videos(tmp_path: Path) -> None:
    training = YOUCOOK2 | {"subset": "training"}
    (query,) = BENCHMARKS["youcook2"].read(files(tmp_path, a_json={"database": {"v": YOUCOOK2, "w": training}}))
    assert (query.id, query.truth, query.told[0][0].sentence) == ("v", ((0.0, 4.0),), "cut a leek")


@pytest.mark.slow  # METEOR reads a table of 60 MB for half a minute
@pytest.mark.skipif(WHY_NO_TEXT is not None, reason=WHY_NO_TEXT or "")
def test_the_same_words_at_the_same_time_are_full_marks(tmp_path: Path) -> None:
    other = YOUCOOK2 | {"annotations": [{"segment": [0, 9], "id": 0, "sentence": "fry an onion in butter"}]}
    queries = BENCHMARKS["youcook2"].read(files(tmp_path, a_json={"database": {"v": YOUCOOK2, "w": other}}))
    found = counted(
        "youcook2", queries, Said("v", 9, ((0, 4),), ("cut a leek",)), Said("w", 0, problem="cannot be read")
    )
    assert (found.figures["SODA_c"], found.figures["Recall"], found.figures["Bleu_3@0.9"]) == (0.5, 0.5, 0.5)
    assert [row.score for row in found.rows] == [1.0, 0.0]


def mine(folder: Path, *rows: str) -> list[Query]:
    return BENCHMARKS["mine"].read(files(folder, queries_csv="\n".join(["File,Query,In,Out", *rows])))


def test_own_queries_are_marked_in_any_time_format(tmp_path: Path) -> None:
    a, b = mine(
        tmp_path, "a.mov,door opens,01:00:01:00,01:00:02:00", "a.mov,a dog,2s,75f", "a.mov,door opens,+200,01000900"
    )
    assert (a.id, a.truth, a.told.frames) == ("line 2", ((1.0, 2.0), (8.0, 9.0)), ((25, 50), (200, 225)))
    assert (b.id, b.truth, b.told.frames) == ("line 3", ((2.0, 3.0),), ((50, 75),))


def test_own_queries_give_the_median_edge_error_in_frames(tmp_path: Path) -> None:
    a, b, c = mine(tmp_path, "a.mov,a,1s,2s", "a.mov,a,8s,9s", "a.mov,b,0s,4s", "a.mov,c,0s,1s")
    said = [located(a, (8.08, 9.0), duration=10), located(b, (0.0, 2.0), duration=10), located(c, (5, 6), duration=10)]
    found = counted("mine", [a, b, c], *said)
    assert found.figures == {
        "R@1 0.3": 66.67, "R@1 0.5": 66.67, "R@1 0.7": 33.33, "mIoU": 47.33,
        "first answer overlaps": 66.67, "median edge error, frames": 1.0,
    }  # fmt: skip
    assert [row.facts["edge_error_frames"] for row in found.rows] == [[2, 0], [0, 50], []]
    assert found.rows[0].facts["frames"] == [202, 225]
    assert found.curves[1].lines["first answer"][2] == (2.0, 0.75)


def test_a_moment_of_another_file_is_wrong_but_its_own_file_is_counted_too(tmp_path: Path) -> None:
    (a,) = mine(tmp_path, "a.mov,a,1s,2s")
    found = counted("mine", [a], located(a, None, (1.0, 2.0), duration=10)).figures
    assert (found["R@1 0.5"], found["R@5 0.5"], found["in file R@1 0.5"]) == (0.0, 100.0, 100.0)
    assert (found["first answer overlaps"], found["in file median edge error, frames"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("gone,a,1s,2s", "field 'file' is 'gone', which is not in the data folder."),
        ("a.mov,,1s,2s", "field 'query' is empty."),
        ("a.mov,a,noon,2s", "field 'in': 'noon' is not a time. Write 01:02:03:04, 01020304, 12.5s, 300f or +300."),
        ("a.mov,a,2s,1s", "field 'out' is 1s, not after the in point 2s."),
        ("a.mov,a,2s,11s", "field 'out' is frame 275; the file has 250."),
        ("a.mov,a,00:00:01:00,2s", "field 'in': 00:00:01:00 lies before the first picture, which is 01:00:00:00."),
    ],
)
def test_an_own_query_that_makes_no_sense_is_named_with_its_line(tmp_path: Path, row: str, sentence: str) -> None:
    with pytest.raises(WrongUse) as error:
        mine(tmp_path, "a.mov,fine,1s,2s", row)
    assert str(error.value) == f"{tmp_path}/queries.csv, line 3: {sentence}"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("timelens-charades", {"v": {"spans": []}}, "'v': field 'duration' is missing. Expected a number of seconds "
         "above 0."),
        ("timelens-charades", {"v": {"duration": 9, "spans": [[1, 2]], "queries": []}}, "'v': field 'spans' has 1 "
         "entries, 'queries' 0."),
        ("youcook2", {"v": {}}, "'database': is not an object {...}."),
        ("youcook2", {"database": {"v": YOUCOOK2 | {"annotations": [{"segment": [1]}]}}}, "'v', annotation 1: field "
         "'segment' is [1]. Expected [start, end] in seconds."),
        ("charades-sta", "3MSZA 0 1##a\n3MSZA one two##b\n", "line 2: is not 'video start end##sentence'."),
        ("charades-sta", "3MSZA 0 1 a person sits\n", "line 1: is not 'video start end##sentence'."),
        ("charades-sta", "3MSZA 0 1\n", "line 1: has no '##' before its sentence."),
    ],
)  # fmt: skip
def test_an_annotation_that_cannot_be_used_is_named_with_its_place(
    tmp_path: Path, name: str, content: Any, sentence: str
) -> None:
    with pytest.raises(WrongUse) as error:
        BENCHMARKS[name].read(files(tmp_path, a_json=content))
    assert str(error.value) == f"{tmp_path}/a.json, {sentence}"
