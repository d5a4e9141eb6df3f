"""Footage is deleted when a person says so, after they were shown what goes, and only then."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from momentidx.errors import WrongUse
from momentidx.files import SeenFile
from momentidx.library import Bins, Captions, WritableLibrary
from momentidx.library.forget import Forgetting, forget
from tests.library.making import FOOTAGE, LETTERS, WANTED, claimed, described, file, indexed, other, stage

OTHER = other("beef" * 8)


@pytest.fixture
def card(library: WritableLibrary, tmp_path: Path) -> tuple[SeenFile, SeenFile]:
    """Two clips on one card, of two events each; the first is captioned and chosen by a person."""
    card = tmp_path / "card"
    card.mkdir()
    first, second = file(card, "a.mp4", b"a"), file(card, "b.mp4", b"b")
    indexed(library, first)
    indexed(library, second, OTHER)
    Captions(library.folder, LETTERS.name).edit(1, "A green door.")
    Bins(library.folder).add("Day 1", library.moments(FOOTAGE.fingerprint))
    return first, second


def left(library: WritableLibrary) -> tuple[set[str], set[Path], list[str]]:
    """Footage, files and bins that there are; and that everything else hangs together."""
    assert [found for found in library.examine() if found.broken] == []
    footage = {summary.footage.fingerprint for summary in library.footage()}
    return footage, set(library.known_files()), [found.name for found in library.bins()]


def test_what_would_go_is_shown_and_then_goes_wholly(library: WritableLibrary, card: tuple[SeenFile, SeenFile]) -> None:
    first, second = card
    copies = [library.folder / "proxies" / f"{each.fingerprint}.1.mp4" for each in (FOOTAGE, OTHER)]
    copies[0].parent.mkdir()
    for copy in copies:
        copy.touch()
    going = library.forgetting([first.path])
    assert going == [Forgetting(FOOTAGE.fingerprint, (first.path,), 1, 2, 1, 2, ("Day 1",))]
    before = library.generation()
    forget(library.folder, going)
    assert left(library) == ({OTHER.fingerprint}, {second.path}, [])
    assert (library.word_hits(["green"]), library.vectors(LETTERS)[0].tolist()) == ({}, [3, 4])
    assert library.generation() > before
    assert [copy.exists() for copy in copies] == [False, True]
    assert first.path.exists(), "the media files are not touched"
    indexed(library, first)
    assert min(moment.id for moment in library.moments(FOOTAGE.fingerprint)) > 5, "numbers are never used again"


def test_a_folder_goes_and_what_also_lies_elsewhere_stays(
    library: WritableLibrary, card: tuple[SeenFile, SeenFile], tmp_path: Path
) -> None:
    first, second = card
    copy = file(tmp_path, "copy.mp4", b"a")
    indexed(library, copy)
    going = library.forgetting([first.path.parent])
    assert going == [
        Forgetting(OTHER.fingerprint, (second.path,), 1, 2, 0, 0, ()),
        Forgetting(None, (first.path,), 1, 0, 0, 0, ()),
    ]
    forget(library.folder, going)
    assert left(library) == ({FOOTAGE.fingerprint}, {copy.path}, ["Day 1"])
    assert len(library.moments()) == 2


def test_what_has_been_away_for_long_goes_and_nothing_else(
    library: WritableLibrary, card: tuple[SeenFile, SeenFile]
) -> None:
    first, second = card
    library.mark(offline=[second.path])
    now = datetime.now(UTC)
    assert library.forgetting(offline_since=now - timedelta(days=1)) == []
    going = library.forgetting(offline_since=now + timedelta(days=1))
    assert [each.fingerprint for each in going] == [OTHER.fingerprint]
    forget(library.folder, going)
    assert left(library)[1] == {first.path}


def test_a_file_that_was_never_recognised_is_forgotten_with_its_failure(
    library: WritableLibrary, tmp_path: Path
) -> None:
    bad = file(tmp_path, "bad.mp4")
    library.fail(claimed(library, bad).jobs[0], "no-video", "It.", passing=False)
    forget(library.folder, library.forgetting([bad.path]))
    assert (library.status().failures, library.known_files()) == ((), {})


def test_proxies_go_with_their_original(library: WritableLibrary, tmp_path: Path) -> None:
    original, proxy = file(tmp_path, "clip.mov", b"large"), file(tmp_path, "clip_proxy.mp4", b"small")
    indexed(library, original)
    smaller = replace(OTHER, video=replace(OTHER.video, width=320, height=180))
    claim = library.recognise(claimed(library, proxy), proxy, smaller, WANTED)
    assert claim is not None
    going = library.forgetting([original.path])
    assert [each.paths for each in going] == [(original.path,), (proxy.path,)]
    forget(library.folder, going)
    assert left(library) == (set(), set(), [])


def test_by_its_fingerprint_and_what_is_not_known(library: WritableLibrary, card: tuple[SeenFile, SeenFile]) -> None:
    assert [each.fingerprint for each in library.forgetting(fingerprints=["beefbe"])] == [OTHER.fingerprint]
    with pytest.raises(WrongUse, match="No fingerprints begin with 'abcdef'"):
        library.forgetting(fingerprints=["abcdef"])
    with pytest.raises(WrongUse, match="nowhere is not in the library"):
        library.forgetting([Path("/nowhere")])
    assert len(left(library)[1]) == len(card)


def test_work_on_what_was_forgotten_stores_nothing(library: WritableLibrary, tmp_path: Path) -> None:
    seen = file(tmp_path)
    claim = library.recognise(claimed(library, seen), seen, FOOTAGE, WANTED)
    assert claim is not None
    forget(library.folder, library.forgetting([seen.path]))
    assert not library.keep_layer(stage(claim, "describe"), FOOTAGE, seen.path, described(), WANTED)
    library.fail(stage(claim, "pictures"), "crash", "It.", passing=True)
    library.release(claim)
    assert left(library) == (set(), set(), [])


FORGETTER = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from momentidx.library import Library
from momentidx.library.forget import forget

def kill(*context):
    if context[2].startswith("DELETE FROM " + sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
with Library.open(folder) as library:
    going = library.forgetting(fingerprints=["f00df00d"])
event.listen(Engine, "before_cursor_execute", kill)
forget(folder, going)
"""


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("table", ["bin_entry", "location", "footage"])
def test_killed_on_the_way_all_of_it_is_still_there(library: WritableLibrary, table: str) -> None:
    before = (left(library), library.moments(), library.captions())
    command = [sys.executable, "-c", FORGETTER, str(library.folder), table]
    assert subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode == -9
    assert (left(library), library.moments(), library.captions()) == before
