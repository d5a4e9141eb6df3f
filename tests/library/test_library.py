"""What is put in comes out, whole and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from momentidx.errors import LibraryError, MomentidxError, UnusableFootage, WrongUse
from momentidx.events import Layer, Moment
from momentidx.library import Coverage, LayerSummary, Library, Status, WritableLibrary
from momentidx.times import Span
from tests.library.making import (
    FOOTAGE,
    LETTERS,
    SHOTS,
    TWO,
    WANTED,
    FakeEmbedder,
    claimed,
    described,
    event,
    file,
    indexed,
    numbered,
    other,
    recognised,
    stage,
    vector,
    wanted,
)

NO_JOBS = dict.fromkeys(("queued", "running", "done", "failed", "cancelled"), 0)


def captions(library: Library) -> dict[int, str]:
    return {moment.id: moment.event.caption for moment in library.moments()}


def test_an_empty_folder_says_what_to_do(folder: Path) -> None:
    with pytest.raises(LibraryError) as nothing:
        Library.open(folder)
    assert str(nothing.value) == f"Nothing is indexed yet in {folder}. Run 'momentidx index PATH'."
    assert not folder.exists()


def test_what_is_indexed_is_found_by_another_reader(library: WritableLibrary, folder: Path, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    seen = file(tmp_path)
    indexed(library, seen)
    with Library.open(folder) as reader:
        assert reader.moments() == [
            Moment(1, TWO[0], SHOTS, FOOTAGE, seen.path),
            Moment(2, TWO[1], SHOTS, FOOTAGE, seen.path),
        ]
        ids, vectors = reader.vectors(LETTERS)
        (summary,) = reader.footage()
        assert reader.uuid() == library.uuid()
        assert reader.status() == Status(
            jobs=NO_JOBS | {"done": 4},
            stages={name: NO_JOBS | {"done": 1} for name in ("probe", "describe", "pictures", "embed")},
            offline=0, footage=1, footage_seconds=10.0, events=2,
            pending_files=0, pending_bytes=0, pending_seconds=0.0, pending_stages={}, paused=(), failures=(),
        )  # fmt: skip
        assert reader.find_footage(seen.path) == reader.find_footage("f00df00d") == summary
        assert reader.footage_of(seen.path) == FOOTAGE
    assert ids.tolist() == [1, 2]
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [vector(0), vector(1)]
    assert summary.footage == FOOTAGE
    assert summary.poster is not None
    assert summary.poster.read_bytes() == b"JPEG of the whole"
    (layer,) = summary.layers
    assert layer == LayerSummary(SHOTS, 2, layer.made_at)
    assert before <= summary.added_at <= layer.made_at <= datetime.now(UTC)
    assert [(place.path, place.size, place.online) for place in summary.locations] == [(seen.path, 7, True)]


def test_stills_belong_to_their_events(library: WritableLibrary, tmp_path: Path) -> None:
    indexed(library, file(tmp_path), FOOTAGE, replace(described(), stills=[b"a door", None]))
    still = library.still(1)
    assert still is not None
    assert still.read_bytes() == b"a door"
    assert (library.still(2), library.still(3)) == (None, None)


def test_what_is_pending_counts_by_files_bytes_and_seconds(library: WritableLibrary, tmp_path: Path) -> None:
    library.enqueue(file(tmp_path, "new.mp4", b"1234"))
    status = library.status()
    assert (status.pending_files, status.pending_bytes, status.pending_seconds) == (1, 4, 0.0)
    assert status.pending_stages == {"probe": 0.0}
    known = file(tmp_path, "known.mp4", b"12345")
    indexed(library, known)
    library.plan(wanted(Layer("shots", "2")))
    status = library.status()
    assert (status.pending_files, status.pending_bytes) == (2, 9)
    assert status.pending_seconds == 18.0, "10, and 4 bytes at 2 seconds a byte, as of the one that is known"
    assert status.pending_stages == {"probe": 8.0, "describe": 10.0, "embed": 10.0}
    library.mark(offline=[known.path])
    assert library.status().pending_files == 1


def test_a_copy_is_one_more_location_of_the_same_footage(library: WritableLibrary, tmp_path: Path) -> None:
    first, copy = file(tmp_path, "first.mp4"), file(tmp_path, "copy.mp4")
    indexed(library, first)
    generation = library.generation()
    assert library.footage_with(FOOTAGE.fingerprint) == FOOTAGE
    assert recognised(library, copy).jobs == ()
    assert library.generation() == generation, "what can be found has not changed"
    (summary,) = library.footage()
    assert [place.path for place in summary.locations] == [first.path, copy.path]
    assert len(library.moments()) == 2

    library.mark(offline=[first.path])
    assert {(moment.path, moment.online) for moment in library.moments()} == {(copy.path, True)}
    library.mark(offline=[copy.path])
    assert {(moment.path, moment.online) for moment in library.moments()} == {(first.path, False)}


def test_layers_of_two_captioners_live_side_by_side(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    faces = described([event(2048, 4096, "Two people talk.")], Layer("faces", "7"))
    indexed(library, seen, FOOTAGE, described(), faces)
    assert [(moment.event.span.start, moment.layer) for moment in library.moments()] == [
        (1024, SHOTS),
        (2048, Layer("faces", "7")),
        (65_024, SHOTS),
    ]


def test_a_new_version_replaces_its_own_layer_only_and_no_number_is_used_twice(
    library: WritableLibrary, tmp_path: Path
) -> None:
    seen = file(tmp_path)
    indexed(library, seen, FOOTAGE, described(), described(TWO[:1], Layer("faces", "7")))
    generation = library.generation()
    newer = described([event(1024, 2048, "A door.")], Layer("shots", "2"))
    indexed(library, seen, FOOTAGE, newer, described(layer=Layer("faces", "7")))
    assert captions(library) == {3: "A red door opens.", 4: "A door."}
    assert library.generation() > generation
    assert library.vectors(LETTERS)[0].tolist() == [3, 4]


def test_the_former_layer_is_shown_until_the_new_one_is_whole(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    indexed(library, seen)
    newer = described([event(1024, 2048, "A door.")], Layer("shots", "2"))
    goal = wanted(newer.layer)
    library.plan(goal)
    generation, before = library.generation(), (library.moments(), library.vectors(LETTERS)[0].tolist())
    claim = library.claim(goal)
    assert claim is not None
    library.keep_layer(stage(claim, "describe"), FOOTAGE, seen.path, newer, goal)
    assert (library.moments(), library.vectors(LETTERS)[0].tolist()) == before
    assert library.generation() == generation
    assert [(item.layer, item.events) for item in library.footage()[0].layers] == [(SHOTS, 2)]
    silent = library.unembedded(FOOTAGE.fingerprint, goal)
    assert silent == {3: "A door."}
    library.keep_vectors(stage(claim, "embed"), seen.path, LETTERS, [3], numbered(["A door."]))
    assert captions(library) == {3: "A door."}
    assert library.vectors(LETTERS)[0].tolist() == [3]
    assert library.generation() > generation


def test_a_new_embedder_leaves_the_numbers_of_the_events(library: WritableLibrary, tmp_path: Path) -> None:
    first, second, newer = file(tmp_path, "1.mp4"), file(tmp_path, "2.mp4"), FakeEmbedder(version="2")
    indexed(library, first)
    indexed(library, second, other("beef" * 8))
    five = partial(numbered, dimension=5)
    indexed(library, first, FOOTAGE, embedder=newer, embed=five)
    assert library.embedders() == [Coverage("letters", "1", 4), Coverage("letters", "2", 2)]
    library.plan(wanted(embedder=newer))
    assert library.vectors(LETTERS)[0].tolist() == [1, 2, 3, 4], "the new one is not whole"
    indexed(library, second, other("beef" * 8), embedder=newer, embed=five)
    ids, vectors = library.vectors(newer)
    assert (ids.tolist(), vectors.shape) == ([1, 2, 3, 4], (4, 5))
    assert len(library.moments()) == 4
    library.plan(wanted(embedder=newer))
    assert library.embedders() == [Coverage("letters", "2", 4)], "the former one has been cleared away"


def test_footage_without_events_is_done_as_well(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    indexed(library, seen, FOOTAGE, described([]))
    assert library.plan(WANTED) == 0
    assert library.moments() == []
    assert [layer.events for layer in library.footage()[0].layers] == [0]
    ids, vectors = library.vectors(LETTERS)
    assert (ids.tolist(), vectors.shape) == ([], (0, 0))


def test_moments_by_number_leave_out_numbers_that_stand_for_nothing(library: WritableLibrary, tmp_path: Path) -> None:
    indexed(library, file(tmp_path))
    assert [moment.id for moment in library.moments(ids=[999, 2])] == [2]
    assert library.moments(ids=[]) == []
    assert [moment.id for moment in library.moments(ids=range(100_000))] == [1, 2]
    assert library.moments("beef" * 8) == []


def test_what_ranks_a_moment_says_the_same_as_the_moment(library: WritableLibrary, tmp_path: Path) -> None:
    indexed(library, file(tmp_path))
    told = [
        (each.id, each.clip, Span(each.start, each.end, each.base), each.caption, each.kind, each.edge, each.captioner)
        for each in sorted(library.candidates([1, 2, 999]))
    ]
    assert told == [
        (each.id, each.footage.fingerprint, each.event.span, each.event.caption, each.event.kind, each.event.edge,
         each.layer.captioner)
        for each in library.moments()
    ]  # fmt: skip


def test_overwritten_footage_is_hidden_and_comes_back_with_its_content(
    library: WritableLibrary, tmp_path: Path
) -> None:
    seen = file(tmp_path)
    indexed(library, seen)
    changed = file(tmp_path, content=b"something else altogether")
    indexed(library, changed, other("beef" * 8))
    assert [summary.footage.fingerprint for summary in library.footage()] == ["beef" * 8]
    assert set(captions(library)) == set(library.vectors(LETTERS)[0].tolist()) == {3, 4}
    assert {each.id for each in library.candidates([1, 2, 3, 4])} == {3, 4}
    assert library.status().footage == 1

    back, generation = file(tmp_path, "back.mp4"), library.generation()
    recognised(library, back)
    assert library.generation() > generation
    assert set(captions(library)) == set(library.vectors(LETTERS)[0].tolist()) == {1, 2, 3, 4}


def test_a_file_overwritten_with_something_unusable_shows_its_old_moments_no_more(
    library: WritableLibrary, tmp_path: Path
) -> None:
    indexed(library, file(tmp_path))
    changed = file(tmp_path, content=b"no media at all")
    (job,) = claimed(library, changed).jobs
    assert len(library.moments()) == 2, "until it is known better"
    generation = library.generation()
    library.fail(job, "not-media", "This is no media file.", passing=False)
    assert library.moments() == []
    assert library.vectors(LETTERS)[0].tolist() == []
    assert library.generation() > generation


def test_a_captioner_that_fails_takes_nothing_from_unchanged_footage(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    indexed(library, seen)
    goal = wanted(Layer("shots", "2"))
    library.plan(goal)
    claim = library.claim(goal)
    assert claim is not None
    library.fail(stage(claim, "describe"), "captioner-answer", "It said nothing.", passing=False)
    assert captions(library) == {1: "A red door opens.", 2: "A dog runs through."}


def test_what_is_not_there_is_explained(library: WritableLibrary, tmp_path: Path) -> None:
    failed, waiting = file(tmp_path, "failed.mp4"), file(tmp_path, "waiting.mp4")
    library.fail(claimed(library, failed).jobs[0], "no-video", "It has no picture.", passing=False)
    library.enqueue(waiting)
    for path, sentence in {
        failed.path: f"{failed.path} could not be indexed: It has no picture.",
        waiting.path: f"{waiting.path} is waiting to be indexed. "
        "Run 'momentidx index' with it, or wait for 'momentidx watch'.",
        tmp_path / "x.mp4": f"{tmp_path / 'x.mp4'} is not in the library. Run 'momentidx index' with it.",
    }.items():
        with pytest.raises(MomentidxError) as missing:
            library.find_footage(path)
        assert str(missing.value) == sentence
        assert isinstance(missing.value, WrongUse) == (path.name == "x.mp4")


def test_a_beginning_that_two_fingerprints_share_is_refused(library: WritableLibrary, tmp_path: Path) -> None:
    indexed(library, file(tmp_path, "1.mp4"), other("abcdef11"))
    indexed(library, file(tmp_path, "2.mp4"), other("abcdef22"))
    assert library.find_footage("abcdef2").footage == other("abcdef22")
    with pytest.raises(WrongUse, match="2 fingerprints begin with 'abcdef'"):
        library.find_footage("abcdef")
    with pytest.raises(WrongUse, match="not in the library"):
        library.find_footage("%bcdef")  # no pattern


def test_a_bad_answer_stores_nothing_and_leaves_the_job_to_be_ended(library: WritableLibrary, tmp_path: Path) -> None:
    indexed(library, file(tmp_path))
    with pytest.raises(UnusableFootage) as bad:  # found in the middle of the transaction
        indexed(library, file(tmp_path, "b.mp4"), other("beef" * 8), embed=partial(numbered, dimension=4))
    assert bad.value.code == "embedder-answer"
    assert str(bad.value) == (
        "The embedder 'letters' gave vectors of 4 numbers; those it gave before, as version 1, have 3. "
        "This is a mistake in the embedder; please report it."
    )
    assert set(captions(library)) == {1, 2}
    assert library.status().stages["embed"] == NO_JOBS | {"running": 1, "done": 1}
