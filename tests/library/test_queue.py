"""What a person does to the queue, also while another process works on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from momentidx.files import SeenFile
from momentidx.library import Queue, WritableLibrary
from tests.library.making import FOOTAGE, WANTED, carry_out, claimed, described, file, indexed, other, recognised


@pytest.fixture
def queue(library: WritableLibrary) -> Queue:
    """Of a library that another process, as it seems, writes to."""
    return Queue(library.folder)


def states(library: WritableLibrary) -> dict[str, int]:
    return {state: count for state, count in library.status().jobs.items() if count}


def next_file(library: WritableLibrary) -> str | None:
    """Which file's turn it is."""
    claim = library.claim(WANTED)
    if claim is None:
        return None
    library.release(claim)
    return claim.path.name


@pytest.fixture
def two(library: WritableLibrary, tmp_path: Path) -> list[SeenFile]:
    """Two files that wait, the first in a folder of its own."""
    (tmp_path / "card").mkdir()
    files = [file(tmp_path / "card", "1.mp4"), file(tmp_path, "2.mp4")]
    library.enqueue_all(files)
    return files


def test_a_paused_folder_waits_and_the_others_go_on(
    library: WritableLibrary, queue: Queue, two: list[SeenFile]
) -> None:
    card = two[0].path.parent
    assert queue.pause(card)
    assert not queue.pause(card), "it is already"
    assert library.paused() == library.status().paused == (card,)
    assert next_file(library) == "2.mp4"
    assert library.claim(WANTED, two[0].path) is not None, "who names a file wants it"
    library.close()


def test_a_paused_folder_is_resumed(library: WritableLibrary, queue: Queue, two: list[SeenFile]) -> None:
    card = two[0].path.parent
    queue.pause(card)
    assert not queue.resume(), "not everything is paused"
    assert queue.resume(card)
    assert not queue.resume(card)
    assert next_file(library) == "1.mp4"


def test_everything_can_be_paused(library: WritableLibrary, queue: Queue, two: list[SeenFile]) -> None:
    queue.pause()
    assert next_file(library) is None
    assert library.paused() == (Path(),)
    queue.resume()
    assert next_file(library) == two[0].path.name


def test_a_pause_holds_for_what_lies_below_and_no_namesake(
    library: WritableLibrary, queue: Queue, tmp_path: Path
) -> None:
    for name in ("day", "day 2", "day/b"):
        (tmp_path / name).mkdir()
        library.enqueue(file(tmp_path / name, f"{name[-1]}.mp4"))
    queue.pause(tmp_path / "day")
    assert next_file(library) == "2.mp4"
    assert library.claim(WANTED) is not None
    assert library.claim(WANTED) is None


def test_content_that_also_lies_in_a_free_folder_is_worked_on_there(
    library: WritableLibrary, queue: Queue, two: list[SeenFile]
) -> None:
    first, copy = two
    library.release(recognised(library, first))
    recognised(library, copy)
    library.close()
    with WritableLibrary.open(queue.folder) as library:
        queue.pause(first.path.parent)
        claim = library.claim(WANTED)
        assert claim is not None
        assert (claim.path, [job.stage for job in claim.jobs]) == (copy.path, ["describe", "pictures", "embed"])


def test_a_cancelled_job_is_left_alone_until_it_is_retried_or_its_file_changes(
    library: WritableLibrary, queue: Queue, two: list[SeenFile]
) -> None:
    assert queue.cancel(numbers=[1]) == 1
    assert queue.cancel(numbers=[1]) == 0
    assert states(library) == {"queued": 1, "cancelled": 1}
    assert not library.enqueue(two[0])
    assert queue.retry(numbers=[1]) == 1
    assert queue.cancel(paths=[two[0].path.parent]) == 1
    assert library.enqueue(replace(two[0], mtime_ns=1))
    assert states(library) == {"queued": 2}


def test_a_job_that_is_cancelled_in_work_stores_nothing(
    library: WritableLibrary, queue: Queue, two: list[SeenFile]
) -> None:
    claim = claimed(library, two[0])
    queue.cancel(paths=[two[0].path])
    assert library.recognise(claim, two[0], FOOTAGE, WANTED) is None
    library.fail(claim.jobs[0], "no-video", "It has no picture.", passing=False)
    library.release(claim)
    assert states(library) == {"queued": 1, "cancelled": 1}


def test_cancelled_stages_are_not_planned_again(library: WritableLibrary, queue: Queue, two: list[SeenFile]) -> None:
    library.release(recognised(library, two[0]))
    assert queue.cancel(paths=[two[0].path]) == 3
    assert library.plan(WANTED) == 0
    assert queue.retry(paths=[two[0].path]) == 3
    claim = library.claim(WANTED, two[0].path)
    assert claim is not None
    carry_out(library, claim, WANTED, FOOTAGE, [described()])
    assert len(library.moments()) == 2


def test_all_that_failed_is_retried_at_once_and_what_was_cancelled_is_not(
    library: WritableLibrary, queue: Queue, two: list[SeenFile], tmp_path: Path
) -> None:
    for seen in two:
        library.fail(claimed(library, seen).jobs[0], "no-video", "It has no picture.", passing=False)
    library.enqueue(file(tmp_path, "3.mp4"))
    queue.cancel(numbers=[3])
    assert queue.retry_failed() == 2
    assert states(library) == {"queued": 2, "cancelled": 1}


def test_what_is_wanted_now_goes_first(library: WritableLibrary, queue: Queue, two: list[SeenFile]) -> None:
    assert next_file(library) == "1.mp4"
    assert queue.retry(paths=[two[1].path], now=True) == 1
    assert next_file(library) == "2.mp4"


def test_new_files_are_put_first_from_beside(
    library: WritableLibrary, queue: Queue, two: list[SeenFile], tmp_path: Path
) -> None:
    fresh = file(tmp_path, "3.mp4")
    done = file(tmp_path, "done.mp4")
    indexed(library, done, other("beef" * 8))
    assert queue.put_first([fresh, two[1], done]) == [fresh, two[1]]
    order = []
    while (claim := library.claim(WANTED)) is not None:
        order.append(claim.path.name)
    assert order == ["2.mp4", "3.mp4", "1.mp4"]


def test_the_queue_is_listed_in_its_order(library: WritableLibrary, queue: Queue, two: list[SeenFile]) -> None:
    library.fail(claimed(library, two[0]).jobs[0], "no-video", "It has no picture.", passing=False)
    queue.retry(paths=[two[1].path], now=True)
    listed = library.jobs(["queued", "failed"])
    assert [(job.id, job.stage, job.state, job.path, job.online, job.code) for job in listed] == [
        (2, "probe", "queued", two[1].path, True, None),
        (1, "probe", "failed", two[0].path, True, "no-video"),
    ]
    assert [job.id for job in library.jobs(["queued", "failed"], limit=1)] == [2]
    assert listed[1].to_json() == {
        "id": 1, "stage": "probe", "tool": None, "state": "failed", "path": str(two[0].path), "online": True,
        "priority": 0, "attempts": 1, "queued_at": listed[1].queued_at.isoformat(),
        "code": "no-video", "reason": "It has no picture.", "next_try": None,
    }  # fmt: skip
