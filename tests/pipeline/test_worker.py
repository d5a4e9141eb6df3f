"""Jobs and their ends: what is stored, what is not done twice, and what goes wrong."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from momentidx.errors import UnusableFootage
from momentidx.events import Event
from momentidx.files import SeenFile
from momentidx.footage import Footage
from momentidx.library import WritableLibrary
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
    assert library.requeue_outdated(newer_tools.layers, newer_tools.embedder) == 1
    index(library, newer_tools)
    assert stored(library, clip) == [(0, 50, "All of it.")]
    assert library.requeue_outdated(newer_tools.layers, newer_tools.embedder) == 0


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
    assert library.footage() == []


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
    assert library.status().jobs == {"queued": 1, "running": 0, "done": 0, "failed": 0}
    assert [outcome.reason for outcome in work(library, tools)] == [None]


def test_only_the_asked_for_files_are_worked_on(
    library: WritableLibrary, tools: Tools, clip: Path, tmp_path: Path
) -> None:
    other = render(tmp_path / "other.mov", frames=10)
    library.enqueue(SeenFile.of(other))
    library.enqueue(SeenFile.of(clip))
    assert [outcome.path for outcome in work(library, tools, among={clip})] == [clip]
    assert library.status().jobs["queued"] == 1


def test_a_file_that_went_away_fails_for_the_time_being(library: WritableLibrary, tools: Tools, clip: Path) -> None:
    library.enqueue(SeenFile.of(clip))
    clip.unlink()
    (outcome,) = work(library, tools)
    assert outcome.reason == f"{clip}: No such file or directory."
    assert [(failure.code, failure.passing) for failure in library.status().failures] == [("gone", True)]
