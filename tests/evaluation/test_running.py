"""The loop: every query once, answers kept, other settings refused. The system is a plain object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from momentidx.errors import MomentidxError, UnusableFootage, WrongUse
from momentidx.evaluation.benchmarks.values import Query, Said
from momentidx.evaluation.running import Run, open_journal, run

SETTINGS = {"benchmark": "mine", "captioner_version": "1"}
QUERIES = [Query(str(number), f"v{number}", ((0.0, 4.0),), "he waves") for number in (1, 2, 3)]


@dataclass
class System:
    fails: Mapping[str, Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    name = "plain"
    version = "1"
    how = "It was asked."

    def say(self, query: Query, path: Path) -> Said:
        assert path == Path(query.video)
        self.asked.append(query.id)
        if query.id in self.fails:
            raise self.fails[query.id]
        return Said(query.id, 8.0, ((0.0, 2.0), None))


def once(folder: Path, system: System, missing: str = "", settings: Mapping[str, str] = SETTINGS) -> Run:
    with open_journal(folder, settings) as journal:
        return run(QUERIES, system, lambda video: None if video == missing else Path(video), journal)


def said(done: Run) -> dict[str, tuple[object, ...]]:
    return {query.id: each.spans for query, each in done.answered}


def test_answers_are_written_as_they_come_and_a_later_run_goes_on(tmp_path: Path) -> None:
    stopped = System({"2": MomentidxError("The endpoint is down.")})
    with pytest.raises(MomentidxError, match="endpoint is down"):
        once(tmp_path, stopped)
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [line.get("query", "settings") for line in lines] == ["settings", "1"]
    again = System()
    done = once(tmp_path, again)
    assert again.asked == ["2", "3"]
    assert said(done) == dict.fromkeys("123", ((0.0, 2.0), None))


def test_a_line_that_was_being_written_is_asked_again(tmp_path: Path) -> None:
    once(tmp_path, System())
    path = tmp_path / "answers.jsonl"
    path.write_text(path.read_text()[:-40])
    again = System()
    assert said(once(tmp_path, again)) == dict.fromkeys("123", ((0.0, 2.0), None))
    assert again.asked == ["3"]
    assert len(path.read_text().splitlines()) == 4


def test_other_settings_are_refused_with_the_difference(tmp_path: Path) -> None:
    once(tmp_path, System())
    with pytest.raises(WrongUse) as error:
        once(tmp_path, System(), settings=SETTINGS | {"captioner_version": "2"})
    assert str(error.value) == (
        f"{tmp_path}/answers.jsonl was made with other settings: captioner_version was 1, is 2. "
        "Give another folder with -o, or delete it."
    )


def test_two_runs_do_not_write_into_one_file(tmp_path: Path) -> None:
    with open_journal(tmp_path, SETTINGS), pytest.raises(WrongUse, match="another run is writing its answers"):
        once(tmp_path, System())


@pytest.mark.parametrize("content", ['{"query": "1"}\n', '{"query": "1"}', "[1]\n"])
def test_another_file_of_that_name_is_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / "answers.jsonl").write_text(content)
    with pytest.raises(WrongUse, match=r"is no file of answers|is not an object"):
        once(tmp_path, System())
    assert (tmp_path / "answers.jsonl").read_text() == content


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    once(tmp_path, System())
    path = tmp_path / "answers.jsonl"
    path.write_text(path.read_text() + '{"query": "4", "spans": [[1]]}\n')
    with pytest.raises(WrongUse) as error:
        once(tmp_path, System())
    assert str(error.value) == f"{path}, line 5: is no answer of this program. Take the line out."


def test_a_file_that_cannot_be_used_is_an_answer_and_a_missing_one_is_left_out(tmp_path: Path) -> None:
    done = once(tmp_path, System({"1": UnusableFootage("no-video", "v1: no video stream.")}), missing="v3")
    assert [(query.id, each.problem) for query, each in done.answered] == [("1", "v1: no video stream."), ("2", "")]
    assert done.missing == ["v3"]
    later = System()
    assert [query.id for query, _ in once(tmp_path, later).answered] == ["1", "2", "3"]
    assert later.asked == ["3"]


def test_trouble_that_may_pass_is_put_off(tmp_path: Path) -> None:
    trouble = UnusableFootage("unreadable", "v2: the disk does not answer.", passing=True)
    assert once(tmp_path, System({"2": trouble})).passing == ["v2: the disk does not answer."]
    later = System()
    once(tmp_path, later)
    assert later.asked == ["2"]
