"""Jobs and their ends: what is stored, what is not done twice, and what goes wrong."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from momentidx.config import FolderSettings
from momentidx.errors import LibraryError, UnusableFootage
from momentidx.events import Event
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import WritableLibrary, jobs, storing
from momentidx.media.frames import FrameSource
from momentidx.pipeline.tools import Tools
from momentidx.pipeline.worker import Outcome, Stopped, work
from momentidx.times import Span
from tests.clips import render
from tests.pipeline.scripted import Hashed, Scripted, halves


def index(library: WritableLibrary, tools: Tools, *paths: Path) -> list[Outcome]:
    for path in paths:
        library.enqueue(SeenFile.of(path))
    return list(work(library, tools))


def stored(library: WritableLibrary, path: Path) -> list[tuple[int, int, str]]:
    moments = library.moments(library.footage_of(path).fingerprint)
    return [(*moment.frames, moment.event.caption) for moment in moments]


def test_events_are_stored_with_exact_spans_and_vectors(library: WritableLibrary, tools: Tools, clip: Path) -> None:
    (outcome,) = index(library, tools, clip)
    assert (outcome.path, outcome.reason) == (clip, None)
    assert stored(library, clip) == [(0, 25, "First half of 10 pictures."), (25, 50, "Second half.")]
    (first, second) = library.moments()
    assert (first.timecodes, second.timecodes) == (("01:00:00:00", "01:00:01:00"), ("01:00:01:00", "01:00:02:00"))
    ids, vectors = library.vectors(tools.embedder)
    assert ids.tolist() == [first.id, second.id]
    assert vectors.tolist() == Hashed().embed([first.event.caption, second.event.caption]).tolist()
    assert library.still(first.id) is not None
    assert library.find_footage(clip).poster is not None


def test_a_second_run_asks_the_captioner_nothing(
    library: WritableLibrary, tools: Tools, captioner: Scripted, clip: Path
) -> None:
    index(library, tools, clip)
    assert captioner.asked == [Fraction(2)]
    assert index(library, tools, clip) == []
    assert captioner.asked == [Fraction(2)]


def test_renamed_copied_and_touched_files_are_recognised_without_asking_the_captioner(
    library: WritableLibrary, tools: Tools, captioner: Scripted, clip: Path, tmp_path: Path
) -> None:
    index(library, tools, clip)
    before = [moment.id for moment in library.moments()]
    copy = Path(shutil.copy(clip, tmp_path / "copy.mov"))
    renamed = clip.rename(tmp_path / "renamed.mov")
    copy.touch()
    library.mark(offline=[clip])
    assert [outcome.reason for outcome in index(library, tools, copy, renamed)] == [None, None]
    assert len(captioner.asked) == 1
    assert [moment.id for moment in library.moments()] == before
    (summary,) = library.footage()
    assert {(place.path, place.online) for place in summary.locations} == {(clip, False), (copy, True), (renamed, True)}


def test_a_changed_captioner_describes_again_and_replaces_its_layer(
    library: WritableLibrary, tools: Tools, clip: Path
) -> None:
    index(library, tools, clip)
    newer = Scripted(lambda footage, _: [Event(footage.span, "All of it.")], version="2")
    newer_tools = replace(tools, captioners=(newer,))
    assert library.plan(newer_tools.wanted) == 1
    index(library, newer_tools)
    assert stored(library, clip) == [(0, 50, "All of it.")]
    assert library.plan(newer_tools.wanted) == 0


def test_a_changed_embedder_asks_the_captioner_nothing_and_needs_no_file(
    library: WritableLibrary, tools: Tools, captioner: Scripted, clip: Path
) -> None:
    index(library, tools, clip)
    clip.unlink()
    library.mark(offline=[clip])
    newer = replace(tools, embedder=Hashed("other"))
    assert library.plan(newer.wanted) == 1
    assert [outcome.reason for outcome in work(library, newer)] == [None]
    assert len(captioner.asked) == 1
    assert newer.embedder.asked == ["First half of 10 pictures.", "Second half."]  # type: ignore[attr-defined]
    assert library.vectors(newer.embedder)[0].tolist() == [1, 2]


def test_one_more_captioner_describes_alone_and_the_first_layer_stays(
    library: WritableLibrary, tools: Tools, captioner: Scripted, clip: Path
) -> None:
    index(library, tools, clip)
    more = Scripted(lambda footage, _: [Event(footage.span, "All of it.")], name="more")
    settings = tools.settings.model_copy(update={"captioners": ("scripted", "more")})
    both = replace(tools, captioners=(captioner, more), settings=settings)
    assert library.plan(both.wanted) == 1
    index(library, both)
    assert (len(captioner.asked), len(more.asked)) == (1, 1)
    assert [moment.event.caption for moment in library.moments()] == [
        "First half of 10 pictures.", "All of it.", "Second half."
    ]  # fmt: skip


def test_where_nothing_is_to_be_described_there_are_pictures_only(
    library: WritableLibrary, tools: Tools, captioner: Scripted, clip: Path
) -> None:
    off = {clip.parent: FolderSettings(captioners=())}
    silent = replace(tools, settings=tools.settings.model_copy(update={"folders": off}))
    assert [outcome.reason for outcome in index(library, silent, clip)] == [None]
    assert captioner.asked == []
    assert library.find_footage(clip).poster is not None
    assert library.moments() == []


def test_one_captioners_mistake_takes_nothing_from_the_other(
    library: WritableLibrary, tools: Tools, captioner: Scripted, clip: Path
) -> None:
    settings = tools.settings.model_copy(update={"captioners": ("scripted", "silly")})
    both = replace(tools, captioners=(captioner, Scripted(outside, name="silly")), settings=settings)
    (outcome,) = index(library, both, clip)
    assert outcome.footage is None
    (failure,) = library.status().failures
    assert (failure.code, failure.stages, outcome.reason) == ("captioner-answer", ("silly",), failure.reason)
    assert len(stored(library, clip)) == 2
    assert library.find_footage(clip).poster is not None
    assert index(library, both, clip) == [], "it is not asked again until it changes"
    wiser = Scripted(lambda footage, _: [Event(footage.span, "All of it.")], name="silly", version="2")
    library.plan(replace(both, captioners=(captioner, wiser)).wanted)
    index(library, replace(both, captioners=(captioner, wiser)), clip)
    assert len(stored(library, clip)) == 3
    assert library.status().failures == ()


def test_a_bad_file_fails_with_its_reason_and_the_next_goes_on(
    library: WritableLibrary, tools: Tools, clip: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "A000.mov"
    bad.write_text("not a film\n" * 100)
    outcomes = index(library, tools, bad, clip)
    assert [(outcome.path, outcome.footage is None) for outcome in outcomes] == [(bad, True), (clip, False)]
    (failure,) = library.status().failures
    assert (failure.path, failure.code, failure.passing) == (bad, "not-media", False)
    assert outcomes[0].reason == failure.reason
    assert str(bad) in failure.reason
    assert index(library, tools, bad) == []  # not tried again until it changes


def crashing(_footage: Footage, _frames: FrameSource) -> Sequence[Event]:
    raise UnusableFootage("decoder-crash", "The decoder crashed.")


def test_a_crash_of_the_decoder_is_given_one_more_try(library: WritableLibrary, tools: Tools, clip: Path) -> None:
    crashes = replace(tools, captioners=(Scripted(crashing),))
    passing = []
    for _ in range(2):
        index(library, crashes, clip)
        (failure,) = library.status().failures
        passing.append((failure.passing, failure.next_try is not None))
    assert passing == [(True, True), (False, False)]
    assert index(library, crashes, clip) == []


def test_a_failure_is_logged_with_what_the_decoder_said(
    library: WritableLibrary, tools: Tools, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "momentidx.pipeline.worker")
    bad = tmp_path / "bad.mov"
    bad.write_text("not a film\n" * 100)
    index(library, tools, bad)
    (line,) = (record.getMessage() for record in caplog.records if record.name == "momentidx.pipeline.worker")
    assert line.startswith(f"probe failed (not-media): {bad}: ")
    assert "The decoder said: " in line


def broken(_footage: Footage, _frames: FrameSource) -> Sequence[Event]:
    raise ZeroDivisionError("a mistake")


def outside(footage: Footage, _frames: FrameSource) -> Sequence[Event]:
    return [Event(Span(footage.span.start, footage.span.end + 1, footage.span.base), "Too long.")]


def unusable(_footage: Footage, _frames: FrameSource) -> Sequence[Event]:
    raise UnusableFootage("too-dark", "It is too dark.", passing=True)


@pytest.mark.parametrize(
    ("script", "code", "passing"),
    [(broken, "unforeseen", False), (outside, "captioner-answer", False), (unusable, "too-dark", True)],
)
def test_what_a_captioner_does_wrong_fails_the_file_and_stores_nothing(
    library: WritableLibrary, tools: Tools, clip: Path, script: object, code: str, passing: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.CRITICAL)
    index(library, replace(tools, captioners=(Scripted(script),)), clip)  # type: ignore[arg-type]
    (failure,) = library.status().failures
    assert (failure.code, failure.passing) == (code, passing)
    assert library.moments() == []
    assert library.find_footage(clip).layers == ()


def test_a_file_that_changes_while_it_is_read_is_not_stored(library: WritableLibrary, tools: Tools, clip: Path) -> None:
    def meddle(footage: Footage, frames: FrameSource) -> Sequence[Event]:
        events = halves(footage, frames)
        clip.touch()
        return events

    index(library, replace(tools, captioners=(Scripted(meddle),)), clip)
    (failure,) = library.status().failures
    assert (failure.code, failure.passing) == ("changed", True)
    assert [outcome.reason for outcome in index(library, tools, clip)] == [None]


def test_stopping_puts_the_job_back_and_tells_how_far_it_was(
    library: WritableLibrary, tools: Tools, clip: Path
) -> None:
    told: list[tuple[Path, Fraction]] = []

    def stop(path: Path, part: Fraction) -> None:
        told.append((path, part))
        raise Stopped

    library.enqueue(SeenFile.of(clip))
    with pytest.raises(Stopped):
        list(work(library, tools, tell=stop))
    assert told[0][0] == clip
    assert 0 <= told[0][1] <= 1
    assert library.status().jobs == {"queued": 3, "running": 0, "done": 1, "failed": 0, "cancelled": 0}
    assert [outcome.reason for outcome in work(library, tools)] == [None]


def test_trouble_with_the_library_ends_the_work_and_gives_back_what_was_claimed(
    library: WritableLibrary, tools: Tools, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise LibraryError("No space is left on the disk.")

    library.enqueue(SeenFile.of(clip))
    with monkeypatch.context() as disk:
        disk.setattr(storing, "keep_layer", full)
        disk.setattr(jobs, "release", full)
        with pytest.raises(LibraryError):
            list(work(library, tools))
    assert library.status().jobs["running"] == 3
    assert [outcome.reason for outcome in work(library, tools)] == [None]
    assert library.status().jobs["done"] == 4


def test_only_the_asked_for_files_are_worked_on(
    library: WritableLibrary, tools: Tools, clip: Path, tmp_path: Path
) -> None:
    other = render(tmp_path / "other.mov", frames=10)
    library.enqueue(SeenFile.of(other))
    library.enqueue(SeenFile.of(clip))
    assert [outcome.path for outcome in work(library, tools, among=[clip])] == [clip]
    assert library.status().jobs["queued"] == 1


def test_a_file_that_went_away_fails_for_the_time_being(library: WritableLibrary, tools: Tools, clip: Path) -> None:
    library.enqueue(SeenFile.of(clip))
    clip.unlink()
    (outcome,) = work(library, tools)
    assert outcome == Outcome(clip, None, f"{clip}: it is not to be read any more: No such file or directory.", True)
    assert [(failure.code, failure.passing) for failure in library.status().failures] == [("gone", True)]
