"""`momentidx jobs`, and `index --now` while another process has the library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from momentidx.errors import LibraryBusy, WrongUse
from momentidx.library import Library, WritableLibrary
from tests.library.making import claimed, file
from typer_app import app


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library in which one file waits and one failed."""
    folder = tmp_path / "library"
    monkeypatch.setenv("MOMENTIDX_LIBRARY", str(folder))
    monkeypatch.chdir(tmp_path)
    with WritableLibrary.open(folder) as opened:
        opened.enqueue(file(tmp_path, "waits.mov"))
        failed = claimed(opened, file(tmp_path, "failed.mov"))
        opened.fail(failed.jobs[0], "no-video", "failed.mov: no picture.", passing=False)
    return folder


def said(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.usefixtures("library")
def test_the_queue_is_listed_with_reasons(tmp_path: Path) -> None:
    assert said("jobs", "list") == (
        f"     1  queued     probe               {tmp_path / 'waits.mov'}\n"
        f"     2  failed     probe               {tmp_path / 'failed.mov'}\n"
        "        no-video: failed.mov: no picture.\n"
    )
    assert said("jobs", "list", "--limit", "1").splitlines()[1] == "... and more; --limit 10 shows up to 10."
    (line,) = said("jobs", "list", "--state", "failed", "--json").splitlines()
    assert (json.loads(line)["id"], json.loads(line)["code"]) == (2, "no-video")
    assert said("jobs", "list", "--state", "done") == ""
    with pytest.raises(WrongUse, match="There is no state 'lost'"):
        said("jobs", "list", "--state", "lost")


def test_jobs_are_retried_and_cancelled_by_number_and_by_place(library: Path) -> None:
    assert said("jobs", "retry") == "1 job queued.\n"
    assert said("jobs", "cancel", "1", "failed.mov", "--json") == '{"cancelled": 2}\n'
    assert said("jobs", "retry", ".") == "2 jobs queued.\n"
    assert said("jobs", "retry", "--now", "failed.mov") == "1 job queued.\n"
    assert said("jobs", "retry", "1") == "0 jobs queued. 'momentidx jobs list' shows those that there are.\n"
    for unknown, name in (("99", "99"), ("nowhere.mov", f"about {library.parent / 'nowhere.mov'}")):
        with pytest.raises(WrongUse) as refused:
            said("jobs", "cancel", "1", unknown)
        assert str(refused.value) == f"There is no job {name}. 'momentidx jobs list' shows those that there are."
    with Library.open(library) as opened:
        assert [job.id for job in opened.jobs(["queued"])] == [2, 1]
    with pytest.raises(WrongUse, match="Say what is to go first"):
        said("jobs", "retry", "--now")


@pytest.mark.usefixtures("library")
def test_work_is_paused_and_resumed(tmp_path: Path) -> None:
    assert said("jobs", "pause", ".") == f"{tmp_path} is paused.\n"
    assert said("jobs", "pause", ".") == f"{tmp_path} was paused already.\n"
    assert said("jobs", "pause") == "Everything is paused.\n"
    with pytest.raises(WrongUse) as other:
        said("jobs", "resume", "elsewhere")
    assert str(other.value) == f"{tmp_path / 'elsewhere'} is not paused. Paused: Everything, {tmp_path}."
    assert said("jobs", "resume") == "Everything is worked on again.\n"
    assert said("jobs", "resume", ".") == f"{tmp_path} is worked on again.\n"


def test_files_are_put_first_while_another_process_has_the_library(library: Path, tmp_path: Path) -> None:
    file(tmp_path, "new.mov")
    with WritableLibrary.open(library) as opened:
        with pytest.raises(LibraryBusy):
            said("index", "new.mov")
        assert said("index", "--now", "new.mov") == "1 file put first; 'momentidx status' shows how it goes.\n"
        assert said("index", "--now", "failed.mov") == (
            "Nothing to do: what is not indexed is in work, or failed ('momentidx jobs list' says why).\n"
        )
        assert [job.path for job in opened.jobs(["queued"])] == [tmp_path / "new.mov", tmp_path / "waits.mov"]
