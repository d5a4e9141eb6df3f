"""The queue: what is queued when, who gets it, and how it ends."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from momentidx.events import Layer
from momentidx.files import SeenFile
from momentidx.library import FailedFile, Job, Library, WritableLibrary
from tests.library.making import FOOTAGE, LETTERS, SHOTS, FakeEmbedder, claimed, described, file, indexed, other


def states(library: Library) -> dict[str, int]:
    return {state: count for state, count in library.status().jobs.items() if count}


def touched(seen: SeenFile) -> SeenFile:
    return replace(seen, mtime_ns=seen.mtime_ns + 1)


def test_a_new_file_is_queued_and_claimed_once(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    assert library.enqueue(seen)
    assert library.enqueue(seen), "it still waits"
    assert library.claim() == Job(id=1, attempt=1, file=seen)
    assert library.claim() is None
    assert not library.enqueue(seen), "it is in work"
    assert states(library) == {"running": 1}


def test_what_waits_longest_is_claimed_first(library: WritableLibrary, tmp_path: Path) -> None:
    names = ["b.mp4", "a.mp4", "c.mp4"]
    for name in names:
        library.enqueue(file(tmp_path, name))
    assert [job.path.name for job in iter(library.claim, None)] == names


def test_a_claim_among_some_paths_leaves_the_others(library: WritableLibrary, tmp_path: Path) -> None:
    first, second = file(tmp_path, "1.mp4"), file(tmp_path, "2.mp4")
    library.enqueue(first)
    library.enqueue(second)
    assert library.claim({second.path}) == Job(id=2, attempt=1, file=second)
    assert library.claim({second.path}) is None
    assert states(library) == {"queued": 1, "running": 1}


def test_an_indexed_file_is_queued_again_only_when_it_changed(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    indexed(library, seen)
    assert not library.enqueue(seen)
    assert states(library) == {"done": 1}
    assert library.enqueue(touched(seen))
    assert states(library) == {"queued": 1}


@pytest.mark.parametrize(("passing", "queued"), [(True, True), (False, False)])
def test_a_failed_file_is_tried_again_only_if_that_may_help(
    library: WritableLibrary, tmp_path: Path, passing: bool, queued: bool
) -> None:
    seen = file(tmp_path)
    library.fail(claimed(library, seen), "no-video", "It has no picture.", passing=passing)
    assert library.status().failures == (FailedFile(seen.path, "no-video", "It has no picture.", passing, attempts=1),)
    assert library.failed_among([seen.path, tmp_path / "other.mp4"]) == 1
    assert library.enqueue(seen) is queued
    assert library.enqueue(touched(seen)), "a changed file is a new matter"
    assert library.status().failures == ()


def test_many_files_are_queued_as_each_would_be_alone(library: WritableLibrary, tmp_path: Path) -> None:
    done, changed, hopeless, passing, away, work = (file(tmp_path, f"{number}.mp4") for number in range(6))
    for seen in (done, changed, away):
        indexed(library, seen)
    for seen, may_pass in ((hopeless, False), (passing, True)):
        library.fail(claimed(library, seen), "trouble", "It is broken.", passing=may_pass)
    library.mark(offline=[away.path])
    claimed(library, work)
    new = [file(tmp_path, f"new {number}.mp4") for number in range(600)]

    waiting = library.enqueue_all([done, touched(changed), hopeless, passing, away, work, *new, new[0]])
    assert waiting == [touched(changed), passing, *new]
    assert states(library) == {"queued": 602, "running": 1, "done": 2, "failed": 1}
    assert library.status().offline == 0
    assert library.known_files()[changed.path] == touched(changed)
    assert [job.path for job in iter(library.claim, None)] == [seen.path for seen in waiting]


def test_a_file_that_changes_in_work_is_done_again_and_the_old_work_is_dropped(
    library: WritableLibrary, tmp_path: Path
) -> None:
    seen = file(tmp_path)
    stale = claimed(library, seen)
    assert library.enqueue(touched(seen))
    assert library.finish(stale, seen, FOOTAGE, [described()]) is False
    library.fail(stale, "no-video", "It has no picture.", passing=False)
    library.release(stale)
    assert states(library) == {"queued": 1}
    assert library.footage() == []

    fresh = library.claim()
    assert fresh == Job(id=1, attempt=2, file=touched(seen))
    assert library.finish(stale, seen, FOOTAGE, [described()]) is False, "an older claim of a running job"
    assert library.finish(fresh, touched(seen), FOOTAGE, [described()])
    assert states(library) == {"done": 1}


def test_a_released_job_goes_first_again(library: WritableLibrary, tmp_path: Path) -> None:
    first, second = file(tmp_path, "1.mp4"), file(tmp_path, "2.mp4")
    job = claimed(library, first)
    library.enqueue(second)
    library.release(job)
    assert library.claim() == Job(id=1, attempt=2, file=first)


def test_closing_gives_claimed_jobs_back(folder: Path, tmp_path: Path) -> None:
    seen = file(tmp_path)
    for _ in range(3):  # ending in good order is no death, however often
        with WritableLibrary.open(folder) as library:
            claimed(library, seen)
    with WritableLibrary.open(folder) as library:
        assert states(library) == {"queued": 1}


def test_a_file_that_is_away_is_not_claimed_until_it_is_back(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    library.enqueue(seen)
    library.mark(offline=[seen.path])
    assert library.claim() is None
    assert library.status().offline == 1
    library.mark(online=[seen.path])
    assert library.claim() == Job(id=1, attempt=1, file=seen)


def test_a_file_that_comes_back_is_tried_again_if_it_failed_for_being_away(
    library: WritableLibrary, tmp_path: Path
) -> None:
    away, bad = file(tmp_path, "away.mp4"), file(tmp_path, "bad.mp4")
    library.fail(claimed(library, away), "gone", "It went away.", passing=True)
    library.fail(claimed(library, bad), "no-video", "It has no picture.", passing=False)
    library.mark(offline=[away.path, bad.path])
    assert states(library) == {"failed": 2}
    library.mark(online=[away.path, bad.path])
    assert states(library) == {"queued": 1, "failed": 1}


def test_marking_what_stands_already_changes_no_row(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    indexed(library, seen)
    before = library.footage()
    library.mark(online=[seen.path], offline=[tmp_path / "never heard of.mp4"])
    assert library.footage() == before


def test_a_new_captioner_or_embedder_queues_one_file_of_each_footage(library: WritableLibrary, tmp_path: Path) -> None:
    seen, copy, another = (file(tmp_path, name) for name in ("a.mp4", "copy.mp4", "b.mp4"))
    indexed(library, seen)
    library.link(claimed(library, copy), copy, FOOTAGE.fingerprint)
    indexed(library, another, other("beef" * 8), described(layer=Layer("shots", "2")))

    assert library.requeue_outdated([SHOTS], LETTERS) == 1
    assert library.claim() == Job(id=3, attempt=2, file=another)
    assert library.requeue_outdated([], LETTERS) == 0
    assert library.requeue_outdated([SHOTS, Layer("faces", "1")], LETTERS) == 1, "the other one is in work"
    assert library.requeue_outdated([SHOTS], FakeEmbedder(version="2")) == 1, "the copy; the first file is queued"


def test_what_is_away_is_not_queued_for_a_new_captioner(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    indexed(library, seen)
    library.mark(offline=[seen.path])
    assert library.requeue_outdated([Layer("shots", "2")], LETTERS) == 0


def test_names_that_are_not_utf8_pass_through_every_state(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path, b"caf\xe9.mp4")
    job = claimed(library, seen)
    assert os.fsencode(job.path).endswith(b"caf\xe9.mp4")
    library.fail(job, "no-video", f"{job.path.name}: no picture.", passing=True)
    (failed,) = library.status().failures
    assert (failed.path, failed.reason) == (seen.path, "caf\\udce9.mp4: no picture.")
    indexed(library, seen)
    assert library.moments()[0].path == seen.path
    assert library.known_files() == {seen.path: seen}
