"""The queue: what is queued when, who gets it, and how it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from momentidx.events import Layer
from momentidx.files import SeenFile
from momentidx.library import Claim, FailedFile, Job, Library, Wanted, WritableLibrary
from momentidx.library.jobs import LONGEST_WAIT, MAX_TRIES, wait_after
from tests.library.making import (
    FOOTAGE,
    SHOTS,
    WANTED,
    FakeEmbedder,
    carry_out,
    claimed,
    described,
    file,
    indexed,
    other,
    recognised,
    stage,
    wanted,
)

FACES = Layer("faces", "1")


def states(library: Library) -> dict[str, int]:
    return {state: count for state, count in library.status().jobs.items() if count}


def stages(library: Library) -> dict[str, dict[str, int]]:
    """How many jobs of each stage are in each state; those of which there are none are left out."""
    found = library.status().stages
    return {name: {state: count for state, count in counted.items() if count} for name, counted in found.items()}


def queued(library: Library) -> list[tuple[str, str]]:
    return sorted((job.stage, job.tool) for job in library.jobs(["queued"]))


def touched(seen: SeenFile) -> SeenFile:
    return replace(seen, mtime_ns=seen.mtime_ns + 1)


def claims(library: WritableLibrary) -> Iterator[Claim]:
    while (claim := library.claim(WANTED)) is not None:
        yield claim


def probing(number: int, seen: SeenFile, attempt: int = 1) -> Claim:
    return Claim(seen, None, (Job(number, attempt, "probe"),))


def test_a_new_file_is_queued_and_claimed_once(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    assert library.enqueue(seen)
    assert library.enqueue(seen), "it still waits"
    assert library.claim(WANTED) == probing(1, seen)
    assert library.claim(WANTED) is None
    assert not library.enqueue(seen), "it is in work"
    assert states(library) == {"running": 1}


def test_what_a_probe_finds_is_claimed_stage_by_stage_at_once(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    goal = wanted(SHOTS, FACES)
    claim = recognised(library, seen, wanted=goal)
    assert (claim.file, claim.footage) == (seen, FOOTAGE)
    assert [(job.stage, job.tool) for job in claim.jobs] == [
        ("describe", "shots"),
        ("describe", "faces"),
        ("pictures", ""),
        ("embed", "letters"),
    ]
    assert library.claim(goal) is None
    carry_out(library, claim, goal, FOOTAGE, [described(), described(layer=FACES)])
    assert stages(library) == {
        "probe": {"done": 1}, "describe": {"done": 2}, "pictures": {"done": 1}, "embed": {"done": 1}
    }  # fmt: skip


def test_what_waits_longest_is_claimed_first(library: WritableLibrary, tmp_path: Path) -> None:
    names = ["b.mp4", "a.mp4", "c.mp4"]
    for name in names:
        library.enqueue(file(tmp_path, name))
    assert [claim.path.name for claim in claims(library)] == names


def test_higher_priority_goes_first_and_the_newest_file_if_asked_for(library: WritableLibrary, tmp_path: Path) -> None:
    files = [file(tmp_path, name) for name in ("old.mp4", "new.mp4", "later.mp4", "first.mp4")]
    dated = [replace(seen, mtime_ns=day) for seen, day in zip(files, (1, 4, 2, 3), strict=True)]
    library.enqueue_all(dated, priority=lambda path: 5 if path.name == "first.mp4" else 0)
    newest = [library.claim(replace(WANTED, newest_first=True)) for _ in files]
    assert [claim and claim.path.name for claim in newest] == ["first.mp4", "new.mp4", "later.mp4", "old.mp4"]
    for claim in newest:
        assert claim is not None
        library.release(claim)
    assert [claim.path.name for claim in claims(library)] == ["first.mp4", "old.mp4", "new.mp4", "later.mp4"]


def test_a_claim_at_a_path_leaves_the_others(library: WritableLibrary, tmp_path: Path) -> None:
    first, second = file(tmp_path, "1.mp4"), file(tmp_path, "2.mp4")
    library.enqueue(first)
    library.enqueue(second)
    assert library.claim(WANTED, second.path) == probing(2, second)
    assert library.claim(WANTED, second.path) is None
    assert library.claim(WANTED, tmp_path / "unheard of.mp4") is None
    assert states(library) == {"queued": 1, "running": 1}


def test_an_indexed_file_is_queued_again_only_when_it_changed(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    indexed(library, seen)
    assert not library.enqueue(seen)
    assert states(library) == {"done": 4}
    assert library.enqueue(touched(seen))
    assert queued(library) == [("probe", "")]


def test_a_touched_file_is_probed_and_nothing_else(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    indexed(library, seen)
    assert recognised(library, touched(seen)).jobs == ()
    assert states(library) == {"done": 4}


@pytest.mark.parametrize(("passing", "queued"), [(True, True), (False, False)])
def test_a_failed_file_is_tried_again_only_if_that_may_help(
    library: WritableLibrary, tmp_path: Path, passing: bool, queued: bool
) -> None:
    seen = file(tmp_path)
    (job,) = claimed(library, seen).jobs
    library.fail(job, "no-video", "It has no picture.", passing=passing)
    (failure,) = library.status().failures
    assert failure == FailedFile(
        seen.path, "no-video", "It has no picture.", passing, attempts=1, next_try=failure.next_try
    )
    assert (failure.next_try is not None) is passing
    assert library.failed_among([seen.path, tmp_path / "other.mp4"]) == 1
    assert library.enqueue(seen) is queued
    assert library.enqueue(touched(seen)), "a changed file is a new matter"
    assert library.status().failures == ()


def test_a_stage_that_failed_for_a_passing_reason_is_tried_again_with_its_file(
    library: WritableLibrary, tmp_path: Path
) -> None:
    seen = file(tmp_path)
    claim = recognised(library, seen)
    library.fail(stage(claim, "describe"), "memory", "It is too much.", passing=True)
    library.fail(stage(claim, "pictures"), "memory", "It is too much.", passing=True)
    library.release(claim)
    (failure,) = library.status().failures
    assert (failure.path, failure.stages) == (seen.path, ("shots", "pictures"))
    assert library.enqueue(seen)
    again = library.claim(WANTED, seen.path)
    assert again is not None
    assert [(job.stage, job.attempt) for job in again.jobs] == [("describe", 2), ("pictures", 2), ("embed", 2)]


def test_many_files_are_queued_as_each_would_be_alone(library: WritableLibrary, tmp_path: Path) -> None:
    done, changed, hopeless, passing, away, work = (file(tmp_path, f"{number}.mp4") for number in range(6))
    for number, seen in enumerate((done, changed, away)):
        indexed(library, seen, other(f"{number}" * 8))
    for seen, may_pass in ((hopeless, False), (passing, True)):
        (job,) = claimed(library, seen).jobs
        library.fail(job, "trouble", "It is broken.", passing=may_pass)
    library.mark(offline=[away.path])
    claimed(library, work)
    new = [file(tmp_path, f"new {number}.mp4") for number in range(600)]

    waiting = library.enqueue_all([done, touched(changed), hopeless, passing, away, work, *new, new[0]])
    assert waiting == [touched(changed), passing, *new]
    assert stages(library)["probe"] == {"queued": 602, "running": 1, "done": 2, "failed": 1}
    assert library.status().offline == 0
    assert library.known_files()[changed.path] == touched(changed)
    assert {claim.path for claim in claims(library)} == {seen.path for seen in waiting}


def test_a_file_that_changes_while_it_is_probed_is_probed_again_and_the_old_work_is_dropped(
    library: WritableLibrary, tmp_path: Path
) -> None:
    seen = file(tmp_path)
    stale = claimed(library, seen)
    assert library.enqueue(touched(seen))
    assert library.recognise(stale, seen, FOOTAGE, WANTED) is None
    library.fail(stale.jobs[0], "no-video", "It has no picture.", passing=False)
    library.release(stale)
    assert states(library) == {"queued": 1}
    assert library.footage() == []

    fresh = library.claim(WANTED)
    assert fresh == probing(1, touched(seen), attempt=2)
    assert library.recognise(stale, seen, FOOTAGE, WANTED) is None, "an older claim of a running job"
    assert library.recognise(fresh, touched(seen), FOOTAGE, WANTED)
    assert stages(library)["probe"] == {"done": 1}


def test_content_is_not_read_from_a_file_that_may_hold_another(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    library.release(recognised(library, seen))
    (job,) = claimed(library, touched(seen)).jobs
    library.fail(job, "io", "The disk does not answer.", passing=True)
    claim = library.claim(WANTED)
    assert claim is not None
    assert [job.stage for job in claim.jobs] == ["embed"], "which needs no file"


def test_a_released_job_goes_first_again(library: WritableLibrary, tmp_path: Path) -> None:
    first, second = file(tmp_path, "1.mp4"), file(tmp_path, "2.mp4")
    claim = claimed(library, first)
    library.enqueue(second)
    library.release(claim)
    assert library.claim(WANTED) == probing(1, first, attempt=2)


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
    assert library.claim(WANTED) is None
    assert library.status().offline == 1
    library.mark(online=[seen.path])
    assert library.claim(WANTED) == probing(1, seen)


def test_a_file_that_comes_back_is_tried_again_if_it_failed_for_being_away(
    library: WritableLibrary, tmp_path: Path
) -> None:
    away, bad, half = (file(tmp_path, name) for name in ("away.mp4", "bad.mp4", "half.mp4"))
    library.fail(claimed(library, away).jobs[0], "gone", "It went away.", passing=True)
    library.fail(claimed(library, bad).jobs[0], "no-video", "It has no picture.", passing=False)
    for job in recognised(library, half).jobs:
        library.fail(job, "gone", "It went away.", passing=True)
    everything = [away.path, bad.path, half.path]
    library.mark(offline=everything)
    assert states(library) == {"failed": 5, "done": 1}
    assert [failed.code for failed in library.status().failures] == ["no-video"], "the others are away"
    library.mark(online=everything)
    assert states(library) == {"queued": 4, "failed": 1, "done": 1}


def test_marking_what_stands_already_changes_no_row(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    indexed(library, seen)
    before = library.footage()
    library.mark(online=[seen.path], offline=[tmp_path / "never heard of.mp4"])
    assert library.footage() == before


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> list[datetime]:
    """What the library takes for now, as the only item."""
    return [NOON]


@pytest.fixture
def timed(folder: Path, clock: list[datetime]) -> Iterator[WritableLibrary]:
    with WritableLibrary.open(folder, lambda: clock[0]) as library:
        yield library


def test_waits_double_up_to_a_limit_and_differ_from_job_to_job() -> None:
    minutes = [wait_after(1, tries).total_seconds() / 60 for tries in range(1, MAX_TRIES + 4)]
    assert [round(each, 2) for each in minutes] == [
        1.31, 2.62, 5.24, 10.47, 20.94, 41.89, 83.78, 167.55, 335.11, 360, 360
    ]  # fmt: skip
    assert [round(wait_after(job, 1).total_seconds()) for job in range(1, 6)] == [79, 67, 86, 74, 63]


def test_what_may_pass_is_tried_again_after_a_while_and_not_for_ever(
    timed: WritableLibrary, tmp_path: Path, clock: list[datetime]
) -> None:
    seen = file(tmp_path)
    timed.enqueue(seen)
    for tries in range(1, MAX_TRIES + 1):
        claim = timed.claim(WANTED)
        assert claim == Claim(seen, None, (Job(1, tries, "probe", tries=tries - 1),))
        timed.fail(claim.jobs[0], "io", "The disk does not answer.", passing=True)
        clock[0] += wait_after(1, tries) - timedelta(seconds=1)
        assert timed.claim(WANTED) is None
        clock[0] += timedelta(seconds=1)
    clock[0] += 10 * LONGEST_WAIT
    assert timed.claim(WANTED) is None
    (failure,) = timed.status().failures
    assert (failure.reason, failure.attempts, failure.next_try) == ("The disk does not answer.", MAX_TRIES, None)
    assert timed.enqueue(seen), "a person may ask for another try"


def test_a_clock_that_was_put_back_keeps_nothing_waiting(
    timed: WritableLibrary, tmp_path: Path, clock: list[datetime]
) -> None:
    timed.fail(claimed(timed, file(tmp_path)).jobs[0], "io", "The disk does not answer.", passing=True)
    clock[0] = NOON - timedelta(days=2)
    assert timed.claim(WANTED) is not None


def test_what_is_hopeless_is_tried_once_with_each_version_of_its_tools(
    library: WritableLibrary, tmp_path: Path
) -> None:
    bad, half = file(tmp_path, "bad.mp4"), file(tmp_path, "half.mp4")
    newer = [wanted(decoder="2"), wanted(Layer("shots", "2"), decoder="2")]

    def fail_all(goal: Wanted) -> list[tuple[str, str]]:
        """Which stages were tried, by file."""
        tried: list[tuple[str, str]] = []
        while (claim := library.claim(goal)) is not None:
            for job in claim.jobs:
                tried.append((claim.path.name, job.stage))
                version = goal.version(job.stage, job.tool)
                library.fail(job, "no-video", "It has no picture.", passing=False, tried_with=version)
        return sorted(tried, key=lambda pair: pair[0])

    library.enqueue(bad)
    assert fail_all(WANTED) == [("bad.mp4", "probe")]
    library.release(recognised(library, half))
    assert fail_all(WANTED) == [("half.mp4", stage) for stage in ("describe", "pictures", "embed")]
    assert library.plan(WANTED) == 0
    assert library.plan(newer[0]) == 2
    half_again = [("half.mp4", stage) for stage in ("describe", "pictures", "embed")]
    assert fail_all(newer[0]) == [("bad.mp4", "probe"), *half_again]
    assert library.plan(newer[0]) == 0
    assert library.plan(newer[1]) == 1
    assert fail_all(newer[1]) == [("half.mp4", "describe"), ("half.mp4", "embed")]


def test_a_new_captioner_or_embedder_queues_its_own_stage_of_each_footage(
    library: WritableLibrary, tmp_path: Path
) -> None:
    seen, copy, another = (file(tmp_path, name) for name in ("a.mp4", "copy.mp4", "b.mp4"))
    indexed(library, seen)
    indexed(library, copy)
    indexed(library, another, other("beef" * 8))
    assert library.plan(WANTED) == 0
    assert library.plan(wanted(SHOTS, FACES)) == 2
    assert queued(library) == [("describe", "faces"), ("describe", "faces"), ("embed", "letters"), ("embed", "letters")]
    assert library.plan(wanted(SHOTS, FACES)) == 0, "they wait already"
    assert library.plan(WANTED) == 0
    assert queued(library) == [("embed", "letters")] * 2, "nobody wants faces any more"

    assert library.plan(wanted(embedder=FakeEmbedder("sounds"))) == 2
    assert queued(library) == [("embed", "sounds")] * 2


def test_what_is_only_outdated_waits_for_what_is_new(library: WritableLibrary, tmp_path: Path) -> None:
    indexed(library, file(tmp_path, "a.mp4"))
    goal = wanted(Layer("shots", "2"))
    library.plan(goal)
    library.enqueue(file(tmp_path, "new.mp4"))
    claim = library.claim(goal)
    assert claim is not None
    assert claim.path.name == "new.mp4"


def test_what_is_away_is_described_anew_when_it_is_back_but_embedded_at_once(
    library: WritableLibrary, tmp_path: Path
) -> None:
    seen = file(tmp_path)
    indexed(library, seen)
    library.mark(offline=[seen.path])
    goal = wanted(Layer("shots", "2"), embedder=FakeEmbedder("sounds"))
    assert library.plan(goal) == 1
    claim = library.claim(goal)
    assert claim is not None
    assert [job.stage for job in claim.jobs] == ["embed"]
    assert library.claim(goal) is None
    library.mark(online=[seen.path])
    claim = library.claim(goal)
    assert claim is not None
    assert [job.stage for job in claim.jobs] == ["describe"]


def test_captioners_of_a_folder_describe_its_files_only(library: WritableLibrary, tmp_path: Path) -> None:
    (tmp_path / "silent").mkdir()
    silent, loud = file(tmp_path / "silent"), file(tmp_path, "b.mp4")
    goal = wanted(SHOTS, FACES, captioners=lambda path: () if path.is_relative_to(silent.path.parent) else ("faces",))
    assert [job.stage for job in recognised(library, silent, wanted=goal).jobs] == ["pictures"]
    claim = recognised(library, loud, other("beef" * 8), goal)
    assert [(job.stage, job.tool) for job in claim.jobs] == [
        ("describe", "faces"), ("pictures", ""), ("embed", "letters")
    ]  # fmt: skip
    library.release(claim)
    assert library.plan(goal) == 0


def test_nothing_is_written_when_all_is_as_it_should_be(library: WritableLibrary, tmp_path: Path) -> None:
    files = [file(tmp_path, f"{number}.mp4") for number in range(3)]
    for number, seen in enumerate(files):
        indexed(library, seen, other(f"{number}" * 8))
    log = library.folder / "library.sqlite-wal"
    before = log.stat()
    library.plan(WANTED)
    library.enqueue_all(files)
    library.mark(online=[seen.path for seen in files])
    assert library.claim(WANTED) is None
    assert (log.stat().st_size, log.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def test_a_layer_that_nobody_waits_for_any_more_is_swept(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    indexed(library, seen)
    goal = wanted(Layer("shots", "2"))
    library.plan(goal)
    claim = library.claim(goal)
    assert claim is not None
    library.keep_layer(stage(claim, "describe"), FOOTAGE, seen.path, described(layer=goal.layers[0]), goal)
    library.release(claim)
    assert len(library.unembedded(FOOTAGE.fingerprint, goal)) == 2
    assert library.status().events == 2, "what is not shown does not count"
    library.plan(WANTED)
    assert library.unembedded(FOOTAGE.fingerprint, goal) == {}
    assert [moment.layer for moment in library.moments()] == [SHOTS, SHOTS]


def test_names_that_are_not_utf8_pass_through_every_state(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path, b"caf\xe9.mp4")
    claim = claimed(library, seen)
    assert os.fsencode(claim.path).endswith(b"caf\xe9.mp4")
    library.fail(claim.jobs[0], "no-video", f"{claim.path.name}: no picture.", passing=True)
    (failed,) = library.status().failures
    assert (failed.path, failed.reason) == (seen.path, "caf\\udce9.mp4: no picture.")
    indexed(library, seen)
    assert library.moments()[0].path == seen.path
    assert library.known_files() == {seen.path: seen}
