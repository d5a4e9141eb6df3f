"""Pictures that are gone are queued to be made again; when they take too much room, the oldest go first."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from momentidx.footage import Footage
from momentidx.library import Bins, Captions, Claim, Described, Queue, Strip, WritableLibrary
from momentidx.times import Span
from tests.library.making import BASE, LETTERS, SHOTS, TWO, WANTED, file, numbered, other, recognised

PICTURE = 1000
"""Bytes of each; a footage has four: two stills, a poster and a strip."""


@dataclass
class Clock:
    """An hour later at each look."""

    now: datetime = field(default_factory=lambda: datetime(2026, 5, 4, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now


@pytest.fixture
def library(folder: Path) -> Iterator[WritableLibrary]:
    with WritableLibrary.open(folder, Clock()) as library:
        yield library


def picture(words: str) -> bytes:
    return words.encode().ljust(PICTURE)


def footage_named(name: str) -> Footage:
    return other(name.ljust(32, "0"))


def add(library: WritableLibrary, folder: Path, name: str) -> Path:
    """Index footage with pictures that are its own; its file."""
    seen = file(folder, name)
    do(library, recognised(library, seen, footage_named(name)), name)
    return seen.path


def do(library: WritableLibrary, claim: Claim, name: str) -> None:
    """What the stages do; the second event is not pictured by its captioner."""
    footage = footage_named(name)
    for job in claim.jobs:
        if job.stage == "describe":
            made = Described(SHOTS, TWO, [picture(f"{name} first"), picture(f"{name} second")])
            assert library.keep_layer(job, footage, claim.path, made, WANTED)
        elif job.stage == "embed":
            silent = list(library.unembedded(footage.fingerprint, WANTED).values())
            events = list(library.unembedded(footage.fingerprint, WANTED))
            assert library.keep_vectors(job, claim.path, LETTERS, events, numbered(silent))
        else:
            bare, events = library.unpictured(footage)
            assert bare
            strip = Strip(picture(f"{name} strip"), {"columns": 2})
            stills = {event: picture(f"{name} {span.start}") for event, span in events.items()}
            assert library.keep_pictures(job, picture(f"{name} poster"), strip, stills)


def pictured(library: WritableLibrary) -> list[str]:
    """File names of the footage that has all of its four pictures; of the rest none may be named."""
    found = []
    for summary in library.footage():
        stills = [library.still(moment.id) for moment in library.moments(summary.footage.fingerprint)]
        named = [path for path in (summary.poster, *stills) if path is not None]
        assert len(named) in (0, 3)
        assert all(path.is_file() for path in named)
        found += [summary.locations[0].path.name] if named else []
    return found


def due(library: WritableLibrary) -> list[tuple[str, str]]:
    library.plan(WANTED)
    return [(job.stage, job.path.name) for job in library.jobs(["queued"]) if job.path]


def test_what_was_indexed_first_loses_its_pictures_first(library: WritableLibrary, tmp_path: Path) -> None:
    for name in "abcd":
        add(library, tmp_path, name)
    assert library.keep_stills_within(16 * PICTURE) == 0
    assert pictured(library) == ["a", "b", "c", "d"]
    assert library.keep_stills_within(9 * PICTURE) == 2, "two fit into nine tenths of it"
    assert pictured(library) == ["c", "d"]
    assert len(library._stills.names()) == 8
    assert due(library) == [], "else they would be made and deleted for ever"
    assert [found for found in library.examine() if found.broken] == []


def test_what_a_person_chose_or_spoke_of_keeps_its_pictures_longest(library: WritableLibrary, tmp_path: Path) -> None:
    for name in "abcd":
        add(library, tmp_path, name)
    Bins(library.folder).add("Day 1", library.moments(footage_named("b").fingerprint)[:1])
    (first, _) = library.moments(footage_named("a").fingerprint)
    Captions(library.folder, LETTERS.name).edit(first.id, "A green door.")
    assert library.keep_stills_within(9 * PICTURE) == 2
    assert [name for name in "abcd" if library.unpictured(footage_named(name))[0]] == ["c", "d"]
    assert library.keep_stills_within(6 * PICTURE) == 1
    assert [name for name in "abcd" if library.unpictured(footage_named(name))[0]] == ["a", "c", "d"]


def test_what_no_row_names_goes_before_everything_else(library: WritableLibrary, tmp_path: Path) -> None:
    add(library, tmp_path, "a")
    library._stills.put(picture("of a layer that was replaced"))
    assert library.keep_stills_within(9 * PICTURE // 2) == 0
    assert pictured(library) == ["a"]
    assert len(library._stills.names()) == 4


def test_a_picture_that_others_name_too_stays(library: WritableLibrary, tmp_path: Path) -> None:
    for name in "ab":
        add(library, tmp_path, name)
    with library._writing() as connection:  # one black picture in both
        shared = library._stills.put(picture("black"))
        connection.exec_driver_sql("UPDATE event SET still = ?", (shared,))
    assert library.keep_stills_within(4 * PICTURE) == 1
    assert pictured(library) == ["b"]


def test_retried_the_pictures_are_made_again_and_are_the_newest(library: WritableLibrary, tmp_path: Path) -> None:
    paths = {name: add(library, tmp_path, name) for name in "abc"}
    library.keep_stills_within(9 * PICTURE)
    assert pictured(library) == ["b", "c"]
    assert Queue(library.folder).retry(paths=[paths["a"]]) == 1
    claim = library.claim(WANTED)
    assert claim is not None
    assert [job.stage for job in claim.jobs] == ["pictures"], "nothing is described again"
    do(library, claim, "a")
    assert pictured(library) == ["a", "b", "c"]
    assert library.keep_stills_within(9 * PICTURE) == 1
    assert pictured(library) == ["a", "c"]


def test_a_single_still_that_is_gone_is_queued_and_everything_else_stays(
    library: WritableLibrary, tmp_path: Path
) -> None:
    for name in "ab":
        add(library, tmp_path, name)
    assert library.notice_missing() == 0
    (_, second) = library.moments(footage_named("a").fingerprint)
    still = library.still(second.id)
    assert still is not None
    still.unlink()
    assert library.notice_missing() == 1
    assert library.notice_missing() == 0
    assert due(library) == [("pictures", "a")]
    assert library.unpictured(footage_named("a")) == (False, {second.id: Span(65_024, 129_024, BASE)})
    claim = library.claim(WANTED)
    assert claim is not None
    (job,) = claim.jobs
    assert library.keep_pictures(job, None, None, {second.id: picture("a again"), 99: picture("of nobody")})
    assert pictured(library) == ["a", "b"]
    assert due(library) == []


def test_when_all_are_gone_all_are_queued(library: WritableLibrary, tmp_path: Path) -> None:
    for name in "ab":
        add(library, tmp_path, name)
    shutil.rmtree(library.folder / "stills")
    assert library.notice_missing() == 2
    assert due(library) == [("pictures", "a"), ("pictures", "b")]
    for name in "ab":
        claim = library.claim(WANTED)
        assert claim is not None
        do(library, claim, name)
    assert pictured(library) == ["a", "b"]


def test_what_a_person_added_of_their_own_waits_for_no_still(library: WritableLibrary, tmp_path: Path) -> None:
    add(library, tmp_path, "a")
    footage = footage_named("a")
    Captions(library.folder, LETTERS.name).add(footage, Span(2048, 4096, BASE), "A crow calls.")
    assert library.unpictured(footage) == (False, {})
